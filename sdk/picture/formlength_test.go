package picture

import (
	"bytes"
	"encoding/base64"
	"math/rand/v2"
	"net/url"
	"testing"

	"pgregory.net/rapid"
)

func builtLength(data []byte) int64 {
	return int64(len(url.QueryEscape(base64.StdEncoding.EncodeToString(data))))
}

func TestFormLengthIsThatOfTheText(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		// Many 0xFF and 0xFB, which give slashes and pluses.
		data := rapid.SliceOfN(rapid.OneOf(rapid.Byte(), rapid.SampledFrom([]byte{0xFF, 0xFB, 0xEF, 0xBE, 0})), 0, 200).Draw(t, "data")
		if got, want := FormLength(data), builtLength(data); got != want {
			t.Fatalf("%d bytes: %d, want %d", len(data), got, want)
		}
	})
}

func TestFormLengthOfEveryTail(t *testing.T) {
	t.Parallel()
	for n := range 64 {
		for _, fill := range []byte{0, 0xFB, 0xFE, 0xFF} {
			data := bytes.Repeat([]byte{fill}, n)
			if got, want := FormLength(data), builtLength(data); got != want {
				t.Errorf("%d × %#x: %d, want %d", n, fill, got, want)
			}
		}
	}
}

func TestFormLengthOfAWhiteBitmapIsFourTimes(t *testing.T) {
	t.Parallel()
	if got := FormLength(bytes.Repeat([]byte{0xFF}, 3000)); got != 12000 {
		t.Errorf("%d", got)
	}
}

func BenchmarkFormLength(b *testing.B) {
	data := make([]byte, 2_800_000)
	r := rand.NewChaCha8([32]byte{1})
	_, _ = r.Read(data)
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		FormLength(data)
	}
}

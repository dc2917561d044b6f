package ledger_test

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/seed-6b91b535/idrec/sdk/ledger"
)

func TestDigestIsHMACOfLengthPrefixedParts(t *testing.T) {
	t.Parallel()
	// printf '\0\0\0\0\0\0\0\001k\0\0\0\0\0\0\0\002ab' | openssl dgst -sha256 -mac HMAC -macopt hexkey:0000…00
	const want = "e6477bd47571f20d7c2ebff23330c7130064e7cfba93454fbafc48a44b67e3b2"
	if got := ledger.NewDigester(make([]byte, 32)).Sum("k", "ab"); got != want {
		t.Errorf("Sum is %s, want %s", got, want)
	}
}

func TestDifferentPartsHaveDifferentDigests(t *testing.T) {
	t.Parallel()
	d := ledger.RandomDigester()
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringMatching(`[ab\x00]{0,3}`)
		a := rapid.SliceOfN(text, 1, 4).Draw(t, "a")
		b := rapid.SliceOfN(text, 1, 4).Draw(t, "b")
		same := len(a) == len(b) && fmt.Sprintf("%q", a) == fmt.Sprintf("%q", b)
		if (d.Sum(a[0], a[1:]...) == d.Sum(b[0], b[1:]...)) != same {
			t.Fatalf("%q and %q", a, b)
		}
	})
}

func TestDigestDependsOnKey(t *testing.T) {
	t.Parallel()
	if one, two := ledger.RandomDigester(), ledger.RandomDigester(); one.Sum("k") == two.Sum("k") {
		t.Error("two random digesters make the same digest")
	}
}

func TestDigesterDoesNotPrintItsKey(t *testing.T) {
	t.Parallel()
	key := bytes.Repeat([]byte{0xA7}, 32)
	d := ledger.NewDigester(key)
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%x", "%d", "%q"} {
		if out := fmt.Sprintf(verb, d); strings.Contains(out, "167") || strings.Contains(strings.ToLower(out), hex.EncodeToString(key[:2])) {
			t.Errorf("%s prints the key: %s", verb, out)
		}
	}
}

func TestShortDigestKeyIsADefect(t *testing.T) {
	t.Parallel()
	defer func() {
		if recover() == nil {
			t.Error("a digest key of 31 bytes was taken")
		}
	}()
	ledger.NewDigester(make([]byte, 31))
}

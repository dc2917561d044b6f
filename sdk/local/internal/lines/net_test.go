package lines

import (
	_ "embed"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"hash/crc32"
	"math"
	"slices"
	"testing"
)

//go:embed testdata/tiny.bin
var tinyFile []byte

//go:embed testdata/tiny.json
var tinyVectors []byte

type vector struct {
	Width  int         `json:"width"`
	Pixels string      `json:"pixels"` // in hexadecimal
	Scores [][]float64 `json:"scores"` // frames by classes
}

func vectors(t *testing.T) []vector {
	t.Helper()
	var v []vector
	if err := json.Unmarshal(tinyVectors, &v); err != nil {
		t.Fatal(err)
	}
	return v
}

func tiny(t testing.TB) *Net {
	t.Helper()
	n, err := Parse(tinyFile)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// The framework that trains gives the same scores, with the kernels of this machine.
func TestScoresAgreeWithTheFramework(t *testing.T) {
	t.Parallel()
	net := tiny(t)
	r := NewReader(net)
	for _, v := range vectors(t) {
		pixels, err := hex.DecodeString(v.Pixels)
		if err != nil {
			t.Fatal(err)
		}
		for range 2 { // the second time in used buffers
			r.normalise(pixels, v.Width, v.Width)
			f := net.Features(&r.s, r.line, v.Width, Height)
			scores, frames, classes := net.Scores(&r.s, f.Row(0)), f.Cols, net.Classes()
			if frames != len(v.Scores) {
				t.Fatalf("width %d: %d frames, want %d", v.Width, frames, len(v.Scores))
			}
			for i, row := range v.Scores {
				for c, want := range row {
					if got := float64(scores[i*classes+c]); math.Abs(got-want) > 2e-3 {
						t.Fatalf("width %d frame %d class %d: %v, want %v", v.Width, i, c, got, want)
					}
				}
				for c := len(row); c < classes; c++ {
					if scores[i*classes+c] > -1e3 {
						t.Fatalf("padding class %d scores %v", c, scores[i*classes+c])
					}
				}
			}
		}
	}
}

func TestReadRefusesWhatIsNoLine(t *testing.T) {
	t.Parallel()
	r := NewReader(tiny(t))
	for _, c := range []struct {
		n, w, h int
		want    error
	}{
		{320, 10, 31, ErrHeight}, {0, 0, Height, ErrWidth}, {0, -1, Height, ErrWidth},
		{Height * (MaxWidth + 1), MaxWidth + 1, Height, ErrWidth}, {319, 10, Height, ErrPixels},
	} {
		if _, err := r.Read(make([]byte, c.n), c.w, c.h); !errors.Is(err, c.want) {
			t.Errorf("%v: %v", c, err)
		}
	}
	if _, err := r.Read(make([]byte, Height), 1, Height); err != nil {
		t.Errorf("the narrowest line: %v", err)
	}
}

// One reader for many lines reads each as a fresh reader does.
func TestReaderForgetsTheLineBefore(t *testing.T) {
	t.Parallel()
	net := tiny(t)
	used := NewReader(net)
	vs := vectors(t)
	slices.Reverse(vs)
	for _, v := range append(vs, vs...) {
		pixels, _ := hex.DecodeString(v.Pixels)
		got, err := used.Read(pixels, v.Width, Height)
		if err != nil {
			t.Fatal(err)
		}
		want, err := NewReader(net).Read(pixels, v.Width, Height)
		if err != nil {
			t.Fatal(err)
		}
		if text(got) != text(want) || len(got) != len(want) {
			t.Errorf("width %d: %q, then %q", v.Width, text(want), text(got))
		}
	}
}

// No header makes Parse panic, and what it accepts can be read with.
func FuzzParse(f *testing.F) {
	n := int(binary.LittleEndian.Uint32(tinyFile[4:]))
	f.Add(tinyFile[8 : 8+n])
	f.Add([]byte("{}"))
	line := noise(25)
	f.Fuzz(func(t *testing.T, header []byte) {
		file := binary.LittleEndian.AppendUint32([]byte("IDL1"), uint32(len(header)))
		file = append(append(file, header...), tinyFile[8+n:len(tinyFile)-4]...)
		net, err := Parse(binary.LittleEndian.AppendUint32(file, crc32.ChecksumIEEE(file)))
		if err != nil {
			return
		}
		if _, err := NewReader(net).Read(line, 25, Height); err != nil {
			t.Error(err)
		}
	})
}

package lines

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"image"
	"image/png"
	"math"
	"slices"
	"testing"
)

//go:embed testdata/lines.json
var linesFile []byte

// drawnLine is a line of the held-out set, what stands there, and what the framework reads with the
// released weights.
type drawnLine struct {
	Net  string `json:"net"`
	Cell string `json:"cell"`
	Said string `json:"said"`
	Read string `json:"read"`
	PNG  []byte `json:"png"`
}

func drawnLines(tb testing.TB) []drawnLine {
	tb.Helper()
	var v []drawnLine
	if err := json.Unmarshal(linesFile, &v); err != nil {
		tb.Fatal(err)
	}
	return v
}

func pixels(tb testing.TB, l drawnLine) *image.Gray {
	tb.Helper()
	m, err := png.Decode(bytes.NewReader(l.PNG))
	if err != nil {
		tb.Fatal(err)
	}
	g, ok := m.(*image.Gray)
	if !ok || g.Stride != g.Rect.Dx() {
		tb.Fatalf("%s: not a packed grey picture", l.Cell)
	}
	return g
}

func readers(tb testing.TB) map[string]*Reader {
	tb.Helper()
	out := map[string]*Reader{}
	for name, load := range map[string]func() (*Net, error){"han": Han, "digit": Digit} {
		net, err := load()
		if err != nil {
			tb.Fatal(err)
		}
		out[name] = NewReader(net)
	}
	return out
}

// Lines that training never saw are read as the framework reads them, at the first look, with the embedded
// weights, this machine's kernels and this package's decoding.
func TestEmbeddedNetworksReadDrawnLines(t *testing.T) {
	t.Parallel()
	rs := readers(t)
	right, twice := 0, 0 // with one look, and as they are read
	for _, l := range drawnLines(t) {
		g := pixels(t, l)
		r, w := rs[l.Net], g.Rect.Dx()
		r.normalise(g.Pix, w, w)
		ps, _ := r.look(w)
		got := text(ps)
		if got != l.Read {
			t.Errorf("%s %s: read %q, the framework %q", l.Net, l.Cell, got, l.Read)
		}
		if got == l.Said {
			right++
		}
		ps, err := r.Read(g.Pix, w, Height)
		if err != nil {
			t.Fatal(err)
		}
		if text(ps) == l.Said {
			twice++
		}
	}
	if right == 0 || twice < right {
		t.Errorf("%d lines are right with one look, %d as they are read", right, twice)
	}
}

// A line that is not clear is read from the mean of two looks' scores, half a frame apart; one that is clear, from one.
func TestWhatIsNotClearIsLookedAtTwice(t *testing.T) {
	t.Parallel()
	rs, looks := readers(t), [3]int{}
	for _, l := range drawnLines(t) {
		r, g := rs[l.Net], pixels(t, l)
		w := g.Rect.Dx()
		got, err := r.Read(g.Pix, w, Height)
		if err != nil {
			t.Fatal(err)
		}
		used := r.inked(g.Pix, w)
		r.normalise(g.Pix, w, used)
		want, features := r.look(used)
		n, off := 1, float32(0)
		if !isClear(want) {
			scores := slices.Clone(r.net.Scores(&r.s, features))
			moved := make([]float32, 0, used*Height)
			for y := range Height {
				row := r.line[y*used:][:used]
				moved = append(append(moved, row[2:]...), row[used-1], row[used-1])
			}
			for i, v := range r.net.Scores(&r.s, r.net.Features(&r.s, moved, used, Height).Row(0)) {
				scores[i] = (scores[i] + v) / 2
			}
			want, n, off = r.d.decode(scores, r.net.Classes(), r.net.Chars()), 2, 1
		}
		looks[n]++
		if len(got) != len(want) {
			t.Errorf("%s: read %q, want %q", l.Cell, text(got), text(want))
			continue
		}
		for i := range want {
			a, b := got[i].Candidates[0], want[i].Candidates[0]
			if a.Rune != b.Rune || math.Abs(float64(a.LogP-b.LogP)) > 1e-3 || got[i].X != want[i].X+off {
				t.Errorf("%s, %d: %c %v at %v, want %c %v at %v", l.Cell, i, a.Rune, a.LogP, got[i].X, b.Rune, b.LogP, want[i].X+off)
			}
		}
	}
	if looks[1] == 0 || looks[2] == 0 {
		t.Errorf("%d lines were looked at once, %d twice", looks[1], looks[2])
	}
}

func TestEmbeddedNetworksKnowTheirCharacters(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		load func() (*Net, error)
		some string
	}{
		"han":   {Han, "一齄男女汉穿青人·𠮷㛃𫰛长期年月日0123456789.-AZaz()"},
		"digit": {Digit, "0123456789X"},
	} {
		net, err := c.load()
		if err != nil {
			t.Fatal(err)
		}
		known := map[rune]bool{}
		for _, r := range net.Chars() {
			if known[r] {
				t.Errorf("%s: %c stands twice", name, r)
			}
			known[r] = true
		}
		for _, r := range c.some {
			if !known[r] {
				t.Errorf("%s: %c is not known", name, r)
			}
		}
	}
}

func BenchmarkEmbedded(b *testing.B) {
	rs := readers(b)
	for _, name := range []string{"han", "digit"} {
		b.Run(name, func(b *testing.B) {
			for _, l := range drawnLines(b) {
				if l.Net != name {
					continue
				}
				g := pixels(b, l)
				b.ReportAllocs()
				for b.Loop() {
					if _, err := rs[name].Read(g.Pix, g.Rect.Dx(), g.Rect.Dy()); err != nil {
						b.Fatal(err)
					}
				}
				return
			}
		})
	}
}

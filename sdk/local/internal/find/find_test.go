package find_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/seed-6b91b535/idrec/sdk/local/internal/find"
	"github.com/seed-6b91b535/idrec/sdk/local/internal/page"
	"github.com/seed-6b91b535/idrec/sdk/picture"
	"github.com/seed-6b91b535/idrec/sdk/specimen"
	"github.com/seed-6b91b535/idrec/shared"
)

func finder(tb testing.TB) *find.Finder {
	tb.Helper()
	f, err := find.New()
	if err != nil {
		tb.Fatal(err)
	}
	return f
}

func noise(w, h int) *page.Plane {
	r := rand.New(rand.NewPCG(uint64(w), uint64(h)))
	p := &page.Plane{Pix: make([]byte, w*h), Stride: w, Width: w, Height: h}
	for i := range p.Pix {
		p.Pix[i] = byte(r.Uint32())
	}
	return p
}

// sound holds what Find promises of every answer.
func sound(tb testing.TB, cards []find.Card) {
	tb.Helper()
	if len(cards) > 6 {
		tb.Errorf("%d cards", len(cards))
	}
	before := 1.0
	for _, c := range cards {
		q := c.Quad
		if c.Mirrored {
			q = shared.Quad{q[1], q[0], q[3], q[2]}
		}
		if _, err := page.Onto(1, 1, q); err != nil {
			tb.Errorf("%v: %v", err, q)
		}
		if !(c.Probability > 0 && c.Probability <= before) || !(c.Spread >= 0) || c.Kind < 0 || c.Kind > find.Other {
			tb.Errorf("probability %v after %v, spread %v, kind %v", c.Probability, before, c.Spread, c.Kind)
		}
		before = c.Probability
	}
}

func TestAnySizeIsAnswered(t *testing.T) {
	t.Parallel()
	f := finder(t)
	for _, s := range [][2]int{{1, 1}, {2, 1}, {3, 3}, {1, 10000}, {10000, 1}, {17, 400}, {191, 193}, {4000, 3}, {2000, 1500}} {
		sound(t, f.Find(noise(s[0], s[1])))
	}
	if got := f.Find(&page.Plane{}); got != nil {
		t.Errorf("%v in no picture", got)
	}
}

// A picture turned by a quarter has the same cards, turned. A mirrored card is refused: these networks
// miss most of them, which refuses them too; what one may never be is taken for one that is not mirrored.
func TestTurnsAndMirrors(t *testing.T) {
	t.Parallel()
	f := finder(t)
	for i, subject := range []specimen.Subject{specimen.SubjectPortrait, specimen.SubjectEmblem} {
		data, truth := specimen.PhotoSet{Level: specimen.LevelEasy, Set: specimen.SetTest, Seed: 5, Subject: subject, Width: 800}.At(i)
		img, _, err := picture.Decode(data)
		if err != nil {
			t.Fatal(err)
		}
		p := plane(img)
		want := truth.Cards[0].Quad
		for turn := range 8 { // four turns, then the same of the mirror's picture
			got := f.Find(p)
			if len(got) == 0 {
				t.Fatalf("%s, turn %d: nothing found", subject, turn)
			}
			if c := got[0]; c.Part || c.Mirrored != (turn >= 4) || c.Kind != find.Kind(i) {
				t.Errorf("%s, turn %d: kind %d, mirrored %v", subject, turn, c.Kind, c.Mirrored)
			}
			if _, e := closest(got[:1], want); !(e < 5) {
				t.Errorf("%s, turn %d: corners off by %.1f %%", subject, turn, e)
			}
			p, want = turned(p, want)
			if turn == 3 {
				p, want = mirrored(p, want)
			}
		}
	}
}

// A card of which half is outside the picture is found where it is, with corners outside.
func TestFragmentsAreFound(t *testing.T) {
	t.Parallel()
	f := finder(t)
	const n = 8
	found, parts := 0, 0
	for i := range n {
		data, truth := specimen.PhotoSet{Level: specimen.LevelEasy, Set: specimen.SetTune, Seed: 5, Subject: specimen.SubjectFragment, Width: 900}.At(i)
		g, _, err := picture.DecodeLuma(data)
		if err != nil {
			t.Fatal(err)
		}
		cards := f.Find(&page.Plane{Pix: g.Pix, Stride: g.Stride, Width: g.Rect.Dx(), Height: g.Rect.Dy()})
		sound(t, cards)
		for _, c := range cards {
			if c.Kind != find.Other && middleOff(c.Quad, truth.Cards[0].Quad) < 0.25 {
				found++
				if c.Part {
					parts++
				}
			}
		}
	}
	if found < n*5/8 || parts == 0 {
		t.Errorf("%d of %d fragments are found, %d by looking beyond the edge", found, n, parts)
	}
}

// middleOff is how far the middles of two cards are apart, as a share of the second one's upper edge.
func middleOff(a, b shared.Quad) float64 {
	var x, y float64
	for i := range a {
		x, y = x+(a[i].X-b[i].X)/4, y+(a[i].Y-b[i].Y)/4
	}
	return math.Hypot(x, y) / math.Hypot(b[1].X-b[0].X, b[1].Y-b[0].Y)
}

// turned turns a picture by a quarter, clockwise.
func turned(p *page.Plane, q shared.Quad) (*page.Plane, shared.Quad) {
	out := &page.Plane{Pix: make([]byte, p.Width*p.Height), Stride: p.Height, Width: p.Height, Height: p.Width}
	for y := range p.Height {
		for x := range p.Width {
			out.Pix[x*out.Stride+p.Height-1-y] = p.Pix[y*p.Stride+x]
		}
	}
	for i, c := range q {
		q[i] = shared.Point{X: float64(p.Height) - c.Y, Y: c.X}
	}
	return out, q
}

func mirrored(p *page.Plane, q shared.Quad) (*page.Plane, shared.Quad) {
	out := &page.Plane{Pix: make([]byte, p.Width*p.Height), Stride: p.Width, Width: p.Width, Height: p.Height}
	for y := range p.Height {
		for x := range p.Width {
			out.Pix[y*out.Stride+p.Width-1-x] = p.Pix[y*p.Stride+x]
		}
	}
	for i, c := range q {
		q[i] = shared.Point{X: float64(p.Width) - c.X, Y: c.Y}
	}
	return out, q
}

func FuzzFind(f *testing.F) {
	f.Add([]byte("seed"), uint16(64), uint16(40))
	f.Add([]byte{0}, uint16(1), uint16(300))
	fd := finder(f)
	f.Fuzz(func(t *testing.T, b []byte, w, h uint16) {
		p := &page.Plane{Width: 1 + int(w)%700, Height: 1 + int(h)%700}
		p.Stride = p.Width
		p.Pix = make([]byte, p.Width*p.Height)
		for i := range p.Pix {
			if len(b) > 0 {
				p.Pix[i] = b[(i/9+i/p.Width*3)%len(b)]
			}
		}
		sound(t, fd.Find(p))
	})
}

// A photo of 1,600 pixels, decoded, on one core.
func BenchmarkFind(b *testing.B) {
	data, _ := specimen.PhotoSet{Level: specimen.LevelMedium, Set: specimen.SetTest, Subject: specimen.SubjectBoth, Width: 1600}.At(0)
	img, _, err := picture.Decode(data)
	if err != nil {
		b.Fatal(err)
	}
	f, g := finder(b), picture.Luma(img)
	b.ReportAllocs()
	for b.Loop() {
		// a new plane: its smaller copies are part of the work
		f.Find(&page.Plane{Pix: g.Pix, Stride: g.Stride, Width: g.Rect.Dx(), Height: g.Rect.Dy()})
	}
}

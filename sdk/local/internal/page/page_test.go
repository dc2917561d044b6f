package page_test

import (
	"math"
	"testing"

	"pgregory.net/rapid"

	"github.com/seed-6b91b535/idrec/sdk/local/internal/page"
	"github.com/seed-6b91b535/idrec/shared"
)

// quads draws convex quadrilaterals around the middle of a picture, any way up.
func quads(rt *rapid.T) shared.Quad {
	turn := rapid.Float64Range(0, 2*math.Pi).Draw(rt, "turn")
	var q shared.Quad
	for i := range q {
		r := rapid.Float64Range(80, 140).Draw(rt, "radius")
		a := turn + float64(i)*math.Pi/2 + rapid.Float64Range(-0.3, 0.3).Draw(rt, "angle")
		q[i] = shared.Point{X: 200 + r*math.Cos(a), Y: 200 + r*math.Sin(a)}
	}
	return q
}

func TestOntoMapsCornersToCorners(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		q := quads(rt)
		p, err := page.Onto(85.6, 54, q)
		if err != nil {
			return // two corners changed places
		}
		got := p.Box(0, 0, 85.6, 54)
		for i := range q {
			if math.Hypot(got[i].X-q[i].X, got[i].Y-q[i].Y) > 1e-6 {
				rt.Fatalf("corner %d at %v, want %v", i, got[i], q[i])
			}
		}
		// Lines stay lines.
		a, b, c := p.At(10, 10), p.At(40, 30), p.At(70, 50)
		if cross := (b.X-a.X)*(c.Y-a.Y) - (b.Y-a.Y)*(c.X-a.X); math.Abs(cross) > 1e-6*1e4 {
			rt.Fatalf("a line is bent by %v", cross)
		}
	})
}

func TestOntoRefusesWhatIsNoCard(t *testing.T) {
	t.Parallel()
	nan, inf := math.NaN(), math.Inf(1)
	for i, q := range []shared.Quad{
		{}, {{}, {X: 1}, {X: 2}, {X: 3}}, {{}, {Y: 1}, {X: 1, Y: 1}, {X: 1}}, // nothing, a line, mirrored
		{{}, {X: 10, Y: 10}, {X: 10}, {Y: 10}}, {{}, {X: nan}, {X: 1, Y: 1}, {Y: 1}}, {{}, {X: inf}, {X: inf, Y: inf}, {Y: inf}},
	} {
		if _, err := page.Onto(85.6, 54, q); err == nil {
			t.Errorf("quadrilateral %d is taken", i)
		}
	}
	if _, err := page.Onto(0, 54, shared.Quad{{}, {X: 1}, {X: 1, Y: 1}, {Y: 1}}); err == nil {
		t.Error("a card without width is taken")
	}
}

// slope is a picture whose level tells the place.
func slope(w, h int, at func(x, y float64) float64) *page.Plane {
	p := &page.Plane{Pix: make([]byte, w*h), Stride: w, Width: w, Height: h}
	for y := range h {
		for x := range w {
			p.Pix[y*w+x] = byte(math.Round(at(float64(x)+0.5, float64(y)+0.5)))
		}
	}
	return p
}

// A strip shows the level that the picture has where the projection says, magnified or reduced.
func TestStripSamplesTheRightPlace(t *testing.T) {
	t.Parallel()
	level := func(x, y float64) float64 { return 20 + x*0.3 + y*0.2 }
	p := slope(400, 400, level)
	rapid.Check(t, func(rt *rapid.T) {
		onto, err := page.Onto(85.6, 54, quads(rt))
		if err != nil {
			return
		}
		scale := rapid.Float64Range(0.5, 9).Draw(rt, "scale")
		w, h := int(85.6*scale), int(54*scale)
		dst := make([]byte, w*h)
		p.Strip(dst, w, h, &onto, 0, 0, scale)
		for y := 0; y < h; y += 1 + h/7 {
			for x := 0; x < w; x += 1 + w/7 {
				at := onto.At((float64(x)+0.5)/scale, (float64(y)+0.5)/scale)
				if at.X < 12 || at.Y < 12 || at.X > 388 || at.Y > 388 {
					continue
				}
				if want := level(at.X, at.Y); math.Abs(float64(dst[y*w+x])-want) > 3 {
					rt.Fatalf("(%d, %d) at scale %v: %d, want %v", x, y, scale, dst[y*w+x], want)
				}
			}
		}
	})
}

// Fine stripes become grey when they are reduced, not other stripes.
func TestStripDoesNotAlias(t *testing.T) {
	t.Parallel()
	p := slope(800, 504, func(x, _ float64) float64 { return 255 * math.Mod(math.Floor(x), 2) })
	onto, err := page.Onto(85.6, 54, shared.Quad{{}, {X: 800}, {X: 800, Y: 504}, {Y: 504}})
	if err != nil {
		t.Fatal(err)
	}
	scale := 2.9
	w, h := int(85.6*scale), int(54*scale)
	dst := make([]byte, w*h)
	p.Strip(dst, w, h, &onto, 0, 0, scale)
	for i, v := range dst {
		if v < 100 || v > 155 {
			t.Fatalf("pixel %d is %d", i, v)
		}
	}
}

func FuzzStrip(f *testing.F) {
	f.Add(10, 10, 0.0, 0.0, 9.0, 1.0, 8.0, 9.0, 0.0, 7.0, 2.0)
	f.Add(1, 1, -1e9, 0.0, 1e9, 1.0, 1e9, 1e9, 0.0, 1e9, 0.001)
	f.Add(3, 900, 0.0, 0.0, 1e-5, 0.0, 1e-5, 1e-5, 0.0, 1e-5, 1e6)
	f.Fuzz(func(_ *testing.T, w, h int, ax, ay, bx, by, cx, cy, dx, dy, scale float64) {
		if w < 1 || h < 1 || w > 1000 || h > 1000 || !(scale > 0) {
			return
		}
		p := &page.Plane{Pix: make([]byte, w*h), Stride: w, Width: w, Height: h}
		onto, err := page.Onto(85.6, 54, shared.Quad{{X: ax, Y: ay}, {X: bx, Y: by}, {X: cx, Y: cy}, {X: dx, Y: dy}})
		if err != nil {
			return
		}
		p.Strip(make([]byte, 40*30), 40, 30, &onto, 1, 2, scale)
	})
}

func BenchmarkStrip(b *testing.B) {
	for name, w := range map[string]int{"magnified": 400, "reduced": 1600} {
		b.Run(name, func(b *testing.B) {
			p := slope(w, w, func(x, _ float64) float64 { return math.Mod(x, 256) })
			s := float64(w)
			onto, err := page.Onto(85.6, 54, shared.Quad{{X: 2, Y: 3}, {X: s - 4, Y: 9}, {X: s - 9, Y: s * 0.6}, {X: 5, Y: s * 0.63}})
			if err != nil {
				b.Fatal(err)
			}
			dst := make([]byte, 320*54)
			for b.Loop() {
				p.Strip(dst, 320, 54, &onto, 10, 20, 8)
			}
		})
	}
}

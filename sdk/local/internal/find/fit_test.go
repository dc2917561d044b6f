package find

import (
	"math"
	"math/rand/v2"
	"testing"

	"pgregory.net/rapid"

	"github.com/seed-6b91b535/idrec/shared"
)

// shiftsOf returns the shifts of all places of a frame under h, known to a third of a pixel.
func shiftsOf(h *homography) []shift {
	var out []shift
	for r := range frameHeight / stride {
		for c := range frameWidth / stride {
			s := shift{x: (float64(c)+0.5)*stride - cardLeft, y: (float64(r)+0.5)*stride - cardTop, b: 0.3}
			x, y := (s.x-cardWidth/2)/half, (s.y-cardHeight/2)/half
			w := h[6]*x + h[7]*y + 1
			s.dx, s.dy = half*((h[0]*x+h[1]*y+h[2])/w-x), half*((h[3]*x+h[4]*y+h[5])/w-y)
			out = append(out, s)
		}
	}
	return out
}

// drawn returns a homography as a first guess leaves one.
func drawn(t *rapid.T) homography {
	d := func(name string, by float64) float64 { return rapid.Float64Range(-by, by).Draw(t, name) }
	return homography{
		1 + d("a", 0.15), d("b", 0.15), d("c", 0.2), d("d", 0.15), 1 + d("e", 0.15), d("f", 0.2), d("g", 0.05), d("h", 0.05),
	}
}

var corners = [4]shared.Point{{}, {X: cardWidth}, {X: cardWidth, Y: cardHeight}, {Y: cardHeight}}

func within(t *rapid.T, got, want *homography, limit float64) {
	t.Helper()
	for _, c := range corners {
		g, w := got.back(c), want.back(c)
		if d := math.Hypot(g.X-w.X, g.Y-w.Y); !(d < limit) {
			t.Fatalf("corner %v: %.2f pixels apart", c, d)
		}
	}
}

func TestFitFindsTheHomography(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		want := drawn(t)
		got, ok := fitShifts(shiftsOf(&want))
		if !ok {
			t.Fatal("no fit")
		}
		within(t, &got, &want, 0.25)
	})
}

// Half of the places see nothing and say so, and a few are sure of what is wrong.
func TestFitIsNotMisled(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		want := drawn(t)
		shifts := shiftsOf(&want)
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
		for i := range shifts {
			s := &shifts[i]
			switch n := r.IntN(20); {
			case n < 10:
				s.dx, s.dy = s.dx+r.NormFloat64()*30, s.dy+r.NormFloat64()*30
				s.b = 30
			case n == 10:
				s.dx, s.dy = r.NormFloat64()*10, r.NormFloat64()*10
			}
		}
		got, ok := fitShifts(shifts)
		if !ok {
			t.Fatal("no fit")
		}
		within(t, &got, &want, 3)
	})
}

// Places that say nothing leave the card where it was.
func TestFitOfNothingIsNoShift(t *testing.T) {
	t.Parallel()
	for _, shifts := range [][]shift{nil, {{x: 10, y: 10, dx: 50, dy: -50, b: 400}}} {
		got, ok := fitShifts(shifts)
		if !ok {
			t.Fatal("no fit")
		}
		for _, c := range corners {
			if g := got.back(c); math.Hypot(g.X-c.X, g.Y-c.Y) > 0.5 {
				t.Errorf("corner %v went to %v", c, g)
			}
		}
	}
}

package find

import (
	"math"
	"math/rand/v2"
	"testing"

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
func drawn(r *rand.Rand) homography {
	d := func(by float64) float64 { return (2*r.Float64() - 1) * by }
	return homography{1 + d(0.15), d(0.15), d(0.2), d(0.15), 1 + d(0.15), d(0.2), d(0.05), d(0.05)}
}

var corners = [4]shared.Point{{}, {X: cardWidth}, {X: cardWidth, Y: cardHeight}, {Y: cardHeight}}

// furthest is how far the corners of got lie from those of want at most, in pixels.
func furthest(got, want *homography) (most float64) {
	for _, c := range corners {
		g, w := got.back(c), want.back(c)
		most = max(most, math.Hypot(g.X-w.X, g.Y-w.Y))
	}
	return most
}

func TestFitFindsTheHomography(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 1))
	for range 1000 {
		want := drawn(r)
		got, ok := fitShifts(shiftsOf(&want))
		if !ok {
			t.Fatal("no fit")
		}
		if d := furthest(&got, &want); !(d < 0.3) {
			t.Errorf("%v: %.2f pixels apart", want, d)
		}
	}
}

// Half of the places see nothing and say so, and a few are sure of what is wrong. Where those few stand is
// drawn, and now and then they are all of what tells one homography from another.
func TestFitIsNotMisled(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(2, 2))
	const fits = 4000
	misled := 0
	for range fits {
		want := drawn(r)
		shifts := shiftsOf(&want)
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
		if !(furthest(&got, &want) < 3) {
			misled++
		}
	}
	if misled > fits/500 {
		t.Errorf("%d of %d fits misled by 3 pixels and more", misled, fits)
	} else {
		t.Logf("%d of %d fits misled by 3 pixels and more", misled, fits)
	}
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

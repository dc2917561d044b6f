package find

import (
	"math"
	"slices"
	"testing"

	"github.com/seed-6b91b535/idrec/shared"
)

// box is a card of a width around a place, turned by a number of degrees.
func box(x, y, width, degrees float64) shared.Quad {
	s, c := math.Sincos(degrees * math.Pi / 180)
	var q shared.Quad
	for i, p := range [4][2]float64{{-1, -1}, {1, -1}, {1, 1}, {-1, 1}} {
		u, v := p[0]*width/2, p[1]*width/2*54/85.6
		q[i] = shared.Point{X: x + u*c - v*s, Y: y + u*s + v*c}
	}
	return q
}

func TestElectMakesOneCardOfItsVotes(t *testing.T) {
	t.Parallel()
	votes := []guess{
		{Portrait, 0.9, box(100, 100, 100, 0)},
		{Emblem, 0.7, box(300, 100, 90, 90)},
		{Portrait, 0.3, box(104, 100, 100, 0)},
		{Portrait, 0.5, box(100, 100, 100, 180)}, // the same card, upside down
	}
	for range 2 {
		got := elect(slices.Clone(votes))
		if len(got) != 2 || got[0].kind != Portrait || got[1].kind != Emblem {
			t.Fatalf("elected %v", got)
		}
		if m := middle(got[0].quad); math.Abs(m.X-101) > 1e-9 || math.Abs(m.Y-100) > 1e-9 || !sameWay(got[0].quad, box(0, 0, 1, 0)) {
			t.Errorf("the card lies at %v", got[0].quad)
		}
		slices.Reverse(votes)
	}
}

func TestElectIsBounded(t *testing.T) {
	t.Parallel()
	var votes []guess
	for i := range 40 {
		votes = append(votes, guess{Portrait, 0.5, box(float64(i)*200, 0, 100, 0)})
	}
	if got := elect(votes); len(got) != maxGuesses {
		t.Errorf("%d guesses", len(got))
	}
}

func TestInsertKeepsTheLikeliestOfEachPlace(t *testing.T) {
	t.Parallel()
	at := func(x, p float64) Card { return Card{Quad: box(x, 0, 100, 0), Probability: p} }
	for _, c := range []struct {
		in   []Card
		want []float64
	}{
		{[]Card{at(0, 0.5), at(300, 0.9), at(600, 0.7)}, []float64{0.9, 0.7, 0.5}},
		{[]Card{at(0, 0.5), at(10, 0.9)}, []float64{0.9}},
		{[]Card{at(0, 0.9), at(10, 0.5)}, []float64{0.9}},
		{[]Card{at(0, 0.5), at(200, 0.6), at(5, 0.55)}, []float64{0.6, 0.55}},
	} {
		var cards []Card
		for _, x := range c.in {
			cards = insert(cards, x)
		}
		var got []float64
		for _, x := range cards {
			got = append(got, x.Probability)
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%v, want %v", got, c.want)
		}
	}
}

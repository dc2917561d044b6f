package lines

import (
	"math/rand/v2"
	"testing"
)

// written is a line of w pixels of paper with ink from one column to another, and some noise. The ink of the columns
// from faint on has a third of the contrast.
func written(w, from, to, grain, faint int) []byte {
	r := rand.New(rand.NewPCG(5, 6))
	gray := make([]byte, w*Height)
	for i := range gray {
		gray[i] = byte(180 + r.IntN(grain))
		if x, y := i%w, i/w; x >= from && x < to && x%3 < 2 && y > 4 && y < 28 {
			gray[i] -= 90
			if x >= faint {
				gray[i] += 60
			}
		}
	}
	return gray
}

func TestPaperBehindTheLastInkIsNotRead(t *testing.T) {
	t.Parallel()
	r := NewReader(nil)
	for _, c := range []struct {
		name                   string
		from, to, grain, faint int
		atLeast, atMost        int
	}{
		{"three characters", 10, 90, 20, 90, 91 + behind - 2*band, 91 + behind + 2*band},
		{"one character", 10, 34, 20, 34, 35 + behind - 2*band, 35 + behind + 2*band},
		{"the third of them under a lamp's reflection", 10, 90, 4, 64, 91 + behind - 2*band, 91 + behind + 2*band},
		{"to the end", 10, 278, 20, 278, 278, 278},
		{"nearly to the end", 10, 250, 20, 250, 278, 278},
		{"nothing", 0, 0, 20, 0, 278, 278},
		{"in noise", 10, 90, 120, 90, 278, 278},
	} {
		if got := r.inked(written(278, c.from, c.to, c.grain, c.faint), 278); got < c.atLeast || got > c.atMost {
			t.Errorf("%s: %d columns are read, want %d to %d", c.name, got, c.atLeast, c.atMost)
		}
	}
	if got := r.inked(written(30, 3, 9, 20, 9), 30); got != 30 {
		t.Errorf("a short line: %d columns", got)
	}
}

package local

import (
	"cmp"
	"math"
	"slices"

	"github.com/seed-6b91b535/idrec/sdk/local/internal/decode"
	"github.com/seed-6b91b535/idrec/sdk/local/internal/lines"
)

// The neighbourhood in which a faint line's contrast is evened, in pixels to each side, and the levels that are added
// to its standard deviation, so that the noise of bare paper is not blown up to writing.
const (
	faintAcross, faintUp = 16, 10
	faintFloor           = 2.5
)

// faintDoubt is how often what is read so is taken for any digit, whatever the network says: of many there is half a
// digit left, and such lines it has not learned.
const faintDoubt = 0.5

// faint reads the number once more, of which fewer digits were seen than it has, with its contrast the same everywhere:
// a lamp's reflection leaves of black print a few levels below white. What stands where nothing was seen is added.
func (c *cutter) faint(gray []byte, w int, seen []lines.Position, to *decode.Line) error {
	more, err := c.digit.Read(evened(gray, w), w, lines.Height)
	if err != nil {
		return err
	}
	apart := 0.6 * decode.NumberPitch * to.Scale
	to.Positions, to.Faint = nil, nil
	add := func(p lines.Position, faint bool) {
		to.Positions, to.Faint = append(to.Positions, p), append(to.Faint, faint)
	}
	for _, p := range more {
		for len(seen) > 0 && seen[0].X < p.X {
			add(seen[0], false)
			seen = seen[1:]
		}
		n := len(to.Positions)
		if n > 0 && float64(p.X-to.Positions[n-1].X) < apart || len(seen) > 0 && float64(seen[0].X-p.X) < apart {
			continue
		}
		p.Candidates = doubted(p.Candidates)
		p.Blank = max(p.Blank, float32(math.Log(faintDoubt)))
		add(p, true)
	}
	for _, p := range seen {
		add(p, false)
	}
	return nil
}

// doubted returns all characters of a number, none of them sure.
func doubted(cs []lines.Candidate) []lines.Candidate {
	const all = "0123456789X"
	out := make([]lines.Candidate, 0, len(all))
	for _, r := range all {
		p := faintDoubt / float64(len(all))
		if i := slices.IndexFunc(cs, func(c lines.Candidate) bool { return c.Rune == r }); i >= 0 {
			p += (1 - faintDoubt) * math.Exp(float64(cs[i].LogP))
		}
		out = append(out, lines.Candidate{Rune: r, LogP: float32(math.Log(p))})
	}
	slices.SortStableFunc(out, func(a, b lines.Candidate) int { return cmp.Compare(b.LogP, a.LogP) })
	return out
}

// evened returns the line with every pixel's distance from the mean around it in standard deviations.
func evened(gray []byte, w int) []byte {
	h := lines.Height
	stride := w + 1
	sums, squares := make([]float64, stride*(h+1)), make([]float64, stride*(h+1))
	for y := range h {
		for x := range w {
			v, at := float64(gray[y*w+x]), (y+1)*stride+x+1
			sums[at] = v + sums[at-1] + sums[at-stride] - sums[at-stride-1]
			squares[at] = v*v + squares[at-1] + squares[at-stride] - squares[at-stride-1]
		}
	}
	out := make([]byte, w*h)
	for y := range h {
		top, bottom := max(0, y-faintUp)*stride, min(h, y+faintUp+1)*stride
		for x := range w {
			left, right := max(0, x-faintAcross), min(w, x+faintAcross+1)
			n := float64((bottom - top) / stride * (right - left))
			mean := (sums[bottom+right] - sums[bottom+left] - sums[top+right] + sums[top+left]) / n
			square := (squares[bottom+right] - squares[bottom+left] - squares[top+right] + squares[top+left]) / n
			deviation := math.Sqrt(max(0, square-mean*mean)) + faintFloor
			out[y*w+x] = byte(min(255, max(0, 150+50*(float64(gray[y*w+x])-mean)/deviation)))
		}
	}
	return out
}

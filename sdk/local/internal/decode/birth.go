package decode

import (
	"fmt"
	"math"

	"github.com/seed-6b91b535/idrec/sdk/idcard"
	"github.com/seed-6b91b535/idrec/sdk/local/internal/lattice"
	"github.com/seed-6b91b535/idrec/sdk/local/internal/lines"
)

// The columns of the birth in millimetres from the card's left: where the year begins, how wide a digit
// is, the middles of month and day and of the printed signs between them.
const (
	yearLeft, digitWidth                  = 15.8, 1.83
	yearSign, month, monthSign, day, dsgn = 25.85, 30.3, 34.35, 38.8, 42.85
)

// How much a sign that was not seen costs (they are printed paler), and how far a character may stand
// from its place, in millimetres, before it costs.
const (
	costSign  = 1.0
	slackX    = 1.3
	maxCostX  = 6
	maxDates  = 400
	perDigit  = 3
	impossibl = 40
)

// spot is a character of the birth with its place.
type spot struct {
	r    rune
	x    float64
	sign bool
}

func spots(d idcard.Date) []spot {
	out := make([]spot, 0, 11)
	for i, r := range fmt.Sprintf("%04d", d.Year) {
		out = append(out, spot{r, yearLeft + (float64(i)+0.5)*digitWidth, false})
	}
	number := func(n int, middle float64) {
		s := fmt.Sprint(n)
		for i, r := range s {
			out = append(out, spot{r, middle + (float64(i)-float64(len(s)-1)/2)*digitWidth, false})
		}
	}
	out = append(out, spot{'年', yearSign, true})
	number(d.Month, month)
	out = append(out, spot{'月', monthSign, true})
	number(d.Day, day)
	return append(out, spot{'日', dsgn, true})
}

// dateScore returns how probable a birth is on its line.
func dateScore(l Line, d idcard.Date) float32 {
	ss := spots(d)
	prev, next := make([]float32, len(ss)+1), make([]float32, len(ss)+1)
	lose := func(s spot) float32 {
		if s.sign {
			return -costSign
		}
		return -7
	}
	for j, s := range ss {
		prev[j+1] = prev[j] + lose(s)
	}
	for i := range l.Positions {
		p := &l.Positions[i]
		at := l.at(p)
		drop := max(p.Blank, lattice.Floor) - 1
		if c := p.Candidates[0].Rune; c == '年' || c == '月' || c == '日' {
			drop = max(drop, -costSign) // the sign of another column, or read twice
		}
		next[0] = prev[0] + drop
		for j, s := range ss {
			off := math.Abs(at-s.x) - slackX
			place := float32(0)
			if off > 0 {
				place = -float32(min(maxCostX, off*off*2))
			}
			next[j+1] = max(prev[j]+lattice.At(p, s.r)+place, prev[j+1]+drop, next[j]+lose(s))
		}
		prev, next = next, prev
	}
	return prev[len(ss)]
}

// likely returns those of the births that the line shows about as well as the best, if it shows any.
func likely(births map[idcard.Date]float32) []idcard.Date {
	const doubt = 4 // nats
	best := float32(-impossibl)
	for _, score := range births {
		best = max(best, score)
	}
	var out []idcard.Date
	for d, score := range births {
		if score > best-doubt {
			out = append(out, d)
		}
	}
	return out
}

// dates returns births that the line may show, not yet judged.
func dates(l Line) []idcard.Date {
	const yearEnd, monthEnd = (yearLeft + 4*digitWidth + month) / 2, (monthSign + month + day) / 3
	var groups [3][]*lines.Position
	for i := range l.Positions {
		p := &l.Positions[i]
		if !digitLike(p) {
			continue
		}
		switch x := l.at(p); {
		case x < yearEnd:
			groups[0] = append(groups[0], p)
		case x < monthEnd:
			groups[1] = append(groups[1], p)
		default:
			groups[2] = append(groups[2], p)
		}
	}
	if len(groups[0]) != 4 {
		return nil
	}
	var out []idcard.Date
	for _, y := range values(groups[0]) {
		for _, m := range values(groups[1]) {
			for _, d := range values(groups[2]) {
				date := idcard.Date{Year: y, Month: m, Day: d}
				if y > 1880 && y < 2100 && date.Valid() {
					out = append(out, date)
				}
				if len(out) == maxDates {
					return out
				}
			}
		}
	}
	return out
}

func digitLike(p *lines.Position) bool {
	for _, c := range p.Candidates[:min(3, len(p.Candidates))] {
		if c.Rune >= '0' && c.Rune <= '9' && c.LogP > p.Candidates[0].LogP-4 {
			return true
		}
	}
	return false
}

// values returns the numbers that a group of positions may be.
func values(ps []*lines.Position) []int {
	out := []int{0}
	if len(ps) == 0 || len(ps) > 4 {
		return nil
	}
	for _, p := range ps {
		var next []int
		n := 0
		for _, c := range p.Candidates {
			if c.Rune >= '0' && c.Rune <= '9' && n < perDigit && c.LogP > lattice.Floor {
				n++
				for _, v := range out {
					next = append(next, 10*v+int(c.Rune-'0'))
				}
			}
		}
		out = next
	}
	return out
}

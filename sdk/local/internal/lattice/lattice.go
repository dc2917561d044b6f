// Package lattice decodes what the line networks read: the positions of a line with their alternatives,
// and how probable a given text is on them, or which texts are most probable together with a model of
// what may stand there.
//
// All scores are natural logarithms. A network is not a witness under oath, so no single character can
// say more than [Floor]: other evidence has a chance, if there is enough of it.
package lattice

import (
	"github.com/seed-6b91b535/idrec/sdk/local/internal/lines"
)

// Costs of errors that a line can have, in nats, found on tuning sets.
const (
	// Floor is the least that a character can score which a position does not list among its
	// alternatives. The tenth alternative of a clear position scores between -8 and -14.
	Floor = -11
	// lost is the score of a character that should stand in the line and was not seen; thin ones are lost
	// more easily.
	lost     = -7
	lostThin = -3.5
	// extra is what a position that should not be there costs beyond its not being a blank.
	extra = -1
)

func thin(r rune) bool { return r == '-' || r == '.' || r == '·' || r == '1' }

func insertion(r rune) float32 {
	if thin(r) {
		return lostThin
	}
	return lost
}

// deletion is the score of taking a position for nothing.
func deletion(p *lines.Position) float32 { return max(p.Blank, Floor) + extra }

// At returns the score of r at a position.
func At(p *lines.Position, r rune) float32 {
	worst := float32(0)
	for _, c := range p.Candidates {
		if c.Rune == r {
			return max(c.LogP, Floor)
		}
		worst = min(worst, c.LogP)
	}
	return max(Floor, min(worst-0.5, -6))
}

// Best returns what the network itself reads.
func Best(ps []lines.Position) string {
	out := make([]rune, 0, len(ps))
	for _, p := range ps {
		out = append(out, p.Candidates[0].Rune)
	}
	return string(out)
}

// Score returns how probable a text is on the positions: the best alignment in which positions may be
// nothing and characters may be lost. It is at most 0.
func Score(ps []lines.Position, text string) float32 {
	rs := []rune(text)
	prev, next := make([]float32, len(rs)+1), make([]float32, len(rs)+1)
	for j, r := range rs {
		prev[j+1] = prev[j] + insertion(r)
	}
	for i := range ps {
		p := &ps[i]
		drop := deletion(p)
		next[0] = prev[0] + drop
		for j, r := range rs {
			next[j+1] = max(prev[j]+At(p, r), prev[j+1]+drop, next[j]+insertion(r))
		}
		prev, next = next, prev
	}
	return prev[len(rs)]
}

// Align returns the score of each character of a text on the positions, along the alignment that Score
// takes; one that was lost has that score.
func Align(ps []lines.Position, text string) []float32 {
	rs := []rune(text)
	w := len(rs) + 1
	table := make([]float32, (len(ps)+1)*w)
	for j, r := range rs {
		table[j+1] = table[j] + insertion(r)
	}
	for i := range ps {
		p := &ps[i]
		drop := deletion(p)
		row, up := table[(i+1)*w:][:w], table[i*w:][:w]
		row[0] = up[0] + drop
		for j, r := range rs {
			row[j+1] = max(up[j]+At(p, r), up[j+1]+drop, row[j]+insertion(r))
		}
	}
	out := make([]float32, len(rs))
	for i, j := len(ps), len(rs); j > 0; {
		at := table[i*w+j]
		switch {
		case i > 0 && at == table[(i-1)*w+j-1]+At(&ps[i-1], rs[j-1]):
			i, j = i-1, j-1
			out[j] = At(&ps[i], rs[j])
		case i > 0 && at == table[(i-1)*w+j]+deletion(&ps[i-1]):
			i--
		default:
			j--
			out[j] = insertion(rs[j])
		}
	}
	return out
}

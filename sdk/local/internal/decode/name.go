package decode

import (
	"unicode"

	"github.com/seed-6b91b535/idrec/sdk/local/internal/language"
	"github.com/seed-6b91b535/idrec/sdk/local/internal/lattice"
)

// How much the customs of names weigh against the network's evidence.
const nameWeight = 0.3

// Costs of what names seldom have, in nats.
const (
	costNoHan     = 14 // a digit or a letter
	costSeparator = 4  // · between two parts
	costOneRune   = 12 // a name of one character
)

// Name decodes a name.
func Name(l Line) Field {
	m := language.Load()
	hs := lattice.Search(l.Positions, lattice.Model[nameState]{
		Weight: nameWeight,
		Step: func(s nameState, r rune) (nameState, float32) {
			next := nameState{length: s.length + 1}
			switch {
			case r == '·':
				next.separator = true
				if s.length < 1 || s.separator {
					return next, costNoHan
				}
				return next, costSeparator
			case !unicode.Is(unicode.Han, r):
				return next, costNoHan
			}
			return next, m.Name(r, s.length == 0)
		},
		End: func(s nameState) float32 {
			switch {
			case s.separator:
				return costNoHan
			case s.length < 2:
				return costOneRune
			}
			return 0
		},
	})
	return fromSearch(l, hs)
}

type nameState struct {
	length    int
	separator bool
}

// fromSearch makes a field of the texts that a search found.
func fromSearch(l Line, hs []lattice.Hypothesis) Field {
	f := Field{Empty: len(l.Positions) == 0, Raw: lattice.Best(l.Positions), Worst: minScore, Mean: minScore, Margin: -maxMargin}
	if f.Empty || len(hs) == 0 || hs[0].Text == "" {
		return f
	}
	best := hs[0]
	rest := make([]float32, 0, len(hs))
	for _, h := range hs[1:] {
		rest = append(rest, h.Score)
	}
	f.Text, f.Margin = best.Text, margin(best.Score, rest)
	f.Cost = max(0, float64(own(l.Positions)-best.Network))
	f.Worst, f.Mean = worstAndMean(best.Seen)
	return f
}

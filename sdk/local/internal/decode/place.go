package decode

import (
	"strings"

	"github.com/seed-6b91b535/idrec/sdk/local/internal/language"
	"github.com/seed-6b91b535/idrec/sdk/local/internal/lattice"
)

// placeWeight is how much the customs of addresses weigh against the network's evidence.
const placeWeight = 0.2

// costHome is what a character costs that goes on as the name of the number's county: people move.
const costHome = 0.9

// Address decodes an address of several lines. region is the first six digits of the number, or empty.
func Address(ls []Line, region string) Field {
	var all Line
	for _, l := range ls {
		all.Positions = append(all.Positions, l.Positions...)
	}
	return fromSearch(all, lattice.Search(all.Positions, placeModel(language.Start, homes(region))))
}

// Authority decodes who issued the card.
func Authority(l Line) Field {
	return fromSearch(l, lattice.Search(l.Positions, placeModel(language.Authority, nil)))
}

// homes returns how an address in the county begins.
func homes(region string) [][]rune {
	path := language.County(region)
	if len(path) == 0 {
		return nil
	}
	out := [][]rune{[]rune(strings.Join(path, ""))}
	if n := len(path); n > 2 { // a city of the county level stands below its province
		out = append(out, []rune(path[0]+path[n-1]), []rune(strings.Join(path[1:], "")))
	}
	return out
}

type placeState struct {
	a, b rune
	n    int
	home int8 // bits: the homes that the text is the beginning of
}

func placeModel(start rune, homes [][]rune) lattice.Model[placeState] {
	m := language.Load()
	s := placeState{a: start, b: start}
	for i := range homes {
		s.home |= 1 << i
	}
	return lattice.Model[placeState]{
		Start:  s,
		Weight: placeWeight,
		Step: func(s placeState, r rune) (placeState, float32) {
			next := placeState{a: s.b, b: r, n: s.n + 1}
			cost := m.Place(s.a, s.b, r)
			for i, h := range homes {
				if s.home&(1<<i) == 0 || s.n >= len(h) || h[s.n] != r {
					continue
				}
				next.home |= 1 << i
				cost = min(cost, costHome)
			}
			return next, cost
		},
		End: func(s placeState) float32 {
			if start == language.Authority {
				return m.Place(s.a, s.b, language.End)
			}
			return 0 // addresses end anywhere
		},
	}
}

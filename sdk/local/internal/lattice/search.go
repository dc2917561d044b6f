package lattice

import (
	"cmp"
	"slices"

	"github.com/seed-6b91b535/idrec/sdk/local/internal/lines"
)

// Model says how costly a character is after what came before, in nats, and what it costs to end there.
type Model[S any] struct {
	Start S
	Step  func(state S, r rune) (S, float32)
	End   func(state S) float32
	// Weight scales the costs against the network's evidence; below 1 it says that the network has seen
	// part of that evidence already.
	Weight float32
}

// Hypothesis is a text with its score, the network's part of which stands beside it.
type Hypothesis struct {
	Text string
	// Runes and Seen go together: the character, and its score at its position.
	Seen    []float32
	Score   float32 // network and model
	Network float32
}

type node[S any] struct {
	parent  *node[S]
	r       rune
	seen    float32
	state   S
	score   float32
	network float32
	hash    uint64
}

// Bounds of a search.
const (
	beamWidth = 24
	beamDepth = 14 // hypotheses that are worse than the best by more nats are dropped
	perSpot   = 8  // alternatives of a position that are followed
)

// Search returns the most probable texts, best first, at most beamWidth of them.
func Search[S any](ps []lines.Position, m Model[S]) []Hypothesis {
	beam := []*node[S]{{state: m.Start}}
	for i := range ps {
		p := &ps[i]
		next := make([]*node[S], 0, len(beam)*(perSpot+1))
		for _, n := range beam {
			for _, c := range p.Candidates[:min(perSpot, len(p.Candidates))] {
				if c.LogP < Floor {
					break
				}
				state, cost := m.Step(n.state, c.Rune)
				next = append(next, &node[S]{
					parent: n, r: c.Rune, seen: c.LogP, state: state, network: n.network + c.LogP,
					score: n.score + c.LogP - m.Weight*cost, hash: n.hash*0x9e3779b97f4a7c15 + uint64(c.Rune),
				})
			}
			d := *n
			d.parent, d.r, d.seen = n, 0, deletion(p)
			d.network, d.score = n.network+d.seen, n.score+d.seen
			next = append(next, &d)
		}
		beam = prune(next)
	}
	for _, n := range beam {
		n.score -= m.Weight * m.End(n.state)
	}
	beam = prune(beam)
	out := make([]Hypothesis, 0, len(beam))
	for _, n := range beam {
		out = append(out, n.hypothesis())
	}
	return out
}

// prune sorts, keeps the better of two ways to the same text, and what is within the beam.
func prune[S any](ns []*node[S]) []*node[S] {
	slices.SortStableFunc(ns, func(a, b *node[S]) int { return cmp.Compare(b.score, a.score) })
	out := ns[:0]
	for _, n := range ns {
		if len(out) == beamWidth || len(out) > 0 && n.score < out[0].score-beamDepth {
			break
		}
		if !slices.ContainsFunc(out, func(o *node[S]) bool { return o.hash == n.hash }) {
			out = append(out, n)
		}
	}
	return out
}

func (n *node[S]) hypothesis() Hypothesis {
	h := Hypothesis{Score: n.score, Network: n.network}
	var rs []rune
	for at := n; at.parent != nil; at = at.parent {
		if at.r != 0 {
			rs, h.Seen = append(rs, at.r), append(h.Seen, at.seen)
		}
	}
	slices.Reverse(rs)
	slices.Reverse(h.Seen)
	h.Text = string(rs)
	return h
}

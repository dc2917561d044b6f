package find

import (
	"github.com/seed-6b91b535/idrec/sdk/local/internal/page"
	"github.com/seed-6b91b535/idrec/shared"
)

const (
	// vague is the Spread from which the corners of a card are looked for once more: of the tuning set's portrait
	// and emblem sides, one in two hundred and fifty has more.
	vague = 0.35
	// better is the share of the Spread that another place of the corners must have less to be taken.
	better = 0.85
	// fewer is how many points less may be seen there: of few points, none is off.
	fewer = 1
	// reseats of a picture, each of which takes up to twenty looks: a picture may be full of cards that are bent.
	reseats = 3
)

// reseat looks for a better place of a card that does not sit well: the looks may end at a place from which one
// corner does not find home, an edge of the desk or a fold being taken for the card's. It starts from each of the
// four quads of which one corner is where it would be if the others were right and the card seen from straight above.
func (f *Finder) reseat(p *page.Plane, c Card) Card {
	if c.Kind == Other || c.Mirrored || c.Spread < vague || f.reseats < 1 {
		return c
	}
	f.reseats--
	doubt := f.doubt
	best := c
	for i := range c.Quad {
		q := c.Quad
		before, after, across := q[(i+3)%4], q[(i+1)%4], q[(i+2)%4]
		q[i] = shared.Point{X: before.X + after.X - across.X, Y: before.Y + after.Y - across.Y}
		o, ok := f.settle(p, q, goneLater)
		if ok && o.Kind == c.Kind && !o.Mirrored && o.seen >= c.seen-fewer && near(o.Quad, c.Quad, apart) && o.Spread < better*best.Spread {
			best = o
		}
	}
	f.doubt = doubt // those were no other guesses
	return best
}

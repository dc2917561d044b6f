package local

import (
	"github.com/seed-6b91b535/idrec/sdk/local/internal/find"
	"github.com/seed-6b91b535/idrec/sdk/local/internal/page"
	"github.com/seed-6b91b535/idrec/shared"
)

// sighting is a card that was found in a picture.
type sighting struct {
	quad     shared.Quad // its corners in the order of its own upright frame
	side     shared.Side // SideDetect for another kind of card
	mirrored bool
	part     bool    // its middle was looked for outside the picture
	p        float64 // how sure the finder is, 0 to 1
	spread   float64 // how vague the card's place is, in hundredths of its width
}

// finder finds cards, one picture at a time.
type finder interface {
	find(p *page.Plane) []sighting
	// doubt is how much something in the last picture that it did not find looked like a card, 0 to 1.
	doubt() float64
}

// networks finds cards with the networks of package find.
type networks struct{ *find.Finder }

func newNetworks() (finder, error) {
	f, err := find.New()
	if err != nil {
		return nil, err
	}
	return networks{f}, nil
}

func (n networks) doubt() float64 { return n.Doubt() }

func (n networks) find(p *page.Plane) []sighting {
	cards := n.Find(p)
	out := make([]sighting, 0, len(cards))
	for _, c := range cards {
		s := sighting{quad: c.Quad, mirrored: c.Mirrored, part: c.Part, p: c.Probability, spread: c.Spread}
		switch c.Kind {
		case find.Portrait:
			s.side = shared.SidePortrait
		case find.Emblem:
			s.side = shared.SideEmblem
		case find.Other:
		}
		out = append(out, s)
	}
	return out
}

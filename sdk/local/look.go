package local

import (
	"cmp"
	"context"
	"slices"

	"github.com/seed-6b91b535/idrec/sdk/local/internal/decode"
	"github.com/seed-6b91b535/idrec/sdk/local/internal/page"
	"github.com/seed-6b91b535/idrec/shared"
)

// Bounds of looking, which bound the time: cards that are looked at, and those that are read.
const maxCards = 4

// sureCard is how sure the finder must be of a card of which nothing is legible.
const sureCard = 0.75

// minSide is the shortest side of a picture in which anything can be read, in pixels: a card of 300 has
// characters of 12.
const minSide = 100

// seen is a card that was read.
type seen struct {
	sighting

	fields map[shared.FieldName]reading
	light  light
}

// reading is a field as it was decoded, with its place on the card.
type reading struct {
	decode.Field

	box        box
	confidence float64
}

// box is a rectangle on the card, in millimetres.
type box struct{ left, top, right, bottom float64 }

// report is all that was seen in a picture.
type report struct {
	cards  []seen
	others int     // cards of other kinds
	whole  light   // on the whole picture, where there is no card
	mirror bool    // a card is there, and mirrored
	cutOff bool    // a card is there, and too much of it is not
	doubt  float64 // how much what was taken for no card looked like one, 0 to 1
}

// look finds and reads the cards of a picture.
func (c *cutter) look(ctx context.Context, s *source, f finder) (*report, error) {
	r := &report{}
	found := f.find(s.plane)
	r.doubt = f.doubt()
	slices.SortStableFunc(found, func(a, b sighting) int { return cmp.Compare(b.p, a.p) })
	for _, one := range found[:min(len(found), maxCards)] {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		switch {
		case one.side == shared.SideDetect:
			r.others++
			continue
		case one.mirrored:
			r.mirror = r.mirror || c.mirrored(s, one.quad)
			continue
		}
		onto, err := page.Onto(cardWidth, cardHeight, one.quad)
		if err != nil {
			continue // the finder was wrong
		}
		k := &card{s.plane, onto}
		if k.visible() < minVisible {
			r.cutOff = true
			continue
		}
		fields, err := c.readCard(ctx, k, one.side)
		if err != nil {
			return nil, err
		}
		rate(fields)
		read := seen{one, fields, c.light(k)}
		if share := read.clear(); k.visible() < minWhole && (share < 0.5 || one.part && share < 1) {
			r.cutOff = true // what is missing may be why it is not legible, and a fragment's corners are not exact
			continue
		}
		if one.p < sureCard && read.clear() == 0 {
			r.doubt = max(r.doubt, one.p)
			continue // neither the finder nor the reader is convinced
		}
		r.cards = append(r.cards, read)
	}
	if len(r.cards) == 0 {
		w, h := float64(s.plane.Width), float64(s.plane.Height)
		onto, err := page.Onto(cardWidth, cardHeight, shared.Quad{{}, {X: w}, {X: w, Y: h}, {Y: h}})
		if err == nil {
			r.whole = c.light(&card{s.plane, onto})
		}
	}
	return r, nil
}

// mirrored reports whether a card that the finder takes for mirrored can be: of one that is burnt out nobody can
// tell.
func (c *cutter) mirrored(s *source, q shared.Quad) bool {
	onto, err := page.Onto(cardWidth, cardHeight, shared.Quad{q[1], q[0], q[3], q[2]})
	if err != nil {
		return true
	}
	return !c.light(&card{s.plane, onto}).lost()
}

func (c *cutter) readCard(ctx context.Context, k *card, side shared.Side) (map[shared.FieldName]reading, error) {
	if side == shared.SideEmblem {
		return c.readEmblem(ctx, k)
	}
	return c.readPortrait(ctx, k)
}

// minVisible is the share of a card that must be in the picture: with less, fields are missing.
const minVisible = 0.7

// minWhole is the share from which nothing is missing that anybody would miss.
const minWhole = 0.97

// visible returns the share of the card that is in the picture.
func (k *card) visible() float64 {
	const across, down = 24, 15
	in := 0
	for y := range down {
		for x := range across {
			p := k.onto.At((float64(x)+0.5)*cardWidth/across, (float64(y)+0.5)*cardHeight/down)
			if p.X >= 0 && p.Y >= 0 && p.X < float64(k.plane.Width) && p.Y < float64(k.plane.Height) {
				in++
			}
		}
	}
	return float64(in) / (across * down)
}

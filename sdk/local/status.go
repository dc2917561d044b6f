package local

import (
	"math"

	"github.com/seed-6b91b535/idrec/sdk/local/internal/page"
	"github.com/seed-6b91b535/idrec/shared"
)

// round keeps four digits: more would claim to know more.
func round(p float64) float64 { return math.Round(p*1e4) / 1e4 }

func (k *seen) onto() (*page.Projection, bool) {
	p, err := page.Onto(cardWidth, cardHeight, k.quad)
	return &p, err == nil
}

// legible is the confidence from which a field counts as read, for the status.
const legible = 0.5

// clear returns the share of the card's fields that were read.
func (k *seen) clear() float64 { return k.above(legible) }

// above returns the share of the card's fields that are that sure.
func (k *seen) above(confidence float64) float64 {
	n := 0
	for _, f := range k.fields {
		if f.confidence >= confidence {
			n++
		}
	}
	return float64(n) / float64(len(k.fields))
}

// choose picks the cards that the answer is about: the clearest of the side that was asked for, and the
// other side with it. people is how many people's cards there are.
func (r *report) choose(asked shared.Side) (chosen []*seen, people int) {
	best := map[shared.Side]*seen{}
	numbers := map[string]bool{}
	count := map[shared.Side]int{}
	for i := range r.cards {
		k := &r.cards[i]
		if k.clear() == 0 && len(r.cards) > 1 {
			continue
		}
		same := false
		if k.side == shared.SidePortrait {
			if n := k.fields[shared.FieldNumber]; n.confidence >= legible {
				same = numbers[n.Text]
				numbers[n.Text] = true
			}
		}
		if !same {
			count[k.side]++
		}
		if b := best[k.side]; b == nil || k.clear() > b.clear() {
			best[k.side] = k
		}
	}
	if len(best) == 0 && len(r.cards) > 0 {
		return []*seen{&r.cards[0]}, 1
	}
	for _, side := range []shared.Side{shared.SidePortrait, shared.SideEmblem} {
		if best[side] != nil {
			chosen = append(chosen, best[side])
		}
	}
	people = max(count[shared.SidePortrait], count[shared.SideEmblem])
	if people > 1 && asked != shared.SideDetect && best[asked] != nil {
		// Which of the others belongs to it is not known.
		return []*seen{best[asked]}, people
	}
	if people > 1 && len(chosen) > 1 {
		chosen = chosen[:1]
	}
	return chosen, people
}

// Levels of light beyond which print is lost.
const (
	darkPaper = 70   // paper of a picture that is too dark, 0 to 255
	burntMost = 0.45 // share of the card without any tone
	burntAll  = 0.9  // and of one of which it is chance what is read
	palestInk = 215  // print of a picture without a card that is all light; that of a white page is darker
	lostInk   = 230  // print of a card that is lost to light; of one that is lost to blur something is left
	glare     = 0.07 // share of a picture that a lamp's reflection covers in which a card may be
	glareMost = 0.85 // and no more, which is an empty page
	glareFull = 0.7  // how solid such a reflection is; the white of a page has print in it
)

// sureEnough is the confidence that every field must have for the card in a picture of hardly any light, or
// of too much, to count as read: of those, many are read half wrong.
const sureEnough = 0.8

// without judges a picture in which no card was read.
func (r *report) without() shared.PictureStatus {
	l := r.whole
	light := l.burnt > burntMost && l.ink > palestInk // all of it
	switch {
	case r.mirror || r.cutOff && !light:
		return shared.StatusUnknown
	case r.others > 0:
		return shared.StatusOtherTypeCard
	case l.paper < darkPaper/2:
		return shared.StatusOverDark
	case light || l.burnt > glare && l.burnt < glareMost && l.solid > glareFull:
		return shared.StatusOverExposure
	}
	return shared.StatusNonIDCard
}

// status judges the picture. What was read is the best witness: a picture of which the fields are
// legible is normal, however dark or blurred a measure calls it.
func (r *report) status(chosen []*seen, shown, asked shared.Side) shared.PictureStatus {
	if len(chosen) == 0 {
		return r.without()
	}
	readable, l := 0.0, chosen[0].light
	for _, k := range chosen {
		readable = max(readable, k.clear())
	}
	if (l.paper < darkPaper/2 || l.burnt > burntAll) && chosen[0].above(sureEnough) < 1 {
		readable = 0
	}
	switch {
	case readable >= 0.5:
		if asked != shared.SideDetect && shown != shared.SideBoth && shown != asked {
			return shared.StatusReversedSide
		}
		return shared.StatusNormal
	case l.paper < darkPaper:
		return shared.StatusOverDark
	case l.lost():
		return shared.StatusOverExposure
	}
	return shared.StatusBlurred
}

package decode

import (
	"math"

	"github.com/seed-6b91b535/idrec/sdk/local/internal/lattice"
	"github.com/seed-6b91b535/idrec/sdk/local/internal/lines"
)

// Line is a line of print as a network saw it, with the place of its crop on the card.
type Line struct {
	Positions []lines.Position
	// Left is the card's x of the crop's left edge in millimetres, Scale the crop's pixels a millimetre.
	Left, Scale float64
	// Faint says which of the positions were seen only with the contrast evened; nil is none.
	Faint []bool
}

func (l Line) faint(i int) bool { return i < len(l.Faint) && l.Faint[i] }

// at returns where on the card a position stands, in millimetres from the left.
func (l Line) at(p *lines.Position) float64 { return l.Left + float64(p.X)/l.Scale }

// Field is a decoded field with the evidence for it, from which a confidence is made.
type Field struct {
	Text string // in the contract's form; empty if nothing was read
	Raw  string // what the network by itself reads
	// Margin is the logarithm of the odds of Text against all other texts considered.
	Margin float64
	// Cost is how much less probable Text is to the network than its own reading, in nats.
	Cost float64
	// Worst and Mean are the log-probabilities that the network gives to the characters of Text.
	Worst, Mean float64
	// Lost is how many characters were taken for none of the field's, or have room in a gap of an address.
	Lost float64
	// Missing is how many characters there is room for where nothing was read: before the first one of a field that
	// always begins at the same place, in a gap, or at the end of a line that is not full; and 1 for a name of one.
	Missing float64
	// Unseen is how many digits of a number were not seen, or are others than what was seen faintly: they follow from
	// the birth in print and the check character.
	Unseen int
	// Empty: the line shows nothing at all.
	Empty bool
}

// Bounds of what the margins say; beyond, they say no more.
const (
	maxMargin = 15
	minScore  = lattice.Floor
)

// margin returns the logarithm of the odds of the first score against the sum of the others.
func margin(best float32, others []float32) float64 {
	sum := 0.0
	for _, o := range others {
		sum += math.Exp(float64(o - best))
	}
	if sum == 0 {
		return maxMargin
	}
	return min(maxMargin, max(-maxMargin, -math.Log(sum)))
}

// own returns how probable the network's own reading is to it.
func own(ps []lines.Position) float32 {
	var sum float32
	for i := range ps {
		sum += max(ps[i].Candidates[0].LogP, minScore)
	}
	return sum
}

// measure fills in what can be told of a text on its positions.
func (f *Field) measure(ps []lines.Position, printed string) {
	f.Raw = lattice.Best(ps)
	f.Empty = len(ps) == 0
	seen := lattice.Align(ps, printed)
	f.Cost = max(0, float64(own(ps)-lattice.Score(ps, printed)))
	f.Worst, f.Mean = worstAndMean(seen)
}

func worstAndMean(seen []float32) (worst, mean float64) {
	if len(seen) == 0 {
		return minScore, minScore
	}
	for _, s := range seen {
		worst = min(worst, float64(s))
		mean += float64(s) / float64(len(seen))
	}
	return max(worst, minScore), max(mean, minScore)
}

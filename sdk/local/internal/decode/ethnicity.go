package decode

import (
	"github.com/seed-6b91b535/idrec/sdk/idcard"
	"github.com/seed-6b91b535/idrec/sdk/local/internal/lattice"
)

// What an ethnicity costs before anything is read. Nine of ten people are 汉, but the others are the ones
// whose cards must be read too: their price is a third of what the census would say.
const (
	costHan   = 0.3
	costOther = 3.0
)

// Ethnicity decodes the ethnicity as one of those that exist.
func Ethnicity(l Line) Field {
	var best string
	var score float32
	all := map[string]float32{}
	for i, e := range idcard.Ethnicities() {
		s := leading(l, e) - costOther
		if e == "汉" {
			s += costOther - costHan
		}
		all[e] = s
		if i == 0 || s > score {
			best, score = e, s
		}
	}
	f := Field{Text: best, Margin: margin(score, others(all, best))}
	f.measure(l.Positions, best)
	if f.Empty {
		f.Text = ""
	}
	return f
}

// What it costs that something stands behind an ethnicity, which stamps and notes on copies do, each and
// at most.
const costBehind, costMostBehind = 2.0, 5.0

// leading returns how probable it is that a line begins with the text.
func leading(l Line, text string) float32 {
	best := lattice.Score(l.Positions, text)
	for n := 1; n < len(l.Positions); n++ {
		behind := min(costMostBehind, costBehind*float32(len(l.Positions)-n))
		best = max(best, lattice.Score(l.Positions[:n], text)-behind)
	}
	return best
}

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
		s := lattice.Score(l.Positions, e) - costOther
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

package decode

import (
	"cmp"
	"slices"
	"strings"

	"github.com/seed-6b91b535/idrec/sdk/idcard"
	"github.com/seed-6b91b535/idrec/sdk/local/internal/language"
	"github.com/seed-6b91b535/idrec/sdk/local/internal/lattice"
	"github.com/seed-6b91b535/idrec/sdk/local/internal/lines"
)

// What a number that breaks a rule costs, in nats: how seldom cards have one.
const (
	costCheckDigit = 7   // the check character differs: rarely on cards, and then it must be seen
	costBirth      = 9   // no possible day
	costProvince   = 6   // no known province, and no permit's
	costRegion     = 0.7 // not a county in force: codes are abolished while numbers stay
	costSequence   = 4   // 000
)

// What it costs to say that a digit stands where none was seen: little in a gap of the right width.
const (
	costGap   = 3
	costNoGap = 9
	costGuess = 2.3 // which one of ten
)

const (
	numberLength = 18
	perResidue   = 10 // hypotheses kept for each state of the check sum
	keptWrong    = 6  // and of those at the end whose check character differs
)

var weights = [17]int{7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2}

// partial is the beginning of a number.
type partial struct {
	digits  [numberLength]byte
	used    int // positions of the line
	residue int // of the weighted sum, modulo 11
	score   float32
	guessed bool // the last digit stands in a gap
}

// numbers returns the most probable numbers of 18 characters on the positions, best first, with their
// scores; it is empty for a line that has no such number.
func numbers(ps []lines.Position) []scored {
	if len(ps) < numberLength-2 || len(ps) > numberLength+6 {
		return nil
	}
	pitch := pitchOf(ps)
	beam := []partial{{}}
	for slot := range numberLength {
		var next []partial
		for _, h := range beam {
			next = h.extend(next, ps, slot, pitch)
		}
		beam = thinOut(next)
	}
	out := make([]scored, 0, len(beam))
	wrong := 0
	for _, h := range beam {
		for _, p := range ps[h.used:] {
			h.score += max(p.Blank, lattice.Floor) - 1
		}
		text := string(h.digits[:])
		cost, valid := numberCost(text)
		if !valid {
			if wrong++; wrong > keptWrong {
				continue
			}
		}
		out = append(out, scored{text, h.score - cost})
	}
	slices.SortStableFunc(out, func(a, b scored) int { return cmp.Compare(b.score, a.score) })
	return out
}

// scored is a text with its score.
type scored struct {
	text  string
	score float32
}

// extend appends h by every character that may stand at the slot.
func (h *partial) extend(next []partial, ps []lines.Position, slot int, pitch float64) []partial {
	add := func(r byte, used int, score float32, guessed bool) {
		n := *h
		n.digits[slot], n.used, n.score, n.guessed = r, used, h.score+score, guessed
		if slot < 17 {
			n.residue = (h.residue + int(r-'0')*weights[slot]) % 11
		}
		next = append(next, n)
	}
	var dropped float32
	for i := h.used; i < min(len(ps), h.used+3); i++ {
		for _, c := range ps[i].Candidates {
			if (c.Rune >= '0' && c.Rune <= '9' || c.Rune == 'X' && slot == 17) && c.LogP > lattice.Floor {
				add(byte(c.Rune), i+1, dropped+c.LogP, false)
			}
		}
		dropped += max(ps[i].Blank, lattice.Floor) - 1
	}
	if numberLength-slot <= len(ps)-h.used && !h.guessed {
		return next // nothing is missing so far
	}
	score := float32(-costNoGap - costGuess)
	if h.used == 0 || h.used == len(ps) || float64(ps[h.used].X-ps[h.used-1].X) > 1.6*pitch {
		score = -costGap - costGuess
	}
	for r := byte('0'); r <= '9'; r++ {
		add(r, h.used, score, true)
	}
	return next
}

// pitchOf returns the usual distance of two neighbours.
func pitchOf(ps []lines.Position) float64 {
	d := make([]float64, 0, len(ps))
	for i := 1; i < len(ps); i++ {
		d = append(d, float64(ps[i].X-ps[i-1].X))
	}
	slices.Sort(d)
	return d[len(d)/2]
}

// thinOut keeps the best of each state of the check sum, so that those which will turn out valid are
// still there at the end.
func thinOut(hs []partial) []partial {
	slices.SortStableFunc(hs, func(a, b partial) int { return cmp.Compare(b.score, a.score) })
	var kept [11]int
	out := hs[:0]
	for _, h := range hs {
		if kept[h.residue] < perResidue {
			kept[h.residue]++
			out = append(out, h)
		}
	}
	return out
}

// numberCost judges a number by the rules.
func numberCost(text string) (cost float32, valid bool) {
	valid = true
	if check, ok := idcard.CheckDigit(text[:17]); !ok || check != text[17] {
		cost, valid = costCheckDigit, false
	}
	n, _ := idcard.ParseNumber(text) // its problems are looked at one by one
	switch birth := n.Birth(); {
	case birth == idcard.Date{} || birth.Year < 1890 || birth.Year > 2099:
		cost += costBirth
	case birth.Year < 1915:
		cost += 3
	}
	switch {
	case text[0] == '9', strings.HasPrefix(text, "830000"), strings.HasPrefix(text, "810000"), strings.HasPrefix(text, "820000"):
		cost += 1
	case n.Province() == "":
		cost += costProvince
	case language.County(text[:6]) == nil:
		cost += costRegion
	}
	if text[14:17] == "000" {
		cost += costSequence
	}
	return cost, valid
}

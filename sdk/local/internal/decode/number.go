package decode

import (
	"cmp"
	"fmt"
	"iter"
	"math"
	"slices"
	"strings"

	"github.com/seed-6b91b535/idrec/sdk/idcard"
	"github.com/seed-6b91b535/idrec/sdk/local/internal/language"
	"github.com/seed-6b91b535/idrec/sdk/local/internal/lattice"
)

// What a number that breaks a rule costs, in nats: how seldom cards have one.
const (
	costCheckDigit = 7   // the check character differs: rarely on cards, and then it must be seen
	costBirth      = 9   // no possible day
	costProvince   = 6   // no known province, and no permit's
	costRegion     = 0.7 // not a county in force: codes are abolished while numbers stay
	costSequence   = 4   // 000
)

// What it costs to say that a digit stands where none was seen, under a reflection or a finger.
const (
	costUnseen = 3
	costGuess  = 2.3 // which one of ten
	// mostUnseen is how many may be unseen: of what shows less than two thirds of a number none is made up.
	mostUnseen = 6
	// leastOdds is the logarithm of the odds that a number with unseen digits has at least against all others.
	leastOdds = 1
)

// NumberPitch is how far it is from the middle of one digit to that of the next, in millimetres. Cards differ: what
// counts is that of the line itself.
const NumberPitch = 2.62

// Where the first digit's middle is, in millimetres from the card's left, give or take [slackX]; and what it costs
// to stand elsewhere than a whole number of digits from the one before.
const (
	numberFirst = 30.8
	slackPitch  = 0.3 // of a pitch: what is off by less says nothing
	costPitch   = 20  // for the square of a pitch beyond
	costNoPlace = 9   // at most
	costMoved   = 3   // from here on it stands in the column of another
)

// NumberLength is how many characters a number has.
const NumberLength = 18

const (
	perState  = 10 // hypotheses kept of each state
	keptWrong = 6  // and of those at the end whose check character differs
)

// state is what decides which beginnings of a number compete. The best of each are kept, so that those which
// will turn out to be right are still there at the end.
type state struct {
	residue int  // of the check sum, modulo 11: see [idcard.CheckDigit]
	strays  bool // from the births that are printed
	valid   bool // the check character is there, and the right one
}

// partial is the beginning of a number.
type partial struct {
	state

	digits [NumberLength]byte
	used   int  // positions of the line
	last   int  // the last of them that is a digit, or -1
	slot   int  // and which one it is
	unseen int  // digits that stand at no position, or are not what a faint one shows
	told   int  // of these, digits of the birth in print
	moved  bool // a digit stands in the column of another
	score  float32
}

// unsound tells whether the unseen digits of a whole number are made up: one that no birth in print tells follows
// from the check character, if all others stand in their columns; two do not. A birth in print that this number
// contradicts tells nothing.
func (h *partial) unsound() bool {
	free := h.unseen - h.told
	if h.strays {
		free = h.unseen
	}
	return h.unseen > 0 && (free > 1 || h.moved || !h.valid)
}

// beam holds the best beginnings of each state, best first.
type beam struct {
	kept [2][2][11][perState]partial
	n    [2][2][11]int
}

func (b *beam) empty() { clear(b.n[:]) }

// offer returns where to put a beginning with the score, or nil where there is none to keep.
func (b *beam) offer(st state, score float32) *partial {
	strays, valid := 0, 0
	if st.strays {
		strays = 1
	}
	if st.valid {
		valid = 1
	}
	n, ps := &b.n[strays][valid][st.residue], &b.kept[strays][valid][st.residue]
	i := *n
	if i == perState {
		if score <= ps[i-1].score {
			return nil
		}
		i--
	} else {
		*n++
	}
	for ; i > 0 && ps[i-1].score < score; i-- {
		ps[i] = ps[i-1]
	}
	ps[i] = partial{state: st, score: score}
	return &ps[i]
}

func (b *beam) all() iter.Seq[*partial] {
	return func(yield func(*partial) bool) {
		for s := range b.kept {
			for v := range b.kept[s] {
				for r := range b.kept[s][v] {
					for i := range b.n[s][v][r] {
						if !yield(&b.kept[s][v][r][i]) {
							return
						}
					}
				}
			}
		}
	}
}

// scored is a number with its score.
type scored struct {
	text    string
	unseen  int
	unsound bool
	score   float32
}

// row is a line that may have a number.
type row struct {
	Line

	pitch float64              // in pixels
	hints [NumberLength][]byte // the digits that the print elsewhere tells
}

// numbers returns the most probable numbers of 18 characters on the line, best first, with their scores; it
// is empty for a line that has no such number. A digit that was not seen is one of those that the births
// have there, or any.
func numbers(l Line, births []idcard.Date) []scored {
	n := len(l.Positions)
	if n < NumberLength-mostUnseen || n > NumberLength+6 || !(l.Scale > 0) {
		return nil
	}
	r := row{Line: l, pitch: pitchOf(l)}
	for _, d := range births {
		for i, c := range []byte(fmt.Sprintf("%04d%02d%02d", d.Year, d.Month, d.Day)) {
			if h := &r.hints[6+i]; !slices.Contains(*h, c) {
				*h = append(*h, c)
			}
		}
	}
	from, to := new(beam), new(beam)
	from.offer(state{}, 0).last = -1
	for slot := range NumberLength {
		to.empty()
		for h := range from.all() {
			r.extend(to, h, slot)
		}
		from, to = to, from
	}
	var ends []partial
	for h := range from.all() {
		ends = append(ends, *h)
	}
	slices.SortStableFunc(ends, func(a, b partial) int { return cmp.Compare(b.score, a.score) })
	var out []scored
	wrong := 0
	for _, h := range ends {
		for _, p := range l.Positions[h.used:] {
			h.score += max(p.Blank, lattice.Floor) - 1
		}
		text := string(h.digits[:])
		if !h.valid {
			if wrong++; wrong > keptWrong {
				continue
			}
			h.score -= costCheckDigit
		}
		out = append(out, scored{text, h.unseen, h.unsound(), h.score - numberCost(text)})
	}
	slices.SortStableFunc(out, func(a, b scored) int { return cmp.Compare(b.score, a.score) })
	hopeless := func(n scored) bool { return n.score < out[0].score-costBirthDiffers-costSexDiffers-maxMargin }
	if i := slices.IndexFunc(out, hopeless); i >= 0 {
		return out[:i]
	}
	return out
}

// extend offers h with every character that may stand at the slot.
func (r *row) extend(to *beam, h *partial, slot int) {
	ps := r.Positions
	var check byte
	if slot == 17 {
		check, _ = idcard.CheckDigit(string(h.digits[:17]))
	}
	// at is the position that shows the digit, or -1.
	add := func(c byte, score, place float32, at, used int) {
		st := h.state
		if slot < 17 {
			st.residue = (h.residue + int(c-'0')) * 2 % 11
		} else {
			st.valid = c == check
		}
		told := slices.Contains(r.hints[slot], c)
		st.strays = h.strays || len(r.hints[slot]) > 0 && !told
		n := to.offer(st, h.score+score-place)
		if n == nil {
			return
		}
		n.digits, n.used, n.last, n.slot, n.unseen, n.told = h.digits, used, h.last, h.slot, h.unseen, h.told
		n.digits[slot] = c
		n.moved = h.moved || place > costMoved
		if at >= 0 {
			n.last, n.slot = at, slot
		}
		if at < 0 || r.faint(at) && ps[at].Candidates[0].Rune != rune(c) {
			n.unseen++
			if told {
				n.told++
			}
		}
	}
	var dropped float32
	for i := h.used; i < min(len(ps), h.used+3); i++ {
		place := r.place(h, i, slot)
		for _, c := range ps[i].Candidates {
			if (c.Rune >= '0' && c.Rune <= '9' || c.Rune == 'X' && slot == 17) && c.LogP > lattice.Floor {
				add(byte(c.Rune), dropped+c.LogP, place, i, i+1)
			}
		}
		dropped += max(ps[i].Blank, lattice.Floor) - 1
	}
	if h.unseen == mostUnseen || NumberLength-slot <= len(ps)-h.used && r.place(h, h.used, slot) == 0 {
		return // the next position is this digit's, and there are enough
	}
	if slot == 17 {
		add(check, -costUnseen, 0, -1, h.used)
		return
	}
	for c := byte('0'); c <= '9'; c++ {
		score := float32(-costUnseen - costGuess)
		if hints := r.hints[slot]; slices.Contains(hints, c) {
			score = -costUnseen - float32(math.Log(float64(len(hints))))
		}
		add(c, score, 0, -1, h.used)
	}
}

// place returns what it costs that the i-th position is the digit of the slot, as far from the one before as it is.
func (r *row) place(h *partial, i, slot int) float32 {
	if h.last < 0 {
		off := math.Abs(r.at(&r.Positions[i])-numberFirst-float64(slot)*r.pitch/r.Scale) - slackX
		return float32(min(maxCostX, 2*max(0, off)*max(0, off)))
	}
	off := max(0, math.Abs(float64(r.Positions[i].X-r.Positions[h.last].X)/r.pitch-float64(slot-h.slot))-slackPitch)
	return float32(min(costNoPlace, costPitch*off*off))
}

// pitchOf returns how many pixels it is from digit to digit: the slope of the line through all of them, where
// neighbours are as many steps apart as fits best.
func pitchOf(l Line) float64 {
	nominal := NumberPitch * l.Scale
	var steps []float64
	for i := 1; i < len(l.Positions); i++ {
		if d := float64(l.Positions[i].X - l.Positions[i-1].X); d > 0.7*nominal && d < 1.4*nominal {
			steps = append(steps, d)
		}
	}
	if len(steps) == 0 {
		return nominal
	}
	slices.Sort(steps)
	pitch := steps[len(steps)/2]
	var n, column, sx, sy, sxx, sxy float64
	for i := range l.Positions {
		x := float64(l.Positions[i].X)
		if i > 0 {
			column += math.Round((x - float64(l.Positions[i-1].X)) / pitch)
		}
		n, sx, sy, sxx, sxy = n+1, sx+column, sy+x, sxx+column*column, sxy+column*x
	}
	if slope := (n*sxy - sx*sy) / (n*sxx - sx*sx); slope > 0.9*pitch && slope < 1.1*pitch {
		return slope
	}
	return pitch
}

// numberCost judges a number by the rules, but for that of the check character.
func numberCost(text string) (cost float32) {
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
	return cost
}

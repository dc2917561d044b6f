package local

import (
	"math"
	"slices"
	"strings"
)

// How the characters of a line lie, in ems. Stamps and notes written across a card are read with it, and do
// not follow its characters closely.
const (
	widestGap  = 0.5  // more room than that between two characters is not the line's own
	overlayGap = 0.15 // nor is that before words that no field has
	halfWidth  = 0.55 // of a digit
	crowded    = 0.4  // a character that has less than that of its width between its neighbours is none
	overlap    = 0.25 // nor is one at a line's end that stands by more than that in its neighbour
	displaced  = 0.45 // like characters may be seen so far from their places
	missed     = 0.5  // less room than that before a field's first character is personalisation's aim
	vanished   = 0.75 // a full-width character that vanished leaves more than that, whatever its neighbours
	mostParted = 4.0  // what stands behind more is not the line's own
)

const (
	officeTail = 2  // characters behind an authority's name that are none of its own
	officeLogP = -6 // how probable it is, as a logarithm, that it ends differently, to be taken into account
)

// overlayWords are those of notes on copies: no field has them. Of noteRunes, a note has two or more.
var overlayWords = []string{"仅供", "使用", "他用", "复印", "无效"}

const noteRunes = "仅供使用他复印无效件"

// tidy cuts off what stands behind a line that ends where there is room, and says how much that was, in
// characters. missing is how much room there is before it if that may be the line's own end.
func (c *cut) tidy() (lost, missing float64) {
	lost = c.trim(c.overlay())
	g := c.gap()
	missing = c.parted(g)
	return lost + c.trim(g), missing
}

// parted is how much room, in characters, there is before what stands from the n-th position on, if that may be the
// rest of the line: plain print that is no note's. Where a reflection ends, a line goes on.
func (c *cut) parted(n int) float64 {
	if n == len(c.Positions) || n == 0 {
		return 0
	}
	rest, notes := *c, 0
	rest.Positions = c.Positions[n:]
	for i := range rest.Positions {
		if strings.ContainsRune(noteRunes, rest.Positions[i].Candidates[0].Rune) {
			notes++
		}
	}
	if room := c.before(n); room <= mostParted && notes < 2 && rest.sure() >= halfSure*float64(len(rest.Positions)) {
		return room
	}
	return 0
}

// sure is how many of the positions are surely characters.
func (c *cut) sure() (n float64) {
	for i := range c.Positions {
		n += math.Exp(float64(c.Positions[i].Candidates[0].LogP))
	}
	return n
}

// blank adds up how probable it is, as a logarithm, that each of the positions is empty.
func (c *cut) blank() (sum float64) {
	for i := range c.Positions {
		sum += float64(c.Positions[i].Blank)
	}
	return sum
}

// trim cuts off the positions from the n-th, and says how many of them are surely characters.
func (c *cut) trim(n int) (lost float64) {
	for i := range c.Positions[n:] {
		lost += math.Exp(float64(c.Positions[n+i].Candidates[0].LogP))
	}
	c.Positions = c.Positions[:n]
	return lost
}

// x is where a position's middle stands on the card, in millimetres.
func (c *cut) x(i int) float64 { return c.Left + float64(c.Positions[i].X)/c.Scale }

// narrow reports whether a position's character is a digit or a letter.
func (c *cut) narrow(i int) bool {
	r := c.Positions[i].Candidates[0].Rune
	return r < 0x100 && r != '·'
}

// wide is how wide a position's character is, in millimetres.
func (c *cut) wide(i int) float64 {
	if c.narrow(i) {
		return halfWidth * c.slot.em
	}
	return c.slot.em
}

// start is where a position's character begins.
func (c *cut) start(i int) float64 { return c.x(i) - c.wide(i)/2 }

// before is the room before a position, in ems.
func (c *cut) before(i int) float64 {
	return (c.x(i) - c.x(i-1) - (c.wide(i)+c.wide(i-1))/2) / c.slot.em
}

// room is how many characters the line has room for from its first to its last.
func (c *cut) room() float64 {
	n := float64(len(c.Positions))
	for i := 1; i < len(c.Positions); i++ {
		if r := c.before(i); r > widestGap {
			n += r
		}
	}
	return n
}

// late is how much room, in characters, there is between where the slot's text begins and where this one does: under
// a lamp's reflection the first character may vanish whole.
func (c *cut) late() float64 {
	if len(c.Positions) == 0 || c.slot.begins == 0 {
		return 0
	}
	if room := (c.start(0) - c.slot.begins) / c.slot.em; room > missed {
		return room
	}
	return 0
}

// gap is the first position with more room before it than a line has; their number if there is none.
func (c *cut) gap() int {
	for i := 1; i < len(c.Positions); i++ {
		if c.before(i) > widestGap {
			return i
		}
	}
	return len(c.Positions)
}

// overlay is where a note begins that was written over the line; the number of positions if there is none.
func (c *cut) overlay() int {
	text := make([]rune, len(c.Positions))
	for i := range text {
		text[i] = c.Positions[i].Candidates[0].Rune
	}
	at := len(text)
	for _, w := range overlayWords {
		if b := strings.Index(string(text), w); b >= 0 {
			at = min(at, len([]rune(string(text)[:b])))
		}
	}
	if at == len(text) {
		return at
	}
	best := at
	for i := at; i >= max(1, at-3); i-- {
		if c.before(i) > overlayGap {
			best = i
			break
		}
	}
	return best
}

// office is where a line ends that names an authority, behind its last 局: a character or two that a stamp has left
// behind it are cut off. It is the number of positions where the line has no 局, or its end is not that plain: one more
// may be hidden there, or something else stand there that names it.
func (c *cut) office() int {
	n := len(c.Positions)
	for i := n - 1; i >= max(3, n-officeTail-1); i-- {
		for k, one := range c.Positions[i].Candidates {
			if one.Rune == '局' && k == 0 {
				return i + 1
			}
			if (one.Rune == '局' || strings.ContainsRune("处队所", one.Rune)) && one.LogP > officeLogP {
				return n
			}
		}
	}
	return n
}

// thin takes out what has no room between its neighbours: a character that was read as two, or a stroke of a
// stamp. It says how many those were.
func (c *cut) thin() (lost float64) {
	n := len(c.Positions)
	for at := c.tight(); at > 0; at = c.tight() {
		c.Positions = slices.Delete(c.Positions, at, at+1)
	}
	if n := len(c.Positions); n > 2 && c.before(n-1)+c.beside(n-2, -1) < -overlap {
		c.Positions = c.Positions[:n-1]
	}
	if len(c.Positions) > 2 && c.before(1)+c.beside(1, 1) < -overlap {
		c.Positions = c.Positions[1:]
	}
	return float64(n - len(c.Positions))
}

// beside is the room, in ems, that a position has from others on one side of it if it is one of several like
// characters, and 0 if not: where one of those ends and the next begins is hard to see, so all may stand too far
// to a side.
func (c *cut) beside(i, step int) (room float64) {
	first := i
	for ; i+step >= 0 && i+step < len(c.Positions); i += step {
		like := c.Positions[i].Candidates[0].Rune == c.Positions[i+step].Candidates[0].Rune
		if !like && i == first {
			return 0
		}
		room += c.before(max(i, i+step))
		if !like {
			break
		}
	}
	return min(max(0, room), displaced)
}

// tight is the position that has the least room between its neighbours, if that is too little; otherwise 0.
func (c *cut) tight() (at int) {
	least := crowded
	for i := 1; i+1 < len(c.Positions); i++ {
		room := c.x(i+1) - c.x(i-1) - (c.wide(i+1)+c.wide(i-1))/2
		if share := room / c.wide(i); share < least {
			least, at = share, i
		}
	}
	return at
}

package local

import (
	"context"
	"math"
)

// addressIndent is how far from where the lines above it do a line of the address begins at most, in ems:
// a stamp or a note below the address does not begin there.
const addressIndent = 0.9

// A further line of which less than that share is surely this or that character, and which may as well be
// empty by that logarithm of a probability a character, is none. Print that is not legible is surely not empty.
const halfSure, paperOnly = 0.5, -6

// Nor is one that is less sure than that, and as a whole may well be empty: a stroke of a note below the address.
const strokeSure, strokeOnly = 0.7, -2.4

// isPaper reports whether a further line shows a pattern of the paper, or a stroke.
func (c *cut) isPaper() bool {
	n, sure, blank := float64(len(c.Positions)), c.sure(), c.blank()
	return sure < halfSure*n && blank > paperOnly*n || sure < strokeSure*n && blank > strokeOnly
}

// below reports whether a line begins where the first one of the address does, or where that one should: its first
// character may have vanished.
func (c *cut) below(first cut) bool {
	at, most := c.start(0), addressIndent*c.slot.em
	return math.Abs(at-first.start(0)) <= most || first.late() > 0 && math.Abs(at-c.slot.begins) <= most
}

// rounding is what the sum of a line's widths may be off, in ems.
const rounding = 0.05

// short reports whether a line lacks characters, above one whose first ones are next: where those have room in it, it
// was not full. A number may have been kept whole, but not one that this line begins.
func (c *cut) short(next *cut) bool {
	n := len(c.Positions)
	if n == 0 || n >= addressColumns || len(next.Positions) == 0 {
		return false
	}
	width := c.room() - float64(n)
	for i := range c.Positions {
		width += c.wide(i) / c.slot.em
	}
	for i := range next.Positions {
		width += next.wide(i) / c.slot.em
		if !next.narrow(i) || c.narrow(n-1) || i+1 == len(next.Positions) || !next.narrow(i+1) {
			break
		}
	}
	return width <= addressColumns+rounding
}

// lacking is how much room, in characters, the lines of an address have for characters that are not there: before the
// first one, within, and at the end of a line that another one follows.
func lacking(lines []cut) (n float64) {
	for i := range lines {
		n += lines[i].late()
		for k := 1; k < len(lines[i].Positions); k++ {
			if room := lines[i].before(k); room > vanished {
				n += room
			}
		}
		if i+1 < len(lines) && lines[i].short(&lines[i+1]) {
			n++
		}
	}
	return n
}

// address reads the lines of the address as far as there are any: a further line follows a full one only.
// lost says how much in and behind the lines was not taken for a part of them, and missing how much of them seems to
// be, in characters.
func (c *cutter) address(ctx context.Context, k *card) (out []cut, lost, missing float64, err error) {
	s, around := slotAddress, searchY
	for range addressLines {
		if err := ctx.Err(); err != nil {
			return nil, 0, 0, err
		}
		line, err := c.read(k, s, around)
		if err != nil {
			return nil, 0, 0, err
		}
		if len(line.Positions) == 0 {
			break
		}
		if len(out) > 0 && (!line.below(out[0]) || line.isPaper()) {
			lost += line.trim(0)
			break
		}
		out = append(out, line)
		if line.room() < addressFull {
			break
		}
		s.middle, around = line.middle+addressStep, 0.5
	}
	for i := range out {
		lost += out[i].trim(out[i].overlay())
	}
	for len(out) > 0 && len(out[len(out)-1].Positions) == 0 {
		out = out[:len(out)-1] // a note by itself
	}
	for i := range out {
		if g := out[i].gap(); i == len(out)-1 || g >= addressFull {
			missing += out[i].parted(g)
			lost += out[i].trim(g)
		}
		lost += out[i].thin()
		lost += out[i].room() - float64(len(out[i].Positions)) // under a lamp's reflection
	}
	return out, lost, missing + lacking(out), nil
}

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

// A further line that is empty by that logarithm of a probability a character is none either, however sure it is: one
// stroke of a note below the address. Digits, the emptiest of print, have less.
const paperAlone = -2.4

// below reports whether a line begins where the first one of the address does, or where that one should: its first
// character may have vanished.
func (c *cut) below(first cut) bool {
	at, most := c.start(0), addressIndent*c.slot.em
	return math.Abs(at-first.start(0)) <= most || first.late() > 0 && math.Abs(at-c.slot.begins) <= most
}

// rounding is what the sum of a line's widths may be off, in ems.
const rounding = 0.05

// short is how many characters a line lacks, above one whose first ones are next: where those have room in it, it was
// not full. A number may have been kept whole.
func (c *cut) short(next *cut) int {
	n, width := len(c.Positions), c.room()-float64(len(c.Positions))
	for i := range c.Positions {
		width += c.wide(i) / c.slot.em
	}
	for i := range next.Positions {
		if width += next.wide(i) / c.slot.em; !next.narrow(i) || i+1 == len(next.Positions) || !next.narrow(i+1) {
			break
		}
	}
	if n >= addressColumns || width > addressColumns+rounding {
		return 0
	}
	return addressColumns - n
}

// missing is how many characters the lines of an address lack, at least: before the first one, in gaps, and at the
// ends of lines that another one follows. Nothing else tells of one that vanished in a reflection.
func missing(lines []cut) (n float64) {
	for i := range lines {
		if i == 0 {
			n = lines[0].late()
		}
		n += lines[i].room() - float64(len(lines[i].Positions))
		if i+1 < len(lines) {
			n += float64(lines[i].short(&lines[i+1]))
		}
	}
	return n
}

// address reads the lines of the address as far as there are any: a further line follows a full one only.
// lost says how much in and behind the lines was not taken for a part of them, in characters.
func (c *cutter) address(ctx context.Context, k *card) (out []cut, lost float64, err error) {
	s, around := slotAddress, searchY
	for range addressLines {
		if err := ctx.Err(); err != nil {
			return nil, 0, err
		}
		line, err := c.read(k, s, around)
		if err != nil {
			return nil, 0, err
		}
		if len(line.Positions) == 0 {
			break
		}
		if len(out) > 0 {
			if !line.below(out[0]) {
				lost += line.trim(0)
				break
			}
			n := float64(len(line.Positions))
			if line.sure() < halfSure*n && line.blank() > paperOnly*n || line.blank() > paperAlone*n {
				lost += line.trim(0)
				break // a pattern of the paper
			}
		}
		out = append(out, line)
		if line.room() < addressFull {
			break
		}
		s.middle, around = line.middle+addressStep, 0.5
	}
	for i := range out {
		if g := out[i].gap(); i == len(out)-1 || g >= addressFull {
			lost += out[i].trim(g)
		}
		lost += out[i].trim(out[i].overlay())
		lost += out[i].thin()
	}
	return out, lost, nil
}

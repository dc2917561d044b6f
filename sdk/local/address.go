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

// below reports whether a line begins where the first one of the address does, or where that one should: its first
// character may have vanished.
func (c *cut) below(first cut) bool {
	at, most := c.start(0), addressIndent*c.slot.em
	return math.Abs(at-first.start(0)) <= most || first.late() > 0 && math.Abs(at-c.slot.begins) <= most
}

// address reads the lines of the address as far as there are any: a further line follows a full one only.
// lost says how much in and behind the lines was not taken for a part of them, or is missing between, in
// characters.
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
			if n := float64(len(line.Positions)); line.sure() < halfSure*n && line.blank() > paperOnly*n {
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
		lost += out[i].room() - float64(len(out[i].Positions)) // under a lamp's reflection
	}
	return out, lost, nil
}

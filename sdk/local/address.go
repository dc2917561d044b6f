package local

import "context"

// addressIndent is how far from where the lines above it do a line of the address begins at most, in ems:
// a stamp or a note below the address does not begin there.
const addressIndent = 0.9

// halfSure is the share of the characters of a further line that must surely be some.
const halfSure = 0.5

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
			if off := line.start(0) - out[0].start(0); off > addressIndent*s.em || off < -addressIndent*s.em {
				lost += line.trim(0)
				break
			}
			if line.sure() < halfSure*float64(len(line.Positions)) {
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

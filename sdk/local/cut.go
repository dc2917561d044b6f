package local

import (
	"github.com/seed-6b91b535/idrec/sdk/local/internal/decode"
	"github.com/seed-6b91b535/idrec/sdk/local/internal/lines"
	"github.com/seed-6b91b535/idrec/sdk/local/internal/page"
)

// The size of an em in a cut line, in pixels: the middle of what the networks are trained for.
const (
	hanEm   = 26.0
	digitEm = 34.0
)

// searchY is how far above and below its place a line is looked for, in millimetres.
const searchY = 1.5

// card is a card in a picture.
type card struct {
	plane *page.Plane
	onto  page.Projection // of the card's millimetres
}

// cutter finds cards, cuts lines out of them and reads them; every goroutine has its own.
type cutter struct {
	finder     finder
	han, digit *lines.Reader
	strip      []byte
	energy     []int
}

// newCutter returns one that reads; whoever wants it to find cards too gives it a finder.
func newCutter() (*cutter, error) {
	han, err := lines.Han()
	if err != nil {
		return nil, err
	}
	digit, err := lines.Digit()
	if err != nil {
		return nil, err
	}
	return &cutter{han: lines.NewReader(han), digit: lines.NewReader(digit)}, nil
}

// cut is a line that was read.
type cut struct {
	decode.Line

	slot   slot
	middle float64 // where the line was found
}

// box returns where the text stands, with a quarter of an em around it; that of a line which shows
// nothing is the whole of its slot.
func (c cut) box() box {
	half := c.slot.em * 0.6
	b := box{c.slot.left, c.middle - half, c.slot.right, c.middle + half}
	if n := len(c.Positions); n > 0 {
		b.left = max(b.left, c.Left+float64(c.Positions[0].X)/c.Scale-c.slot.em*0.75)
		b.right = min(b.right, c.Left+float64(c.Positions[n-1].X)/c.Scale+c.slot.em*0.75)
	}
	return b
}

// read cuts the line in the slot and reads it. around is how far it may be from its place, in
// millimetres.
func (c *cutter) read(k *card, s slot, around float64) (cut, error) {
	net := c.han
	if s == slotNumber {
		net = c.digit
	}
	gray, w, out := c.line(k, s, around)
	ps, err := net.Read(gray, w, lines.Height)
	if err != nil {
		return cut{}, err
	}
	if s == slotNumber && len(ps) > 0 && len(ps) < decode.NumberLength {
		if err := c.faint(gray, w, ps, &out.Line); err != nil {
			return cut{}, err
		}
		return out, nil
	}
	out.Positions = ps
	return out, nil
}

// line cuts the line in the slot: its pixels until the next one is cut, how many of them are in a row, and
// where it was found.
func (c *cutter) line(k *card, s slot, around float64) (gray []byte, w int, out cut) {
	em := hanEm
	if s == slotNumber {
		em = digitEm
	}
	scale := em / s.em
	w = min(int((s.right-s.left)*scale+0.5), lines.MaxWidth)
	margin := int(around*scale + 0.5)
	h := lines.Height + 2*margin
	if cap(c.strip) < w*h {
		c.strip = make([]byte, w*h)
	}
	strip := c.strip[:w*h]
	top := s.middle - float64(h)/2/scale
	k.plane.Strip(strip, w, h, &k.onto, s.left, top, scale)
	shift := c.row(strip, w, h, em)
	gray = strip[(margin+shift)*w:][:w*lines.Height]
	return gray, w, cut{decode.Line{Left: s.left, Scale: scale}, s, s.middle + float64(shift)/scale}
}

// row returns how many pixels below the middle of the strip the line stands: where the rows of an em
// have more edges than those around. Between places that are as good, the middle wins.
func (c *cutter) row(strip []byte, w, h int, em float64) int {
	if cap(c.energy) < h+1 {
		c.energy = make([]int, h+1)
	}
	sums := c.energy[:h+1] // of the rows before
	sums[0] = 0
	for y := range h {
		row := strip[y*w:][:w]
		e := 0
		for x := 2; x < w; x++ {
			d := int(row[x]) - int(row[x-2])
			e += max(d, -d)
		}
		sums[y+1] = sums[y] + e
	}
	margin := (h - lines.Height) / 2
	body := int(em*0.92 + 0.5)
	best, shift := -1.0, 0
	for s := -margin; s <= margin; s++ {
		y := (h-body)/2 + s
		inside := float64(sums[y+body] - sums[y])
		// The flanks should be empty; what is there counts against it.
		const flank = 3
		above, below := max(0, y-flank), min(h, y+body+flank)
		around := float64(sums[y]-sums[above]) + float64(sums[below]-sums[y+body])
		off := float64(s) / em
		v := (inside - 1.5*around) * (1 - 0.6*off*off)
		if v > best {
			best, shift = v, s
		}
	}
	return shift
}

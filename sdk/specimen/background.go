package specimen

import (
	"image"
	"image/color"
	"math"
	"slices"
	"sync"

	"github.com/seed-6b91b535/idrec/shared"
)

// base returns a fresh picture of a side with everything that stands on every card: the security
// lines, labels, headings and 样本.
func base(side shared.Side, width int) *image.RGBA {
	b := bases.get(baseKey{side, width})
	return &image.RGBA{Pix: slices.Clone(b.Pix), Stride: b.Stride, Rect: b.Rect}
}

// cardHeight returns the height in pixels of a card of that width.
func cardHeight(width int) int { return int(math.Round(float64(width) * CardHeight / CardWidth)) }

type baseKey struct {
	side  shared.Side
	width int
}

// maxBases bounds the pictures kept: both sides in a few widths. One of 1600 pixels takes 6.5 MB.
const maxBases = 6

// baseCache keeps the pictures drawn last.
type baseCache struct {
	mu   sync.Mutex
	made map[baseKey]*image.RGBA
	used []baseKey // oldest first
}

var bases = baseCache{made: map[baseKey]*image.RGBA{}}

func (b *baseCache) get(k baseKey) *image.RGBA {
	b.mu.Lock()
	defer b.mu.Unlock()
	if img, ok := b.made[k]; ok {
		b.used = append(slices.DeleteFunc(b.used, func(u baseKey) bool { return u == k }), k)
		return img
	}
	img := drawBase(k.side, k.width)
	if len(b.used) == maxBases {
		delete(b.made, b.used[0])
		b.used = b.used[1:]
	}
	b.made[k], b.used = img, append(b.used, k)
	return img
}

func drawBase(side shared.Side, width int) *image.RGBA {
	c := &canvas{img: image.NewRGBA(image.Rect(0, 0, width, cardHeight(width))), scale: float64(width) / CardWidth}
	plain.ground[side].fill(c.img, c.scale)
	c.printed(side)
	return c.img
}

// family is fine lines at the pitch given, in mm, bent by two waves along x.
type family struct {
	pitch, slope     float64
	bend1, wave1     float64
	bend2, wave2     float64
	red, green, blue int // how much ink takes away
}

// ground is the security print of a side: a pale ground from left to right, and families of wavy lines.
type ground struct {
	left, right color.RGBA
	families    [3]family
}

var guilloche = [3]family{
	{1.15, 0.22, 2.6, 34, 0.9, 11, 26, 10, 0},
	{1.35, -0.3, 3.4, 46, 0.7, 9, 0, 12, 26},
	{1.7, 0.05, 4.2, 60, 1.2, 15, 22, 0, 14},
}

// fill fills the picture with the ground.
func (g ground) fill(img *image.RGBA, scale float64) {
	families := g.families[:]
	left, right := g.left, g.right
	// Ink by phase within the pitch: a soft line over a third of it.
	const steps = 256
	var ink [steps]int
	for i := range ink {
		if v := math.Cos(2 * math.Pi * float64(i) / steps); v > 0.5 {
			ink[i] = int(steps * (v - 0.5) * 2)
		}
	}
	// A place within the pitch is a whole number of 1/256 of a step.
	const fine = 256
	w, h := img.Rect.Dx(), img.Rect.Dy()
	var bends [3][]int32
	for f, fam := range families {
		bends[f] = make([]int32, w)
		for x := range w {
			mm := float64(x) / scale
			bends[f][x] = int32((fam.slope*mm + fam.bend1*math.Sin(2*math.Pi*mm/fam.wave1) + fam.bend2*math.Sin(2*math.Pi*mm/fam.wave2)) / fam.pitch * steps * fine)
		}
	}
	// What a family's ink takes away, for each of its phases: red, green and blue in one number.
	var takes [3][steps]int32
	for f, fam := range families {
		for i := range ink {
			takes[f][i] = int32(fam.red*ink[i]/steps | fam.green*ink[i]/steps<<10 | fam.blue*ink[i]/steps<<20)
		}
	}
	paper := make([]int32, w)
	mix := func(a, b uint8, x int) int32 { return int32(int(a) + (int(b)-int(a))*x/w) }
	for x := range w {
		paper[x] = mix(left.R, right.R, x) | mix(left.G, right.G, x)<<10 | mix(left.B, right.B, x)<<20
	}
	b0, b1, b2 := bends[0][:w], bends[1][:w], bends[2][:w]
	for y := range h {
		row := img.Pix[y*img.Stride:][:w*4]
		at := func(f int) int32 { return int32(float64(y) / scale / families[f].pitch * steps * fine) }
		y0, y1, y2 := at(0), at(1), at(2)
		for x, c := range paper {
			c -= takes[0][(y0+b0[x])/fine&(steps-1)]
			c -= takes[1][(y1+b1[x])/fine&(steps-1)]
			c -= takes[2][(y2+b2[x])/fine&(steps-1)]
			o := row[x*4 : x*4+4 : x*4+4]
			o[0], o[1], o[2], o[3] = uint8(c), uint8(c>>10), uint8(c>>20), 0xFF
		}
	}
}

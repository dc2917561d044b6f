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
	guilloche(c.img, side, c.scale)
	c.printed(side)
	return c.img
}

// guilloche fills the picture with a pale ground and families of fine wavy lines, as security print
// has them.
func guilloche(img *image.RGBA, side shared.Side, scale float64) {
	// A family is lines at the pitch given, in mm, bent by two waves along x.
	families := []struct {
		pitch, slope           float64
		bend1, wave1           float64
		bend2, wave2           float64
		red, green, blue, base int // how much ink takes away
	}{
		{1.15, 0.22, 2.6, 34, 0.9, 11, 26, 10, 0, 0},
		{1.35, -0.3, 3.4, 46, 0.7, 9, 0, 12, 26, 0},
		{1.7, 0.05, 4.2, 60, 1.2, 15, 22, 0, 14, 0},
	}
	left, right := color.RGBA{0xEC, 0xF3, 0xFA, 0xFF}, color.RGBA{0xFA, 0xEE, 0xF0, 0xFF}
	if side == shared.SideEmblem {
		left, right = color.RGBA{0xFA, 0xF0, 0xEC, 0xFF}, color.RGBA{0xE9, 0xF2, 0xF8, 0xFF}
	}
	// Ink by phase within the pitch: a soft line over a third of it.
	const steps = 256
	var ink [steps]int
	for i := range ink {
		if v := math.Cos(2 * math.Pi * float64(i) / steps); v > 0.5 {
			ink[i] = int(steps * (v - 0.5) * 2)
		}
	}
	w, h := img.Rect.Dx(), img.Rect.Dy()
	bends := make([][]float64, len(families))
	for f, fam := range families {
		bends[f] = make([]float64, w)
		for x := range w {
			mm := float64(x) / scale
			bends[f][x] = (fam.slope*mm + fam.bend1*math.Sin(2*math.Pi*mm/fam.wave1) + fam.bend2*math.Sin(2*math.Pi*mm/fam.wave2)) / fam.pitch * steps
		}
	}
	mix := func(a, b uint8, x int) int { return int(a) + (int(b)-int(a))*x/w }
	for y := range h {
		row := img.Pix[y*img.Stride:]
		for x := range w {
			r, g, b := mix(left.R, right.R, x), mix(left.G, right.G, x), mix(left.B, right.B, x)
			for f := range families {
				fam := &families[f]
				phase := int(float64(y)/scale/fam.pitch*steps+bends[f][x]) & (steps - 1)
				r -= fam.red * ink[phase] / steps
				g -= fam.green * ink[phase] / steps
				b -= fam.blue * ink[phase] / steps
			}
			o := x * 4
			row[o], row[o+1], row[o+2], row[o+3] = uint8(r), uint8(g), uint8(b), 0xFF
		}
	}
}

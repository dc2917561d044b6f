package specimen

import (
	"image"
	"image/color"
	"math"
)

// backdrop is what lies under the cards.
type backdrop string

const (
	backdropPlain    backdrop = "plain"
	backdropGradient backdrop = "gradient"
	backdropWood     backdrop = "wood"
	backdropFabric   backdrop = "fabric"
	backdropLeather  backdrop = "leather"
	backdropMarble   backdrop = "marble"
	backdropSpeckle  backdrop = "speckle"
	backdropTiles    backdrop = "tiles"
	backdropKeyboard backdrop = "keyboard"
	backdropPage     backdrop = "page"
	backdropForm     backdrop = "form"
	backdropCards    backdrop = "cards"
)

// backdrops are those of each family. Clutter, which reads like a card, is in all of them.
var backdrops = [3][]backdrop{
	{backdropPlain, backdropGradient, backdropWood, backdropFabric, backdropSpeckle, backdropKeyboard, backdropPage, backdropPage, backdropForm, backdropCards},
	{backdropPlain, backdropGradient, backdropWood, backdropFabric, backdropLeather, backdropPage, backdropPage, backdropForm, backdropCards},
	{backdropPlain, backdropGradient, backdropWood, backdropFabric, backdropMarble, backdropTiles, backdropPage, backdropPage, backdropForm, backdropCards},
}

// palette is a colour for every height of a texture.
type palette [256]color.RGBA

// ramp returns a palette from one colour to another.
func ramp(from, to color.RGBA) *palette {
	var p palette
	mix := func(a, b uint8, i int) uint8 { return uint8((int(a)*(255-i) + int(b)*i) / 255) }
	for i := range p {
		p[i] = color.RGBA{mix(from.R, to.R, i), mix(from.G, to.G, i), mix(from.B, to.B, i), 0xFF}
	}
	return &p
}

// hsv returns a colour by hue (0 to 1), saturation and value.
func hsv(h, s, v float64) color.RGBA {
	channel := func(shift float64) uint8 {
		k := math.Mod(shift+h*6, 6)
		return uint8(255 * (v - v*s*max(0, min(k, 4-k, 1))))
	}
	return color.RGBA{channel(5), channel(3), channel(1), 0xFF}
}

// field fills the picture with heights of a texture's kind, turned and scaled. u and v come in 1/256
// of a texel; a texel is unit pixels wide.
func (c chance) field(img *image.RGBA, p *palette, unit, angle float64, height func(u, v int) int) {
	sin, cos := math.Sincos(angle)
	du, dv := int(cos/unit*256), int(-sin/unit*256)
	u0, v0 := c.IntN(1<<20), c.IntN(1<<20)
	w, h := img.Rect.Dx(), img.Rect.Dy()
	for y := range h {
		u, v := u0+int(float64(y)*sin/unit*256), v0+int(float64(y)*cos/unit*256)
		row := img.Pix[y*img.Stride:][:w*4]
		for i := 0; i < len(row); i += 4 {
			k := p[min(max(height(u, v), 0), 255)]
			row[i], row[i+1], row[i+2], row[i+3] = k.R, k.G, k.B, 0xFF
			u += du
			v += dv
		}
	}
}

// surface fills the picture with a backdrop that has no things on it. Sizes follow the picture's.
func (c chance) surface(img *image.RGBA, kind backdrop) {
	bank := textureBank[c.set]()
	unit := float64(max(img.Rect.Dx(), img.Rect.Dy())) / 700 // pixels of a texel of ordinary size
	angle := c.between(0, 2*math.Pi)
	sines := &sineTable
	switch kind {
	case backdropWood:
		hue, value := c.banded(0.04, 0.12), c.banded(0.25, 0.95)
		p := ramp(hsv(hue, c.banded(0.3, 0.75), value*c.between(0.4, 0.8)), hsv(hue+c.between(-0.01, 0.02), c.banded(0.2, 0.6), value))
		rings, plank := int(c.banded(6, 40)), 0
		if c.happens(0.4) {
			plank = int(c.banded(60, 200)) << 8
		}
		c.field(img, p, unit*c.banded(0.6, 2), angle, func(u, v int) int {
			a := bank.clouds.at(u/14, v)
			b := bank.fine.at(u/20, v)
			s := sines[(a*rings/4+v>>9)&255]
			t := 128 + s*34/128 + (a-128)/2 + (b-128)/3
			if plank > 0 && (v%plank+plank)%plank < 700 {
				t -= 90
			}
			return t
		})
	case backdropFabric:
		hue := c.banded(0, 1)
		p := ramp(hsv(hue, c.banded(0.05, 0.6), c.banded(0.1, 0.55)), hsv(hue+c.between(-0.06, 0.06), c.banded(0.05, 0.5), c.banded(0.5, 0.95)))
		thread := int(c.banded(2.5, 8) * 256)
		check := 0
		if c.happens(0.4) {
			check = int(c.banded(30, 120)) << 8
		}
		c.field(img, p, unit*c.banded(0.5, 1.4), angle, func(u, v int) int {
			weave := sines[(u*256/thread)&255]*sines[(v*256/thread)&255]/128 + sines[((u+v)*128/thread)&255]/3
			t := 128 + weave/3 + (bank.fine.at(u, v)-128)/2 + (bank.clouds.at(u/2, v/2)-128)/3
			if check > 0 {
				if (u%check+check)%check < check/3 {
					t -= 36
				}
				if (v%check+check)%check < check/3 {
					t -= 36
				}
			}
			return t
		})
	case backdropLeather:
		hue := c.banded(0, 0.15)
		p := ramp(hsv(hue, c.banded(0.1, 0.8), c.banded(0.03, 0.2)), hsv(hue, c.banded(0.1, 0.7), c.banded(0.25, 0.8)))
		c.field(img, p, unit*c.banded(0.8, 2), angle, func(u, v int) int {
			a := bank.fine.at(u, v) - 128
			b := bank.fine.at(v*2/3+7777, u*2/3) - 128
			crease := max(a, -a)*2 + max(b, -b)
			return min(crease*2, 190) + (bank.clouds.at(u, v)-128)/4 + 20
		})
	case backdropMarble:
		value := c.banded(0.2, 1)
		p := ramp(hsv(c.banded(0, 1), c.banded(0, 0.2), value*c.between(0.4, 0.7)), hsv(c.banded(0, 1), c.banded(0, 0.15), value))
		swing := int(c.banded(2, 8))
		c.field(img, p, unit*c.banded(0.7, 2), angle, func(u, v int) int {
			a := bank.clouds.at(u, v)
			s := sines[((u>>8)+a*swing/2)&255]
			return 215 - (128-max(s, -s))*(128-max(s, -s))/110 + (bank.clouds.at(u*2, v*2)-128)/3
		})
	case backdropSpeckle:
		p := ramp(hsv(c.banded(0, 1), c.banded(0, 0.8), c.banded(0, 0.5)), hsv(c.banded(0, 1), c.banded(0, 0.8), c.banded(0.5, 1)))
		gain := int(c.banded(2, 7))
		c.field(img, p, unit*c.banded(0.4, 3), angle, func(u, v int) int {
			return 128 + (bank.clouds.at(u, v)-128)*gain/3 + (bank.fine.at(u, v)-128)*gain/4
		})
	case backdropTiles:
		p := ramp(hsv(c.banded(0, 1), c.banded(0, 0.3), c.banded(0.1, 0.5)), hsv(c.banded(0, 1), c.banded(0, 0.4), c.banded(0.5, 1)))
		tile, grout := int(c.banded(50, 200))<<8, int(c.banded(2, 7))<<8
		shifted := c.happens(0.5)
		c.field(img, p, unit*c.banded(0.8, 1.6), angle, func(u, v int) int {
			row := v / tile
			if shifted && row&1 == 1 {
				u += tile / 2
			}
			if (u%tile+tile)%tile < grout || (v%tile+tile)%tile < grout {
				return 20 + (bank.fine.at(u, v)-128)/4
			}
			return 190 + (u/tile*37+row*59)%40 + (bank.clouds.at(u, v)-128)/3
		})
	case backdropGradient:
		p := ramp(hsv(c.banded(0, 1), c.banded(0, 0.7), c.banded(0.05, 0.7)), hsv(c.banded(0, 1), c.banded(0, 0.7), c.banded(0.3, 1)))
		reach := int(float64(max(img.Rect.Dx(), img.Rect.Dy())) / unit * 256)
		c.field(img, p, unit, angle, func(u, v int) int {
			return (u%(2*reach)-reach)*127/reach + 128 + (bank.fine.at(u, v)-128)/12
		})
	default: // one colour, as of a table, with hardly any grain
		pale := c.banded(0, 1) // most tables are hardly coloured
		base := hsv(c.banded(0, 1), 0.7*pale*pale, c.banded(0.06, 1))
		grain := int(c.banded(4, 24))
		p := ramp(shadeBy(base, -40), shadeBy(base, 40))
		c.field(img, p, unit, angle, func(u, v int) int {
			return 128 + (bank.fine.at(u, v)-128)/grain*2 + (bank.clouds.at(u/3, v/3)-128)/3
		})
	}
}

func shadeBy(c color.RGBA, by int) color.RGBA {
	return color.RGBA{clamp8(int(c.R) + by), clamp8(int(c.G) + by), clamp8(int(c.B) + by), 0xFF}
}

// sineTable holds a whole wave in 256 steps, from -127 to 127.
var sineTable = func() (t [256]int) {
	for i := range t {
		t[i] = int(math.Round(127 * math.Sin(2*math.Pi*float64(i)/256)))
	}
	return t
}()

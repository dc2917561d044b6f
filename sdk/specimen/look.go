package specimen

import (
	"image/color"
	"math/rand/v2"

	"golang.org/x/image/font/sfnt"

	"github.com/seed-6b91b535/idrec/shared"
)

// look is how a card was printed: two cards of one kind differ in the printer's ink, weight and aim.
type look struct {
	face        *Typeface // nil is the embedded one
	weight      float64   // of the fields' strokes, in millimetres added on each side
	labelWeight float64
	stretch     float64 // of the fields' characters
	size        float64 // of the fields, as a factor; zero is 1
	gap         float64 // between characters, in millimetres
	pitch       float64 // of the number, as a factor
	jitter      map[shared.FieldName]point
	ink         color.RGBA
	label       color.RGBA
	title       color.RGBA
	emblem      color.RGBA
	portrait    [4]color.NRGBA // ground, body, head, hair
	ground      map[shared.Side]ground
}

// plain is the look of demonstrations.
var plain = look{
	stretch: 1, pitch: 1,
	ink: textInk, label: labelInk, title: titleInk, emblem: emblemInk,
	portrait: [4]color.NRGBA{{0xF2, 0xF5, 0xF8, 0xFF}, {0x5B, 0x74, 0x8C, 0xFF}, {0xD9, 0xB9, 0x9C, 0xFF}, {0x3A, 0x38, 0x3C, 0xFF}},
	ground: map[shared.Side]ground{
		shared.SidePortrait: {color.RGBA{0xEC, 0xF3, 0xFA, 0xFF}, color.RGBA{0xFA, 0xEE, 0xF0, 0xFF}, guilloche},
		shared.SideEmblem:   {color.RGBA{0xFA, 0xF0, 0xEC, 0xFF}, color.RGBA{0xE9, 0xF2, 0xF8, 0xFF}, guilloche},
	},
}

func (c *canvas) style() *look {
	if c.look == nil {
		return &plain
	}
	return c.look
}

// font returns the face of a text: the look's own, unless that lacks a character, for the text would
// then be of two faces.
func (l *look) font(s string) *sfnt.Font {
	if l.face != nil && l.face.has(s) {
		return l.face.font
	}
	return hei()
}

func (l *look) em() float64 {
	if l.size == 0 {
		return 1
	}
	return l.size
}

// move returns how far a field's print is off its place.
func (l *look) move(field shared.FieldName) point { return l.jitter[field] }

// maxJitter is how far personalisation misses the form, in millimetres.
const maxJitter = 0.4

// inventLook returns the look of one card.
func inventLook(r *rand.Rand, face *Typeface) *look {
	between := func(lo, hi float64) float64 { return lo + (hi-lo)*r.Float64() }
	l := plain
	l.face = face
	l.weight = between(-0.02, 0.05)
	l.labelWeight = between(-0.015, 0.03)
	l.stretch = between(0.95, 1.04)
	l.size = between(0.96, 1.04)
	l.gap = between(-0.03, 0.08)
	l.pitch = between(0.985, 1.015)
	l.jitter = map[shared.FieldName]point{}
	whole := point{between(-maxJitter, maxJitter) / 2, between(-maxJitter, maxJitter) / 2} // all of the print is off as one
	for _, f := range []shared.FieldName{shared.FieldFullName, shared.FieldSex, shared.FieldEthnicity, shared.FieldBirthDate, shared.FieldAddress, shared.FieldNumber, shared.FieldAuthority, shared.FieldValidFrom} {
		l.jitter[f] = point{whole.x + between(-maxJitter, maxJitter)/2, whole.y + between(-maxJitter, maxJitter)/2}
	}
	l.ink = shade(r, textInk, 0, 48, 6)
	l.title = shade(r, titleInk, 0, 48, 6)
	l.label = shade(r, labelInk, -30, 40, 20)
	l.emblem = shade(r, emblemInk, -30, 40, 20)
	for i, c := range plain.portrait {
		s := shade(r, color.RGBA{c.R, c.G, c.B, 0xFF}, -25, 25, 16)
		l.portrait[i] = color.NRGBA{s.R, s.G, s.B, 0xFF}
	}
	l.ground = map[shared.Side]ground{}
	for _, side := range []shared.Side{shared.SidePortrait, shared.SideEmblem} {
		g := plain.ground[side]
		g.left, g.right = shade(r, g.left, -22, 5, 8), shade(r, g.right, -22, 5, 8)
		strength := between(0.35, 1.7)
		for i := range g.families {
			f := &g.families[i]
			f.pitch *= between(0.75, 1.3)
			f.slope += between(-0.12, 0.12)
			f.bend1 *= between(0.7, 1.3)
			f.wave1 *= between(0.7, 1.3)
			f.wave2 *= between(0.7, 1.3)
			f.red, f.green, f.blue = int(float64(f.red)*strength), int(float64(f.green)*strength), int(float64(f.blue)*strength)
		}
		l.ground[side] = g
	}
	return &l
}

// shade returns a colour made darker or lighter by darkest to lightest, and each channel by up to cast.
func shade(r *rand.Rand, c color.RGBA, darkest, lightest, cast int) color.RGBA {
	by := darkest + r.IntN(lightest-darkest+1)
	channel := func(v uint8) uint8 { return clamp8(int(v) + by + r.IntN(2*cast+1) - cast) }
	return color.RGBA{channel(c.R), channel(c.G), channel(c.B), 0xFF}
}

func clamp8(v int) uint8 { return uint8(min(max(v, 0), 255)) }

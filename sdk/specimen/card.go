package specimen

import (
	"image"
	"image/color"
	"math"
	"strings"
	"unicode/utf8"

	"github.com/seed-6b91b535/idrec/shared"
)

// The card is ISO/IEC 7810 ID-1, in millimetres.
const (
	CardWidth  = 85.6
	CardHeight = 54.0
)

// The widths that can be drawn, in pixels.
const (
	DefaultWidth = 1600
	MinWidth     = 200
	MaxWidth     = 8000
)

// Options say how a card is drawn. The zero value is what demonstrations show.
type Options struct {
	// Width of the picture in pixels; its height is Width × 54.0 / 85.6. Zero is [DefaultWidth];
	// others are brought between [MinWidth] and [MaxWidth].
	Width int
	// NoStrip leaves out the code with the card's data, and shows portrait and emblem whole.
	NoStrip bool
}

func (o Options) width() int {
	if o.Width == 0 {
		return DefaultWidth
	}
	return min(max(o.Width, MinWidth), MaxWidth)
}

// The colours of the print.
var (
	labelInk  = color.RGBA{0x2A, 0x6F, 0xA8, 0xFF}
	textInk   = color.RGBA{0x1C, 0x1C, 0x20, 0xFF}
	titleInk  = color.RGBA{0x18, 0x18, 0x1C, 0xFF}
	emblemInk = color.RGBA{0xB8, 0x3A, 0x2C, 0xFF}
)

// The places on the card, in millimetres. Lines are given by the middle of their characters.
const (
	labelX, valueX = 5.2, 15.8
	labelEm        = 2.9
	textEm         = 3.3 // eleven characters are 36.3 mm wide and end before the portrait
	nameEm         = 3.7
	nameWidth      = 36.6 // longer names are set smaller
	nameY          = 8.4
	sexY           = 15.0
	ethnicityLabel = 25.6
	ethnicityX     = 33.6
	birthY         = 21.4
	addressY       = 28.0
	addressStep    = 4.35
	numberY        = 48.4
	numberX        = 29.5
	numberEm       = 4.1
	numberPitch    = 2.62

	emblemLabelX = 18.2
	emblemValueX = 34.2
	authorityY   = 41.6
	validityY    = 48.2
	authorityMax = 48.0 // longer authorities are set smaller
)

var (
	portraitBox = box{54.2, 6.2, 27, 33.6}
	portraitQR  = box{54.2, 9.5, 27, 27}
	emblemBox   = box{4.4, 4.4, 21, 21}
	emblemQR    = emblemBox
)

// Draw draws one side of p's card as a straight crop of the whole card, its corners not rounded. Every
// side but [shared.SideEmblem] is the portrait side. The same arguments give the same picture.
//
// A person whose fields the strip cannot hold (a text of more than 255 bytes) is drawn without one.
func Draw(p Person, side shared.Side, o Options) *image.RGBA {
	if side != shared.SideEmblem {
		side = shared.SidePortrait
	}
	c := &canvas{img: base(side, o.width()), scale: float64(o.width()) / CardWidth}
	truth := p.Truth(side)
	strip, err := stripFor(truth)
	withStrip := !o.NoStrip && err == nil
	c.side(p, side, withStrip)
	if withStrip {
		c.strip(strip, stripPlace(side))
	}
	return c.img
}

// stripPlace is where a side has its code.
func stripPlace(side shared.Side) box {
	if side == shared.SideEmblem {
		return emblemQR
	}
	return portraitQR
}

// side draws what a person's card has beyond the base: the fields and the portrait or the emblem.
func (c *canvas) side(p Person, side shared.Side, pale bool) {
	if side == shared.SideEmblem {
		c.emblemSide(p.Truth(side), pale)
		return
	}
	c.portraitSide(p, p.Truth(side), pale)
}

func (c *canvas) portraitSide(p Person, t Truth, pale bool) {
	c.fit(shared.FieldFullName, t.Name, point{valueX, nameY}, nameEm, nameWidth)
	c.line(shared.FieldSex, t.Sex, valueX, sexY)
	c.line(shared.FieldEthnicity, t.Ethnicity, ethnicityX, sexY)
	c.birth(t.BirthDate)
	for i, l := range p.AddressText() {
		c.line(shared.FieldAddress, l, valueX, addressY+float64(i)*addressStep)
	}
	c.number(t.Number)
	c.portrait(portraitBox, pale)
}

func (c *canvas) emblemSide(t Truth, pale bool) {
	c.fit(shared.FieldAuthority, t.Authority, point{emblemValueX, authorityY}, textEm, authorityMax)
	c.validity(printedDay(t.ValidFrom), printedDay(t.ValidUntil))
	c.emblem(emblemBox, pale)
}

// The birth's columns: the middles of month and day between the printed 年, 月 and 日.
const (
	yearSignX  = 24.4
	monthX     = 30.3
	monthSignX = 32.9
	dayX       = 38.8
	daySignX   = 41.4
)

// printedLine is a line of a field as it was printed: the text, and the box of its characters' advances
// and em in millimetres.
type printedLine struct {
	field shared.FieldName
	text  string
	box   box
}

// record notes where a field's line stands.
func (c *canvas) record(field shared.FieldName, s string, from, to, y, em float64) {
	c.lines = append(c.lines, printedLine{field, s, box{from, y - em/2, to - from, em}})
}

// value returns a text of a field in the look's face, weight and width, moved by the look's jitter.
func (c *canvas) value(field shared.FieldName, s string, at point, em float64) text {
	l := c.style()
	move := l.move(field)
	return text{s: s, at: point{at.x + move.x, at.y + move.y}, em: em * l.em(), font: l.font(s), stretch: l.stretch, weight: l.weight, gap: l.gap}
}

// print writes a line of a field and notes where it stands.
func (c *canvas) print(field shared.FieldName, t text) {
	c.write(t, c.style().ink)
	c.record(field, t.s, t.at.x, t.at.x+c.width(t), t.at.y, t.em)
}

func (c *canvas) line(field shared.FieldName, s string, x, y float64) {
	c.print(field, c.value(field, s, point{x, y}, textEm))
}

// fit writes a line, smaller if it were wider than width.
func (c *canvas) fit(field shared.FieldName, s string, at point, em, width float64) {
	t := c.value(field, s, at, em)
	if w := c.width(t); w > width {
		t.em *= width / w
		t.gap *= width / w
	}
	c.print(field, t)
}

// birth prints year, month and day between their signs, which stand on every card.
func (c *canvas) birth(date string) {
	const field = shared.FieldBirthDate
	year, month, day := birthParts(date)
	t := c.value(field, year, point{valueX, birthY}, textEm)
	c.write(t, c.style().ink)
	from, y := t.at.x, t.at.y
	for _, part := range []struct {
		s      string
		middle float64
	}{{month, monthX}, {day, dayX}} {
		t = c.value(field, part.s, point{part.middle, birthY}, textEm)
		t.at.x -= c.width(t) / 2
		c.write(t, c.style().ink)
	}
	c.record(field, printedBirth(date), from, daySignX+labelEm, y, t.em)
}

// number prints the number, every character in the middle of its pitch.
func (c *canvas) number(s string) {
	const field = shared.FieldNumber
	l := c.style()
	move, pitch := l.move(field), numberPitch*l.pitch
	x, y, em := numberX+move.x, numberY+move.y, numberEm*l.em()
	for i, d := range strings.Split(s, "") {
		t := text{s: d, em: em, font: ocrb(), weight: l.weight}
		t.at = point{x + float64(i)*pitch + (pitch-c.width(t))/2, y}
		c.write(t, l.ink)
	}
	c.record(field, s, x, x+float64(utf8.RuneCountInString(s))*pitch, y, em)
}

// validity prints both days on one line, and notes each by itself.
func (c *canvas) validity(from, until string) {
	t := c.value(shared.FieldValidFrom, from+"-"+until, point{emblemValueX, validityY}, textEm)
	c.write(t, c.style().ink)
	end := t.at.x + c.width(t)
	first, second := t, t
	first.s, second.s = from, until
	c.record(shared.FieldValidFrom, from, t.at.x, t.at.x+c.width(first), t.at.y, t.em)
	c.record(shared.FieldValidUntil, until, end-c.width(second), end, t.at.y, t.em)
}

// printed draws what stands on every card of that side: labels, headings and 样本.
func (c *canvas) printed(side shared.Side) {
	l := c.style()
	label := func(s string, x, y, gap float64) {
		c.write(text{s: s, at: point{x, y}, em: labelEm, font: l.font(s), gap: gap, weight: l.labelWeight}, l.label)
	}
	if side == shared.SideEmblem {
		c.watermark(point{43, 27}, 0.28, 21)
		c.mark(box{66.6, 28.6, 15, 6.4})
		c.title("中华人民共和国", 54.6, 10.6, 5.6, 1.5)
		c.title("居民身份证", 54.6, 20.2, 7.2, 2.6)
		label("签发机关", emblemLabelX, authorityY, 0.3)
		label("有效期限", emblemLabelX, validityY, 0.3)
		return
	}
	c.watermark(point{29, 25}, 0.28, 19)
	c.mark(box{68.2, 41, 13, 4.4})
	label("姓名", labelX, nameY, 1.2)
	label("性别", labelX, sexY, 1.2)
	label("民族", ethnicityLabel, sexY, 1.2)
	label("出生", labelX, birthY, 1.2)
	label("年", yearSignX, birthY, 0)
	label("月", monthSignX, birthY, 0)
	label("日", daySignX, birthY, 0)
	label("住址", labelX, addressY, 1.2)
	label("公民身份号码", labelX, numberY, 0.4)
}

// title writes a heading about the middle x.
func (c *canvas) title(s string, x, y, em, gap float64) {
	l := c.style()
	t := text{s: s, em: em, font: l.font(s), gap: gap, weight: l.weight}
	t.at = point{x - c.width(t)/2, y}
	c.write(t, l.title)
}

// watermark writes 样本 large and pale about the middle, turned upwards. Texts are drawn over it.
func (c *canvas) watermark(middle point, angle, em float64) {
	t := text{s: specimenText, em: em, font: hei(), angle: -angle}
	w := c.width(t) / 2
	sin, cos := math.Sincos(-angle)
	t.at = point{middle.x - w*cos, middle.y - w*sin}
	c.write(t, color.NRGBA{0xD0, 0x30, 0x28, 0x38})
}

// mark prints 样本 SPECIMEN in a frame, full in colour, where no field is.
func (c *canvas) mark(b box) {
	red := color.NRGBA{0xC6, 0x28, 0x24, 0xE6}
	const line = 0.3
	var frame path
	frame.polygon(point{b.x, b.y}, point{b.x + b.w, b.y}, point{b.x + b.w, b.y + b.h}, point{b.x, b.y + b.h})
	frame.polygon(point{b.x + line, b.y + line}, point{b.x + line, b.y + b.h - line}, point{b.x + b.w - line, b.y + b.h - line}, point{b.x + b.w - line, b.y + line})
	c.fill(frame, red)
	t := text{s: specimenText + " SPECIMEN", font: hei(), em: 1}
	t.em = (b.w - 1.6) / c.width(t)
	t.at = point{b.x + 0.8, b.y + b.h/2}
	c.write(t, red)
}

const specimenText = "样本"

// portrait draws the outline of a person: the same for everybody, and never from a photo. Under a
// strip it is pale enough to count as light.
func (c *canvas) portrait(b box, pale bool) {
	tones := c.style().portrait
	ground, body, head, hair := tones[0], tones[1], tones[2], tones[3]
	if pale {
		ground, body, head, hair = color.NRGBA{0xFC, 0xFC, 0xFC, 0xFF}, color.NRGBA{0xE2, 0xEA, 0xF1, 0xFF}, color.NRGBA{0xF4, 0xEA, 0xE0, 0xFF}, color.NRGBA{0xE2, 0xE0, 0xE2, 0xFF}
	}
	c.rect(b, ground)
	cx := b.x + b.w/2
	at := func(f float64) float64 { return b.y + f*b.h }
	var shoulders path
	shoulders.moveTo(b.x+0.06*b.w, at(1))
	shoulders.curveTo(b.x+0.08*b.w, at(0.78), b.x+0.22*b.w, at(0.74), cx-0.14*b.w, at(0.69))
	shoulders.lineTo(cx+0.14*b.w, at(0.69))
	shoulders.curveTo(b.x+0.78*b.w, at(0.74), b.x+0.92*b.w, at(0.78), b.x+0.94*b.w, at(1))
	c.fill(shoulders, body)
	var crown path
	crown.ellipse(cx, at(0.34), 0.265*b.w, 0.235*b.h, true)
	c.fill(crown, hair)
	var neck path
	neck.polygon(point{cx - 0.11*b.w, at(0.55)}, point{cx + 0.11*b.w, at(0.55)}, point{cx + 0.14*b.w, at(0.70)}, point{cx, at(0.765)}, point{cx - 0.14*b.w, at(0.70)})
	c.fill(neck, head)
	var face path
	face.moveTo(cx-0.225*b.w, at(0.33))
	face.curveTo(cx-0.1*b.w, at(0.30), cx+0.02*b.w, at(0.27), cx+0.1*b.w, at(0.225))
	face.curveTo(cx+0.15*b.w, at(0.28), cx+0.2*b.w, at(0.31), cx+0.225*b.w, at(0.33))
	face.curveTo(cx+0.24*b.w, at(0.52), cx+0.12*b.w, at(0.635), cx, at(0.635))
	face.curveTo(cx-0.12*b.w, at(0.635), cx-0.24*b.w, at(0.52), cx-0.225*b.w, at(0.33))
	c.fill(face, head)
}

// emblem draws a plain star in a ring: nobody's emblem.
func (c *canvas) emblem(b box, pale bool) {
	ink, ground := c.style().emblem, color.RGBA{0xF6, 0xE3, 0xC4, 0xFF}
	if pale {
		ink, ground = color.RGBA{0xF3, 0xE0, 0xDC, 0xFF}, color.RGBA{0xFC, 0xFA, 0xF6, 0xFF}
		c.rect(b, color.RGBA{0xFC, 0xFC, 0xFC, 0xFF})
	}
	cx, cy, radius := b.x+b.w/2, b.y+b.h/2, min(b.w, b.h)/2*0.94
	var disc path
	disc.ellipse(cx, cy, radius, radius, true)
	c.fill(disc, ground)
	var ring path
	ring.ellipse(cx, cy, radius, radius, true)
	ring.ellipse(cx, cy, radius*0.9, radius*0.9, false)
	ring.ellipse(cx, cy, radius*0.84, radius*0.84, true)
	ring.ellipse(cx, cy, radius*0.81, radius*0.81, false)
	c.fill(ring, ink)
	var star path
	const rays = 8
	points := make([]point, 2*rays)
	for i := range points {
		r := radius * 0.74
		switch {
		case i%2 == 1:
			r = radius * 0.26
		case i%4 == 2:
			r = radius * 0.5
		}
		sin, cos := math.Sincos(float64(i) * math.Pi / rays)
		points[i] = point{cx + r*sin, cy - r*cos}
	}
	star.polygon(points...)
	c.fill(star, ink)
	var dot path
	dot.ellipse(cx, cy, radius*0.11, radius*0.11, true)
	c.fill(dot, ground)
}

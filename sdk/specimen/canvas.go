package specimen

import (
	"image"
	"image/color"
	"image/draw"
	"math"

	"golang.org/x/image/font/sfnt"
	"golang.org/x/image/vector"
)

// point is a place on the card, in millimetres from its top left corner.
type point struct{ x, y float64 }

// box is a rectangle on the card, in millimetres.
type box struct{ x, y, w, h float64 }

// pixels returns the box in pixels, its edges rounded so that neighbouring boxes touch.
func (b box) pixels(scale float64) image.Rectangle {
	at := func(v float64) int { return int(math.Round(v * scale)) }
	return image.Rect(at(b.x), at(b.y), at(b.x+b.w), at(b.y+b.h))
}

// op is a step of a path: 'M' move, 'L' line, 'Q' quadratic and 'C' cubic curve, to the last point.
type op struct {
	kind byte
	p    [3]point
}

// path is an outline in millimetres; each part that begins with a move is closed.
type path []op

func (p *path) moveTo(x, y float64) { *p = append(*p, op{'M', [3]point{{x, y}}}) }
func (p *path) lineTo(x, y float64) { *p = append(*p, op{'L', [3]point{{x, y}}}) }
func (p *path) curveTo(x1, y1, x2, y2, x, y float64) {
	*p = append(*p, op{'C', [3]point{{x1, y1}, {x2, y2}, {x, y}}})
}

// ellipse adds an ellipse, clockwise or, to cut a hole, counter-clockwise.
func (p *path) ellipse(cx, cy, rx, ry float64, clockwise bool) {
	const k = 0.5522847498 // control distance of a quarter circle
	if !clockwise {
		ry = -ry
	}
	p.moveTo(cx+rx, cy)
	p.curveTo(cx+rx, cy+k*ry, cx+k*rx, cy+ry, cx, cy+ry)
	p.curveTo(cx-k*rx, cy+ry, cx-rx, cy+k*ry, cx-rx, cy)
	p.curveTo(cx-rx, cy-k*ry, cx-k*rx, cy-ry, cx, cy-ry)
	p.curveTo(cx+k*rx, cy-ry, cx+rx, cy-k*ry, cx+rx, cy)
}

// polygon adds a closed polygon.
func (p *path) polygon(points ...point) {
	for i, q := range points {
		if i == 0 {
			p.moveTo(q.x, q.y)
		} else {
			p.lineTo(q.x, q.y)
		}
	}
}

// canvas draws in millimetres on a picture.
type canvas struct {
	img   *image.RGBA
	scale float64 // pixels per millimetre
	look  *look   // nil is plain, as demonstrations show it
	lines []printedLine
	z     vector.Rasterizer
	buf   sfnt.Buffer
}

// fill fills the path with one colour, its edges smoothed.
func (c *canvas) fill(p path, with color.Color) {
	minX, minY, maxX, maxY := math.Inf(1), math.Inf(1), math.Inf(-1), math.Inf(-1)
	for _, o := range p {
		for _, q := range o.points() {
			minX, minY = min(minX, q.x), min(minY, q.y)
			maxX, maxY = max(maxX, q.x), max(maxY, q.y)
		}
	}
	if minX > maxX {
		return
	}
	r := image.Rect(int(math.Floor(minX*c.scale)), int(math.Floor(minY*c.scale)), int(math.Ceil(maxX*c.scale))+1, int(math.Ceil(maxY*c.scale))+1)
	// The rasterizer clips what leaves its area, but draws its whole area unclipped.
	r = r.Intersect(c.img.Rect)
	if r.Empty() {
		return
	}
	c.z.Reset(r.Dx(), r.Dy())
	at := func(q point) (float32, float32) {
		return float32(q.x*c.scale) - float32(r.Min.X), float32(q.y*c.scale) - float32(r.Min.Y)
	}
	for _, o := range p {
		ax, ay := at(o.p[0])
		bx, by := at(o.p[1])
		dx, dy := at(o.p[2])
		switch o.kind {
		case 'M':
			c.z.ClosePath()
			c.z.MoveTo(ax, ay)
		case 'L':
			c.z.LineTo(ax, ay)
		case 'Q':
			c.z.QuadTo(ax, ay, bx, by)
		case 'C':
			c.z.CubeTo(ax, ay, bx, by, dx, dy)
		}
	}
	c.z.ClosePath()
	c.z.Draw(c.img, r, image.NewUniform(with), image.Point{})
}

func (o op) points() []point {
	switch o.kind {
	case 'Q':
		return o.p[:2]
	case 'C':
		return o.p[:3]
	}
	return o.p[:1]
}

// rect fills a rectangle to whole pixels.
func (c *canvas) rect(b box, with color.Color) {
	draw.Draw(c.img, b.pixels(c.scale), image.NewUniform(with), image.Point{}, draw.Over)
}

// text is a line of text to be drawn.
type text struct {
	s    string
	at   point   // left end of the line, at the middle of the characters' height
	em   float64 // size in millimetres
	font *sfnt.Font
	// gap is added between characters, in millimetres.
	gap float64
	// stretch makes the characters wider; zero is 1.
	stretch float64
	// weight moves every outline outwards, in millimetres; negative makes thinner strokes.
	weight float64
	// angle turns the line about its left end, in radians, clockwise.
	angle float64
}

// middle is how far the middle of a Chinese character, or of a digit of the number, stands above the
// baseline, in ems.
func (t text) middle() float64 {
	if t.font == ocrb() {
		return 0.34
	}
	return 0.38
}

// wide returns how much wider than drawn the characters are.
func (t text) wide() float64 {
	if t.stretch == 0 {
		return 1
	}
	return t.stretch
}

// width returns how long the line is, in millimetres.
func (c *canvas) width(t text) float64 {
	w := 0.0
	for _, r := range t.s {
		_, advance := glyph(t.font, &c.buf, r)
		w += advance/unitsPerEm*t.em*t.wide() + t.gap
	}
	return max(0, w-t.gap)
}

// write draws a line of text.
func (c *canvas) write(t text, with color.Color) {
	c.fill(c.outline(t), with)
}

func (c *canvas) outline(t text) path {
	var p path
	sin, cos := math.Sincos(t.angle)
	x, base := 0.0, t.middle()*t.em
	for _, r := range t.s {
		segments, advance := glyph(t.font, &c.buf, r)
		if t.weight != 0 {
			segments = embolden(segments, t.weight/t.em*unitsPerEm)
		}
		for _, s := range segments {
			o := op{kind: "MLQC"[s.Op]}
			for i, a := range s.Args {
				gx := x + float64(a.X)/64/unitsPerEm*t.em*t.wide()
				gy := base + float64(a.Y)/64/unitsPerEm*t.em
				o.p[i] = point{t.at.x + gx*cos - gy*sin, t.at.y + gx*sin + gy*cos}
			}
			p = append(p, o)
		}
		x += advance/unitsPerEm*t.em*t.wide() + t.gap
	}
	return p
}

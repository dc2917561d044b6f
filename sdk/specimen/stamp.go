package specimen

import (
	"image"
	"image/color"
	"math"
	"strings"
)

// through returns the outline as a projection shows it. Curves keep their control points, which is
// right for small shapes.
func (p path) through(t projection) path {
	out := make(path, len(p))
	for i, o := range p {
		out[i].kind = o.kind
		for j, q := range o.p {
			out[i].p[j] = t.at(q)
		}
	}
	return out
}

// star adds a star of five rays.
func (p *path) star(cx, cy, radius float64) {
	points := make([]point, 10)
	for i := range points {
		r := radius
		if i%2 == 1 {
			r *= 0.382
		}
		sin, cos := math.Sincos(float64(i) * math.Pi / 5)
		points[i] = point{cx + r*sin, cy - r*cos}
	}
	p.polygon(points...)
}

// stamp presses an office's round stamp about a place of the plane: a ring, a star, and a text that
// says that it is none.
func (c chance) stamp(img *image.RGBA, plane projection, at point, ink color.NRGBA) {
	k := &canvas{img: img, scale: 1}
	radius := c.between(14, 21)
	p := plane.after(shift(at.x, at.y)).after(turn(c.between(-0.6, 0.6)))
	var shape path
	shape.ellipse(0, 0, radius, radius, true)
	shape.ellipse(0, 0, radius-1.1, radius-1.1, false)
	shape.star(0, 0, radius*0.28)
	around := []rune(syllables(c.Rand) + pick(c.Rand, []string{"样本办公室", "有限公司样本", "样本服务中心", "样本管理处"}))
	em := radius * 0.26
	for i, r := range around {
		angle := (float64(i) - float64(len(around)-1)/2) * 0.42
		sin, cos := math.Sincos(angle)
		mid := point{radius * 0.76 * sin, -radius * 0.76 * cos}
		shape = append(shape, k.outline(text{s: string(r), em: em, font: hei(), angle: angle, at: point{mid.x - em/2*cos, mid.y - em/2*sin}})...)
	}
	below := pick(c.Rand, []string{"样本专用章", "业务样本章", "收讫样本"})
	t := text{s: below, em: em, font: hei()}
	t.at = point{-k.width(t) / 2, radius * 0.55}
	shape = append(shape, k.outline(t)...)
	k.fill(shape.through(p), ink)
}

// purposes are what copies are made for.
var purposes = strings.Fields("办理业务 本次登记 核验身份 开户 租房 入职 报名 备案 投标 车辆过户")

// overlay writes across a card what it may be used for, as people do on copies.
func (c chance) overlay(img *image.RGBA, card projection) {
	k := &canvas{img: img, scale: 1}
	inks := []color.NRGBA{{0x20, 0x20, 0x24, 0}, {0x28, 0x40, 0xA0, 0}, {0xC0, 0x30, 0x28, 0}, {0x80, 0x80, 0x84, 0}}
	ink := pick(c.Rand, inks)
	ink.A = uint8(c.between(40, 150))
	s := "仅供" + pick(c.Rand, purposes) + "使用"
	lines := 1
	if c.happens(0.5) {
		s += pick(c.Rand, []string{"他用无效", "再次复印无效", "复印无效"})
	}
	if c.happens(0.4) {
		lines = 2 + c.IntN(2)
	}
	if c.happens(0.2) {
		s = "复印无效"
	}
	t := text{s: s, em: c.between(3, 6.5), font: hei(), angle: c.between(-0.6, 0.1), weight: c.between(-0.05, 0.1)}
	w := k.width(t)
	sin, cos := math.Sincos(t.angle)
	for i := range lines {
		mid := point{CardWidth/2 + c.between(-6, 6), CardHeight*(float64(i)+0.5)/float64(lines) + c.between(-5, 5)}
		t.at = point{mid.x - w/2*cos, mid.y - w/2*sin}
		k.fill(k.outline(t).through(card), ink)
	}
}

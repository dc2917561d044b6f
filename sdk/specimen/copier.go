package specimen

import (
	"bytes"
	"image"
	"image/color"
	"image/png"
	"math"
)

// tint is in how many tones a scanner or copier makes its picture.
type tint int

const (
	tintColour tint = iota
	tintGrey
	tintLine // black and white alone
)

// copied is the office's own picture: cards on a sheet of A4, scanned or copied at 200 to 300 dpi, and
// what offices press and write on it.
func (s *shot) copied(cards []PhotoCard) []byte {
	const millimetresPerInch = 25.4
	dpi := pick(s.Rand, []float64{200, 200, 200, 240, 300})
	size := 1.0 // copiers enlarge and reduce
	if s.happens(0.3) {
		size = s.between(0.8, 1.1)
	}
	quarter := 0
	if s.happens(0.25) {
		quarter = 1 + s.IntN(3)
	}
	s.native = CardWidth * size * dpi / millimetresPerInch
	w, h := a4Width, a4Height // of the sheet, as it is read
	if s.happens(0.15) {
		w, h = h, w
	}
	if s.o.Width != 0 {
		dpi = float64(s.o.Width) / a4Height * millimetresPerInch
	}
	scale := dpi / millimetresPerInch
	s.card = CardWidth * size * scale
	pw, ph := int(math.Round(w*scale)), int(math.Round(h*scale))
	if quarter%2 == 1 {
		pw, ph = ph, pw
	}
	paper := shade(s.Rand, color.RGBA{0xF8, 0xF8, 0xF6, 0xFF}, -14, 7, 3)
	s.img = blank(pw, ph, paper)
	plane := shift(float64(pw)/2, float64(ph)/2).after(turn(float64(quarter) * math.Pi / 2)).after(zoom(scale))

	s.sheetText(plane, w, h, len(cards))
	tone := pick(s.Rand, []tint{tintColour, tintColour, tintColour, tintGrey, tintGrey, tintGrey, tintGrey, tintLine, tintLine, tintLine})
	if s.o.Width != 0 && s.shrunk() < 0.7 && tone == tintLine { // two tones do not shrink
		tone = tintGrey
	}
	s.asked = len(cards)
	s.truth.Width, s.truth.Height = pw, ph
	first := plane
	for i, place := range s.onSheet(len(cards), w, h, size) {
		p := plane.after(place)
		sh, lines := s.draw(cards[i], s.card)
		if s.happens(0.25) {
			sh.radius = 0 // cut out of another copy
		}
		put(s.img, sh, p, cast{by: point{s.between(0, 0.6), s.between(0, 0.6)}, soft: s.between(0.2, 0.8), dark: s.between(0, 0.6)})
		s.note(cards[i], p, lines)
		if s.happens(0.4) {
			s.overlay(s.img, p)
		}
		if s.happens(0.25) {
			s.stamp(s.img, p, point{s.between(10, CardWidth), s.between(0, CardHeight)}, s.stampInk())
		}
		if i == 0 {
			first = p
		}
	}
	if s.happens(0.3) {
		s.stamp(s.img, plane, point{s.between(-0.4, 0.4) * w, s.between(-0.4, 0.4) * h}, s.stampInk())
	}
	return s.machine(tone, first)
}

func (s *shot) stampInk() color.NRGBA {
	return color.NRGBA{uint8(s.between(170, 220)), uint8(s.between(20, 70)), uint8(s.between(20, 60)), uint8(s.between(60, 170))}
}

// onSheet returns where cards lie on a sheet whose middle is the plane's origin, size being how much
// larger than they are.
func (s *shot) onSheet(n int, w, h, size float64) []projection {
	var places []projection
	const margin = 8.0
	cw, ch := CardWidth*size, CardHeight*size
	gap := s.between(3, 30)
	together := float64(n)*ch + float64(n-1)*gap // one below the other
	x := s.between(-w/2+margin+cw/2, w/2-margin-cw/2)
	y := s.between(-h/2+margin, max(-h/2+margin, h/2-margin-together))
	if s.happens(0.4) { // in the middle, as forms have a place for it
		x = s.between(-6, 6)
	}
	skew := s.NormFloat64() * 0.012
	for i := range n {
		at := point{x + s.between(-4, 4), y + ch/2 + float64(i)*(ch+gap)}
		if together > h-2*margin { // four cards on a sheet that lies across
			at = point{(float64(i%2) - 0.5) * (cw + 6), (float64(i/2) - 0.5) * (ch + 6)}
		}
		angle := skew + s.NormFloat64()*0.012
		if s.happens(0.1) {
			angle += s.between(-0.15, 0.15)
		}
		at.x = min(max(at.x, -w/2+cw/2+margin), w/2-cw/2-margin)
		places = append(places, shift(at.x, at.y).after(turn(angle)).after(zoom(size)).after(shift(-CardWidth/2, -CardHeight/2)))
	}
	return places
}

// sheetText prints what such sheets say besides: nothing, a heading, or, without cards, a whole page.
func (s *shot) sheetText(plane projection, w, h float64, cards int) {
	if cards == 0 && s.o.Ground != GroundBlank && s.o.Ground != GroundSurface {
		bank := pageBank[s.set]()
		from := bank.texts
		if s.o.Ground == GroundForm {
			from = bank.forms
		}
		page := pick(s.Rand, from)
		put(s.img, page, plane.after(placed(page.w, page.h, point{}, s.NormFloat64()*0.01)), cast{})
		return
	}
	if !s.happens(0.35) {
		return
	}
	k := &canvas{img: s.img, scale: 1}
	ink := color.NRGBA{0x20, 0x20, 0x22, 0xE8}
	heading := text{s: pick(s.Rand, []string{"身份证复印件样本", "有效证件复印件", "申请人身份证明材料", "附件二"}), em: s.between(4, 7), font: hei()}
	heading.at = point{-k.width(heading) / 2, -h/2 + s.between(6, 14)}
	k.fill(k.outline(heading).through(plane), ink)
	for i := range s.IntN(4) {
		t := text{s: s.sentence(24, false), em: 3.6, font: hei(), at: point{-w/2 + 18, h/2 - 12 - float64(i)*6}}
		k.fill(k.outline(t).through(plane), ink)
	}
}

// machine scans or copies the sheet and saves it; p maps the first card's millimetres to pixels.
func (s *shot) machine(tone tint, p projection) []byte {
	w, h := s.img.Rect.Dx(), s.img.Rect.Dy()
	l := newLight(s.img.Rect)
	l.slope(float64(max(w, h)), s.between(0, 2*math.Pi), s.between(0, 0.04))
	k := camera{cast: [3]float64{1 + s.between(-0.02, 0.02), 1, 1 + s.between(-0.02, 0.02)}, exposure: 1, gamma: 1,
		blur: s.between(0.01, 0.035) * s.em(), noise: s.between(0.5, 3), quality: []int{55 + s.IntN(41)}}
	generations := 0
	if tone != tintColour {
		generations = s.IntN(3)
	}
	// Each copy pulls black and white apart and loses what is pale.
	black, white := s.between(0, 20), s.between(240, 255)
	for range generations {
		black += s.between(0, 25)
		white -= s.between(0, 25)
	}
	k.exposure = 255 / (white - black)
	k.lift = -black * k.exposure
	k.gamma = s.between(0.85, 1.3)
	if s.o.Fault != "" {
		wrong := s.camera(l, p)
		k.blur, k.motion = max(k.blur, wrong.blur), wrong.motion
		if wrong.exposure > 0 { // else the copier's own light is as it was
			k.exposure, k.lift = wrong.exposure, wrong.lift
		}
	}
	out := s.take(s.img, l, k)
	luma := planesOf(out)[0]
	if tone != tintColour {
		s.toner(luma, generations)
	}
	s.measure(luma)
	switch tone {
	case tintLine:
		return s.twoTones(luma)
	case tintGrey:
		return k.save(&image.Gray{Pix: luma.pix, Stride: luma.stride, Rect: s.img.Rect})
	case tintColour:
	}
	return k.save(out)
}

// copyOf returns what a copier makes of a card: grey, black and white pulled apart.
func (s *shot) copyOf() func(*image.RGBA) {
	black, white := s.between(0, 40), s.between(215, 255)
	var tones [256]uint8
	for v := range tones {
		tones[v] = clamp8(int((float64(v)-black)*235/(white-black)) + 12)
	}
	return func(img *image.RGBA) {
		for i := 0; i < len(img.Pix); i += 4 {
			o := img.Pix[i : i+4 : i+4]
			v := tones[(19595*int(o[0])+38470*int(o[1])+7471*int(o[2])+1<<15)>>16]
			o[0], o[1], o[2] = v, v, v
		}
	}
}

// toner makes the faults of a copier: mottled black, dust, streaks along the way of the paper, dark
// edges.
func (s *shot) toner(p plane, generations int) {
	mottle := textureBank[s.set]().fine
	strength := s.between(0, 0.5) * float64(generations+1) / 2
	u0, v0 := s.IntN(1<<17), s.IntN(1<<17)
	k := int(strength * 256)
	for y := range p.h {
		row := p.row(y)
		for x, v := range row {
			if v < 200 {
				row[x] = clamp8(int(v) + (mottle.at(u0+x*200, v0+y*200)-128)*k*(255-int(v))>>16)
			}
		}
	}
	dot := func(x, y, radius int, ink uint8) {
		for j := max(0, y-radius); j <= min(p.h-1, y+radius); j++ {
			for i := max(0, x-radius); i <= min(p.w-1, x+radius); i++ {
				if (i-x)*(i-x)+(j-y)*(j-y) <= radius*radius {
					p.row(j)[i] = ink
				}
			}
		}
	}
	for range int(s.between(0, 60) * float64(generations+1)) {
		dot(s.IntN(p.w), s.IntN(p.h), s.IntN(2), uint8(s.between(0, 120)))
	}
	if s.happens(0.25) {
		for range 1 + s.IntN(3) {
			x, wide, by := s.IntN(p.w), 1+s.IntN(2), int(s.between(-90, 40))
			for y := range p.h {
				row := p.row(y)
				for i := x; i < min(x+wide, p.w); i++ {
					row[i] = clamp8(int(row[i]) + by)
				}
			}
		}
	}
	if s.happens(0.15) { // the lid was open
		wide := int(s.between(0.005, 0.02) * float64(p.w))
		for y := range p.h {
			row := p.row(y)
			for x := range wide {
				row[x] = uint8(int(row[x]) * x / wide)
			}
		}
	}
}

// twoTones turns grey into black and white, by a threshold or, seldom, by spreading each pixel's error
// over its neighbours (Floyd and Steinberg 1976), and saves it as PNG.
func (s *shot) twoTones(p plane) []byte {
	img := image.NewPaletted(image.Rect(0, 0, p.w, p.h), color.Palette{color.Black, color.White})
	threshold := int(s.between(115, 185))
	spread := s.happens(0.12)
	errs, next := make([]int, p.w+2), make([]int, p.w+2)
	for y := range p.h {
		row, to := p.row(y), img.Pix[y*img.Stride:]
		for x, v := range row {
			have := int(v)
			if spread {
				have += errs[x+1] / 16
			}
			left := have
			if have >= threshold {
				to[x] = 1
				left = have - 255
			}
			if spread {
				errs[x+2] += left * 7
				next[x] += left * 3
				next[x+1] += left * 5
				next[x+2] += left
			}
		}
		errs, next = next, errs
		clear(next)
	}
	var b bytes.Buffer
	if err := (&png.Encoder{CompressionLevel: png.BestSpeed}).Encode(&b, img); err != nil { // a buffer takes all
		return nil
	}
	return b.Bytes()
}

package specimen

import (
	"image"
	"image/color"
	"math"
)

// scene is a photo taken by hand: cards on something, seen from above.
func (s *shot) scene(cards []PhotoCard) []byte {
	h := s.hard
	if h.tilt == 0 { // several cards on a scanner's glass
		h.fill, h.tilt, h.sway = [2]float64{0.8, 0.97}, 0.01, 1
	}
	places := s.arrange(len(cards))
	around := box{-CardWidth / 2, -CardHeight / 2, CardWidth, CardHeight}
	for i, p := range places {
		b := p.bounds(box{0, 0, CardWidth, CardHeight})
		if i == 0 {
			around = b
		}
		around = around.union(b)
	}

	// How the camera is held.
	angle := s.NormFloat64() * h.sway * math.Pi / 180
	if s.happens(h.anyTurn) {
		angle = s.between(0, 2*math.Pi)
		if s.happens(0.4) { // held upright, or upside down
			angle = float64(1+s.IntN(3))*math.Pi/2 + s.NormFloat64()*0.05
		}
	}
	tilt := func() float64 { return s.between(-h.tilt, h.tilt) * math.Pi / 180 }
	seen := view(tilt(), tilt(), angle, s.between(2, 5)*max(around.w, around.h)).after(shift(-around.x-around.w/2, -around.y-around.h/2))

	// How large it is in the picture.
	s.native = s.between(h.width[0], h.width[1])
	first := placed(CardWidth, CardHeight, point{}, 0)
	if len(places) > 0 {
		first = places[0]
	}
	unit := 1 / edges(seen.after(first).quad(box{0, 0, CardWidth, CardHeight})) // card widths per millimetre
	b := seen.bounds(around)
	bw, bh := b.w*unit, b.h*unit // in card widths
	aspect := pick(s.Rand, []float64{4. / 3, 4. / 3, 3. / 4, 3. / 4, 16. / 9, 9. / 16, 1, 3. / 2})
	if s.happens(0.5) && (aspect > 1) != (bw > bh) { // people turn the phone as the card lies
		aspect = 1 / aspect
	}
	fill := s.between(h.fill[0], h.fill[1])
	w := max(bw/fill, bh/fill*aspect) // the picture's width in card widths
	long := max(w, w/aspect)
	s.card = min(s.native, MaxPhotoWidth/long)
	if s.o.Width != 0 {
		s.card = float64(s.o.Width) / long
	}
	pw, ph := max(int(math.Round(w*s.card)), 16), max(int(math.Round(w/aspect*s.card)), 16)
	s.img = image.NewRGBA(image.Rect(0, 0, pw, ph))
	s.truth.Width, s.truth.Height = pw, ph

	// Where it lies in the picture.
	toPixels := zoom(unit * s.card)
	b = toPixels.after(seen).bounds(around)
	x, y := s.frame(b.w, float64(pw)), s.frame(b.h, float64(ph))
	if s.o.Frame != FrameWhole && len(cards) > 0 {
		keep := s.between(0.75, 0.97)
		if s.o.Frame == FrameFragment {
			keep = s.between(0.4, 0.6)
		}
		if s.happens(0.5) {
			x = s.beyond(b.w, float64(pw), keep)
		} else {
			y = s.beyond(b.h, float64(ph), keep)
		}
	}
	plane := shift(x-b.x, y-b.y).after(toPixels).after(seen)

	paper := h.paper
	if len(cards) > 1 {
		paper *= 4
	}
	onPaper := len(cards) > 0 && s.happens(paper)
	var under []CardTruth
	if onPaper { // a photo of a copy
		s.surface(s.img, pick(s.Rand, []backdrop{backdropPlain, backdropWood, backdropFabric}))
		s.blankSheet(plane, point{around.x + around.w/2 + s.between(-40, 40), around.y + around.h/2 + s.between(-70, 70)}, s.NormFloat64()*0.03)
		s.grey = s.copyOf()
	} else {
		under = s.backdrop(plane, around, len(cards) > 0)
	}
	shadow := cast{by: point{s.between(-1.2, 1.2), s.between(-1.2, 1.2)}, soft: s.between(0.3, 2.2), dark: s.between(0, 0.6)}
	if onPaper {
		shadow = cast{}
	}
	s.asked = len(cards)
	for i, card := range cards {
		p := plane.after(places[i])
		sh, lines := s.draw(card, edges(p.quad(box{0, 0, CardWidth, CardHeight})))
		put(s.img, sh, p, shadow)
		s.note(card, p, lines)
	}
	s.truth.Cards = append(s.truth.Cards, under...)
	if len(cards) == 1 && s.happens(h.finger) { // with more, it would lie on the next one
		s.fingers(plane.after(places[0]))
	}

	p := plane.after(first)
	l := s.lit(p)
	return s.finish(l, s.camera(l, p))
}

// frame returns where something of that size begins in a picture of that size, all of it inside.
func (s *shot) frame(size, picture float64) float64 { return s.Float64() * (picture - size) }

// beyond returns where something begins of which only a share is in the picture.
func (s *shot) beyond(size, picture, keep float64) float64 {
	if s.happens(0.5) {
		return -(1 - keep) * size
	}
	return picture - keep*size
}

// arrange lays cards on the plane: one at its origin, several beside or below each other.
func (s *shot) arrange(n int) []projection {
	down := s.happens(0.65)
	var places []projection
	for i := range n {
		at, angle := point{}, 0.0
		if n > 1 {
			gap := s.between(2, 18)
			if down {
				at = point{s.between(-6, 6), float64(i) * (CardHeight + gap)}
			} else {
				at = point{float64(i) * (CardWidth + gap), s.between(-4, 4)}
			}
			angle = s.NormFloat64() * 0.02
			if s.happens(0.06) {
				angle += math.Pi
			}
		}
		places = append(places, placed(CardWidth, CardHeight, at, angle))
	}
	return places
}

// backdrop fills the picture with what lies under the cards, and returns the cards among it. around is
// where the cards are, on the plane.
func (s *shot) backdrop(plane projection, around box, cards bool) []CardTruth {
	kind := pick(s.Rand, backdrops[s.set])
	if s.hard.tilt == 0 {
		kind = backdropPlain
	}
	mid := point{around.x + around.w/2, around.y + around.h/2}
	if !cards {
		switch s.o.Ground {
		case GroundPage:
			kind = backdropPage
		case GroundForm:
			kind = backdropForm
		case GroundBlank:
			s.surface(s.img, backdropPlain)
			s.blankSheet(plane, mid, s.NormFloat64()*0.3)
			return nil
		case GroundLandscape:
			s.img = Landscape(s.img.Rect.Dx(), s.img.Rect.Dy())
			return nil
		default:
			for kind == backdropCards { // those would be cards
				kind = pick(s.Rand, backdrops[s.set])
			}
		}
	}
	switch kind {
	case backdropPage, backdropForm:
		bank := pageBank[s.set]()
		s.surface(s.img, pick(s.Rand, []backdrop{backdropPlain, backdropWood, backdropFabric}))
		from := bank.texts
		if kind == backdropForm {
			from = bank.forms
		}
		for range 1 + s.IntN(2) {
			page := pick(s.Rand, from)
			size := s.banded(0.6, 1.8)
			at := point{mid.x + s.between(-0.3, 0.3)*a4Width*size, mid.y + s.between(-0.3, 0.3)*a4Height*size}
			angle := s.NormFloat64()*0.15 + float64(s.IntN(4))*math.Pi/2
			p := plane.after(shift(at.x, at.y)).after(turn(angle)).after(zoom(size)).after(shift(-page.w/2, -page.h/2))
			put(s.img, page, p, cast{by: point{0.5, 0.5}, soft: 2, dark: s.between(0, 0.4)})
		}
	case backdropKeyboard:
		s.surface(s.img, backdropPlain)
		k := s.keyboard()
		at := point{mid.x + s.between(-60, 60), mid.y + s.between(-60, 60)}
		put(s.img, k, plane.after(placed(k.w, k.h, at, s.between(-0.4, 0.4))), cast{soft: 3, dark: 0.4})
	case backdropCards:
		s.surface(s.img, pick(s.Rand, []backdrop{backdropPlain, backdropWood, backdropGradient}))
		return s.clutter(plane, around)
	default:
		s.surface(s.img, kind)
	}
	return nil
}

// blankSheet lays an empty sheet of A4 about a place of the plane.
func (s *shot) blankSheet(plane projection, at point, angle float64) {
	paper := sheet{img: blank(8, 8, shade(s.Rand, color.RGBA{0xF2, 0xF1, 0xEE, 0xFF}, -24, 8, 6)), w: a4Width, h: a4Height}
	put(s.img, paper, plane.after(placed(a4Width, a4Height, at, angle)), cast{soft: 2, dark: 0.4})
}

// clutter lays other cards around those that are asked for.
func (s *shot) clutter(plane projection, around box) []CardTruth {
	var truth []CardTruth
	for range 2 + s.IntN(2) {
		kind := pick(s.Rand, otherKinds)
		angle := s.between(0, 2*math.Pi)
		sin, cos := math.Sincos(angle)
		mid := point{around.x + around.w/2, around.y + around.h/2}
		at := point{mid.x + cos*(around.w/2+s.between(20, 60)), mid.y + sin*(around.h/2+s.between(20, 45))}
		p := plane.after(placed(CardWidth, CardHeight, at, s.NormFloat64()*0.6))
		if p.area(box{0, 0, CardWidth, CardHeight}, 0).Intersect(s.img.Rect).Empty() {
			continue
		}
		put(s.img, s.otherCard(kind, min(int(s.card), 1000)), p, cast{by: point{0.5, 0.7}, soft: 1, dark: 0.35})
		truth = append(truth, CardTruth{Kind: kind, Quad: p.quad(box{0, 0, CardWidth, CardHeight})})
	}
	return truth
}

// lit chooses the light; p maps the first card's millimetres to pixels.
func (s *shot) lit(p projection) *light {
	w, h := float64(s.img.Rect.Dx()), float64(s.img.Rect.Dy())
	l := newLight(s.img.Rect)
	l.slope(max(w, h), s.between(0, 2*math.Pi), s.hard.light*s.Float64())
	if s.happens(0.5) {
		l.vignette(w, h, s.between(0, s.hard.light))
	}
	on := func() point { return p.at(point{s.between(0, CardWidth), s.between(0, CardHeight)}) }
	if s.happens(s.hard.shadow) {
		l.shadow(on(), s.between(0, 2*math.Pi), s.card*s.between(0.03, 0.5), s.between(0.1, 0.25+0.5*s.hard.light))
	}
	if s.happens(s.hard.light) { // the band that laminate shows under a lamp or window
		sin, cos := math.Sincos(s.between(0, math.Pi))
		at, wide := on(), s.card*s.between(0.05, 0.25)
		strength := s.between(10, 60)
		l.change(func(x, y float64, _, add *float32) {
			d := ((x-at.x)*cos + (y-at.y)*sin) / wide
			*add += float32(strength * math.Exp(-d*d))
		})
	}
	if s.happens(s.hard.glare) {
		for range 1 + s.IntN(2) {
			l.glare(on(), s.card*s.between(0.03, 0.13), s.card*s.between(0.02, 0.08), s.between(0, math.Pi), s.between(50, 260))
		}
	}
	return l
}

// fingers holds the card by an edge, over no field; p maps its millimetres to pixels.
func (s *shot) fingers(p projection) {
	type grip struct{ at, out point } // a place on the edge, and the way outwards
	depth := s.between(1.5, 3)        // how far it reaches in, in millimetres
	edge := s.IntN(3)
	skin := hsv(s.banded(0.03, 0.09), s.between(0.25, 0.55), s.between(0.55, 0.95))
	n := 1 + s.IntN(2)
	first := s.between(0.15, 0.6)
	for i := range n {
		var g grip
		along := first + float64(i)*0.22
		switch edge {
		case 0: // left: labels begin at 5 mm, fields at 15
			g = grip{point{depth * 1.5, along * CardHeight}, point{-1, s.between(-0.3, 0.3)}}
		case 1: // right: the portrait side's number ends at 77 mm
			g = grip{point{CardWidth - depth*1.5, along * CardHeight}, point{1, s.between(-0.3, 0.3)}}
		default: // below the number and the validity
			g = grip{point{along * CardWidth, CardHeight - depth*0.7}, point{s.between(-0.3, 0.3), 1}}
		}
		s.finger(g.at, g.out, p, skin)
	}
}

// finger draws a finger with its tip at a place of the card, in the card's plane.
func (s *shot) finger(tip, out point, p projection, skin color.RGBA) {
	const half, length = 7.5, 45.0 // of a finger, in millimetres
	k := &canvas{img: s.img, scale: 1}
	n := math.Hypot(out.x, out.y)
	dx, dy := out.x/n, out.y/n
	at := func(along, across float64) point {
		return p.at(point{tip.x + dx*along - dy*across, tip.y + dy*along + dx*across})
	}
	// From the outline inwards, each layer smaller and lighter: round enough at this size.
	const layers = 7
	for i := range layers {
		f := float64(i) / layers
		r := half * (1 - 0.85*f)
		var outline path
		points := make([]point, 0, 24)
		for a := -10; a <= 10; a++ {
			sin, cos := math.Sincos(float64(a) * math.Pi / 20)
			points = append(points, at(half-r*cos, r*sin))
		}
		points = append(points, at(length, r), at(length, -r))
		outline.polygon(points...)
		k.fill(outline, shadeBy(skin, int(-38+52*f)))
	}
	if s.happens(0.6) { // a nail
		var nail path
		points := make([]point, 0, 24)
		for a := range 24 {
			sin, cos := math.Sincos(float64(a) * math.Pi / 12)
			points = append(points, at(6+4.6*cos, 3.9*sin))
		}
		nail.polygon(points...)
		k.fill(nail, color.NRGBA{0xF4, 0xD4, 0xC8, 0xB0})
	}
}

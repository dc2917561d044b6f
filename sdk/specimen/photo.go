package specimen

import (
	"image"
	"image/color"
	"math"
	"slices"

	"github.com/seed-6b91b535/idrec/shared"
)

// PhotoCard is a card in a photo.
type PhotoCard struct {
	Kind   CardKind    // empty is [KindIdentity]
	Person Person      // of an identity card; other kinds show somebody else
	Side   shared.Side // every side but [shared.SideEmblem] is the portrait side
}

// Frame says how much of the cards is in the picture.
type Frame string

// The frames. The zero value shows the cards whole.
const (
	FrameWhole    Frame = ""
	FrameCut      Frame = "cut"      // the picture's edge cuts off up to a quarter
	FrameFragment Frame = "fragment" // about half of it is outside
)

// Ground is what a photo without a card shows.
type Ground string

// The grounds. They are without meaning where there are cards.
const (
	GroundSurface   Ground = ""          // a desk, or cloth, and whatever lies on it
	GroundPage      Ground = "page"      // printed text
	GroundForm      Ground = "form"      // a printed table
	GroundBlank     Ground = "blank"     // an empty sheet
	GroundLandscape Ground = "landscape" // hills under a sun
)

// PhotoOptions say what a photo looks like. The zero value is an easy one of the training set. The same
// cards and options give the same bytes.
type PhotoOptions struct {
	Level Level // empty or unknown is [LevelEasy]
	Set   Set   // empty or unknown is [SetTrain]
	Seed  uint64
	// Width is the picture's longer side in pixels. Zero: what the level's card width asks for.
	// Others are brought between [MinPhotoWidth] and [MaxPhotoWidth]; the card is then as much of the
	// picture as it is otherwise, blur and noise shrink with it, and JPEG is mild, as of a picture
	// that was made smaller.
	Width int
	Frame Frame
	// Ground is for photos without cards.
	Ground Ground
	// Fault spoils the picture: [shared.StatusBlurred], [shared.StatusOverExposure] or
	// [shared.StatusOverDark]. Others spoil nothing.
	Fault shared.PictureStatus
	// Typeface draws labels and texts; a text of which it lacks a character is drawn in the embedded
	// one. Nil is the embedded one. The number is always in OCR-B.
	Typeface *Typeface
	// Strip draws the code with the card's data, as [Draw] does; such photos are for [Recognizer].
	Strip bool
}

// The longer sides of photos, in pixels.
const (
	MinPhotoWidth = 64
	MaxPhotoWidth = 4096
)

// PhotoTruth is what a photo shows. As JSON it begins with the members of [Truth], those of the first
// identity card and of every other side of the same person's.
//
// Places are in pixels from the picture's top left corner; the middle of the first pixel is (0.5, 0.5).
type PhotoTruth struct {
	Truth

	// Status is what a recognizer that was asked for any side should answer.
	Status shared.PictureStatus `json:"status"`
	Level  Level                `json:"level"`
	Set    Set                  `json:"set"`
	Width  int                  `json:"width"`
	Height int                  `json:"height"`
	// Cards has the cards that were asked for first, and then others that lie around.
	Cards []CardTruth `json:"cards"`
}

// CardTruth is a card in a photo.
type CardTruth struct {
	Truth // empty for cards that are no identity cards

	Kind CardKind `json:"kind"`
	// Quad has the corners of the card's own upright frame, as if they were not rounded: top left, top
	// right, bottom right, bottom left. They may lie outside the picture.
	Quad shared.Quad `json:"quad"`
	// Visible is the share of the card that is in the picture and under nothing else, 0 to 1. Fingers
	// do not count; they cover no field.
	Visible float64 `json:"visible"`
	// Fields says where each field is printed: around all lines, as high as an em.
	Fields map[shared.FieldName]shared.Quad `json:"fields,omitempty"`
	// Lines has every printed line, in the order of the card. The birth is one line with its printed
	// signs; the two days of the validity are two.
	Lines []LineTruth `json:"lines,omitempty"`
}

// LineTruth is a line of print: what it says, and the box of its characters' advances and em.
type LineTruth struct {
	Field shared.FieldName `json:"field"`
	Text  string           `json:"text"`
	Quad  shared.Quad      `json:"quad"`
	// Contrast is how far light and dark are apart where they are least so among the line's
	// characters, in levels of 0 to 255, after lens and light and before the file. It tells what
	// blur, glare and darkness have left: what has hardly any is legible to nobody.
	Contrast int `json:"contrast"`
}

// normal brings the options into their bounds.
func (o PhotoOptions) normal() PhotoOptions {
	if _, ok := hardnesses[o.Level]; !ok {
		o.Level = LevelEasy
	}
	if o.Set.index() == 0 {
		o.Set = SetTrain
	}
	if o.Width != 0 {
		o.Width = min(max(o.Width, MinPhotoWidth), MaxPhotoWidth)
	}
	return o
}

// Photo takes a picture of cards as phones, scanners and copiers show them, as a JPEG file, or as PNG
// where it has two tones. It shows up to four cards; further ones are left out. Without cards it shows
// what [PhotoOptions.Ground] says. 样本 is on every card.
func Photo(cards []PhotoCard, o PhotoOptions) ([]byte, PhotoTruth) {
	const most = 4
	o = o.normal()
	cards = slices.Clone(cards[:min(len(cards), most)])
	for i := range cards {
		if cards[i].Side != shared.SideEmblem {
			cards[i].Side = shared.SidePortrait
		}
		if cards[i].Kind == "" {
			cards[i].Kind = KindIdentity
		}
	}
	var level uint64
	for i, l := range Levels() {
		if l == o.Level {
			level = uint64(i)
		}
	}
	s := &shot{chance: newChance(o.Set, 5, o.Seed, level), o: o, hard: hardnesses[o.Level]}
	s.truth = PhotoTruth{Level: o.Level, Set: o.Set, Status: shared.StatusNonIDCard, Cards: []CardTruth{}}
	var data []byte
	switch {
	case o.Level == LevelCopy:
		data = s.copied(cards)
	case o.Level == LevelFlat && len(cards) == 1:
		data = s.flat(cards[0])
	default:
		data = s.scene(cards)
	}
	s.conclude(cards)
	return data, s.truth
}

// shot is a photo in the making.
type shot struct {
	chance

	o     PhotoOptions
	hard  hardness
	img   *image.RGBA
	truth PhotoTruth
	grey  func(*image.RGBA) // what a copier made of the cards, if they are copies
	asked int               // how many of the truth's cards were asked for
	// native is how wide the card is where the level decides, in pixels; card is how wide it is here.
	native, card float64
}

// em is the size of the card's text, in pixels.
func (s *shot) em() float64 { return s.card * textEm / CardWidth }

// shrunk is how much smaller the picture is than the level would have it, at most 1.
func (s *shot) shrunk() float64 { return min(1, s.card/s.native) }

// draw draws a card for a width of about so many pixels, and returns where its lines stand.
func (s *shot) draw(card PhotoCard, width float64) (sheet, []printedLine) {
	// A little finer than it is shown, so that edges stay sharp.
	const finer = 1.12
	w := min(max(int(width*finer), MinWidth/2), MaxPhotoWidth)
	if card.Kind != KindIdentity {
		return s.otherCard(card.Kind, w), nil
	}
	side := card.Side
	k := &canvas{img: image.NewRGBA(image.Rect(0, 0, w, cardHeight(w))), scale: float64(w) / CardWidth, look: inventLook(s.Rand, s.o.Typeface)}
	k.look.ground[side].fill(k.img, k.scale)
	k.printed(side)
	if !s.o.Strip {
		k.side(card.Person, side, false)
	} else {
		strip, err := stripFor(card.Person.Truth(side))
		k.side(card.Person, side, err == nil)
		if err == nil {
			k.strip(strip, stripPlace(side))
		}
	}
	if s.grey != nil {
		s.grey(k.img)
	}
	return sheet{img: k.img, w: CardWidth, h: CardHeight, radius: cornerRadius}, k.lines
}

// note adds the truth of a card; p maps its millimetres to pixels.
func (s *shot) note(card PhotoCard, p projection, lines []printedLine) {
	t := CardTruth{Kind: card.Kind, Quad: p.quad(box{0, 0, CardWidth, CardHeight})}
	if t.Kind == KindIdentity {
		t.Truth = card.Person.Truth(card.Side)
		t.Fields = map[shared.FieldName]shared.Quad{}
		boxes := map[shared.FieldName]box{}
		for _, l := range lines {
			t.Lines = append(t.Lines, LineTruth{Field: l.field, Text: l.text, Quad: p.quad(l.box)})
			boxes[l.field] = l.box.union(boxes[l.field])
		}
		for f, b := range boxes {
			t.Fields[f] = p.quad(b)
		}
	}
	s.truth.Cards = append(s.truth.Cards, t)
}

// union returns the smallest box around both; an empty one counts as none.
func (b box) union(other box) box {
	if other.w == 0 {
		return b
	}
	x, y := min(b.x, other.x), min(b.y, other.y)
	return box{x, y, max(b.x+b.w, other.x+other.w) - x, max(b.y+b.h, other.y+other.h) - y}
}

// conclude fills in what follows from the cards.
func (s *shot) conclude(cards []PhotoCard) {
	t := &s.truth
	const (
		readable = 0.7  // below that share so much is cut off that there is no telling
		part     = 0.35 // below that a corner of a card lies in a picture of something else
	)
	for i := range t.Cards {
		c := &t.Cards[i]
		c.Visible = s.visible(i)
		switch {
		case i >= s.asked: // it only lies around
		case c.Kind != KindIdentity:
			if t.Side == "" {
				t.Status = shared.StatusOtherTypeCard
			}
		case t.Side == "":
			t.Truth, t.Status = c.Truth, shared.StatusNormal
			switch {
			case c.Visible < part:
				t.Status = shared.StatusNonIDCard
			case c.Visible < readable:
				t.Status = shared.StatusUnknown
			}
		case t.Side != c.Side && samePerson(cards, i):
			t.Truth = cards[i].Person.Truth(shared.SideBoth)
		}
	}
	switch s.o.Fault {
	case shared.StatusBlurred, shared.StatusOverExposure, shared.StatusOverDark:
		if t.Status == shared.StatusNormal {
			t.Status = s.o.Fault
		}
	default:
	}
}

// samePerson reports whether the i-th card is of the same person as the first identity card.
func samePerson(cards []PhotoCard, i int) bool {
	for _, c := range cards {
		if c.Kind == KindIdentity {
			return c.Person == cards[i].Person
		}
	}
	return false
}

// visible returns the share of the i-th card that is in the picture and under no card laid later. Cards
// that lie around are laid first, though they come last here.
func (s *shot) visible(i int) float64 {
	const across, down = 24, 15
	seen := 0
	from := quadMap(s.truth.Cards[i].Quad)
	for y := range down {
		for x := range across {
			at := from((float64(x)+0.5)/across, (float64(y)+0.5)/down)
			if at.x < 0 || at.y < 0 || at.x >= float64(s.truth.Width) || at.y >= float64(s.truth.Height) {
				continue
			}
			hidden := false
			for j := range s.truth.Cards {
				if s.over(j, i) && inside(s.truth.Cards[j].Quad, at) {
					hidden = true
				}
			}
			if !hidden {
				seen++
			}
		}
	}
	return float64(seen) / (across * down)
}

// over reports whether the j-th card lies over the i-th.
func (s *shot) over(j, i int) bool {
	if (j < s.asked) != (i < s.asked) {
		return j < s.asked
	}
	return j > i
}

// quadMap maps the unit square to a quadrilateral, near enough for shares of area.
func quadMap(q shared.Quad) func(u, v float64) point {
	return func(u, v float64) point {
		mix := func(a, b, c, d float64) float64 { return (a*(1-u)+b*u)*(1-v) + (d*(1-u)+c*u)*v }
		return point{mix(q[0].X, q[1].X, q[2].X, q[3].X), mix(q[0].Y, q[1].Y, q[2].Y, q[3].Y)}
	}
}

// inside reports whether a place is inside a convex quadrilateral.
func inside(q shared.Quad, at point) bool {
	left, right := false, false
	for i, a := range q {
		b := q[(i+1)%4]
		if cross := (b.X-a.X)*(at.y-a.Y) - (b.Y-a.Y)*(at.x-a.X); cross > 0 {
			right = true
		} else if cross < 0 {
			left = true
		}
	}
	return !left || !right
}

// flat is a straight crop or scan: the card fills the picture, or has a narrow border around it.
func (s *shot) flat(card PhotoCard) []byte {
	s.native = s.between(s.hard.width[0], s.hard.width[1])
	border := 0.0 // in millimetres
	if s.happens(0.5) {
		border = s.between(0, 4)
	}
	s.card = s.native
	if s.o.Width != 0 {
		s.card = float64(s.o.Width) * CardWidth / (CardWidth + 2*border)
	}
	scale := s.card / CardWidth
	w, h := int(math.Round((CardWidth+2*border)*scale)), int(math.Round((CardHeight+2*border)*scale))
	ground := shade(s.Rand, color.RGBA{0xF4, 0xF4, 0xF4, 0xFF}, -30, 8, 3)
	if s.happens(0.15) {
		ground = shade(s.Rand, color.RGBA{0x20, 0x20, 0x20, 0xFF}, -20, 40, 5)
	}
	s.img = blank(w, h, ground)
	p := shift(float64(w)/2, float64(h)/2).after(turn(s.NormFloat64() * 0.004)).after(zoom(scale)).after(shift(-CardWidth/2, -CardHeight/2))
	sh, lines := s.draw(card, s.card)
	if border == 0 && s.happens(0.6) {
		sh.radius = 0 // cut inside the round corners
	}
	put(s.img, sh, p, cast{})
	s.asked = 1
	s.note(card, p, lines)
	l := newLight(s.img.Rect)
	l.slope(float64(max(w, h)), s.between(0, 2*math.Pi), s.hard.light*s.Float64())
	k := s.camera(l, p)
	return s.finish(l, k)
}

// finish takes the picture and saves it.
func (s *shot) finish(l *light, k camera) []byte {
	s.truth.Width, s.truth.Height = s.img.Rect.Dx(), s.img.Rect.Dy()
	out := s.take(s.img, l, k)
	s.measure(planesOf(out)[0])
	return k.save(out)
}

// camera chooses what lens, sensor and file do; p maps the first card's millimetres to pixels.
func (s *shot) camera(l *light, p projection) camera {
	h := s.hard
	k := camera{
		cast:     [3]float64{1 + s.between(-h.cast, h.cast), 1, 1 + s.between(-h.cast, h.cast)},
		exposure: s.between(h.dim[0], h.dim[1]),
		lift:     s.between(0, 200*h.cast),
		gamma:    s.between(0.85, 1.15),
		blur:     s.between(0.01, h.blur) * s.em(),
		noise:    s.between(min(1, h.noise), h.noise) * math.Sqrt(s.shrunk()),
	}
	if s.happens(h.motion) {
		sin, cos := math.Sincos(s.between(0, math.Pi))
		way := s.between(0.06, 0.2) * s.em()
		k.motion = point{way * cos, way * sin}
	}
	if s.happens(0.4) && h.tilt > 0 {
		k.sharpen = s.between(0.05, 0.35)
	}
	mid := p.at(point{CardWidth / 2, CardHeight / 2})
	switch s.o.Fault {
	case shared.StatusBlurred:
		if s.happens(0.3) {
			sin, cos := math.Sincos(s.between(0, math.Pi))
			way := s.between(1.1, 2) * s.em()
			k.motion = point{way * cos, way * sin}
			k.blur += 0.15 * s.em()
		} else {
			k.blur = s.between(0.35, 0.75) * s.em()
		}
		k.sharpen = 0
	case shared.StatusOverExposure:
		if s.happens(0.3) { // the lamp's reflection on all of the card
			l.glare(mid, s.card*s.between(0.4, 0.6), s.card*s.between(0.3, 0.5), s.between(0, math.Pi), s.between(300, 500))
		} else {
			const ink = 45 // how bright print is at least; it is brought near the paper's white
			k.exposure = s.between(1.8, 3.2)
			k.lift = s.between(228, 250) - ink*k.exposure
		}
	case shared.StatusOverDark:
		// Print and paper are a few levels apart; with more, it is dark and can be read.
		k.exposure = s.between(0.006, 0.03)
		k.lift = s.between(0, 6)
		k.gamma = 1
	default:
	}
	quality := func() int { return h.quality[0] + s.IntN(h.quality[1]-h.quality[0]+1) }
	k.quality = []int{quality()}
	if s.happens(h.twice) {
		k.quality = append(k.quality, quality())
	}
	if s.shrunk() < 0.8 {
		k.quality = []int{82 + s.IntN(14)}
	}
	return k
}

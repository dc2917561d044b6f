package find

import (
	"math"
	"slices"

	"github.com/seed-6b91b535/idrec/sdk/local/internal/nn"
	"github.com/seed-6b91b535/idrec/sdk/local/internal/page"
	"github.com/seed-6b91b535/idrec/shared"
)

// Kind is what a card is.
type Kind int

// The kinds, in the order of the networks' outputs.
const (
	Portrait Kind = iota // the side of an identity card with the portrait
	Emblem               // the side with the emblem
	Other                // another card of that size
)

const kinds = 3

// Card is a card in a picture.
type Card struct {
	Kind Kind
	// Quad has the corners of the card's own frame, in pixels: top left, top right, bottom right, bottom
	// left as one reads it. They go clockwise unless it is mirrored, and may lie outside the picture.
	Quad     shared.Quad
	Mirrored bool
	// Probability that there is a card of this kind where the quad says, by the networks alone: what the
	// second one thinks, less where the corners and landmarks do not fit together.
	Probability float64
	// Spread is how far the corners and landmarks that were seen are from where they belong on average, in
	// hundredths of the card's width: less than 1 where the card lies exactly; infinite if hardly any was
	// seen.
	Spread float64
	// Part says that the card was found only by looking for one whose middle lies outside the picture.
	Part bool

	seen int // points
}

// minSeen is how many corners and landmarks must be seen of a card; other cards have corners only.
var minSeen = [kinds]int{Portrait: 5, Emblem: 5, Other: 2}

const (
	// maxCards are returned.
	maxCards = 6
	// looks that the second network takes at a card, at most; fewer where the corners no longer move.
	looks = 5
	// still is the move below which a corner does not, as a share of the card's width.
	still = 0.004
	// large is the share of the picture from which a card is what the picture is of.
	large = 0.2
	// minCard is what the second network must think of a card: photos of the tuning set have 0.95 and more,
	// what is none has less than 0.8, but for one in a hundred.
	minCard = 0.9
	// seated is the Spread up to which the corners are right: of the tuning set's, one in a hundred is off
	// by more than a twentieth of the width, and nearly all of those with a larger Spread.
	seated = 0.6
	// loose is the Spread at which half of the probability is left.
	loose = 2
	// apart is the distance of the middles of two cards that touch, less a margin, in sides of a square as
	// large as a card: 0.79 for the longer edges.
	apart = 0.6
	// gone is the probability below which no further look is taken: little after the first one, which may be
	// far off, more after others.
	gone, goneLater = 0.1, 0.6
	// fragment is the share of a guess that lies in the picture at most where a fragment is looked for, and
	// fragmentVote its least score; whole is the share of a card from which it is none.
	fragment, fragmentVote, whole = 0.8, 0.3, 0.97
	// contrastFloor is added to the standard deviation of a picture, so that the noise of an empty one is
	// not blown up to print. Training normalises with the same number.
	contrastFloor = 4
	// clip bounds normalised grey levels, in training too.
	clip = 4
)

// Finder finds cards, one picture at a time; every goroutine has its own.
type Finder struct {
	locateNet, alignNet *nn.Net

	doubt   float64
	reseats int     // that are left in this picture
	mirror  float64 // the picture's width while its mirror's picture is looked at
	s       nn.Scratch
	bytes   []byte
	pixels  []float32
	votes   []guess
	shifts  []shift
}

// New returns a finder with empty buffers.
func New() (*Finder, error) {
	l, err := locateNet()
	if err != nil {
		return nil, err
	}
	a, err := alignNet()
	if err != nil {
		return nil, err
	}
	return &Finder{locateNet: l, alignNet: a}, nil
}

// Find returns the cards of a picture, the likeliest first, at most six.
//
// A mirrored picture is known for one, but its cards are found exactly only in its mirror's picture: there
// they are looked for if the likeliest one is mirrored, or none was found.
func (f *Finder) Find(p *page.Plane) []Card {
	if p.Width < 1 || p.Height < 1 {
		return nil
	}
	f.doubt, f.reseats = 0, reseats
	cards := f.pass(p)
	if len(cards) > 0 && !cards[0].Mirrored {
		return cards
	}
	f.mirror = float64(p.Width)
	defer func() { f.mirror = 0 }()
	if seen := f.pass(p); len(seen) > 0 && !seen[0].Mirrored {
		for i := range seen {
			seen[i].Mirrored = !seen[i].Mirrored
			for k := range seen[i].Quad {
				seen[i].Quad[k].X = f.mirror - seen[i].Quad[k].X
			}
		}
		return seen
	}
	f.mirror = 0
	if len(cards) == 0 {
		cards = f.fragments(p)
	}
	return cards
}

// fragments looks for sides of an identity card of which much lies outside the picture, the middle too.
func (f *Finder) fragments(p *page.Plane) []Card {
	for _, at := range fragmentLooks {
		for _, g := range f.locate(p, at.longSide, at.margin) {
			if g.score < fragmentVote || within(p, g.quad) > fragment {
				continue
			}
			if c, ok := f.settle(p, g.quad, gone); ok && c.Kind != Other && within(p, c.Quad) < whole {
				c.Part = true
				return []Card{c}
			}
		}
	}
	return nil
}

// within is the share of a quad that lies in the picture.
func within(p *page.Plane, q shared.Quad) float64 {
	const n = 12
	onto, err := page.Onto(n, n, q)
	if err != nil {
		return 1
	}
	in := 0
	for i := range n * n {
		if at := onto.At(float64(i%n)+0.5, float64(i/n)+0.5); at.X >= 0 && at.Y >= 0 && at.X < float64(p.Width) && at.Y < float64(p.Height) {
			in++
		}
	}
	return float64(in) / (n * n)
}

// Doubt is how much the likeliest thing in the last picture that was not returned looked like a card to the
// networks, 0 to 1: where it is much and no card was found, one may have been missed.
func (f *Finder) Doubt() float64 { return f.doubt }

// strip samples the picture, or its mirror's picture.
func (f *Finder) strip(p *page.Plane, gray []byte, w, h int, onto page.Projection, left, top, scale float64) {
	if f.mirror > 0 {
		for i, d := range [3]float64{onto[6], onto[7], 1} {
			onto[i] = f.mirror*d - onto[i]
		}
	}
	p.Strip(gray, w, h, &onto, left, top, scale)
}

// pass looks at the picture at one scale after the other.
func (f *Finder) pass(p *page.Plane) []Card {
	var cards []Card
	for _, side := range longSides {
		if slices.ContainsFunc(cards, func(c Card) bool { return c.sits() && area(c.Quad) > large*float64(p.Width)*float64(p.Height) }) {
			break // small ones beside it are not what the picture was taken for
		}
		for _, g := range f.locate(p, side, 0) {
			if slices.ContainsFunc(cards, func(c Card) bool { return c.sits() && near(c.Quad, g.quad, apart) }) {
				continue
			}
			if c, ok := f.settle(p, g.quad, goneLater); ok {
				cards = insert(cards, f.reseat(p, c))
			}
		}
	}
	return cards[:min(len(cards), maxCards)]
}

// settle looks at a guess until it sits, and says what it is. After the first look it must be a card by the
// probability later.
func (f *Finder) settle(p *page.Plane, q shared.Quad, later float64) (Card, bool) {
	var l look
	for i := range looks {
		next, mended, ok := f.align(p, q)
		card := 1 - next.kinds[kinds]
		if !ok || card < gone || i > 0 && card < later {
			f.doubt = max(f.doubt, card)
			return Card{}, false
		}
		moved := farthest(q, mended)
		l, q = next, mended
		if l.turned > 0.5 {
			q = shared.Quad{q[2], q[3], q[0], q[1]}
		} else if moved < still {
			break
		}
	}
	c := Card{Quad: q, Probability: -1, Spread: l.spread / cardWidth * 100, seen: l.seen}
	for k, v := range l.kinds[:kinds] {
		if v > c.Probability {
			c.Kind, c.Probability = Kind(k), v
		}
	}
	if c.Probability < minCard || l.seen < minSeen[c.Kind] {
		f.doubt = max(f.doubt, 1-l.kinds[kinds])
		return Card{}, false
	}
	if c.Kind != Other {
		c.Probability /= 1 + c.Spread*c.Spread/(loose*loose)
	}
	if l.mirrored > 0.5 && c.Kind != Other {
		c.Mirrored = true
		c.Quad = shared.Quad{q[1], q[0], q[3], q[2]}
	}
	return c, true
}

// sits reports whether the corners are surely right.
func (c *Card) sits() bool { return c.Spread < seated || c.Kind == Other }

// farthest is the longest way of a corner from one quad to the other, as a share of the upper edge.
func farthest(a, b shared.Quad) float64 {
	far := 0.0
	for i := range a {
		far = max(far, math.Hypot(a[i].X-b[i].X, a[i].Y-b[i].Y))
	}
	return far / math.Hypot(a[1].X-a[0].X, a[1].Y-a[0].Y)
}

// insert adds a card, the likeliest first, unless a likelier one lies there.
func insert(cards []Card, c Card) []Card {
	at := len(cards)
	for i, o := range cards {
		if near(o.Quad, c.Quad, apart) {
			if o.Probability >= c.Probability {
				return cards
			}
			cards = append(cards[:i], cards[i+1:]...)
			return insert(cards, c)
		}
	}
	for at > 0 && cards[at-1].Probability < c.Probability {
		at--
	}
	cards = append(cards, Card{})
	copy(cards[at+1:], cards[at:])
	cards[at] = c
	return cards
}

// gray returns room for n grey levels.
func (f *Finder) gray(n int) []byte {
	if cap(f.bytes) < n {
		f.bytes = make([]byte, n)
	}
	return f.bytes[:n]
}

// field returns room for n values.
func (f *Finder) field(n int) []float32 {
	if cap(f.pixels) < n {
		f.pixels = make([]float32, n)
	}
	return f.pixels[:n]
}

// levels returns what the networks see of each grey level: zero mean and about unit deviation.
func levels(gray []byte) (table [256]float32) {
	var sum, squares uint64
	for _, v := range gray {
		sum += uint64(v)
		squares += uint64(v) * uint64(v)
	}
	n := float64(len(gray))
	mean := float64(sum) / n
	deviation := math.Sqrt(max(0, float64(squares)/n-mean*mean))
	for v := range table {
		table[v] = float32(min(max((float64(v)-mean)/(deviation+contrastFloor), -clip), clip))
	}
	return table
}

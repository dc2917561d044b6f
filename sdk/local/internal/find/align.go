package find

import (
	"math"

	"github.com/seed-6b91b535/idrec/sdk/local/internal/nn"
	"github.com/seed-6b91b535/idrec/sdk/local/internal/page"
	"github.com/seed-6b91b535/idrec/shared"
)

// What the second network sees: the card in its frame with a margin, in pixels.
const (
	frameWidth, frameHeight = 192, 128
	cardLeft, cardTop       = 20.0, 16.05
	cardWidth               = 152.0
	cardHeight              = cardWidth * 54 / 85.6 // ISO/IEC 7810 ID-1
)

// The second network's outputs at a place: what it thinks of the whole, the scores of the points, and
// where in the place they are.
const (
	outKinds      = 0 // portrait, emblem, other, none
	outTurned     = 4
	outMirrored   = 5
	outLooks      = 6
	outPoints     = outLooks
	outPointsNear = outPoints + points

	// points that are looked for: the corners, then the landmarks of the side.
	points = 4 + 10
	// pointSpread is how far from its place a point is seen on average, in pixels.
	pointSpread = 0.8
)

// pixel is the size of a millimetre in a straightened card.
const pixel = cardWidth / 85.6

// landmarks are points of the card that can be told from what is around them, in millimetres: the
// portrait's corners, the beginnings of the labels and the end of the number; the emblem's middle, the ends
// of the two headings, of the labels, and where the validity begins. Training knows them by the same
// numbers.
var landmarks = [2][points - 4]shared.Point{
	Portrait: {
		{X: 54.2, Y: 6.2}, {X: 81.2, Y: 6.2}, {X: 81.2, Y: 39.8}, {X: 54.2, Y: 39.8}, {X: 5.2, Y: 8.4}, {X: 5.2, Y: 48.4},
		{X: 5.2, Y: 15}, {X: 5.2, Y: 21.4}, {X: 5.2, Y: 28}, {X: 76.5, Y: 48.4},
	},
	Emblem: {
		{X: 14.9, Y: 14.9}, {X: 30.5, Y: 10.6}, {X: 78.7, Y: 10.6}, {X: 31.4, Y: 20.2}, {X: 77.8, Y: 20.2}, {X: 18.2, Y: 48.2},
		{X: 18.2, Y: 41.6}, {X: 30.7, Y: 41.6}, {X: 30.7, Y: 48.2}, {X: 34.2, Y: 48.2},
	},
}

// cardCorners of a straightened card.
var cardCorners = [4]shared.Point{{}, {X: cardWidth}, {X: cardWidth, Y: cardHeight}, {Y: cardHeight}}

// look is what the second network says of a card.
type look struct {
	kinds            [kinds + 1]float64 // probabilities; the last one is that it is no card
	turned, mirrored float64
	seen             int     // points
	spread           float64 // their mean distance from where they belong, in pixels; infinite without any
}

// align looks at the card as the quad straightens it, and returns what it sees and the quad mended. It
// returns false if the quad is none.
func (f *Finder) align(p *page.Plane, q shared.Quad) (look, shared.Quad, bool) {
	onto, err := page.Onto(cardWidth, cardHeight, q)
	if err != nil {
		return look{}, q, false
	}
	gray := f.gray(frameWidth * frameHeight)
	f.strip(p, gray, frameWidth, frameHeight, onto, -cardLeft, -cardTop, 1)
	m := f.alignNet.Features(&f.s, f.frame(gray), frameWidth, frameHeight)
	l := judge(&m)
	f.shifts = seen(&m, &l, f.shifts[:0])
	l.seen = len(f.shifts)
	fit, ok := fitShifts(f.shifts)
	if !ok {
		return l, q, true
	}
	l.spread = fit.residual(f.shifts)
	// The fit says where what is seen belongs: the card's corners are where its inverse puts them.
	mended := q
	for i, c := range cardCorners {
		at := fit.back(c)
		mended[i] = onto.At(at.X, at.Y)
	}
	if _, err := page.Onto(cardWidth, cardHeight, mended); err != nil {
		return l, q, true
	}
	return l, mended, true
}

// judge says what the network thinks of the whole, which is the mean of what all places do.
func judge(m *nn.Map) (l look) {
	var sum [outLooks]float64
	for r := range m.Rows {
		row := m.Row(r)
		for c := range m.Cols {
			for i, v := range row[c*alignOutputs:][:outLooks] {
				sum[i] += float64(v)
			}
		}
	}
	n := float64(m.Rows * m.Cols)
	var total float64
	for k := range l.kinds {
		l.kinds[k] = math.Exp((sum[outKinds+k] - sum[outKinds]) / n)
		total += l.kinds[k]
	}
	for k := range l.kinds {
		l.kinds[k] /= total
	}
	l.turned, l.mirrored = sigmoid(float32(sum[outTurned]/n)), sigmoid(float32(sum[outMirrored]/n))
	l.spread = math.Inf(1)
	return l
}

// seen appends the shifts of the points that are seen.
func seen(m *nn.Map, l *look, shifts []shift) []shift {
	for k := range points {
		at, ok := l.place(k)
		if !ok {
			continue
		}
		best, x, y := minPoint, 0.0, 0.0
		for r := range m.Rows {
			row := m.Row(r)
			for c := range m.Cols {
				v := row[c*alignOutputs:][:alignOutputs]
				if s := sigmoid(v[outPoints+k]); s > best {
					best = s
					x = (float64(c)+0.5)*stride + nearUnit*float64(v[outPointsNear+2*k]) - cardLeft
					y = (float64(r)+0.5)*stride + nearUnit*float64(v[outPointsNear+2*k+1]) - cardTop
				}
			}
		}
		if best > minPoint {
			b := pointSpread / best
			shifts = append(shifts, shift{x: x, y: y, dx: at.X - x, dy: at.Y - y, b: b})
		}
	}
	return shifts
}

// place returns where a point belongs on the straightened card. The landmarks of other cards are not
// known.
func (l *look) place(k int) (shared.Point, bool) {
	if k < 4 {
		return cardCorners[k], true
	}
	side := l.side()
	if side > Emblem {
		return shared.Point{}, false
	}
	at := landmarks[side][k-4]
	at.X, at.Y = at.X*pixel, at.Y*pixel
	if l.mirrored > 0.5 {
		at.X = cardWidth - at.X
	}
	if l.turned > 0.5 {
		at.X, at.Y = cardWidth-at.X, cardHeight-at.Y
	}
	return at, true
}

// side returns the likeliest kind.
func (l *look) side() Kind {
	best := Portrait
	for k := range l.kinds {
		if l.kinds[k] > l.kinds[best] {
			best = Kind(k)
		}
	}
	return best
}

// frame returns what the network sees of a straightened card: grey levels, and the place across and down
// from -1 to 1.
func (f *Finder) frame(gray []byte) []float32 {
	t := levels(gray)
	pixels := f.field(len(gray) * 3)
	for i, v := range gray {
		x, y := i%frameWidth, i/frameWidth
		pixels[3*i] = t[v]
		pixels[3*i+1] = (float32(x)+0.5)*(2.0/frameWidth) - 1
		pixels[3*i+2] = (float32(y)+0.5)*(2.0/frameHeight) - 1
	}
	return pixels
}

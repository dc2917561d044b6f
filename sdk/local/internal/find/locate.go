package find

import (
	"cmp"
	"math"
	"slices"

	"github.com/seed-6b91b535/idrec/sdk/local/internal/nn"
	"github.com/seed-6b91b535/idrec/sdk/local/internal/page"
	"github.com/seed-6b91b535/idrec/shared"
)

const (
	// The outputs at a place: scores of the kinds, the corners as seen from a card's middle in units of 32
	// pixels, the scores of the corners themselves, and where in the place they are in units of 8.
	outQuad    = kinds
	outCorners = outQuad + 8
	outNear    = outCorners + 4
	unit       = 32.0
	nearUnit   = 8.0
	// minPoint is the score from which a corner, or another point, is seen.
	minPoint float64 = 0.2
	// reach is how far from where the middle expects it a corner is looked for, in sides of a square as
	// large as the card.
	reach = 0.35
	// same is how near the middles of votes for one card are, in sides of a square as large as it.
	same = 0.3
	// votes below this are not counted. Low, since the second network throws out what is no card.
	minVote = 0.2
	// maxGuesses bounds the work on pictures full of things that look like cards.
	maxGuesses = 5
)

// longSides are the longer sides of the picture as the first network sees it, one after the other: the first
// is for cards that fill the picture, the second for those that are small in it.
var longSides = [...]float64{192, 336}

// guess is a card as the first network sees it.
type guess struct {
	kind  Kind
	score float64
	quad  shared.Quad
}

// fragmentLooks are how the first network sees a picture in which the middle of a card may lie outside: as long
// as that with a margin around it, which is a share of the picture's longer side.
var fragmentLooks = [...]struct{ longSide, margin float64 }{{192, 0.5}, {256, 0.5}, {336, 0.5}, {336, 0.25}, {448, 0.5}}

// locate returns the likeliest cards, the surest first. The picture is as long as longSide with the margin that
// is added around it, a share of its own longer side.
func (f *Finder) locate(p *page.Plane, longSide, margin float64) []guess {
	scale := longSide / float64(max(p.Width, p.Height)) / (1 + 2*margin)
	w, h := size(p.Width, scale), size(p.Height, scale)
	gray := f.gray(w * h)
	whole := page.Projection{1, 0, 0, 0, 1, 0, 0, 0}
	f.strip(p, gray, w, h, whole, 0, 0, scale)
	frame := int(margin * float64(max(w, h)))
	pw, ph := (w+2*frame+stride-1)/stride*stride, (h+2*frame+stride-1)/stride*stride
	m := f.locateNet.Features(&f.s, f.filled(gray, w, frame, pw, ph), pw, ph)
	f.votes = f.votes[:0]
	for r := range m.Rows {
		row := m.Row(r)
		for c := range m.Cols {
			if v := vote(row[c*locateOutputs:][:locateOutputs], c, r); v.score > minVote {
				f.votes = append(f.votes, v)
			}
		}
	}
	guesses := elect(f.votes)
	for i := range guesses {
		q := snap(&m, guesses[i].quad)
		for k := range q {
			q[k].X, q[k].Y = (q[k].X-float64(frame))/scale, (q[k].Y-float64(frame))/scale
		}
		guesses[i].quad = q
	}
	return guesses
}

// filled returns what the network sees of grey levels, w to a row, behind a frame of so many pixels: filled up
// to width × height with what is normal for the picture, which counts as nothing.
func (f *Finder) filled(gray []byte, w, frame, width, height int) []float32 {
	t := levels(gray)
	pixels := f.field(width * height)
	clear(pixels)
	for y := range len(gray) / w {
		for x, v := range gray[y*w:][:w] {
			pixels[(y+frame)*width+frame+x] = t[v]
		}
	}
	return pixels
}

// size is a side of the picture in the first network's pixels.
func size(n int, scale float64) int { return max(1, int(math.Round(float64(n)*scale))) }

// vote is what one place says.
func vote(y []float32, col, row int) guess {
	v := guess{score: -1}
	for k := range kinds {
		if s := sigmoid(y[k]); s > v.score {
			v.kind, v.score = Kind(k), s
		}
	}
	x0, y0 := (float64(col)+0.5)*stride, (float64(row)+0.5)*stride
	for i := range v.quad {
		v.quad[i] = shared.Point{
			X: x0 + unit*float64(y[outQuad+2*i]),
			Y: y0 + unit*float64(y[outQuad+2*i+1]),
		}
	}
	return v
}

// snap moves the corners to where the network sees corners of their kind, those that it does not see along
// with their neighbours.
func snap(m *nn.Map, q shared.Quad) shared.Quad {
	r := reach * math.Sqrt(area(q))
	var seen [4]bool
	var moved [4]shared.Point
	for k, c := range q {
		best := 0.0
		for y := range m.Rows {
			row := m.Row(y)
			for x := range m.Cols {
				v := row[x*locateOutputs:][:locateOutputs]
				s := sigmoid(v[outCorners+k])
				if s < minPoint {
					continue
				}
				dx := (float64(x)+0.5)*stride + nearUnit*float64(v[outNear+2*k]) - c.X
				dy := (float64(y)+0.5)*stride + nearUnit*float64(v[outNear+2*k+1]) - c.Y
				if s *= 1 - math.Hypot(dx, dy)/r; s > best {
					best, seen[k], moved[k] = s, true, shared.Point{X: dx, Y: dy}
				}
			}
		}
	}
	out := q
	for k := range q {
		d := moved[k]
		if !seen[k] {
			d = follow(k, &seen, &moved)
		}
		out[k] = shared.Point{X: q[k].X + d.X, Y: q[k].Y + d.Y}
	}
	if _, err := page.Onto(1, 1, out); err != nil {
		return q
	}
	return out
}

// follow is how a corner moves that is not seen: as a parallelogram's if the three others are, else as the
// mean of those that are.
func follow(k int, seen *[4]bool, moved *[4]shared.Point) (d shared.Point) {
	a, b, c := (k+1)%4, (k+2)%4, (k+3)%4
	if seen[a] && seen[b] && seen[c] {
		return shared.Point{X: moved[a].X + moved[c].X - moved[b].X, Y: moved[a].Y + moved[c].Y - moved[b].Y}
	}
	n := 0.0
	for i, s := range seen {
		if s {
			n++
			d.X, d.Y = d.X+moved[i].X, d.Y+moved[i].Y
		}
	}
	return shared.Point{X: d.X / max(n, 1), Y: d.Y / max(n, 1)}
}

func sigmoid(v float32) float64 { return 1 / (1 + math.Exp(-float64(v))) }

// elect makes one guess of the votes for the same card: the mean of those that see it the same way up as
// the surest one does.
func elect(votes []guess) []guess {
	slices.SortStableFunc(votes, func(a, b guess) int { return cmp.Compare(b.score, a.score) })
	var out []guess
	for len(votes) > 0 && len(out) < maxGuesses {
		best := votes[0]
		sum, weight := shared.Quad{}, 0.0
		rest := votes[:0]
		for _, v := range votes {
			if !near(best.quad, v.quad, same) {
				rest = append(rest, v)
				continue
			}
			if !sameWay(best.quad, v.quad) {
				continue
			}
			for i, c := range v.quad {
				sum[i].X += v.score * c.X
				sum[i].Y += v.score * c.Y
			}
			weight += v.score
		}
		for i := range sum {
			best.quad[i] = shared.Point{X: sum[i].X / weight, Y: sum[i].Y / weight}
		}
		out = append(out, best)
		votes = rest
	}
	return out
}

// near reports whether the middles of two cards are nearer than a share of the side of a square as large as
// the larger one.
func near(a, b shared.Quad, share float64) bool {
	m, n := middle(a), middle(b)
	return math.Hypot(m.X-n.X, m.Y-n.Y) < share*math.Sqrt(max(area(a), area(b)))
}

// sameWay reports whether the upper edges point the same way, within 45 degrees.
func sameWay(a, b shared.Quad) bool {
	ax, ay, bx, by := a[1].X-a[0].X, a[1].Y-a[0].Y, b[1].X-b[0].X, b[1].Y-b[0].Y
	return ax*bx+ay*by > math.Sqrt2/2*math.Hypot(ax, ay)*math.Hypot(bx, by)
}

func middle(q shared.Quad) shared.Point {
	return shared.Point{X: (q[0].X + q[1].X + q[2].X + q[3].X) / 4, Y: (q[0].Y + q[1].Y + q[2].Y + q[3].Y) / 4}
}

func area(q shared.Quad) float64 {
	return math.Abs((q[2].X-q[0].X)*(q[3].Y-q[1].Y)-(q[3].X-q[1].X)*(q[2].Y-q[0].Y)) / 2
}

package page

import (
	"errors"
	"math"

	"github.com/seed-6b91b535/idrec/shared"
)

// Point is a place on the card or in the picture.
type Point = shared.Point

// Projection is a homography, row by row, with the last coefficient 1: it maps (x, y) to
// ((ax + by + c) / w, (dx + ey + f) / w) with w = gx + hy + 1.
type Projection [8]float64

// ErrDegenerate says that four corners are no picture of a rectangle seen from its front.
var ErrDegenerate = errors.New("the corners are those of no card")

// Onto returns the projection of the rectangle from (0, 0) to (w, h) onto a convex quadrilateral, its
// corners in the order of the rectangle's: top left, top right, bottom right, bottom left.
func Onto(w, h float64, q shared.Quad) (Projection, error) {
	if !convex(q) || !(w > 0) || !(h > 0) {
		return Projection{}, ErrDegenerate
	}
	// The unit square onto a quadrilateral in closed form (Heckbert 1989).
	sx := q[0].X - q[1].X + q[2].X - q[3].X
	sy := q[0].Y - q[1].Y + q[2].Y - q[3].Y
	x1, y1 := q[1].X-q[2].X, q[1].Y-q[2].Y
	x2, y2 := q[3].X-q[2].X, q[3].Y-q[2].Y
	det := x1*y2 - x2*y1
	if math.Abs(det) < 1e-9 {
		return Projection{}, ErrDegenerate
	}
	g, k := (sx*y2-x2*sy)/det, (x1*sy-sx*y1)/det
	return Projection{
		(q[1].X - q[0].X + g*q[1].X) / w, (q[3].X - q[0].X + k*q[3].X) / h, q[0].X,
		(q[1].Y - q[0].Y + g*q[1].Y) / w, (q[3].Y - q[0].Y + k*q[3].Y) / h, q[0].Y,
		g / w, k / h,
	}, nil
}

// convex reports whether the corners go around clockwise (y down) without a dent, each of them with some
// angle, and are finite.
func convex(q shared.Quad) bool {
	for i := range q {
		a, b, c := q[i], q[(i+1)%4], q[(i+2)%4]
		cross := (b.X-a.X)*(c.Y-b.Y) - (b.Y-a.Y)*(c.X-b.X)
		if !(cross > 1e-6) || math.IsInf(cross, 0) {
			return false
		}
	}
	return true
}

// At maps a place.
func (p *Projection) At(x, y float64) Point {
	w := p[6]*x + p[7]*y + 1
	return Point{X: (p[0]*x + p[1]*y + p[2]) / w, Y: (p[3]*x + p[4]*y + p[5]) / w}
}

// Box maps a rectangle of the card, given by its edges.
func (p *Projection) Box(left, top, right, bottom float64) shared.Quad {
	return shared.Quad{p.At(left, top), p.At(right, top), p.At(right, bottom), p.At(left, bottom)}
}

// Scale returns how many pixels of the picture a unit of the card has about a place, in the denser of
// its two directions.
func (p *Projection) Scale(x, y float64) float64 {
	o, r, d := p.At(x, y), p.At(x+0.5, y), p.At(x, y+0.5)
	return 2 * max(math.Hypot(r.X-o.X, r.Y-o.Y), math.Hypot(d.X-o.X, d.Y-o.Y))
}

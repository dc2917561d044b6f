package specimen

import (
	"image"
	"math"

	"github.com/seed-6b91b535/idrec/shared"
)

// projection maps places on a plane, in millimetres, to places in a picture, in pixels: a homography,
// row by row.
type projection [9]float64

func (p projection) at(q point) point {
	w := p[6]*q.x + p[7]*q.y + p[8]
	return point{(p[0]*q.x + p[1]*q.y + p[2]) / w, (p[3]*q.x + p[4]*q.y + p[5]) / w}
}

// after returns the projection that does q first and p then.
func (p projection) after(q projection) projection {
	var out projection
	for i := range 3 {
		for j := range 3 {
			for k := range 3 {
				out[i*3+j] += p[i*3+k] * q[k*3+j]
			}
		}
	}
	return out
}

// inverse returns the way back, up to a factor, which a homography does not have.
func (p projection) inverse() projection {
	return projection{
		p[4]*p[8] - p[5]*p[7], p[2]*p[7] - p[1]*p[8], p[1]*p[5] - p[2]*p[4],
		p[5]*p[6] - p[3]*p[8], p[0]*p[8] - p[2]*p[6], p[2]*p[3] - p[0]*p[5],
		p[3]*p[7] - p[4]*p[6], p[1]*p[6] - p[0]*p[7], p[0]*p[4] - p[1]*p[3],
	}
}

// quad returns where a box of the plane stands in the picture.
func (p projection) quad(b box) shared.Quad {
	var q shared.Quad
	for i, c := range b.corners() {
		at := p.at(c)
		q[i] = shared.Point{X: at.x, Y: at.y}
	}
	return q
}

// corners returns the corners as a [shared.Quad] has them.
func (b box) corners() [4]point {
	return [4]point{{b.x, b.y}, {b.x + b.w, b.y}, {b.x + b.w, b.y + b.h}, {b.x, b.y + b.h}}
}

// bounds returns the smallest upright box around where a box of the plane stands.
func (p projection) bounds(b box) box {
	minX, minY, maxX, maxY := math.Inf(1), math.Inf(1), math.Inf(-1), math.Inf(-1)
	for _, c := range b.corners() {
		at := p.at(c)
		minX, minY, maxX, maxY = min(minX, at.x), min(minY, at.y), max(maxX, at.x), max(maxY, at.y)
	}
	return box{minX, minY, maxX - minX, maxY - minY}
}

// area is the pixels that a box of the plane touches, with a margin.
func (p projection) area(b box, margin float64) image.Rectangle {
	r := p.bounds(b)
	return image.Rect(int(math.Floor(r.x-margin)), int(math.Floor(r.y-margin)), int(math.Ceil(r.x+r.w+margin)), int(math.Ceil(r.y+r.h+margin)))
}

func shift(x, y float64) projection { return projection{1, 0, x, 0, 1, y, 0, 0, 1} }
func zoom(f float64) projection     { return projection{f, 0, 0, 0, f, 0, 0, 0, 1} }
func turn(angle float64) projection { // clockwise, as y is downwards
	sin, cos := math.Sincos(angle)
	return projection{cos, -sin, 0, sin, cos, 0, 0, 0, 1}
}

// placed lays a sheet of w × h millimetres with its middle at a place of the plane, turned.
func placed(w, h float64, at point, angle float64) projection {
	return shift(at.x, at.y).after(turn(angle)).after(shift(-w/2, -h/2))
}

// view looks at the plane's origin from a distance in millimetres; the plane is tilted about both axes
// of the picture, and then turned. One millimetre at the origin is one pixel.
func view(tiltX, tiltY, angle, distance float64) projection {
	sx, cx := math.Sincos(tiltX)
	sy, cy := math.Sincos(tiltY)
	return turn(angle).after(projection{
		cy, sx * sy, 0,
		0, cx, 0,
		-sy / distance, cy * sx / distance, 1,
	})
}

// edges returns the mean length of the upper and the lower edge.
func edges(q shared.Quad) float64 {
	length := func(a, b shared.Point) float64 { return math.Hypot(a.X-b.X, a.Y-b.Y) }
	return (length(q[0], q[1]) + length(q[3], q[2])) / 2
}

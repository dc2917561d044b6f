package specimen

import (
	"math"

	"golang.org/x/image/font/sfnt"
	"golang.org/x/image/math/fixed"
)

// embolden moves the outline of a glyph outwards by that many font units, as printers' ink spreads;
// negative moves it inwards. Every point moves along the bisector of its neighbours, which keeps the
// number and kinds of segments.
func embolden(segments sfnt.Segments, by float64) sfnt.Segments {
	out := make(sfnt.Segments, len(segments))
	copy(out, segments)
	var points []*fixed.Point26_6
	var contours [][]*fixed.Point26_6
	for i := range out {
		s := &out[i]
		n := 1
		switch s.Op {
		case sfnt.SegmentOpMoveTo:
			if len(points) > 0 {
				contours = append(contours, points)
			}
			points = nil
		case sfnt.SegmentOpQuadTo:
			n = 2
		case sfnt.SegmentOpCubeTo:
			n = 3
		case sfnt.SegmentOpLineTo:
		}
		for k := range n {
			points = append(points, &s.Args[k])
		}
	}
	contours = append(contours, points)
	area := 0.0
	for _, c := range contours {
		area += signedArea(c)
	}
	if area < 0 { // y is downwards; outer contours run either way, by the kind of font
		by = -by
	}
	for _, c := range contours {
		shiftContour(c, by*64)
	}
	return out
}

func signedArea(c []*fixed.Point26_6) float64 {
	sum := 0.0
	for i, p := range c {
		q := c[(i+1)%len(c)]
		sum += float64(p.X)*float64(q.Y) - float64(q.X)*float64(p.Y)
	}
	return sum / 2
}

// shiftContour moves every point by that much to the left of the way along the contour.
func shiftContour(c []*fixed.Point26_6, by float64) {
	const maxMiter = 2 // a sharp corner would otherwise grow a spike
	n := len(c)
	was := make([]fixed.Point26_6, n)
	for i, p := range c {
		was[i] = *p
	}
	normal := func(from, step int) (x, y float64, ok bool) { // of the first edge that has a length
		for k := range n - 1 {
			a, b := was[((from+step*k)%n+n)%n], was[((from+step*(k+1))%n+n)%n]
			dx, dy := float64(b.X-a.X)*float64(step), float64(b.Y-a.Y)*float64(step)
			if l := math.Hypot(dx, dy); l > 0 {
				return dy / l, -dx / l, true
			}
		}
		return 0, 0, false
	}
	for i, p := range c {
		ax, ay, ok1 := normal(i, -1)
		bx, by2, ok2 := normal(i, 1)
		if !ok1 || !ok2 {
			continue
		}
		x, y := ax+bx, ay+by2
		scale := 2.0 / max(x*x+y*y, 4/(maxMiter*maxMiter))
		p.X += fixed.Int26_6(math.Round(x * scale * by))
		p.Y += fixed.Int26_6(math.Round(y * scale * by))
	}
}

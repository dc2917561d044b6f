package find

import (
	"math"

	"github.com/seed-6b91b535/idrec/sdk/local/internal/page"
)

// shift says that what is seen at (x, y) belongs to (x+dx, y+dy), with an error of Laplace's distribution
// of the scale b. All in pixels of the straightened card.
type shift struct{ x, y, dx, dy, b float64 }

// homography maps (x, y) of the straightened card as [page.Projection] does, in units of half the card's
// width around its middle, where the equations are well conditioned.
type homography [8]float64

const (
	half = cardWidth / 2
	// freely is from how many points on a homography can miss them.
	freely = 5
	// rounds of reweighting, which make the least squares a fit by absolute errors. With places that are sure
	// of what is wrong, one fit in a thousand misses a corner by 8 pixels after 5 rounds, by 2 after 12, by 1.7
	// after 20.
	rounds = 12
	// ridge holds the parameters near those of no shift where too few points are seen to tell: a hundredth
	// of what one does; the perspective ones, which need the most points, more.
	ridge, ridgePerspective = 0.01, 0.05
)

// fitShifts returns the homography that fits the shifts, weighed by their errors.
func fitShifts(shifts []shift) (homography, bool) {
	h := homography{1, 0, 0, 0, 1, 0, 0, 0}
	for round := range rounds {
		var a [8][9]float64
		for i := range a {
			r := ridge
			if i > 5 {
				r = ridgePerspective
			}
			a[i][i] = r * half * half
		}
		a[0][8], a[4][8] = a[0][0], a[4][4]
		for _, s := range shifts {
			x, y := (s.x-cardWidth/2)/half, (s.y-cardHeight/2)/half
			u, v := x+s.dx/half, y+s.dy/half
			ex, ey := 0.0, 0.0
			if round > 0 {
				ex, ey = h.off(x, y, u, v)
			}
			add(&a, [8]float64{x, y, 1, 0, 0, 0, -x * u, -y * u}, u, half*half/(s.b*max(s.b, ex)))
			add(&a, [8]float64{0, 0, 0, x, y, 1, -x * v, -y * v}, v, half*half/(s.b*max(s.b, ey)))
		}
		next, ok := solve(&a)
		if !ok {
			return h, false
		}
		h = next
	}
	return h, true
}

// off is how far h maps (x, y) from (u, v), across and down, in pixels.
func (h *homography) off(x, y, u, v float64) (ex, ey float64) {
	w := h[6]*x + h[7]*y + 1
	return half * math.Abs((h[0]*x+h[1]*y+h[2])/w-u), half * math.Abs((h[3]*x+h[4]*y+h[5])/w-v)
}

// residual is the mean distance of what is seen from where it belongs, in pixels; infinite if too little is
// seen to miss anything.
func (h *homography) residual(shifts []shift) float64 {
	if len(shifts) < freely {
		return math.Inf(1)
	}
	sum := 0.0
	for _, s := range shifts {
		x, y := (s.x-cardWidth/2)/half, (s.y-cardHeight/2)/half
		sum += math.Hypot(h.off(x, y, x+s.dx/half, y+s.dy/half))
	}
	return sum / float64(len(shifts))
}

// add adds an equation r·h = b of a weight to the normal equations.
func add(a *[8][9]float64, r [8]float64, b, weight float64) {
	for i, v := range r {
		if v == 0 {
			continue
		}
		v *= weight
		for j, u := range r {
			a[i][j] += v * u
		}
		a[i][8] += v * b
	}
}

// solve solves eight equations by Gaussian elimination with the largest pivots.
func solve(a *[8][9]float64) (x homography, ok bool) {
	for i := range a {
		p := i
		for j := i + 1; j < len(a); j++ {
			if math.Abs(a[j][i]) > math.Abs(a[p][i]) {
				p = j
			}
		}
		a[i], a[p] = a[p], a[i]
		if !(math.Abs(a[i][i]) > 1e-9) {
			return x, false
		}
		for j := i + 1; j < len(a); j++ {
			f := a[j][i] / a[i][i]
			for k := i; k < 9; k++ {
				a[j][k] -= f * a[i][k]
			}
		}
	}
	for i := len(a) - 1; i >= 0; i-- {
		v := a[i][8]
		for j := i + 1; j < len(a); j++ {
			v -= a[i][j] * x[j]
		}
		x[i] = v / a[i][i]
	}
	return x, true
}

// back returns the place of the straightened card that belongs to c.
func (h *homography) back(c page.Point) page.Point {
	u, v := (c.X-cardWidth/2)/half, (c.Y-cardHeight/2)/half
	// (h0 - u h6) x + (h1 - u h7) y = u - h2, and the same for v.
	a, b, e := h[0]-u*h[6], h[1]-u*h[7], u-h[2]
	c2, d, g := h[3]-v*h[6], h[4]-v*h[7], v-h[5]
	det := a*d - b*c2
	x, y := (e*d-b*g)/det, (a*g-e*c2)/det
	return page.Point{X: x*half + cardWidth/2, Y: y*half + cardHeight/2}
}

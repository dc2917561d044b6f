package specimen

import (
	"image"
	"math"
)

// light is how a picture is lit: for every place a factor, and what mirrors the lamp and so is added.
// It varies slowly and is kept on a grid.
type light struct {
	step      float64 // pixels between two points of the grid
	w, h      int     // points
	gain, add []float32
}

func newLight(r image.Rectangle) *light {
	l := &light{step: max(3, float64(max(r.Dx(), r.Dy()))/120)}
	l.w, l.h = int(float64(r.Dx())/l.step)+3, int(float64(r.Dy())/l.step)+3
	l.gain, l.add = make([]float32, l.w*l.h), make([]float32, l.w*l.h)
	for i := range l.gain {
		l.gain[i] = 1
	}
	return l
}

// change calls f with every point of the grid, its place in pixels given.
func (l *light) change(f func(x, y float64, gain, add *float32)) {
	for j := range l.h {
		for i := range l.w {
			k := j*l.w + i
			f(float64(i)*l.step, float64(j)*l.step, &l.gain[k], &l.add[k])
		}
	}
}

// slope makes one side lighter than the other; by is the difference from the middle to an edge.
func (l *light) slope(size, angle, by float64) {
	sin, cos := math.Sincos(angle)
	l.change(func(x, y float64, gain, _ *float32) {
		*gain *= float32(max(0.1, 1+by*2*((x/size-0.5)*cos+(y/size-0.5)*sin)))
	})
}

// vignette darkens the corners, as lenses do.
func (l *light) vignette(w, h, by float64) {
	l.change(func(x, y float64, gain, _ *float32) {
		dx, dy := x/w-0.5, y/h-0.5
		*gain *= float32(1 - by*2*(dx*dx+dy*dy))
	})
}

// shadow darkens what lies beyond a line through a place, its edge soft over that many pixels.
func (l *light) shadow(at point, angle, soft, dark float64) {
	sin, cos := math.Sincos(angle)
	l.change(func(x, y float64, gain, _ *float32) {
		f := min(max(((x-at.x)*cos+(y-at.y)*sin)/soft+0.5, 0), 1)
		*gain *= float32(1 - dark*f*f*(3-2*f))
	})
}

// glare adds a lamp's reflection: a spot of two radii in pixels, turned. Its middle is flat, so that it
// has an edge as reflections on laminate have.
func (l *light) glare(at point, rx, ry, angle, strength float64) {
	sin, cos := math.Sincos(angle)
	l.change(func(x, y float64, _, add *float32) {
		u, v := ((x-at.x)*cos+(y-at.y)*sin)/rx, ((y-at.y)*cos-(x-at.x)*sin)/ry
		d := u*u + v*v
		*add += float32(strength * math.Exp(-d*d))
	})
}

// row fills the factors and additions of one row of pixels.
func (l *light) row(y int, gain, add []float32) {
	fy := (float64(y) + 0.5) / l.step
	j := int(fy)
	f := float32(fy - float64(j))
	top, bottom := j*l.w, (j+1)*l.w
	at := func(v []float32, i int) float32 { return v[top+i] + (v[bottom+i]-v[top+i])*f }
	g0, a0 := at(l.gain, 0), at(l.add, 0)
	g1, a1 := at(l.gain, 1), at(l.add, 1)
	inv := float32(1 / l.step)
	i, fx := 0, inv/2
	for x := range gain {
		if fx >= 1 {
			fx--
			i++
			g0, a0 = g1, a1
			g1, a1 = at(l.gain, i+1), at(l.add, i+1)
		}
		gain[x] = g0 + (g1-g0)*fx
		add[x] = a0 + (a1-a0)*fx
		fx += inv
	}
}

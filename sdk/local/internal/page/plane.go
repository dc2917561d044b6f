package page

import (
	"math"
)

// Plane is a picture of grey levels, with smaller copies of it that are made when they are needed. It
// is not safe for concurrent use.
type Plane struct {
	Pix           []byte
	Stride        int
	Width, Height int

	half *Plane
}

// halved returns the plane at half the size, each pixel the mean of four.
func (p *Plane) halved() *Plane {
	if p.half != nil {
		return p.half
	}
	w, h := p.Width/2, p.Height/2
	q := &Plane{Pix: make([]byte, w*h), Stride: w, Width: w, Height: h}
	for y := range h {
		a, b := p.Pix[2*y*p.Stride:][:2*w], p.Pix[(2*y+1)*p.Stride:][:2*w]
		out := q.Pix[y*w:][:w]
		for x := range out {
			out[x] = byte((int(a[2*x]) + int(a[2*x+1]) + int(b[2*x]) + int(b[2*x+1]) + 2) >> 2)
		}
	}
	p.half = q
	return q
}

// Strip samples a rectangle of the card, from (left, top), into w × h pixels of dst at so many pixels a
// unit. Pixels outside the picture are those of its edge.
func (p *Plane) Strip(dst []byte, w, h int, card *Projection, left, top, scale float64) {
	// The copy whose pixels are at most 1.5 times as dense as the strip's: averaged where the picture has
	// more, untouched where it has less.
	dense := card.Scale(left+float64(w)/scale/2, top+float64(h)/scale/2) / scale
	src, level := p, 1.0
	for dense/level > 1.5 && src.Width >= 4 && src.Height >= 4 {
		src, level = src.halved(), level*2
	}
	sharp := dense/level < 0.9 // magnified: a cubic keeps edges sharper than a line
	for y := range h {
		cy := top + (float64(y)+0.5)/scale
		row := dst[y*w:][:w]
		// Numerators and denominator are linear along the row.
		x0, dx := left+0.5/scale, 1/scale
		nx, ny, nw := card[0]*x0+card[1]*cy+card[2], card[3]*x0+card[4]*cy+card[5], card[6]*x0+card[7]*cy+1
		for x := range row {
			at := Point{X: nx/nw/level - 0.5, Y: ny/nw/level - 0.5}
			if sharp {
				row[x] = src.cubic(at)
			} else {
				row[x] = src.linear(at)
			}
			nx, ny, nw = nx+card[0]*dx, ny+card[3]*dx, nw+card[6]*dx
		}
	}
}

// limit brings a coordinate into the range that is safe to convert to int, NaN too.
func limit(v float64, size int) float64 {
	if !(v > -4) {
		return -4
	}
	return min(v, float64(size)+4)
}

// linear returns the level at a place, whole coordinates being the middles of pixels.
func (p *Plane) linear(at Point) byte {
	x, y := limit(at.X, p.Width), limit(at.Y, p.Height)
	ix, iy := int(x+8)-8, int(y+8)-8
	fx, fy := int((x-float64(ix))*256), int((y-float64(iy))*256)
	if ix >= 0 && iy >= 0 && ix+1 < p.Width && iy+1 < p.Height {
		a := p.Pix[iy*p.Stride+ix:][:p.Stride+2]
		v := (int(a[0])*(256-fx)+int(a[1])*fx)*(256-fy) + (int(a[p.Stride])*(256-fx)+int(a[p.Stride+1])*fx)*fy
		return byte((v + 1<<15) >> 16)
	}
	v := (p.level(ix, iy)*(256-fx)+p.level(ix+1, iy)*fx)*(256-fy) + (p.level(ix, iy+1)*(256-fx)+p.level(ix+1, iy+1)*fx)*fy
	return byte((v + 1<<15) >> 16)
}

func (p *Plane) level(x, y int) int {
	return int(p.Pix[min(max(y, 0), p.Height-1)*p.Stride+min(max(x, 0), p.Width-1)])
}

// catmullRom are the weights of the four pixels around a place, in 1/256 of a pixel (Keys 1981, a = -1/2).
var catmullRom = func() (t [257][4]float32) {
	for i := range t {
		f := float64(i) / 256
		for k, d := range [4]float64{1 + f, f, 1 - f, 2 - f} {
			if d < 1 {
				t[i][k] = float32(1.5*d*d*d - 2.5*d*d + 1)
			} else {
				t[i][k] = float32(-0.5*d*d*d + 2.5*d*d - 4*d + 2)
			}
		}
	}
	return t
}()

func (p *Plane) cubic(at Point) byte {
	x, y := limit(at.X, p.Width), limit(at.Y, p.Height)
	ix, iy := int(x+8)-8, int(y+8)-8
	wx, wy := &catmullRom[int((x-float64(ix))*256)], &catmullRom[int((y-float64(iy))*256)]
	var sum float32
	if ix >= 1 && iy >= 1 && ix+2 < p.Width && iy+2 < p.Height {
		for j := range 4 {
			a := p.Pix[(iy+j-1)*p.Stride+ix-1:][:4]
			sum += wy[j] * (wx[0]*float32(a[0]) + wx[1]*float32(a[1]) + wx[2]*float32(a[2]) + wx[3]*float32(a[3]))
		}
	} else {
		for j := range 4 {
			for i := range 4 {
				sum += wy[j] * wx[i] * float32(p.level(ix+i-1, iy+j-1))
			}
		}
	}
	return byte(math.Round(float64(min(max(sum, 0), 255))))
}

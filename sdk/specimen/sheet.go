package specimen

import (
	"image"
	"image/color"
	"math"

	"github.com/seed-6b91b535/idrec/shared"
)

// sheet is something flat with print on it: a card, a page, a keyboard.
type sheet struct {
	img    *image.RGBA   // opaque
	w, h   float64       // in millimetres
	radius float64       // of its corners, in millimetres
	small  []*image.RGBA // the picture at a half, a quarter and so on, if it is to be laid small
}

// at returns the picture that fits a size of so many pixels per millimetre: lines that are drawn much
// finer than they are shown would flicker.
func (s sheet) at(scale float64) *image.RGBA {
	img := s.img
	for _, half := range s.small {
		const finer = 1.5
		if float64(img.Rect.Dx()) < s.w*scale*finer {
			break
		}
		img = half
	}
	return img
}

// halves returns the picture at a half, a quarter and an eighth.
func halves(img *image.RGBA) []*image.RGBA {
	var out []*image.RGBA
	for range 3 {
		w, h := img.Rect.Dx()/2, img.Rect.Dy()/2
		half := image.NewRGBA(image.Rect(0, 0, w, h))
		for y := range h {
			a, b := img.Pix[2*y*img.Stride:], img.Pix[(2*y+1)*img.Stride:]
			to := half.Pix[y*half.Stride:][:w*4]
			for x := 0; x < len(to); x += 4 {
				for k := range 4 {
					i := 2*x + k
					to[x+k] = uint8((int(a[i]) + int(a[i+4]) + int(b[i]) + int(b[i+4]) + 2) / 4)
				}
			}
		}
		out = append(out, half)
		img = half
	}
	return out
}

// cast is the shadow that a sheet throws.
type cast struct {
	by   point   // in millimetres of the sheet
	soft float64 // how wide its edge is, in millimetres
	dark float64 // how much light it takes away, 0 to 1
}

// outside returns how far outside the sheet's edge a place on it is, in millimetres; negative inside.
func (s sheet) outside(q point) float64 {
	dx := math.Abs(q.x-s.w/2) - (s.w/2 - s.radius)
	dy := math.Abs(q.y-s.h/2) - (s.h/2 - s.radius)
	return math.Hypot(max(dx, 0), max(dy, 0)) + min(max(dx, dy), 0) - s.radius
}

// put puts a sheet and its shadow into the picture; p maps the sheet's millimetres to pixels.
func put(img *image.RGBA, s sheet, p projection, shadow cast) {
	reach := 0.5 // beyond the sheet, in millimetres
	if shadow.dark > 0 {
		reach += max(math.Abs(shadow.by.x), math.Abs(shadow.by.y)) + shadow.soft
	}
	touched := p.quad(box{-reach, -reach, s.w + 2*reach, s.h + 2*reach})
	area := p.area(box{-reach, -reach, s.w + 2*reach, s.h + 2*reach}, 1).Intersect(img.Rect)
	back := p.inverse()
	mid := p.at(point{s.w / 2, s.h / 2})
	beside := p.at(point{s.w/2 + 1, s.h / 2})
	scale := math.Hypot(beside.x-mid.x, beside.y-mid.y) // pixels per millimetre, for soft edges
	from := s.at(scale)
	fx, fy := float64(from.Rect.Dx())/s.w, float64(from.Rect.Dy())/s.h
	edge := 1 / scale
	for y := area.Min.Y; y < area.Max.Y; y++ {
		first, last := across(touched, float64(y)+0.5)
		minX, maxX := max(area.Min.X, int(first)-1), min(area.Max.X, int(last)+2)
		if minX >= maxX {
			continue
		}
		row := img.Pix[img.PixOffset(minX, y):][: (maxX-minX)*4 : (maxX-minX)*4]
		x, yy := float64(minX)+0.5, float64(y)+0.5
		nu, nv, nw := back[0]*x+back[1]*yy+back[2], back[3]*x+back[4]*yy+back[5], back[6]*x+back[7]*yy+back[8]
		for ; len(row) >= 4; row = row[4:] {
			iw := 1 / nw
			u, v := nu*iw, nv*iw
			nu += back[0]
			nv += back[3]
			nw += back[6]
			if u > edge && v > edge && u < s.w-edge && v < s.h-edge &&
				!((u < s.radius || u > s.w-s.radius) && (v < s.radius || v > s.h-s.radius)) {
				row[0], row[1], row[2] = sample(from, u*fx, v*fy)
				continue
			}
			s.rim(row[:4:4], from, point{u, v}, scale, shadow)
		}
	}
}

// rim sets a pixel at the sheet's edge or in its shadow.
func (s sheet) rim(o []uint8, from *image.RGBA, q point, scale float64, shadow cast) {
	cover := min(max(int((0.5-s.outside(q)*scale)*256), 0), 256)
	if cover < 256 && shadow.dark > 0 {
		if d := s.outside(point{q.x - shadow.by.x, q.y - shadow.by.y}); d < shadow.soft {
			f := min(1, (shadow.soft-d)/(2*shadow.soft))
			keep := 256 - int(256*shadow.dark*f*f*(3-2*f))
			o[0], o[1], o[2] = uint8(int(o[0])*keep>>8), uint8(int(o[1])*keep>>8), uint8(int(o[2])*keep>>8)
		}
	}
	if cover == 0 {
		return
	}
	r, g, b := sample(from, q.x*float64(from.Rect.Dx())/s.w, q.y*float64(from.Rect.Dy())/s.h)
	o[0] = uint8((int(o[0])*(256-cover) + int(r)*cover) >> 8)
	o[1] = uint8((int(o[1])*(256-cover) + int(g)*cover) >> 8)
	o[2] = uint8((int(o[2])*(256-cover) + int(b)*cover) >> 8)
}

// across returns where a horizontal line enters and leaves a convex quadrilateral; first is beyond
// last where it does not meet it.
func across(q shared.Quad, y float64) (first, last float64) {
	first, last = math.Inf(1), math.Inf(-1)
	for i, a := range q {
		b := q[(i+1)%4]
		if (a.Y <= y) == (b.Y <= y) {
			continue
		}
		x := a.X + (b.X-a.X)*(y-a.Y)/(b.Y-a.Y)
		first, last = min(first, x), max(last, x)
	}
	if first > last {
		return 0, -8
	}
	const far = 1 << 20 // whole numbers are made of it
	return max(first, -far), min(last, far)
}

// blank returns a picture of one colour.
func blank(w, h int, with color.RGBA) *image.RGBA {
	img := image.NewRGBA(image.Rect(0, 0, w, h))
	if w == 0 || h == 0 {
		return img
	}
	row := img.Pix[:w*4]
	for i := 0; i < len(row); i += 4 {
		row[i], row[i+1], row[i+2], row[i+3] = with.R, with.G, with.B, with.A
	}
	for y := 1; y < h; y++ {
		copy(img.Pix[y*img.Stride:], row)
	}
	return img
}

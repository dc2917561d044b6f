package specimen

import (
	"image"
	"math"
)

// plane is one channel of a picture; scale is how many pixels of the picture one of its own is wide.
type plane struct {
	pix    []uint8
	stride int
	w, h   int
	scale  float64
}

func planesOf(img *image.YCbCr) [3]plane {
	w, h := img.Rect.Dx(), img.Rect.Dy()
	half := func(pix []uint8) plane { return plane{pix, img.CStride, (w + 1) / 2, (h + 1) / 2, 2} }
	return [3]plane{{img.Y, img.YStride, w, h, 1}, half(img.Cb), half(img.Cr)}
}

func (p plane) row(y int) []uint8 { return p.pix[y*p.stride:][:p.w] }

// blur is a Gaussian blur: by its own weights while they are few, by three running means beyond.
func (p plane) blur(sigma float64) {
	const least, most = 0.3, 2.2 // below, a neighbour weighs less than half a hundredth
	switch {
	case sigma < least:
	case sigma <= most:
		p.gauss(sigma)
	default:
		// Three means of width w have the variance (w²-1)/4.
		radius := int(math.Round((math.Sqrt(4*sigma*sigma+1) - 1) / 2))
		for range 3 {
			p.mean(radius)
		}
	}
}

// gauss weighs neighbours in both directions. Edges repeat.
func (p plane) gauss(sigma float64) {
	radius := max(1, int(math.Ceil(2.6*sigma)))
	weights := make([]uint32, radius+1)
	sum := 0.0
	for i := -radius; i <= radius; i++ {
		sum += math.Exp(-float64(i*i) / (2 * sigma * sigma))
	}
	left := uint32(1 << 12)
	for i := 1; i <= radius; i++ {
		weights[i] = uint32(math.Round(math.Exp(-float64(i*i)/(2*sigma*sigma)) / sum * (1 << 12)))
		left -= 2 * weights[i]
	}
	weights[0] = left
	padded := make([]uint8, p.w+2*radius)
	acc := make([]uint32, p.w)
	weigh := func(k uint32, a, b []uint8) {
		a, b = a[:len(acc)], b[:len(acc)]
		for x := range acc {
			acc[x] += k * (uint32(a[x]) + uint32(b[x]))
		}
	}
	store := func(to []uint8, centre []uint8) {
		to, centre = to[:len(acc)], centre[:len(acc)]
		for x, a := range acc {
			to[x] = uint8((a + weights[0]*uint32(centre[x]) + 1<<11) >> 12)
		}
	}
	for y := range p.h {
		row := p.row(y)
		for i := range radius {
			padded[i], padded[radius+p.w+i] = row[0], row[p.w-1]
		}
		copy(padded[radius:], row)
		clear(acc)
		for i := 1; i <= radius; i++ {
			weigh(weights[i], padded[radius-i:], padded[radius+i:])
		}
		store(row, padded[radius:])
	}
	// The rows above are needed as they were, so copies of the last ones are kept.
	kept := make([][]uint8, radius+1)
	for i := range kept {
		kept[i] = make([]uint8, p.w)
	}
	was := func(y, now int) []uint8 {
		y = min(max(y, 0), p.h-1)
		if y >= now {
			return p.row(y)
		}
		return kept[y%len(kept)]
	}
	for y := range p.h {
		copy(kept[y%len(kept)], p.row(y))
		clear(acc)
		for i := 1; i <= radius; i++ {
			weigh(weights[i], was(y-i, y), was(y+i, y))
		}
		store(p.row(y), kept[y%len(kept)])
	}
}

// mean replaces every pixel by the mean of those within radius, in both directions. Edges repeat.
func (p plane) mean(radius int) {
	n := 2*radius + 1
	line := make([]uint8, p.w)
	for y := range p.h {
		row := p.row(y)
		copy(line, row)
		at := func(x int) int { return int(line[min(max(x, 0), p.w-1)]) }
		sum := n / 2
		for x := -radius; x <= radius; x++ {
			sum += at(x)
		}
		for x := range row {
			row[x] = uint8(sum / n)
			sum += at(x+radius+1) - at(x-radius)
		}
	}
	src := append([]uint8(nil), p.pix...)
	was := func(y int) []uint8 { return src[min(max(y, 0), p.h-1)*p.stride:][:p.w] }
	sums := make([]int32, p.w)
	for y := -radius; y <= radius; y++ {
		for x, v := range was(y) {
			sums[x] += int32(v)
		}
	}
	for y := range p.h {
		row, enters, leaves := p.row(y), was(y+radius+1), was(y-radius)
		for x, s := range sums {
			row[x] = uint8((s + int32(n/2)) / int32(n))
			sums[x] += int32(enters[x]) - int32(leaves[x])
		}
	}
}

// smear averages along the way of a moving hand.
func (p plane) smear(way point) {
	steps := int(math.Ceil(math.Hypot(way.x, way.y)))
	if steps < 1 {
		return
	}
	src := append([]uint8(nil), p.pix...)
	type offset struct{ x, y int }
	var offsets []offset
	for i := 0; i <= steps; i++ {
		f := float64(i)/float64(steps) - 0.5
		offsets = append(offsets, offset{int(math.Round(f * way.x)), int(math.Round(f * way.y))})
	}
	acc := make([]uint16, p.w)
	for y := range p.h {
		clear(acc)
		for _, o := range offsets {
			row := src[min(max(y+o.y, 0), p.h-1)*p.stride:][:p.w]
			lo, hi := min(max(0, -o.x), p.w), max(min(p.w, p.w-o.x), 0)
			for x := range lo {
				acc[x] += uint16(row[0])
			}
			for x := lo; x < hi; x++ {
				acc[x] += uint16(row[x+o.x])
			}
			for x := max(hi, lo); x < p.w; x++ {
				acc[x] += uint16(row[p.w-1])
			}
		}
		row := p.row(y)
		for x, a := range acc {
			row[x] = uint8(int(a) / len(offsets))
		}
	}
}

// sharpen raises every pixel's difference from its four neighbours.
func (p plane) sharpen(by float64) {
	k := int(by * 64)
	above, here := make([]uint8, p.w), make([]uint8, p.w)
	for y := 0; y < p.h; y++ {
		row := p.row(y)
		copy(here, row)
		if y == 0 {
			copy(above, row)
		}
		below := p.row(min(y+1, p.h-1))
		for x := range row {
			v := int(here[x])
			around := int(above[x]) + int(below[x]) + int(here[max(x-1, 0)]) + int(here[min(x+1, p.w-1)])
			row[x] = clamp8(v + (4*v-around)*k>>8)
		}
		above, here = here, above
	}
}

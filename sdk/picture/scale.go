package picture

import "image"

// scale returns img at w × h pixels as a picture that the JPEG encoder takes as it is: grey, YCbCr in
// 4:2:0, or opaque RGB over white. It averages areas, which is what a camera with larger pixels would
// have done: no ringing around strokes, and nothing skipped however much smaller the picture gets.
// A picture from a JPEG is scaled plane by plane, so no conversion of the whole of it is ever made.
func scale(img image.Image, w, h int) image.Image {
	b := img.Bounds()
	same := b.Dx() == w && b.Dy() == h
	if isGrey(img) {
		if g, ok := img.(*image.Gray); ok && same {
			return g
		}
		return &image.Gray{Pix: average(greyRows(img), b.Dx(), b.Dy(), 1, w, h), Stride: w, Rect: image.Rect(0, 0, w, h)}
	}
	if m, ok := img.(*image.YCbCr); ok {
		if same {
			return m
		}
		c := chromaSize(m)
		cw, ch := (w+1)/2, (h+1)/2
		return &image.YCbCr{
			Y:              average(planeRows(m.Y[m.YOffset(b.Min.X, b.Min.Y):], m.YStride), b.Dx(), b.Dy(), 1, w, h),
			Cb:             average(planeRows(m.Cb[m.COffset(b.Min.X, b.Min.Y):], m.CStride), c.X, c.Y, 1, cw, ch),
			Cr:             average(planeRows(m.Cr[m.COffset(b.Min.X, b.Min.Y):], m.CStride), c.X, c.Y, 1, cw, ch),
			YStride:        w,
			CStride:        cw,
			SubsampleRatio: image.YCbCrSubsampleRatio420,
			Rect:           image.Rect(0, 0, w, h),
		}
	}
	return &image.RGBA{Pix: average(opaqueRows(img), b.Dx(), b.Dy(), 4, w, h), Stride: 4 * w, Rect: image.Rect(0, 0, w, h)}
}

// chromaSize returns the size of the chroma planes.
func chromaSize(m *image.YCbCr) image.Point {
	b := m.Bounds()
	x, y := chromaStep(m.SubsampleRatio)
	return image.Pt((b.Dx()+x-1)/x, (b.Dy()+y-1)/y)
}

// chromaStep returns how many pixels one chroma sample stands for, across and down.
func chromaStep(r image.YCbCrSubsampleRatio) (x, y int) {
	switch r {
	case image.YCbCrSubsampleRatio444:
		return 1, 1
	case image.YCbCrSubsampleRatio422:
		return 2, 1
	case image.YCbCrSubsampleRatio420:
		return 2, 2
	case image.YCbCrSubsampleRatio440:
		return 1, 2
	case image.YCbCrSubsampleRatio411:
		return 4, 1
	case image.YCbCrSubsampleRatio410:
		return 4, 2
	}
	return 1, 1
}

// span is the part of a row of source pixels that one target pixel covers: the first and the last one,
// and how much of each, in the unit in which a whole source pixel weighs as many as the target has
// pixels. All spans weigh as much as the source has pixels.
type span struct{ first, last, firstWeight, lastWeight int }

func spans(source, target int) []span {
	out := make([]span, target)
	for i := range out {
		lo, hi := i*source, (i+1)*source
		s := span{first: lo / target, last: (hi - 1) / target}
		if s.first == s.last {
			s.firstWeight = source
		} else {
			s.firstWeight = (s.first+1)*target - lo
			s.lastWeight = hi - s.last*target
		}
		out[i] = s
	}
	return out
}

// average scales a picture of sw × sh pixels and so many channels to dw × dh by averaging areas. Every
// source row is asked for once, from the top.
func average(row rows, sw, sh, channels, dw, dh int) []byte {
	out := make([]byte, dw*dh*channels)
	if sw == dw && sh == dh {
		for y := range dh {
			copy(out[y*dw*channels:][:dw*channels], row(y))
		}
		return out
	}
	across := spans(sw, dw)
	sums := make([]int, dw*channels) // of the target row
	line := make([]int, dw*channels) // of one source row, summed across
	total, current := sw*sh, -1      // the weight of a target pixel; the source row in line
	for y, down := range spans(sh, dh) {
		clear(sums)
		for i := down.first; i <= down.last; i++ {
			if i != current {
				sumAcross(line, row(i), across, channels, dw)
				current = i
			}
			weight := dh
			switch i {
			case down.first:
				weight = down.firstWeight
			case down.last:
				weight = down.lastWeight
			}
			for x, v := range line {
				sums[x] += v * weight
			}
		}
		target := out[y*dw*channels:]
		for x, v := range sums {
			target[x] = byte((v + total/2) / total)
		}
	}
	return out
}

// sumAcross sums what each target pixel covers of one source row.
func sumAcross(line []int, src []byte, across []span, channels, target int) {
	if channels == 1 {
		for x, s := range across {
			sum := int(src[s.first]) * s.firstWeight
			if s.last > s.first {
				inner := 0
				for _, v := range src[s.first+1 : s.last] {
					inner += int(v)
				}
				sum += inner*target + int(src[s.last])*s.lastWeight
			}
			line[x] = sum
		}
		return
	}
	for x, s := range across {
		for c := range channels {
			sum := int(src[s.first*channels+c]) * s.firstWeight
			if s.last > s.first {
				inner := 0
				for i := (s.first+1)*channels + c; i < s.last*channels; i += channels {
					inner += int(src[i])
				}
				sum += inner*target + int(src[s.last*channels+c])*s.lastWeight
			}
			line[x*channels+c] = sum
		}
	}
}

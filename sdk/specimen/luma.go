package specimen

import (
	"image"
	"image/color"
)

// luma is a picture in grey.
type luma struct {
	pix  []byte // rows without gaps
	w, h int
}

// lumaOf returns the brightness of img, reduced by a whole factor while it is copied: every pixel is
// the mean of factor × factor. Factor 1 copies. The rest of the last columns and rows is dropped.
func lumaOf(img image.Image, factor int) luma {
	b := img.Bounds()
	out := luma{w: b.Dx() / factor, h: b.Dy() / factor}
	out.pix = make([]byte, out.w*out.h)
	read := lumaRow(img)
	row := make([]byte, out.w*factor)
	sums := make([]uint32, out.w)
	area := uint32(factor * factor)
	for y := range out.h {
		clear(sums)
		for k := range factor {
			read(row, b.Min.Y+y*factor+k)
			i := 0
			for x := range sums {
				for range factor {
					sums[x] += uint32(row[i])
					i++
				}
			}
		}
		o := out.pix[y*out.w:]
		for x, s := range sums {
			o[x] = byte((s + area/2) / area)
		}
	}
	return out
}

// lumaRow returns a function that fills row with the brightness of line y. The kinds of picture that
// decoders return are read directly.
func lumaRow(img image.Image) func(row []byte, y int) {
	left := img.Bounds().Min.X
	switch img := img.(type) {
	case *image.YCbCr:
		return func(row []byte, y int) { copy(row, img.Y[img.YOffset(left, y):]) }
	case *image.Gray:
		return func(row []byte, y int) { copy(row, img.Pix[img.PixOffset(left, y):]) }
	case *image.RGBA:
		return func(row []byte, y int) { lumaOfRGB(row, img.Pix[img.PixOffset(left, y):]) }
	case *image.NRGBA:
		return func(row []byte, y int) { lumaOfRGB(row, img.Pix[img.PixOffset(left, y):]) }
	}
	return func(row []byte, y int) {
		for x := range row {
			grey, _ := color.GrayModel.Convert(img.At(left+x, y)).(color.Gray)
			row[x] = grey.Y
		}
	}
}

// lumaOfRGB weighs red, green and blue as JPEG does; alpha is not looked at.
func lumaOfRGB(row, pix []byte) {
	for x := range row {
		p := pix[x*4 : x*4+3 : x*4+3]
		row[x] = byte((19595*uint32(p[0]) + 38470*uint32(p[1]) + 7471*uint32(p[2]) + 1<<15) >> 16)
	}
}

// twice returns the picture enlarged by two, its new pixels interpolated.
func (l luma) twice() luma {
	out := luma{w: 2 * l.w, h: 2 * l.h}
	out.pix = make([]byte, out.w*out.h)
	at := func(x, y int) int {
		return int(l.pix[min(max(y, 0), l.h-1)*l.w+min(max(x, 0), l.w-1)])
	}
	for y := range out.h {
		for x := range out.w {
			// The centre of a new pixel lies a quarter of an old one beside the old centre.
			x0, y0 := x/2, y/2
			x1, y1 := x0-1+2*(x%2), y0-1+2*(y%2)
			out.pix[y*out.w+x] = byte((9*at(x0, y0) + 3*at(x1, y0) + 3*at(x0, y1) + at(x1, y1) + 8) / 16)
		}
	}
	return out
}

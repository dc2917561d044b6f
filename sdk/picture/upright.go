package picture

import (
	"image"
	"image/color"
	"image/draw"
)

// Upright returns img as a person sees it who heeds the orientation, 1 to 8 as in EXIF 2.3, table 4.6.
// Any other value is taken for 1, which returns img itself.
func Upright(img image.Image, orientation int) image.Image {
	if orientation < 2 || orientation > 8 {
		return img
	}
	b := img.Bounds()
	size := turnedSize(b.Dx(), b.Dy(), orientation)
	rect := image.Rectangle{Max: size}
	switch m := img.(type) {
	case *image.Gray:
		return &image.Gray{Pix: turn(m.Pix, m.Stride, b.Dx(), b.Dy(), 1, orientation), Stride: size.X, Rect: rect}
	case *image.Gray16:
		return &image.Gray16{Pix: turn(m.Pix, m.Stride, b.Dx(), b.Dy(), 2, orientation), Stride: 2 * size.X, Rect: rect}
	case *image.Paletted:
		return &image.Paletted{Pix: turn(m.Pix, m.Stride, b.Dx(), b.Dy(), 1, orientation), Stride: size.X, Rect: rect, Palette: append(color.Palette(nil), m.Palette...)}
	case *image.RGBA:
		return &image.RGBA{Pix: turn(m.Pix, m.Stride, b.Dx(), b.Dy(), 4, orientation), Stride: 4 * size.X, Rect: rect}
	case *image.NRGBA:
		return &image.NRGBA{Pix: turn(m.Pix, m.Stride, b.Dx(), b.Dy(), 4, orientation), Stride: 4 * size.X, Rect: rect}
	case *image.YCbCr:
		return turnYCbCr(m, orientation)
	}
	plain := image.NewNRGBA(image.Rect(0, 0, b.Dx(), b.Dy()))
	draw.Draw(plain, plain.Bounds(), img, b.Min, draw.Src)
	return Upright(plain, orientation)
}

// turnedSize returns the size after turning: 5 to 8 stand the picture on its side.
func turnedSize(w, h, orientation int) image.Point {
	if orientation >= 5 {
		return image.Pt(h, w)
	}
	return image.Pt(w, h)
}

// turnYCbCr turns plane by plane. Where the cells of the chroma planes would not come to lie on pixels
// again (a picture with an odd number of columns that is mirrored, say), and for ratios that do not
// exist sideways, the chroma planes are brought to full size first.
func turnYCbCr(m *image.YCbCr, orientation int) *image.YCbCr {
	b := m.Bounds()
	stepX, stepY := chromaStep(m.SubsampleRatio)
	turned, ok := turnedRatio(m.SubsampleRatio, orientation)
	if !ok || b.Dx()%stepX != 0 || b.Dy()%stepY != 0 {
		m = fullChroma(m)
		turned = m.SubsampleRatio
	}
	c := chromaSize(m)
	size, chroma := turnedSize(b.Dx(), b.Dy(), orientation), turnedSize(c.X, c.Y, orientation)
	return &image.YCbCr{
		Y:              turn(m.Y[m.YOffset(b.Min.X, b.Min.Y):], m.YStride, b.Dx(), b.Dy(), 1, orientation),
		Cb:             turn(m.Cb[m.COffset(b.Min.X, b.Min.Y):], m.CStride, c.X, c.Y, 1, orientation),
		Cr:             turn(m.Cr[m.COffset(b.Min.X, b.Min.Y):], m.CStride, c.X, c.Y, 1, orientation),
		YStride:        size.X,
		CStride:        chroma.X,
		SubsampleRatio: turned,
		Rect:           image.Rectangle{Max: size},
	}
}

func turnedRatio(r image.YCbCrSubsampleRatio, orientation int) (image.YCbCrSubsampleRatio, bool) {
	switch {
	case orientation < 5, r == image.YCbCrSubsampleRatio444, r == image.YCbCrSubsampleRatio420:
		return r, true
	case r == image.YCbCrSubsampleRatio422:
		return image.YCbCrSubsampleRatio440, true
	case r == image.YCbCrSubsampleRatio440:
		return image.YCbCrSubsampleRatio422, true
	}
	return r, false
}

func fullChroma(m *image.YCbCr) *image.YCbCr {
	b := m.Bounds()
	full := &image.YCbCr{Y: m.Y, YStride: m.YStride, CStride: b.Dx(), SubsampleRatio: image.YCbCrSubsampleRatio444, Rect: b}
	full.Cb, full.Cr = make([]byte, b.Dx()*b.Dy()), make([]byte, b.Dx()*b.Dy())
	i := 0
	for y := b.Min.Y; y < b.Max.Y; y++ {
		for x := b.Min.X; x < b.Max.X; x++ {
			o := m.COffset(x, y)
			full.Cb[i], full.Cr[i] = m.Cb[o], m.Cr[o]
			i++
		}
	}
	full.Y = m.Y[m.YOffset(b.Min.X, b.Min.Y):]
	full.Rect = image.Rect(0, 0, b.Dx(), b.Dy())
	return full
}

// turn turns w × h pixels of so many bytes each. The result has no gaps between rows.
func turn(src []byte, stride, w, h, bytesPerPixel, orientation int) []byte {
	size := turnedSize(w, h, orientation)
	dst := make([]byte, size.X*size.Y*bytesPerPixel)
	// Where target pixel (0, 0) comes from, and how far apart in the source its neighbours to the
	// right and below are.
	right, down := bytesPerPixel, stride
	lastX, lastY := (w-1)*bytesPerPixel, (h-1)*stride
	start, stepX, stepY := 0, right, down
	switch orientation {
	case 2: // mirrored left to right
		start, stepX = lastX, -right
	case 3: // upside down
		start, stepX, stepY = lastX+lastY, -right, -down
	case 4: // mirrored top to bottom
		start, stepY = lastY, -down
	case 5: // mirrored along the diagonal from the top left
		stepX, stepY = down, right
	case 6: // to be turned a quarter clockwise
		start, stepX, stepY = lastY, -down, right
	case 7: // mirrored along the other diagonal
		start, stepX, stepY = lastX+lastY, -down, -right
	case 8: // to be turned a quarter anticlockwise
		start, stepX, stepY = lastX, down, -right
	}
	i := 0
	for y := range size.Y {
		from := start + y*stepY
		for range size.X {
			copy(dst[i:i+bytesPerPixel], src[from:])
			i += bytesPerPixel
			from += stepX
		}
	}
	return dst
}

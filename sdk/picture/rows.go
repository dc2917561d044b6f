package picture

import (
	"image"
	"image/color"
)

// rows gives row y of a picture, its channels interleaved. What it returns is valid until it is called
// again. It is how pictures of any kind are scaled without a second one of their size.
type rows func(y int) []byte

// planeRows gives the rows of one channel as they lie in memory.
func planeRows(pix []byte, stride int) rows {
	return func(y int) []byte { return pix[y*stride:] }
}

// opaqueRows gives four channels a pixel: red, green and blue over white, and 255.
func opaqueRows(img image.Image) rows {
	b := img.Bounds()
	row := make([]byte, 4*b.Dx())
	for i := 3; i < len(row); i += 4 {
		row[i] = 255
	}
	switch m := img.(type) {
	case *image.RGBA:
		return func(y int) []byte {
			src := m.Pix[y*m.Stride:]
			for i := 0; i < len(row); i += 4 {
				white := 255 - src[i+3]
				row[i], row[i+1], row[i+2] = src[i]+white, src[i+1]+white, src[i+2]+white
			}
			return row
		}
	case *image.NRGBA:
		return func(y int) []byte {
			src := m.Pix[y*m.Stride:]
			for i := 0; i < len(row); i += 4 {
				a := uint32(src[i+3])
				for c := range 3 {
					row[i+c] = byte((uint32(src[i+c])*a + 255*(255-a) + 127) / 255)
				}
			}
			return row
		}
	case *image.Paletted:
		// A damaged file can point past its palette, which reads as the first colour.
		var table [256][3]byte
		for i := range table {
			if len(m.Palette) > 0 {
				table[i] = overWhite(m.Palette[min(i, len(m.Palette)-1)])
			}
		}
		return func(y int) []byte {
			for x, p := range m.Pix[y*m.Stride:][:b.Dx()] {
				copy(row[4*x:], table[p][:])
			}
			return row
		}
	case image.RGBA64Image:
		return func(y int) []byte {
			for x := range b.Dx() {
				c := m.RGBA64At(b.Min.X+x, b.Min.Y+y)
				white := 0xFFFF - c.A
				row[4*x], row[4*x+1], row[4*x+2] = byte((c.R+white)>>8), byte((c.G+white)>>8), byte((c.B+white)>>8)
			}
			return row
		}
	}
	return func(y int) []byte {
		for x := range b.Dx() {
			rgb := overWhite(img.At(b.Min.X+x, b.Min.Y+y))
			copy(row[4*x:], rgb[:])
		}
		return row
	}
}

func overWhite(c color.Color) [3]byte {
	r, g, b, a := c.RGBA()
	return [3]byte{byte((r + 0xFFFF - a) >> 8), byte((g + 0xFFFF - a) >> 8), byte((b + 0xFFFF - a) >> 8)}
}

// greyRows gives one channel, the luma.
func greyRows(img image.Image) rows {
	b := img.Bounds()
	switch m := img.(type) {
	case *image.Gray:
		return planeRows(m.Pix, m.Stride)
	case *image.YCbCr:
		return planeRows(m.Y[m.YOffset(b.Min.X, b.Min.Y):], m.YStride)
	case *image.Gray16:
		row := make([]byte, b.Dx())
		return func(y int) []byte {
			for x := range row {
				row[x] = m.Pix[y*m.Stride+2*x]
			}
			return row
		}
	}
	colours := opaqueRows(img)
	row := make([]byte, b.Dx())
	return func(y int) []byte {
		src := colours(y)
		for x := range row {
			// The weights of JFIF, in 1/1000.
			row[x] = byte((299*uint32(src[4*x]) + 587*uint32(src[4*x+1]) + 114*uint32(src[4*x+2]) + 500) / 1000)
		}
		return row
	}
}

// isGrey reports whether a picture has no colour by its type.
func isGrey(img image.Image) bool {
	switch img.(type) {
	case *image.Gray, *image.Gray16:
		return true
	}
	return false
}

// isPlain reports whether every program shows the picture alike: not if something shines through it,
// which some show as white and some as black, and not in the colours of print, which many invert.
func isPlain(img image.Image) bool {
	if _, ok := img.(*image.CMYK); ok {
		return false
	}
	o, ok := img.(interface{ Opaque() bool })
	return !ok || o.Opaque()
}

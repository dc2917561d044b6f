package picture

import "image"

// Luma returns the grey levels of a picture, transparency over white. The plane of a picture from a JPEG
// or a grey one is returned as it is, and must not be changed.
func Luma(img image.Image) *image.Gray {
	b := img.Bounds()
	switch m := img.(type) {
	case *image.Gray:
		return m
	case *image.YCbCr:
		return &image.Gray{Pix: m.Y[m.YOffset(b.Min.X, b.Min.Y):], Stride: m.YStride, Rect: image.Rect(0, 0, b.Dx(), b.Dy())}
	}
	out := image.NewGray(image.Rect(0, 0, b.Dx(), b.Dy()))
	row := greyRows(img)
	for y := range b.Dy() {
		copy(out.Pix[y*out.Stride:][:b.Dx()], row(y))
	}
	return out
}

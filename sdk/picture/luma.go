package picture

import "image"

// DecodeLuma is [Luma] of what [Decode] returns, but much faster for ordinary JPEGs, of which it leaves the
// colours where they are: it takes a byte a pixel. Their levels may differ by one from those of Decode, whose
// rounding is another.
func DecodeLuma(data []byte) (*image.Gray, Info, error) {
	info, err := inspect(data, DefaultMaxPixels)
	if err != nil {
		return nil, Info{}, err
	}
	if info.Format == JPEG && !info.Progressive {
		if g, ok := unlessPanic(baselineLuma, data); ok {
			return g, info, nil
		}
	}
	img, err := decode(data, info)
	if err != nil {
		return nil, Info{}, err
	}
	return Luma(img), info, nil
}

// unlessPanic is read(data); a read that panics is one for image/jpeg, and no reason to lose the calls beside this one.
func unlessPanic(read func([]byte) (*image.Gray, bool), data []byte) (g *image.Gray, ok bool) {
	defer func() {
		if recover() != nil {
			g, ok = nil, false
		}
	}()
	return read(data)
}

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

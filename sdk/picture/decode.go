package picture

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/gif"
	"image/jpeg"
	"image/png"

	"golang.org/x/image/bmp"
	"golang.org/x/image/tiff"
	"golang.org/x/image/webp"

	"github.com/seed-6b91b535/idrec/shared"
)

// Decode returns the pixels of a picture, of its first frame or page if there are several, as stored:
// see [Upright]. It refuses what [Inspect] refuses before it makes room for them. A picture that is cut
// short is an error, never half a picture.
func Decode(data []byte) (image.Image, Info, error) {
	info, err := inspect(data, DefaultMaxPixels)
	if err != nil {
		return nil, Info{}, err
	}
	img, err := decode(data, info)
	if err != nil {
		return nil, Info{}, err
	}
	return img, info, nil
}

func decode(data []byte, info Info) (img image.Image, err error) {
	// Decoders of formats from outside have panicked on damaged files before; that is a damaged file
	// and no reason to lose the calls beside this one.
	defer func() {
		if p := recover(); p != nil {
			img, err = nil, broken(fmt.Errorf("the decoder panicked: %v", p))
		}
	}()
	r := bytes.NewReader(data)
	switch info.Format {
	case JPEG:
		if info.Progressive && tooManyScans(data) {
			err = jpeg.UnsupportedError("too many scans")
			break
		}
		img, err = jpeg.Decode(r)
	case PNG:
		img, err = png.Decode(r)
	case GIF:
		img, err = gif.Decode(r)
	case WebP:
		img, err = webp.Decode(r)
	case TIFF:
		img, err = tiff.Decode(r)
	case BMP:
		img, err = bmp.Decode(r)
	}
	switch {
	case err != nil && (unsupported(err) || info.Format == WebP && info.MultiFrame):
		e := refuse(shared.CodeFormatUnsupported, "a rare kind of %s that is not read here: save it as an ordinary jpg or png", info.Format)
		e.Err = err
		return nil, e
	case err != nil:
		return nil, broken(err)
	}
	screen := image.Rect(0, 0, info.Width, info.Height)
	if info.Format == GIF && img.Bounds() != screen {
		// The first frame covers a part of the screen only.
		canvas := image.NewRGBA(screen)
		draw.Draw(canvas, screen, image.NewUniform(color.White), image.Point{}, draw.Src)
		draw.Draw(canvas, img.Bounds(), img, img.Bounds().Min, draw.Over)
		img = canvas
	}
	if img.Bounds().Size() != screen.Size() {
		return nil, broken(errors.New("the picture has another size than its header says"))
	}
	return img, nil
}

// unsupported reports whether a decoder knows the format but not this kind of it.
func unsupported(err error) bool {
	var (
		jpegErr jpeg.UnsupportedError
		pngErr  png.UnsupportedError
		tiffErr tiff.UnsupportedError
	)
	return errors.As(err, &jpegErr) || errors.As(err, &pngErr) || errors.As(err, &tiffErr) || errors.Is(err, bmp.ErrUnsupported)
}

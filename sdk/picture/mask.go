package picture

import (
	"bytes"
	"encoding/json"
	"image"
	"image/color"
	"image/draw"
	"image/jpeg"
	"image/png"
	"math"
	"slices"

	"golang.org/x/image/vector"

	"github.com/seed-6b91b535/idrec/shared"
)

// maskQuality is that of masked JPEG pictures: they are looked at, not read again.
const maskQuality = 88

// maskGrey covers what is masked: one colour, so that nothing shines through.
var maskGrey = color.RGBA{0x60, 0x60, 0x60, 0xFF}

// Mask returns a copy of a picture in which the quadrilaterals are covered, each a little larger than
// given. Places are those of the picture as it was given, before any turning by EXIF. The copy is upright
// and encoded anew, as PNG where the picture is of few colours and as JPEG otherwise, so it carries none of
// the picture's metadata, previews or hidden pixels. A quadrilateral with a corner that is no number covers
// the whole picture.
func Mask(data []byte, covered []shared.Quad) (masked []byte, format string, err error) {
	img, info, err := Decode(data)
	if err != nil {
		return nil, "", err
	}
	b := img.Bounds()
	_, few := img.(*image.Paletted)
	canvas := image.NewRGBA(image.Rect(0, 0, b.Dx(), b.Dy()))
	draw.Draw(canvas, canvas.Rect, image.White, image.Point{}, draw.Src)
	draw.Draw(canvas, canvas.Rect, img, b.Min, draw.Over)
	for _, q := range covered {
		cover(canvas, q)
	}
	upright := Upright(canvas, info.Orientation)
	var out bytes.Buffer
	if few {
		format, err = PNG, png.Encode(&out, upright)
	} else {
		format, err = JPEG, jpeg.Encode(&out, upright, &jpeg.Options{Quality: maskQuality})
	}
	if err != nil {
		return nil, "", cannotEncode(err)
	}
	return out.Bytes(), format, nil
}

// PortraitQuad is, behind the provider's name and a dot, the key in [shared.Result.Extras] under which a
// provider says where the holder's portrait is: a [shared.Quad] as JSON, in the picture as given.
const PortraitQuad = "portrait_quad"

// Personal returns the places of a result that name or show its holder: name, address, number and
// portrait. ok is false where they are not all known, and so a picture cannot be masked: the picture was
// not read, shows other people's cards too, or the provider does not tell places.
func Personal(res *shared.Result) (places []shared.Quad, ok bool) {
	if !res.Usable() || slices.ContainsFunc(res.Findings, func(f shared.Finding) bool { return f.Code == shared.FindingSeveralCards }) {
		return nil, false
	}
	if res.Side == shared.SideEmblem {
		return nil, true // neither is on it
	}
	for _, name := range []shared.FieldName{shared.FieldFullName, shared.FieldAddress, shared.FieldNumber} {
		f := res.Fields[name]
		if f.Quad == nil {
			return nil, false
		}
		places = append(places, *f.Quad)
	}
	var portrait shared.Quad
	if err := json.Unmarshal([]byte(res.Extras[res.Provider+"."+PortraitQuad]), &portrait); err != nil {
		return nil, false
	}
	return append(places, portrait), true
}

// coverMore is how much larger than given a covered quadrilateral is, as a share of its size on each side.
const coverMore = 0.08

func cover(canvas *image.RGBA, q shared.Quad) {
	var mid shared.Point
	for _, p := range q {
		mid.X += p.X / 4
		mid.Y += p.Y / 4
	}
	w, h := float64(canvas.Rect.Dx()), float64(canvas.Rect.Dy())
	z := vector.NewRasterizer(canvas.Rect.Dx(), canvas.Rect.Dy())
	low, high := math.Inf(1), math.Inf(-1)
	for i, p := range q {
		x, y := mid.X+(p.X-mid.X)*(1+2*coverMore), mid.Y+(p.Y-mid.Y)*(1+2*coverMore)
		if math.IsNaN(x+y) || math.IsInf(x+y, 0) {
			draw.Draw(canvas, canvas.Rect, image.NewUniform(maskGrey), image.Point{}, draw.Src)
			return
		}
		// Two pixels more, for the blur of what was small; bounded, for the rasterizer counts in floats.
		x = min(max(x+math.Copysign(2, p.X-mid.X), -w), 2*w)
		y = min(max(y+math.Copysign(2, p.Y-mid.Y), -h), 2*h)
		low, high = min(low, y), max(high, y)
		if i == 0 {
			z.MoveTo(float32(x), float32(y))
		} else {
			z.LineTo(float32(x), float32(y))
		}
	}
	if high < 0 || low > h {
		return
	}
	z.ClosePath()
	z.Draw(canvas, canvas.Rect, image.NewUniform(maskGrey), image.Point{})
}

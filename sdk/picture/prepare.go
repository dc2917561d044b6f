package picture

import (
	"bytes"
	"context"
	"image"
	"image/jpeg"
	"image/png"
	"math"
	"slices"
	"strings"
	"sync"

	"golang.org/x/sync/semaphore"

	"github.com/seed-6b91b535/idrec/shared"
)

// DecodeSlots is how many pictures are decoded at a time by default.
const DecodeSlots = 2

// A picture that takes all slots: one of these at a time, and nothing beside it.
const (
	heavyProgressive = 12_000_000 // pixels of a progressive JPEG, whose coefficients all stay in memory
	heavyBytes       = 90_000_000 // decoded, of any kind; about what such a JPEG takes
)

// qualities are those with which a JPEG is encoded, the first that fits. Above 95 files grow without a
// gain that can be read; below 70 the strokes of small characters fray. Steps of 5 cannot be told apart
// by eye, and let at most four encodings find the one that fits.
var qualities = []int{95, 90, 85, 80, 75, 70}

// Slots bound how many pictures are decoded at a time. A [semaphore.Weighted] is one. It must hold at
// least [DecodeSlots].
type Slots interface {
	Acquire(ctx context.Context, n int64) error
	Release(n int64)
}

// Preparer makes pictures fit. Its zero value is ready, and it is safe for concurrent use.
type Preparer struct {
	// MaxPixels bounds the pictures that are decoded; 0 is [DefaultMaxPixels], more than [MaxPixels] is
	// [MaxPixels]. It has nothing to do with what the provider takes: larger pictures are scaled down.
	MaxPixels int64
	// Slots are shared by preparers that share a machine's memory; nil is [DecodeSlots] of its own.
	Slots Slots

	once sync.Once
	own  *semaphore.Weighted
}

// Prepared is a picture that fits.
type Prepared struct {
	Bytes         []byte // the slice that was given, if nothing had to change
	Format        string
	Width, Height int
	Changed       bool     // Bytes differ from what was given
	Measures      Measures // of the picture as given
	Info          Info     // of the picture as given
}

// Given returns where a point of the prepared picture lies in the picture as given, before any turning.
func (p *Prepared) Given(at shared.Point) shared.Point {
	size := turnedSize(p.Info.Width, p.Info.Height, p.Info.Orientation)
	x, y := at.X*float64(size.X)/float64(p.Width), at.Y*float64(size.Y)/float64(p.Height)
	w, h := float64(p.Info.Width), float64(p.Info.Height)
	switch p.Info.Orientation {
	case 2:
		return shared.Point{X: w - x, Y: y}
	case 3:
		return shared.Point{X: w - x, Y: h - y}
	case 4:
		return shared.Point{X: x, Y: h - y}
	case 5:
		return shared.Point{X: y, Y: x}
	case 6:
		return shared.Point{X: y, Y: h - x}
	case 7:
		return shared.Point{X: w - y, Y: h - x}
	case 8:
		return shared.Point{X: w - y, Y: x}
	}
	return shared.Point{X: x, Y: y}
}

// Prepare returns the picture as the limits want it: the bytes as given if they need nothing, else the
// picture with as little changed as possible; see the package comment. It refuses what no provider could
// read: no picture, damaged, smaller than limits.MinSide, blank. data is not changed.
//
// Prepare of a prepared picture gives the same bytes. It waits for a slot before it decodes, and honours
// ctx while it waits and between its steps; decoding itself cannot be interrupted.
func (p *Preparer) Prepare(ctx context.Context, data []byte, limits shared.Limits) (Prepared, error) {
	info, err := inspect(data, p.maxPixels())
	if err != nil {
		return Prepared{}, err
	}
	if short := min(info.Width, info.Height); short < limits.MinSide {
		return Prepared{}, refuse(shared.CodePictureTooSmall, "the picture has %d × %d pixels, and each side needs %d: take it again, larger",
			info.Width, info.Height, limits.MinSide)
	}
	weight := int64(1)
	if info.decoded > heavyBytes || info.Progressive && info.pixels() > heavyProgressive {
		weight = DecodeSlots
	}
	slots := p.slots()
	if err := slots.Acquire(ctx, weight); err != nil {
		return Prepared{}, shared.ErrorOf(err, shared.OutcomeNotSent, shared.BasisProved)
	}
	defer slots.Release(weight)
	if err := ctx.Err(); err != nil {
		return Prepared{}, shared.ErrorOf(err, shared.OutcomeNotSent, shared.BasisProved)
	}

	img, err := decode(data, info)
	if err != nil {
		return Prepared{}, err
	}
	out := Prepared{Info: info, Measures: Measure(img)}
	if out.Measures.Blank {
		return Prepared{}, refuse(shared.CodePictureBlank, "the picture shows one flat colour: take it again")
	}
	f := fitter{Limits: limits, info: info}
	w, h := fitWithin(info.Width, info.Height, limits.MaxSide, limits.MaxPixels)
	if f.takes(info.Format) && info.Orientation == 1 && w == info.Width && h == info.Height && isPlain(img) {
		if clean, ok := strip(info.Format, data); ok && f.fits(clean) {
			out.Bytes, out.Format, out.Width, out.Height = clean, info.Format, w, h
			if out.Changed = !bytes.Equal(clean, data); !out.Changed {
				out.Bytes = data
			}
			return out, nil
		}
	}
	out.Changed = true
	out.Bytes, out.Format, out.Width, out.Height, err = f.draw(ctx, img, w, h)
	if err != nil {
		return Prepared{}, err
	}
	return out, nil
}

func (p *Preparer) maxPixels() int64 {
	if p.MaxPixels <= 0 {
		return DefaultMaxPixels
	}
	return min(p.MaxPixels, MaxPixels)
}

func (p *Preparer) slots() Slots {
	if p.Slots != nil {
		return p.Slots
	}
	p.once.Do(func() { p.own = semaphore.NewWeighted(DecodeSlots) })
	return p.own
}

// strip returns the picture without metadata and with the same pixels. ok is false if it must be drawn
// anew to lose them.
func strip(format string, data []byte) (clean []byte, ok bool) {
	switch format {
	case JPEG:
		return stripJPEG(data)
	case PNG:
		return stripPNG(data)
	case GIF:
		return stripGIF(data)
	case WebP:
		return stripWebP(data)
	case BMP:
		return stripBMP(data)
	}
	return stripTIFF(data)
}

// fitter draws one picture anew within a provider's limits.
type fitter struct {
	shared.Limits

	info Info
}

// takes reports whether the provider takes a format.
func (f *fitter) takes(format string) bool {
	return len(f.Formats) == 0 || slices.ContainsFunc(f.Formats, func(name string) bool {
		switch name = strings.ToLower(name); name {
		case "jpg":
			name = JPEG
		case "tif":
			name = TIFF
		}
		return name == format
	})
}

// excess returns by how much the encoded picture is larger than allowed, as a factor: up to 1 it fits.
func (f *fitter) excess(b []byte) float64 {
	factor := 0.0
	if f.MaxImageBytes > 0 {
		factor = float64(len(b)) / float64(f.MaxImageBytes)
	}
	if f.MaxEncodedBytes > 0 {
		factor = max(factor, float64(FormLength(b))/float64(f.MaxEncodedBytes))
	}
	return factor
}

func (f *fitter) fits(b []byte) bool { return f.excess(b) <= 1 }

// draw returns the picture upright, at most w × h large before turning, and encoded so that it fits.
func (f *fitter) draw(ctx context.Context, img image.Image, w, h int) (encoded []byte, format string, width, height int, err error) {
	encode := f.jpeg
	switch {
	case f.takes(JPEG):
		format = JPEG
	case f.takes(PNG):
		format, encode = PNG, f.png
	default:
		return nil, "", 0, 0, refuse(shared.CodeFormatUnsupported, "the provider takes neither jpeg nor png, and the picture cannot go as it is")
	}
	for {
		if short := min(w, h); short < f.MinSide || short < 1 {
			return nil, "", 0, 0, refuse(shared.CodePictureTooSmall, "the picture of %d × %d pixels is too long and narrow for the provider's limits", f.info.Width, f.info.Height)
		}
		upright := Upright(scale(img, w, h), f.info.Orientation)
		b, err := encode(ctx, upright)
		if err != nil {
			return nil, "", 0, 0, err
		}
		excess := f.excess(b)
		if excess <= 1 {
			size := upright.Bounds().Size()
			return b, format, size.X, size.Y, nil
		}
		if w == 1 && h == 1 {
			return nil, "", 0, 0, refuse(shared.CodePictureTooLarge, "the provider's limits leave no room for any picture")
		}
		// The bytes grow a little slower than the pixels; 0.97 makes up for it, so that the next try
		// nearly always fits.
		nw, nh := resize(w, h, min(0.97*math.Sqrt(1/excess), 0.97))
		w, h = max(1, min(nw, w-1)), max(1, min(nh, h-1))
	}
}

// jpeg encodes with the best of [qualities] that fits, or with the worst if none does.
func (f *fitter) jpeg(ctx context.Context, img image.Image) ([]byte, error) {
	var best, scratch bytes.Buffer
	try := func(quality int) (fits bool, err error) {
		if err := ctx.Err(); err != nil {
			return false, shared.ErrorOf(err, shared.OutcomeNotSent, shared.BasisProved)
		}
		scratch.Reset()
		if err := jpeg.Encode(&scratch, img, &jpeg.Options{Quality: quality}); err != nil {
			return false, cannotEncode(err)
		}
		return f.fits(scratch.Bytes()), nil
	}
	if fits, err := try(qualities[0]); fits || err != nil {
		return scratch.Bytes(), err
	}
	// The first quality that fits is one of low to high, the latter standing for none.
	low, high := 1, len(qualities)
	for low < high {
		middle := (low + high) / 2
		fits, err := try(qualities[middle])
		switch {
		case err != nil:
			return nil, err
		case fits:
			best, scratch = scratch, best
			high = middle
		default:
			low = middle + 1
		}
	}
	if high == len(qualities) {
		// The search ended with the worst one.
		return scratch.Bytes(), nil
	}
	return best.Bytes(), nil
}

func (f *fitter) png(ctx context.Context, img image.Image) ([]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, shared.ErrorOf(err, shared.OutcomeNotSent, shared.BasisProved)
	}
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		return nil, cannotEncode(err)
	}
	return b.Bytes(), nil
}

// cannotEncode is for pictures larger than their target format can be: 65,535 pixels for JPEG.
func cannotEncode(cause error) *shared.Error {
	e := refuse(shared.CodePictureTooLarge, "the picture is too long for the format it would be sent in: make it smaller")
	e.Err = cause
	return e
}

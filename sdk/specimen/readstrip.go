package specimen

import (
	"image"
	"slices"
	"strings"

	"github.com/makiuchi-d/gozxing"
	multi "github.com/makiuchi-d/gozxing/multi/qrcode/detector"
	"github.com/makiuchi-d/gozxing/qrcode/decoder"
	"github.com/makiuchi-d/gozxing/qrcode/detector"
)

// The sizes, in pixels of the longer side, at which a code is looked for. Small ones are quick and
// see a code that fills much of the picture; the large one sees a card that lies small in a big scene.
const (
	smallSearch = 1200
	largeSearch = 2600
	// enlargeBelow is the size below which a picture is also tried enlarged: a card of 400 pixels has
	// modules of two or three pixels, which are found better when there are twice as many.
	enlargeBelow = 900
)

// ReadStrip reads the code of a specimen anywhere in the picture: any of the four ways up, tilted,
// scaled down to a card of 400 pixels, compressed as JPEG at quality 60. ok is false where there is
// none, or where it is not to be read. With several cards in the picture it reads one of them; see
// [ReadStrips].
func ReadStrip(img image.Image) (t Truth, ok bool) {
	if all := ReadStrips(img); len(all) > 0 {
		return all[0], true
	}
	return Truth{}, false
}

// ReadStrips reads the codes of all specimens that are seen at the size at which the first one is read,
// portrait sides first, each once.
func ReadStrips(img image.Image) []Truth {
	size := max(img.Bounds().Dx(), img.Bounds().Dy())
	const tooSmall = 60 // no code of two pixels a module fits
	if size < tooSmall {
		return nil
	}
	tried := 0
	for _, search := range []int{smallSearch, largeSearch} {
		factor := max(1, (size+search-1)/search)
		if factor == tried {
			continue
		}
		tried = factor
		l := lumaOf(img, factor)
		all := l.readStrips()
		if len(all) == 0 && size/factor < enlargeBelow {
			all = l.twice().readStrips()
		}
		if len(all) > 0 {
			return all
		}
	}
	return nil
}

// readStrips looks for codes in the picture as it is, with a threshold by neighbourhood first, which
// copes with uneven light, and one for all of the picture after.
func (l luma) readStrips() []Truth {
	source, err := gozxing.NewPlanarYUVLuminanceSource(l.pix, l.w, l.h, 0, 0, l.w, l.h, false)
	if err != nil {
		return nil
	}
	for _, binarize := range []func(gozxing.LuminanceSource) gozxing.Binarizer{gozxing.NewHybridBinarizer, gozxing.NewGlobalHistgramBinarizer} {
		if all := readCodes(binarize(source)); len(all) > 0 {
			return all
		}
	}
	return nil
}

// The bounds on the work that one picture can cause.
const (
	// maxCorners is how many places may look like the square at a code's corner. A specimen has three
	// to five, 4 megapixels of noise have 80. The time to combine them grows with their third power.
	maxCorners = 256
	// maxPlaces is how many places of codes are decoded.
	maxPlaces = 64
)

// readCodes decodes the QR codes that there may be and returns those with the data of a strip. It looks
// for all the places: the library's reader of a single code takes the first three that look like the squares
// at a code's corners, and what lies inside a code can look like one too.
//
// The library indexes by what it measured in the picture, so a picture made to mislead it can make it
// panic: that is a picture without a code, as is one with too many corners.
func readCodes(b gozxing.Binarizer) (all []Truth) {
	defer func() {
		if recover() != nil {
			all = nil
		}
	}()
	bits, err := b.GetBlackMatrix()
	if err != nil {
		return nil
	}
	hints := map[gozxing.DecodeHintType]any{
		gozxing.DecodeHintType_TRY_HARDER:    true,
		gozxing.DecodeHintType_CHARACTER_SET: stripEncoding,
	}
	corners := 0
	places, err := multi.NewMultiFinderPatternFinder(bits, func(gozxing.ResultPoint) {
		if corners++; corners > maxCorners {
			panic("too many corners") // recovered above; the search cannot be stopped otherwise
		}
	}).FindMulti(hints)
	if err != nil {
		return nil
	}
	for _, place := range places[:min(len(places), maxPlaces)] {
		found, err := detector.NewDetector(bits).ProcessFinderPatternInfo(place)
		if err != nil {
			continue
		}
		code, err := decoder.NewDecoder().Decode(found.GetBits(), hints)
		if err != nil || len(code.GetByteSegments()) != 1 {
			continue
		}
		if t, err := decodePayload(code.GetByteSegments()[0]); err == nil && !slices.Contains(all, t) {
			all = append(all, t)
		}
	}
	slices.SortStableFunc(all, func(a, b Truth) int { // portrait after emblem by the alphabet, so backwards
		return strings.Compare(string(b.Side), string(a.Side))
	})
	return all
}

package picture

import (
	"image"
	"math"
)

// measuredSide is the longest side of the copy that is measured. It makes the figures of one scene
// independent of the number of pixels it was taken with, and leaves a card that fills a good part of the
// picture about as many as its text needs to be read.
const measuredSide = 640

// Levels of grey, 0 to 255, by which pixels count as dark or over-exposed.
const (
	darkLevel = 32
	overLevel = 250
)

// blankRange is the distance in grey between the lightest and the darkest part of a picture below which
// it shows nothing: a lens cap, a wall, an empty scan. Print has at least ten times as much.
const blankRange = 8

// blankTail is the share of the pixels, at either end, that [blankRange] leaves out: dust and hot pixels.
const blankTail = 0.001

// Measures are what can be told of a picture without reading it. They are taken on a grey copy of at
// most 640 pixels on its longest side.
type Measures struct {
	// Sharpness is the variance of the Laplacian (4 neighbours) of the grey levels 0 to 255. Printed
	// text in focus gives several hundred, a blurred picture less than about fifty.
	Sharpness float64
	// Brightness is the mean grey, 0 to 1; Contrast the standard deviation, 0 to 0.5.
	Brightness, Contrast float64
	// Dark and Over are the shares of pixels that are nearly black, and nearly white.
	Dark, Over float64
	// Blank: one flat colour, from which nothing can be read.
	Blank bool
}

// Measure measures a picture.
func Measure(img image.Image) Measures {
	b := img.Bounds()
	if b.Empty() {
		return Measures{Blank: true}
	}
	w, h := fitWithin(b.Dx(), b.Dy(), measuredSide, 0)
	grey := average(greyRows(img), b.Dx(), b.Dy(), 1, w, h)

	var histogram [256]int
	for _, v := range grey {
		histogram[v]++
	}
	n := float64(len(grey))
	var m Measures
	var sum, squares float64
	for v, count := range histogram {
		sum += float64(v) * float64(count)
		squares += float64(v) * float64(v) * float64(count)
		if v < darkLevel {
			m.Dark += float64(count) / n
		}
		if v >= overLevel {
			m.Over += float64(count) / n
		}
	}
	mean := sum / n
	m.Brightness = mean / 255
	m.Contrast = math.Sqrt(max(0, squares/n-mean*mean)) / 255
	m.Blank = spread(&histogram, int(n*blankTail)) < blankRange
	m.Sharpness = laplacianVariance(grey, w, h)
	return m
}

// spread returns the distance between the darkest and the lightest level, but for tail pixels at
// either end.
func spread(histogram *[256]int, tail int) int {
	low, high := 0, 255
	for n := histogram[low]; n <= tail && low < 255; n += histogram[low] {
		low++
	}
	for n := histogram[high]; n <= tail && high > 0; n += histogram[high] {
		high--
	}
	return high - low
}

func laplacianVariance(grey []byte, w, h int) float64 {
	if w < 3 || h < 3 {
		return 0
	}
	var sum, squares float64
	for y := 1; y < h-1; y++ {
		row := grey[y*w:]
		for x := 1; x < w-1; x++ {
			l := float64(int(row[x-1]) + int(row[x+1]) + int(grey[(y-1)*w+x]) + int(row[w+x]) - 4*int(row[x]))
			sum += l
			squares += l * l
		}
	}
	n := float64((w - 2) * (h - 2))
	return squares/n - sum/n*(sum/n)
}

// fitWithin returns the largest size of the same shape that is within both bounds and not larger than
// w × h. A bound of 0 is none.
func fitWithin(w, h, maxSide int, maxPixels int64) (fw, fh int) {
	factor := 1.0
	if long := max(w, h); maxSide > 0 && long > maxSide {
		factor = float64(maxSide) / float64(long)
	}
	if pixels := float64(w) * float64(h); maxPixels > 0 && pixels > float64(maxPixels) {
		factor = min(factor, math.Sqrt(float64(maxPixels)/pixels))
	}
	return resize(w, h, factor)
}

// resize returns w × h times a factor of at most 1. It rounds down, so that bounds hold.
func resize(w, h int, factor float64) (rw, rh int) {
	if factor >= 1 {
		return w, h
	}
	// The product can fall short of a whole number by an error of rounding.
	const slack = 1e-9
	return max(1, int(float64(w)*factor+slack)), max(1, int(float64(h)*factor+slack))
}

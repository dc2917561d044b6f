package picture

import (
	"image"
	"image/color"
	"image/draw"
	"math"
	"math/rand/v2"
	"testing"
)

func flat(w, h int, c color.Color) *image.NRGBA {
	m := image.NewNRGBA(image.Rect(0, 0, w, h))
	draw.Draw(m, m.Rect, image.NewUniform(c), image.Point{}, draw.Src)
	return m
}

func TestFlatPicturesAreBlankAndPrintIsNot(t *testing.T) {
	t.Parallel()
	noisy := image.NewGray(image.Rect(0, 0, 1000, 750))
	r := rand.New(rand.NewPCG(1, 2))
	for i := range noisy.Pix {
		noisy.Pix[i] = byte(14 + r.IntN(9)) // a lens cap at high sensitivity
	}
	dusty := flat(400, 300, color.White)
	dusty.Set(10, 10, color.Black)
	// A card that takes a twentieth of each side of a desk.
	far := flat(1200, 900, color.NRGBA{90, 80, 70, 255})
	draw.Draw(far, image.Rect(500, 400, 560, 440), scene(60, 40), image.Point{}, draw.Src)
	for name, c := range map[string]struct {
		img   image.Image
		blank bool
	}{
		"white": {flat(64, 48, color.White), true}, "black": {flat(64, 48, color.Black), true}, "green": {flat(64, 48, color.NRGBA{0, 200, 0, 255}), true},
		"nothing at all": {image.NewGray(image.Rect(0, 0, 0, 0)), true}, "one pixel": {flat(1, 1, color.White), true},
		"noise": {noisy, true}, "a speck of dust": {dusty, true},
		"scene": {scene(64, 48), false}, "a large scene": {scene(900, 600), false}, "a card far away": {far, false},
	} {
		if m := Measure(c.img); m.Blank != c.blank {
			t.Errorf("%s: %+v", name, m)
		}
	}
}

func TestMeasuresOfLight(t *testing.T) {
	t.Parallel()
	half := flat(100, 100, color.White)
	draw.Draw(half, image.Rect(0, 0, 100, 50), image.NewUniform(color.Black), image.Point{}, draw.Src)
	m := Measure(half)
	for name, v := range map[string]float64{"brightness": m.Brightness, "dark": m.Dark, "over": m.Over, "contrast": m.Contrast} {
		if math.Abs(v-0.5) > 0.01 {
			t.Errorf("%s is %v", name, v)
		}
	}
}

// blur averages each pixel with those around it.
func blur(m *image.Gray, radius int) *image.Gray {
	out := image.NewGray(m.Rect)
	for y := range m.Rect.Dy() {
		for x := range m.Rect.Dx() {
			sum, n := 0, 0
			for v := max(0, y-radius); v <= min(m.Rect.Dy()-1, y+radius); v++ {
				for u := max(0, x-radius); u <= min(m.Rect.Dx()-1, x+radius); u++ {
					sum += int(m.Pix[v*m.Stride+u])
					n++
				}
			}
			out.Pix[y*out.Stride+x] = byte(sum / n)
		}
	}
	return out
}

func TestBlurLowersSharpnessAndSizeDoesNot(t *testing.T) {
	t.Parallel()
	grey := func(w, h int) *image.Gray {
		g := image.NewGray(image.Rect(0, 0, w, h))
		draw.Draw(g, g.Rect, scene(w, h), image.Point{}, draw.Src)
		return g
	}
	m := grey(640, 480)
	sharp, blurred := Measure(m).Sharpness, Measure(blur(m, 3)).Sharpness
	if sharp < 10*blurred {
		t.Errorf("sharp %.0f, blurred %.0f", sharp, blurred)
	}
	if large := Measure(grey(1280, 960)).Sharpness; math.Abs(large-sharp) > 0.4*sharp {
		t.Errorf("%.0f at 640 pixels, %.0f at 1280", sharp, large)
	}
}

func TestMeasuresOfEveryKindOfPictureAgree(t *testing.T) {
	t.Parallel()
	m := scene(200, 150)
	want := Measure(m)
	grey := image.NewGray16(m.Rect)
	draw.Draw(grey, m.Rect, m, image.Point{}, draw.Src)
	for _, img := range []image.Image{ycbcr(m, image.YCbCrSubsampleRatio420), grey} {
		if got := Measure(img); math.Abs(got.Brightness-want.Brightness) > 0.01 || math.Abs(got.Sharpness-want.Sharpness) > 0.05*want.Sharpness {
			t.Errorf("%T: %+v, want %+v", img, got, want)
		}
	}
}

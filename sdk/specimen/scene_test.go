package specimen

import (
	"image"
	"image/color"
	"testing"

	"github.com/seed-6b91b535/idrec/shared"
)

func TestSceneKeepsTheCardsPlaceAndTurn(t *testing.T) {
	t.Parallel()
	card := Draw(Cast()[0], shared.SidePortrait, Options{Width: testWidth, NoStrip: true})
	bright := func(img image.Image, x, y int) bool {
		grey, _ := color.GrayModel.Convert(img.At(x, y)).(color.Gray)
		return grey.Y > 200
	}
	const w, h = 900, 800
	flat := Scene(card, SceneOptions{Width: w, Height: h, CardWidth: 400})
	upright := Scene(card, SceneOptions{Width: w, Height: h, CardWidth: 400, Degrees: 90})
	// Near the ends of the long axis there is card if it lies along, and desk if not.
	for _, dx := range []int{-185, 185} {
		if !bright(flat, w/2+dx, h/2+10) || bright(upright, w/2+dx, h/2+10) {
			t.Errorf("%d pixels beside the middle", dx)
		}
		if bright(flat, w/2+10, h/2+dx) || !bright(upright, w/2+10, h/2+dx) {
			t.Errorf("%d pixels below the middle", dx)
		}
	}
	// 24.9 mm beside the card's middle the shoulders are 9 mm below it, and the face is 9 mm above.
	// Turned clockwise, below comes to the left.
	const beside, below = 24.9 * 400 / CardWidth, 9.0 * 400 / CardWidth
	luma := func(x, y float64) uint8 { return upright.YCbCrAt(w/2+int(x), h/2+int(y)).Y }
	if shoulders, face := luma(-below, beside), luma(below, beside); shoulders > 130 || face < 170 {
		t.Errorf("shoulders of brightness %d and a face of %d", shoulders, face)
	}
}

func TestSceneDefaults(t *testing.T) {
	t.Parallel()
	img := Scene(Draw(Cast()[0], shared.SideEmblem, Options{Width: MinWidth}), SceneOptions{})
	if img.Rect != image.Rect(0, 0, 300, 225) {
		t.Errorf("%v", img.Rect)
	}
}

func TestSceneLargerThanThePictureIsCut(t *testing.T) {
	t.Parallel()
	card := Draw(Cast()[0], shared.SideEmblem, Options{Width: MinWidth})
	for _, o := range []SceneOptions{{Width: 50, Height: 31, CardWidth: 400}, {Width: 1, Height: 1}, {Width: 301, Height: 7, Degrees: 33}} {
		if img := Scene(card, o); img.Rect.Dx() != o.Width {
			t.Errorf("%v", img.Rect)
		}
	}
}

package specimen

import (
	"bytes"
	"image"
	"image/color"
	"image/jpeg"
	"math/rand/v2"
	"slices"
	"testing"

	"golang.org/x/image/draw"

	"github.com/seed-6b91b535/idrec/sdk/picture"
	"github.com/seed-6b91b535/idrec/shared"
)

// shrunk scales a picture to the width given.
func shrunk(img image.Image, width int) image.Image {
	b := img.Bounds()
	out := image.NewRGBA(image.Rect(0, 0, width, b.Dy()*width/b.Dx()))
	draw.ApproxBiLinear.Scale(out, out.Rect, img, b, draw.Src, nil)
	return out
}

// compressed passes a picture through JPEG.
func compressed(t testing.TB, img image.Image, quality int) image.Image {
	t.Helper()
	var b bytes.Buffer
	if err := jpeg.Encode(&b, img, &jpeg.Options{Quality: quality}); err != nil {
		t.Fatal(err)
	}
	out, err := jpeg.Decode(&b)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func mustRead(t *testing.T, img image.Image, want Truth, what string) {
	t.Helper()
	if got, ok := ReadStrip(img); !ok || got != want {
		t.Errorf("%s: read %v, %+v; the truth is %+v", what, ok, got, want)
	}
}

func TestStripSurvivesAQuarterOfTheSizeAndJPEG60(t *testing.T) {
	if testing.Short() {
		t.Skip("short runs are those with the race detector, and there is one goroutine here")
	}
	t.Parallel()
	for i, p := range append(Cast(), People(6, 5)...) {
		for _, side := range bothSides {
			card := Draw(p, side, Options{})
			small := shrunk(card, 400)
			mustRead(t, card, p.Truth(side), "whole")
			mustRead(t, compressed(t, small, 60), p.Truth(side), "a quarter at quality 60")
			if i > 1 {
				continue
			}
			for orientation := 2; orientation <= 8; orientation++ { // turned and mirrored
				mustRead(t, compressed(t, picture.Upright(small, orientation), 60), p.Truth(side), "turned")
			}
		}
	}
}

// TestEnlargingReadsWhatIsSmallerThanPromised: codes whose modules have less than two pixels.
func TestEnlargingReadsWhatIsSmallerThanPromised(t *testing.T) {
	t.Parallel()
	read, enlarged := 0, 0
	for _, p := range People(10, 99) {
		small := compressed(t, shrunk(Draw(p, shared.SidePortrait, Options{}), 260), 60)
		if len(lumaOf(small, 1).readStrips()) > 0 {
			read++
		}
		if _, ok := ReadStrip(small); ok {
			enlarged++
		}
	}
	if enlarged < 9 || enlarged <= read {
		t.Errorf("%d of 10 are read, %d without enlarging", enlarged, read)
	}
}

// TestEveryPersonsStripIsRead takes many, because what lies inside a code can look like its corners.
func TestEveryPersonsStripIsRead(t *testing.T) {
	if testing.Short() {
		t.Skip("short runs are those with the race detector, and there is one goroutine here")
	}
	t.Parallel()
	for _, p := range People(60, 77) {
		for _, side := range bothSides {
			for _, width := range []int{400, testWidth} {
				mustRead(t, Draw(p, side, Options{Width: width}), p.Truth(side), "as drawn")
			}
		}
	}
}

func TestStripIsReadInScenes(t *testing.T) {
	if testing.Short() {
		t.Skip("short runs are those with the race detector, and there is one goroutine here")
	}
	t.Parallel()
	for i, p := range Cast() {
		side := bothSides[i%2]
		card := Draw(p, side, Options{Width: 1000})
		degrees := float64(i*67 + 5)
		mustRead(t, compressed(t, Scene(card, SceneOptions{Degrees: degrees}), 60), p.Truth(side), "on a desk")
		if i < 2 {
			small := Scene(card, SceneOptions{Width: 2500, Height: 1600, CardWidth: 440, Degrees: degrees})
			mustRead(t, compressed(t, small, 75), p.Truth(side), "small on a desk")
		}
	}
}

func TestAllStripsOfAPageAreRead(t *testing.T) {
	t.Parallel()
	p, q := Cast()[0], Cast()[4]
	page := image.NewRGBA(image.Rect(0, 0, 600, 1100))
	draw.Draw(page, page.Rect, image.White, image.Point{}, draw.Src)
	for i, card := range []*image.RGBA{Draw(p, shared.SideEmblem, Options{Width: 500}), Draw(p, shared.SidePortrait, Options{Width: 500}), Draw(q, shared.SidePortrait, Options{Width: 500})} {
		draw.Draw(page, card.Rect.Add(image.Point{50, 30 + i*350}), card, image.Point{}, draw.Src)
	}
	all := ReadStrips(compressed(t, page, 80))
	if len(all) != 3 || all[2] != p.Truth(shared.SideEmblem) || !slices.Contains(all, p.Truth(shared.SidePortrait)) || !slices.Contains(all, q.Truth(shared.SidePortrait)) {
		t.Errorf("%d codes: %+v", len(all), all)
	}
}

func TestStripIsReadFromEveryKindOfPicture(t *testing.T) {
	t.Parallel()
	truth := Cast()[2].Truth(shared.SidePortrait)
	card := Draw(Cast()[2], shared.SidePortrait, Options{Width: testWidth})
	for _, to := range []draw.Image{image.NewGray(card.Rect), image.NewNRGBA(card.Rect), image.NewCMYK(card.Rect), image.NewRGBA64(card.Rect),
		image.NewPaletted(card.Rect, color.Palette{color.Black, color.White, color.Gray{0xC0}}), image.NewGray(card.Rect.Add(image.Point{-70, 1000}))} {
		draw.Draw(to, to.Bounds(), card, image.Point{}, draw.Src)
		mustRead(t, to, truth, "copied")
	}
	big := image.NewRGBA(card.Rect.Inset(-200))
	draw.Draw(big, big.Rect, image.White, image.Point{}, draw.Src)
	draw.Draw(big, card.Rect, card, image.Point{}, draw.Src)
	mustRead(t, big.SubImage(card.Rect.Inset(-3)), truth, "cut out")
}

func TestNoStripIsReadWhereThereIsNone(t *testing.T) {
	t.Parallel()
	noise := image.NewGray(image.Rect(0, 0, 1200, 900))
	r := rand.New(rand.NewPCG(1, 2))
	for i := range noise.Pix {
		noise.Pix[i] = byte(r.Uint32())
	}
	pictures := map[string]image.Image{
		"noise":             noise,
		"nothing":           image.NewGray(image.Rectangle{}),
		"one pixel":         image.NewGray(image.Rect(0, 0, 1, 1)),
		"a line":            image.NewGray(image.Rect(0, 0, 5000, 1)),
		"a column":          image.NewGray(image.Rect(0, 0, 1, 5000)),
		"black":             image.NewGray(image.Rect(0, 0, 300, 300)),
		"a landscape":       Landscape(800, 600),
		"a portrait side":   Draw(Cast()[0], shared.SidePortrait, Options{Width: 1000, NoStrip: true}),
		"an emblem side":    Draw(Cast()[0], shared.SideEmblem, Options{Width: 1000, NoStrip: true}),
		"corners of a code": corners(1300, 900),
	}
	for name, img := range pictures {
		if truth, ok := ReadStrip(img); ok {
			t.Errorf("%s: read %+v", name, truth)
		}
	}
}

// corners is a picture full of what looks like the squares at a code's corners: the library's search
// would take the third power of their number.
func corners(w, h int) image.Image {
	img := image.NewGray(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			ring := max(abs(x%22-10), abs(y%22-10)) / 2
			if ring == 2 || ring >= 4 {
				img.Pix[y*img.Stride+x] = 0xFF
			}
		}
	}
	return img
}

func abs(n int) int { return max(n, -n) }

func BenchmarkReadStrip(b *testing.B) {
	card := Draw(Cast()[4], shared.SidePortrait, Options{})
	for name, img := range map[string]image.Image{
		"4MP scene":   compressed(b, Scene(card, SceneOptions{Width: 2400, Height: 1700, CardWidth: 1400, Degrees: 5}), 80),
		"4MP no card": compressed(b, Landscape(2400, 1700), 80),
		"card 640":    Draw(Cast()[4], shared.SidePortrait, Options{Width: testWidth}),
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				ReadStrip(img)
			}
		})
	}
}

package picture

import (
	"image"
	"image/color"
	"image/draw"
	"math"
	"testing"

	"pgregory.net/rapid"
)

func TestAverageIsTheMeanOfTheAreaCovered(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		sw, sh := rapid.IntRange(1, 12).Draw(t, "sw"), rapid.IntRange(1, 12).Draw(t, "sh")
		dw, dh := rapid.IntRange(1, 12).Draw(t, "dw"), rapid.IntRange(1, 12).Draw(t, "dh")
		channels := rapid.SampledFrom([]int{1, 4}).Draw(t, "channels")
		src := rapid.SliceOfN(rapid.Byte(), sw*sh*channels, sw*sh*channels).Draw(t, "src")
		got := average(planeRows(src, sw*channels), sw, sh, channels, dw, dh)

		overlap := func(i, n, j, m int) float64 { // of target pixel i of n and source pixel j of m
			lo, hi := max(float64(i)/float64(n), float64(j)/float64(m)), min(float64(i+1)/float64(n), float64(j+1)/float64(m))
			return max(0, hi-lo) * float64(n)
		}
		for y := range dh {
			for x := range dw {
				for c := range channels {
					want := 0.0
					for sy := range sh {
						for sx := range sw {
							want += overlap(x, dw, sx, sw) * overlap(y, dh, sy, sh) * float64(src[(sy*sw+sx)*channels+c])
						}
					}
					if v := float64(got[(y*dw+x)*channels+c]); math.Abs(v-want) > 0.5+1e-6 {
						t.Fatalf("pixel %d, %d, %d: %v, want %v", x, y, c, v, want)
					}
				}
			}
		}
	})
}

func TestScaledPicturesOfEveryKindLookAlike(t *testing.T) {
	t.Parallel()
	m := scene(120, 90)
	small := scale(m, 40, 30)
	for _, ratio := range []image.YCbCrSubsampleRatio{image.YCbCrSubsampleRatio444, image.YCbCrSubsampleRatio422, image.YCbCrSubsampleRatio420,
		image.YCbCrSubsampleRatio440, image.YCbCrSubsampleRatio411, image.YCbCrSubsampleRatio410} {
		if got := scale(ycbcr(m, ratio), 40, 30); !near(got, small, 12) {
			t.Errorf("%v is another picture", ratio)
		}
	}
	deep := image.NewNRGBA64(m.Rect)
	draw.Draw(deep, m.Rect, m, image.Point{}, draw.Src)
	if !near(scale(deep, 40, 30), small, 1) {
		t.Error("16 bits are another picture")
	}
	grey := image.NewGray16(m.Rect)
	draw.Draw(grey, m.Rect, m, image.Point{}, draw.Src)
	if _, ok := scale(grey, 40, 30).(*image.Gray); !ok {
		t.Error("grey has become coloured")
	}
}

func TestTransparencyIsOverWhite(t *testing.T) {
	t.Parallel()
	rect := image.Rect(0, 0, 3, 1)
	fill := func(m draw.Image) image.Image {
		m.Set(0, 0, color.NRGBA{0, 0, 0, 0})
		m.Set(1, 0, color.NRGBA{0, 0, 0, 128})
		m.Set(2, 0, color.NRGBA{0, 0, 0, 255})
		return m
	}
	for _, m := range []image.Image{fill(image.NewNRGBA(rect)), fill(image.NewRGBA(rect)), fill(image.NewNRGBA64(rect)),
		fill(image.NewPaletted(rect, color.Palette{color.NRGBA{}, color.NRGBA{0, 0, 0, 128}, color.Black}))} {
		row := opaqueRows(m)(0)
		if row[0] != 255 || row[4] < 126 || row[4] > 128 || row[8] != 0 || row[3] != 255 {
			t.Errorf("%T: %v", m, row)
		}
	}
}

func TestFitWithinHoldsItsBounds(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		w, h := rapid.IntRange(1, 20000).Draw(t, "w"), rapid.IntRange(1, 20000).Draw(t, "h")
		side, pixels := rapid.IntRange(0, 5000).Draw(t, "side"), rapid.Int64Range(0, 20_000_000).Draw(t, "pixels")
		fw, fh := fitWithin(w, h, side, pixels)
		if fw < 1 || fh < 1 || fw > w || fh > h || side > 0 && max(fw, fh) > side {
			t.Fatalf("%d × %d", fw, fh)
		}
		if pixels > 0 && int64(fw)*int64(fh) > pixels && min(fw, fh) > 1 {
			t.Fatalf("%d × %d has more than %d pixels", fw, fh, pixels)
		}
		if side > 0 && max(w, h) > side && pixels == 0 && max(fw, fh) != side {
			t.Fatalf("%d × %d does not use its room of %d", fw, fh, side)
		}
		if aw, ah := fitWithin(fw, fh, side, pixels); min(fw, fh) > 1 && (aw != fw || ah != fh) {
			t.Fatalf("%d × %d does not fit itself: %d × %d", fw, fh, aw, ah)
		}
	})
}

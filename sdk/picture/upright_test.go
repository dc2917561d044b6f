package picture

import (
	"image"
	"image/color"
	"image/draw"
	"testing"
)

// stored returns how a camera held that way stores what it sees: the inverse of turning upright.
func stored(upright *image.NRGBA, orientation int) *image.NRGBA {
	inverse := map[int]int{1: 1, 2: 2, 3: 3, 4: 4, 5: 5, 6: 8, 7: 7, 8: 6}
	return Upright(upright, inverse[orientation]).(*image.NRGBA)
}

// TestUprightAsInTheStandard checks each orientation against the words of EXIF 2.3: which row and
// column of the scene the first row and the first column of the stored picture are.
func TestUprightAsInTheStandard(t *testing.T) {
	t.Parallel()
	// Stored:  a b c
	//          d e f
	m := image.NewGray(image.Rect(0, 0, 3, 2))
	copy(m.Pix, "abcdef")
	for orientation, want := range map[int][]string{
		0: {"abc", "def"},
		1: {"abc", "def"},
		2: {"cba", "fed"},     // first column is the right side
		3: {"fed", "cba"},     // first row is the bottom
		4: {"def", "abc"},     // first row is the bottom, first column the left side
		5: {"ad", "be", "cf"}, // first row is the left side, first column the top
		6: {"da", "eb", "fc"}, // first row is the right side, first column the top
		7: {"fc", "eb", "da"}, // first row is the right side, first column the bottom
		8: {"cf", "be", "ad"}, // first row is the left side, first column the bottom
		9: {"abc", "def"},
	} {
		got := Upright(m, orientation).(*image.Gray)
		if got.Rect.Dy() != len(want) || got.Rect.Dx() != len(want[0]) {
			t.Errorf("%d: %v", orientation, got.Rect)
			continue
		}
		for y, row := range want {
			if s := string(got.Pix[y*got.Stride:][:got.Rect.Dx()]); s != row {
				t.Errorf("%d: row %d is %q, want %q", orientation, y, s, row)
			}
		}
	}
}

func TestUprightOfEveryKindOfPicture(t *testing.T) {
	t.Parallel()
	for _, size := range []image.Point{{16, 8}, {15, 9}} {
		m := scene(size.X, size.Y)
		kinds := []draw.Image{image.NewRGBA(m.Rect), image.NewGray(m.Rect), image.NewGray16(m.Rect), image.NewNRGBA64(m.Rect), image.NewCMYK(m.Rect),
			image.NewPaletted(m.Rect, color.Palette{color.Black, color.White, color.RGBA{220, 30, 30, 255}})}
		var all []image.Image
		for _, k := range kinds {
			draw.Draw(k, m.Rect, m, image.Point{}, draw.Src)
			all = append(all, k)
		}
		for _, ratio := range []image.YCbCrSubsampleRatio{image.YCbCrSubsampleRatio444, image.YCbCrSubsampleRatio422, image.YCbCrSubsampleRatio420,
			image.YCbCrSubsampleRatio440, image.YCbCrSubsampleRatio411, image.YCbCrSubsampleRatio410} {
			all = append(all, ycbcr(m, ratio))
		}
		for _, img := range all {
			for o := 1; o <= 8; o++ {
				got := Upright(img, o)
				plain := image.NewNRGBA(m.Rect)
				draw.Draw(plain, m.Rect, img, image.Point{}, draw.Src)
				if want := Upright(plain, o); !near(got, want, 0) {
					t.Errorf("%T %v turned by %d is another picture", img, size, o)
				}
			}
		}
	}
}

// ycbcr converts a picture; each chroma sample is that of the first pixel of its cell.
func ycbcr(m image.Image, ratio image.YCbCrSubsampleRatio) *image.YCbCr {
	out := image.NewYCbCr(m.Bounds(), ratio)
	for y := m.Bounds().Dy() - 1; y >= 0; y-- {
		for x := m.Bounds().Dx() - 1; x >= 0; x-- {
			r, g, b, _ := m.At(x, y).RGBA()
			out.Y[out.YOffset(x, y)], out.Cb[out.COffset(x, y)], out.Cr[out.COffset(x, y)] = color.RGBToYCbCr(byte(r>>8), byte(g>>8), byte(b>>8))
		}
	}
	return out
}

func TestUprightOfAPartOfAPicture(t *testing.T) {
	t.Parallel()
	whole := ycbcr(scene(32, 32), image.YCbCrSubsampleRatio420)
	part := whole.SubImage(image.Rect(8, 4, 24, 16))
	plain := image.NewNRGBA(image.Rect(0, 0, 16, 12))
	draw.Draw(plain, plain.Rect, part, part.Bounds().Min, draw.Src)
	for o := 1; o <= 8; o++ {
		if !near(Upright(part, o), Upright(plain, o), 0) {
			t.Errorf("turned by %d", o)
		}
	}
}

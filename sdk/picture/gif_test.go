package picture

import (
	"bytes"
	"image"
	"image/color"
	"image/color/palette"
	"image/draw"
	"image/gif"
	"testing"
)

// animatedGIF has two frames, the first of which is the scene.
func animatedGIF() []byte {
	frame := image.NewPaletted(image.Rect(0, 0, 32, 32), palette.Plan9)
	draw.Draw(frame, frame.Rect, scene(32, 32), image.Point{}, draw.Src)
	var b bytes.Buffer
	if err := gif.EncodeAll(&b, &gif.GIF{Image: []*image.Paletted{frame, frame}, Delay: []int{1, 1}}); err != nil {
		panic(err)
	}
	return b.Bytes()
}

func TestAFrameThatIsSmallerThanTheScreenStandsOnWhite(t *testing.T) {
	t.Parallel()
	frame := image.NewPaletted(image.Rect(4, 4, 8, 8), color.Palette{color.Black, color.White})
	var b bytes.Buffer
	if err := gif.EncodeAll(&b, &gif.GIF{Image: []*image.Paletted{frame}, Delay: []int{0}, Config: image.Config{Width: 10, Height: 10, ColorModel: frame.Palette}}); err != nil {
		t.Fatal(err)
	}
	img, info, err := Decode(b.Bytes())
	if err != nil || info.Width != 10 || img.Bounds() != image.Rect(0, 0, 10, 10) {
		t.Fatalf("%v %+v", err, info)
	}
	if g := greyRows(img); g(0)[0] != 255 || g(5)[5] != 0 {
		t.Error("the frame is not in its place")
	}
}

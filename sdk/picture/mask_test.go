package picture_test

import (
	"bytes"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"math"
	"testing"

	"github.com/seed-6b91b535/idrec/sdk/picture"
	"github.com/seed-6b91b535/idrec/shared"
)

// chequered has fine squares everywhere, so that whatever shines through is seen.
func chequered(w, h int) *image.RGBA {
	img := image.NewRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			v := uint8(255 * ((x/3 + y/3) % 2))
			img.SetRGBA(x, y, color.RGBA{v, v, v, 255})
		}
	}
	return img
}

func TestMaskLeavesNothingOfWhatIsCovered(t *testing.T) {
	t.Parallel()
	var file bytes.Buffer
	if err := jpeg.Encode(&file, chequered(400, 300), nil); err != nil {
		t.Fatal(err)
	}
	q := shared.Quad{{X: 100, Y: 80}, {X: 250, Y: 100}, {X: 240, Y: 180}, {X: 90, Y: 160}}
	masked, format, err := picture.Mask(file.Bytes(), []shared.Quad{q, {{X: -900, Y: -900}, {X: -800, Y: -900}, {X: -800, Y: -800}, {X: -900, Y: -800}}})
	if err != nil || format != picture.JPEG {
		t.Fatal(format, err)
	}
	img, _, err := picture.Decode(masked)
	if err != nil {
		t.Fatal(err)
	}
	level := func(x, y int) int { return int(color.GrayModel.Convert(img.At(x, y)).(color.Gray).Y) }
	for y := 90; y < 170; y++ {
		for x := 110; x < 232; x++ {
			inside := float64(y) > 80+float64(x-100)*20/150 && float64(y) < 160+float64(x-90)*20/150
			if v := level(x, y); inside && (v < 0x50 || v > 0x70) {
				t.Fatalf("(%d, %d) shows %d", x, y, v)
			}
		}
	}
	if a, b := level(1, 1), level(4, 1); max(a, b)-min(a, b) < 150 {
		t.Error("what is not covered is changed")
	}
}

func TestMaskStripsMetadataAndTurnsUpright(t *testing.T) {
	t.Parallel()
	var file bytes.Buffer
	if err := jpeg.Encode(&file, chequered(80, 60), nil); err != nil {
		t.Fatal(err)
	}
	// Orientation 6 in EXIF, and a place in a comment.
	exif := "\xff\xe1\x00\x22Exif\x00\x00MM\x00*\x00\x00\x00\x08\x00\x01\x01\x12\x00\x03\x00\x00\x00\x01\x00\x06\x00\x00\x00\x00\x00\x00"
	comment := "\xff\xfe\x00\x08secret"
	data := append([]byte("\xff\xd8"+exif+comment), file.Bytes()[2:]...)
	masked, _, err := picture.Mask(data, nil)
	if err != nil {
		t.Fatal(err)
	}
	info, err := picture.Inspect(masked)
	if err != nil || info.Width != 60 || info.Height != 80 || info.Orientation != 1 {
		t.Errorf("%+v, %v", info, err)
	}
	if bytes.Contains(masked, []byte("secret")) || bytes.Contains(masked, []byte("Exif")) {
		t.Error("metadata is left")
	}
}

func TestMaskCoversAllIfAPlaceIsNoNumber(t *testing.T) {
	t.Parallel()
	p := image.NewPaletted(image.Rect(0, 0, 30, 20), color.Palette{color.White, color.Black})
	for i := range p.Pix {
		p.Pix[i] = uint8(i % 2)
	}
	var file bytes.Buffer
	if err := png.Encode(&file, p); err != nil {
		t.Fatal(err)
	}
	masked, format, err := picture.Mask(file.Bytes(), []shared.Quad{{{X: math.NaN()}, {X: 1}, {X: 1, Y: 1}, {Y: 1}}})
	if err != nil || format != picture.PNG {
		t.Fatal(format, err)
	}
	img, _, err := picture.Decode(masked)
	if err != nil {
		t.Fatal(err)
	}
	if !picture.Measure(img).Blank {
		t.Error("something shows")
	}
}

func TestPersonalKnowsAllPlacesOrNone(t *testing.T) {
	t.Parallel()
	q := &shared.Quad{{}, {X: 1}, {X: 1, Y: 1}, {Y: 1}}
	whole := func() *shared.Result {
		f := shared.Field{State: shared.FieldPresent, Quad: q}
		return &shared.Result{
			Status: shared.StatusNormal, Side: shared.SidePortrait, Provider: "p",
			Fields: map[shared.FieldName]shared.Field{shared.FieldFullName: f, shared.FieldAddress: f, shared.FieldNumber: f},
			Extras: map[string]string{"p.portrait_quad": `[{"x":1,"y":2},{"x":3,"y":2},{"x":3,"y":4},{"x":1,"y":4}]`},
		}
	}
	if places, ok := picture.Personal(whole()); !ok || len(places) != 4 || places[3][1].X != 3 {
		t.Errorf("%v, %v", places, ok)
	}
	for name, spoil := range map[string]func(*shared.Result){
		"not read":    func(r *shared.Result) { r.Status = shared.StatusBlurred },
		"two people":  func(r *shared.Result) { r.Findings = []shared.Finding{{Code: shared.FindingSeveralCards}} },
		"no portrait": func(r *shared.Result) { r.Extras = nil },
		"no name":     func(r *shared.Result) { delete(r.Fields, shared.FieldFullName) },
	} {
		r := whole()
		spoil(r)
		if _, ok := picture.Personal(r); ok {
			t.Errorf("%s: masked all the same", name)
		}
	}
	r := whole()
	r.Side = shared.SideEmblem
	if places, ok := picture.Personal(r); !ok || len(places) != 0 {
		t.Errorf("emblem: %v, %v", places, ok)
	}
}

func FuzzMask(f *testing.F) {
	var file bytes.Buffer
	if err := jpeg.Encode(&file, chequered(40, 30), nil); err != nil {
		f.Fatal(err)
	}
	f.Add(file.Bytes(), 1.0, 2.0, 30.0, 25.0)
	f.Add([]byte("GIF89a"), math.Inf(1), -1e300, math.NaN(), 0.0)
	f.Fuzz(func(_ *testing.T, data []byte, a, b, c, d float64) {
		if info, err := picture.Inspect(data); err != nil || info.Width*info.Height > 1<<20 {
			return
		}
		_, _, _ = picture.Mask(data, []shared.Quad{{{X: a, Y: b}, {X: c, Y: b}, {X: c, Y: d}, {X: a, Y: d}}})
	})
}

func TestLumaIsTheGreyOfEveryKindOfPicture(t *testing.T) {
	t.Parallel()
	src := chequered(31, 17)
	want := picture.Luma(src)
	ycc := image.NewYCbCr(src.Rect, image.YCbCrSubsampleRatio420)
	grey := image.NewGray(src.Rect)
	for y := range 17 {
		for x := range 31 {
			ycc.Y[ycc.YOffset(x, y)] = want.GrayAt(x, y).Y
			grey.SetGray(x, y, want.GrayAt(x, y))
		}
	}
	for _, img := range []image.Image{ycc, ycc.SubImage(image.Rect(4, 2, 20, 12)), grey} {
		got, b := picture.Luma(img), img.Bounds()
		for y := range b.Dy() {
			for x := range b.Dx() {
				if got.Pix[y*got.Stride+x] != want.GrayAt(b.Min.X+x, b.Min.Y+y).Y {
					t.Fatalf("%T at (%d, %d)", img, x, y)
				}
			}
		}
	}
}

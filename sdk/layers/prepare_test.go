package layers

import (
	"bytes"
	"image"
	"image/color"
	"image/png"
	"testing"

	"github.com/seed-6b91b535/idrec/shared"
)

// drawn is a picture of some pattern, so that it is not blank.
func drawn(t *testing.T, w, h int) []byte {
	t.Helper()
	img := image.NewRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			img.Set(x, y, color.RGBA{uint8(x * 7), uint8(y * 5), uint8(x * y), 255})
		}
	}
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func preparing() map[string]string {
	values := quick()
	delete(values, "prepare")
	return values
}

func TestPictureIsFittedAndPlacesAreToldInThePictureAsGiven(t *testing.T) {
	t.Parallel()
	v := newVendor(always(play{result: func(r *shared.Result) {
		f := r.Fields[shared.FieldFullName]
		f.Quad = &shared.Quad{{X: 10, Y: 20}}
		r.Fields[shared.FieldFullName] = f
	}}))
	v.description.Limits = shared.Limits{MaxSide: 100, Formats: []string{"jpeg", "png"}}
	s := around(t, v, nil, preparing())
	given := drawn(t, 200, 120)
	res := read(t, s, &shared.Request{Image: shared.Image{Bytes: given}})
	sent := v.seen[0]
	if bytes.Equal(sent.Image.Bytes, given) || sent.SHA256 != digest(string(sent.Image.Bytes)) {
		t.Error("the picture was sent as it was given, or with the digest of another")
	}
	c, _, err := image.DecodeConfig(bytes.NewReader(sent.Image.Bytes))
	if err != nil || c.Width != 100 || c.Height != 60 {
		t.Errorf("sent were %d × %d pixels, %v", c.Width, c.Height, err)
	}
	want := shared.Picture{SHA256: digest(string(given)), Format: "png", Width: 200, Height: 120, Prepared: true}
	if res.Picture != want || res.Timings.Prepare <= 0 {
		t.Errorf("the picture is %+v, prepared in %v", res.Picture, res.Timings.Prepare)
	}
	if q := res.Fields[shared.FieldFullName].Quad; q == nil || q[0] != (shared.Point{X: 20, Y: 40}) {
		t.Errorf("the name stands at %v", q)
	}
	if again := read(t, s, &shared.Request{Image: shared.Image{Bytes: given}}); again.Picture != want || again.Timings.Prepare != 0 {
		t.Errorf("recalled is the picture %+v", again.Picture)
	}
}

func TestPictureThatFitsIsSentAsItIs(t *testing.T) {
	t.Parallel()
	v := newVendor(always(play{}))
	s := around(t, v, nil, preparing())
	given := drawn(t, 40, 30)
	res := read(t, s, &shared.Request{Image: shared.Image{Bytes: given}})
	if !bytes.Equal(v.seen[0].Image.Bytes, given) || v.seen[0].SHA256 != digest(string(given)) || res.Picture.Prepared || res.Picture.Width != 40 {
		t.Errorf("the picture is %+v", res.Picture)
	}
}

func TestHopelessPictureCostsNothing(t *testing.T) {
	t.Parallel()
	v := newVendor(always(play{}))
	v.description.Limits.MinSide = 15
	s := around(t, v, nil, preparing())
	fail(t, s, request("no picture"), shared.CodeNotAPicture, shared.OutcomeNotSent)
	fail(t, s, &shared.Request{Image: shared.Image{Bytes: drawn(t, 40, 14)}}, shared.CodePictureTooSmall, shared.OutcomeNotSent)
	blank := image.NewGray(image.Rect(0, 0, 40, 40))
	var b bytes.Buffer
	if err := png.Encode(&b, blank); err != nil {
		t.Fatal(err)
	}
	fail(t, s, &shared.Request{Image: shared.Image{Bytes: b.Bytes()}}, shared.CodePictureBlank, shared.OutcomeNotSent)
	whole := drawn(t, 40, 40)
	fail(t, s, &shared.Request{Image: shared.Image{Bytes: whole[:len(whole)/2]}}, shared.CodePictureBroken, shared.OutcomeNotSent)
	v.want(t, 0, 0)
	if got := books(t, s); got != (shared.Tally{}) {
		t.Errorf("the books have %+v", got)
	}
}

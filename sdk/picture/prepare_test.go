package picture

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"image"
	"image/color"
	"image/draw"
	"image/jpeg"
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"golang.org/x/sync/semaphore"
	"pgregory.net/rapid"

	"github.com/seed-6b91b535/idrec/shared"
)

func prepare(t testing.TB, data []byte, limits shared.Limits) Prepared {
	t.Helper()
	before := bytes.Clone(data)
	p, err := new(Preparer).Prepare(t.Context(), data, limits)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(before, data) {
		t.Fatal("the picture as given was changed")
	}
	img, info, err := Decode(p.Bytes)
	if err != nil {
		t.Fatalf("what was prepared cannot be read: %v", err)
	}
	if img.Bounds().Size() != image.Pt(p.Width, p.Height) || info.Format != p.Format || info.Orientation != 1 {
		t.Fatalf("says %s of %d × %d, is %+v", p.Format, p.Width, p.Height, info)
	}
	return p
}

func TestAPictureThatFitsIsReturnedAsGiven(t *testing.T) {
	t.Parallel()
	for name, data := range samples(t) {
		p := prepare(t, data, shared.Limits{})
		switch name {
		case "tiff", "alpha.webp", "progressive.jpg", "rgb.jpg", "422.jpg", "cmyk.jpg":
			continue // transparent, or with a comment or a tag to strip
		}
		if p.Changed || &p.Bytes[0] != &data[0] || len(p.Bytes) != len(data) {
			t.Errorf("%s was changed", name)
		}
	}
}

func TestMetadataIsGoneAndPixelsStay(t *testing.T) {
	t.Parallel()
	m := scene(64, 48)
	exif := exifBlock(binary.LittleEndian, 1)
	jpg := encode(JPEG, m)
	mpf := insert(jpg, segment(jpegAPP2, "MPF\x00"+secret))
	for name, c := range map[string]struct {
		data     []byte
		lossless bool
	}{
		"jpeg exif":        {insert(jpg, segment(jpegAPP1, exifPrefix+string(exif))), true},
		"jpeg xmp":         {insert(jpg, segment(jpegAPP1, "http://ns.adobe.com/xap/1.0/\x00"+secret)), true},
		"jpeg comment":     {insert(jpg, segment(jpegCOM, secret)), true},
		"jpeg iptc":        {insert(jpg, segment(0xED, "Photoshop 3.0\x00"+secret)), true},
		"jpeg preview":     {insert(jpg, segment(jpegAPP0, "JFIF\x00\x01\x02\x00\x00\x01\x00\x01\x01\x01"+secret)), true},
		"jpeg jfxx":        {insert(jpg, segment(jpegAPP0, "JFXX\x00\x10"+secret)), true},
		"jpeg mpf":         {append(bytes.Clone(mpf), insert(jpg, segment(jpegAPP1, secret))...), true},
		"jpeg and a film":  {append(bytes.Clone(jpg), "....ftypmp42"+secret...), true},
		"jpeg between":     {insert(jpg, segment(jpegCOM, "x"), []byte(secret)), true},
		"progressive jpeg": {insert(sample(t, "progressive.jpg"), segment(jpegCOM, secret)), true},
		"rgb jpeg":         {insert(sample(t, "rgb.jpg"), segment(jpegCOM, secret)), true},
		"cmyk jpeg":        {insert(sample(t, "cmyk.jpg"), segment(jpegCOM, secret)), false},
		"png exif":         {withChunk(encode(PNG, m), "eXIf", exif), true},
		"png text":         {withChunk(encode(PNG, m), "tEXt", []byte("Comment\x00"+secret)), true},
		"png private":      {withChunk(encode(PNG, m), "prVt", []byte(secret)), true},
		"png and more":     {append(encode(PNG, m), secret...), true},
		"bmp and more":     {append(encode(BMP, m), secret...), false},
		"gif comment":      {append(append(encode(GIF, m)[:len(encode(GIF, m))-1], "\x21\xfe\x03"+secret+"\x00"...), 0x3B), false},
		"gif and more":     {append(encode(GIF, m), secret...), false},
		"webp exif":        {withWebPChunk(sample(t, "lossy.webp"), "EXIF", exif), false},
		"webp xmp":         {withWebPChunk(sample(t, "lossless.webp"), "XMP ", []byte(secret)), false},
		"webp and more":    {append(bytes.Clone(sample(t, "lossless.webp")), secret...), false},
		"tiff":             {append(encode(TIFF, m), secret...), false},
	} {
		if !bytes.Contains(c.data, []byte(secret)) {
			t.Fatalf("%s: the test is empty", name)
		}
		given, info, err := Decode(c.data)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		p := prepare(t, c.data, shared.Limits{})
		if bytes.Contains(p.Bytes, []byte(secret)) || !p.Changed {
			t.Errorf("%s: the metadata is still there", name)
		}
		got, _, _ := Decode(p.Bytes)
		switch {
		case c.lossless && (p.Format != info.Format || !near(got, given, 0)):
			t.Errorf("%s: the pixels have changed", name)
		case !c.lossless && (p.Format != JPEG || !near(got, given, 30)): // a GIF is dithered, which JPEG cannot keep
			t.Errorf("%s: another picture, or no jpeg: %s", name, p.Format)
		}
	}
}

func TestWhatSaysHowToReadTheSamplesIsKept(t *testing.T) {
	t.Parallel()
	icc := segment(jpegAPP2, "ICC_PROFILE\x00\x01\x01profile")
	jfif := segment(jpegAPP0, "JFIF\x00\x01\x02\x01\x01\x2c\x01\x2c\x00\x00")
	p := prepare(t, insert(encode(JPEG, scene(64, 48)), jfif, segment(jpegCOM, secret), icc), shared.Limits{})
	if !bytes.Contains(p.Bytes, icc) || !bytes.Contains(p.Bytes, jfif) {
		t.Error("the profile or the header is gone")
	}
	if p := prepare(t, insert(sample(t, "rgb.jpg"), segment(jpegCOM, secret)), shared.Limits{}); !bytes.Contains(p.Bytes, []byte("Adobe")) {
		t.Error("the word on the colours is gone")
	}
	gamma := []byte{0, 0, 0xB1, 0x8F}
	png := encode(PNG, scene(64, 48))
	png = append(append(bytes.Clone(png[:33]), pngChunk("gAMA", gamma)...), png[33:]...)
	if p := prepare(t, withChunk(png, "tEXt", []byte(secret)), shared.Limits{}); !bytes.Contains(p.Bytes, pngChunk("gAMA", gamma)) {
		t.Error("the gamma is gone")
	}
}

func TestPicturesAreTurnedUpright(t *testing.T) {
	t.Parallel()
	upright := scene(96, 64)
	for o := 1; o <= 8; o++ {
		m := stored(upright, o)
		for name, data := range map[string][]byte{
			"jpeg": withOrientation(encode(JPEG, m), o),
			"png":  withChunk(encode(PNG, m), "eXIf", exifBlock(binary.LittleEndian, o)),
			"tiff": withTIFFOrientation(encode(TIFF, m), o),
		} {
			p := prepare(t, data, shared.Limits{})
			img, _, _ := Decode(p.Bytes)
			if !near(img, upright, 8) {
				t.Errorf("%s, orientation %d: not upright", name, o)
			}
			if p.Info.Orientation != o || !p.Changed && o != 1 {
				t.Errorf("%s, orientation %d: %+v", name, o, p.Info)
			}
			small := prepare(t, data, shared.Limits{MaxSide: 48})
			if small.Width != 48 || small.Height != 32 {
				t.Errorf("%s, orientation %d: scaled to %d × %d", name, o, small.Width, small.Height)
			}
		}
	}
}

func TestPointsAreFoundAgainInThePictureAsGiven(t *testing.T) {
	t.Parallel()
	const w, h = 96, 64
	for o := 1; o <= 8; o++ {
		// A dark square in a white picture, whose middle is looked for after turning and halving.
		m := flat(w, h, color.White)
		draw.Draw(m, image.Rect(20, 40, 24, 44), image.NewUniform(color.Black), image.Point{}, draw.Src)
		p := prepare(t, withChunk(encode(PNG, m), "eXIf", exifBlock(binary.BigEndian, o)), shared.Limits{MaxSide: 48, Formats: []string{"png"}})
		img, _, _ := Decode(p.Bytes)
		grey := greyRows(img)
		var at shared.Point
		dark := 0.0
		for y := range p.Height {
			for x, v := range grey(y)[:p.Width] {
				if v < 100 {
					at.X, at.Y = at.X+float64(x)+0.5, at.Y+float64(y)+0.5
					dark++
				}
			}
		}
		at = p.Given(shared.Point{X: at.X / dark, Y: at.Y / dark})
		if math.Abs(at.X-22) > 0.01 || math.Abs(at.Y-42) > 0.01 {
			t.Errorf("orientation %d: %v", o, at)
		}
	}
}

// noise is a picture that no encoder makes small.
func noise(w, h int) image.Image {
	m := image.NewGray(image.Rect(0, 0, w, h))
	r := rand.New(rand.NewPCG(3, 4))
	for i := range m.Pix {
		m.Pix[i] = byte(r.Uint32())
	}
	return m
}

func TestLimitsHold(t *testing.T) {
	t.Parallel()
	data := encode(JPEG, noise(400, 300))
	for name, l := range map[string]shared.Limits{
		"side":            {MaxSide: 100},
		"pixels":          {MaxPixels: 20_000},
		"bytes":           {MaxImageBytes: int64(len(data)) * 3 / 4},
		"few bytes":       {MaxImageBytes: 5_000},
		"form":            {MaxEncodedBytes: FormLength(data) * 3 / 4},
		"few in the form": {MaxEncodedBytes: 5_000},
		"format":          {Formats: []string{"png"}},
		"png, few bytes":  {Formats: []string{"PNG"}, MaxImageBytes: 5_000},
		"all":             {MaxSide: 200, MaxPixels: 30_000, MaxImageBytes: 4_000, MaxEncodedBytes: 4_000, MinSide: 15, Formats: []string{"jpg", "bmp"}},
	} {
		p := prepare(t, data, l)
		f := fitter{Limits: l}
		if !p.Changed || !f.fits(p.Bytes) || !f.takes(p.Format) || l.MaxSide > 0 && max(p.Width, p.Height) > l.MaxSide || l.MaxPixels > 0 && int64(p.Width*p.Height) > l.MaxPixels {
			t.Errorf("%s: %s of %d × %d in %d bytes", name, p.Format, p.Width, p.Height, len(p.Bytes))
		}
	}
}

func TestFormatsThatAreNotTakenAreConverted(t *testing.T) {
	t.Parallel()
	for name, data := range samples(t) {
		for _, format := range []string{"jpeg", "png"} {
			p := prepare(t, data, shared.Limits{Formats: []string{format}})
			if p.Format != format {
				t.Errorf("%s: %s, want %s", name, p.Format, format)
			}
			given, _, _ := Decode(data)
			got, _, _ := Decode(p.Bytes)
			tolerance := 10
			if name == "gif" {
				tolerance = 30 // dithered, which JPEG cannot keep
			}
			if !near(got, given, tolerance) {
				t.Errorf("%s as %s is another picture", name, format)
			}
		}
	}
}

func TestTheQualityIsTheBestThatFits(t *testing.T) {
	t.Parallel()
	m := noise(200, 200)
	size := func(quality int) int64 {
		var b bytes.Buffer
		if err := jpeg.Encode(&b, m, &jpeg.Options{Quality: quality}); err != nil {
			t.Fatal(err)
		}
		return int64(b.Len())
	}
	png := encode(PNG, m)
	for _, quality := range qualities {
		p := prepare(t, png, shared.Limits{Formats: []string{"jpeg"}, MaxImageBytes: size(quality)})
		if int64(len(p.Bytes)) != size(quality) || p.Width != 200 {
			t.Errorf("at %d: %d bytes of %d × %d, want %d", quality, len(p.Bytes), p.Width, p.Height, size(quality))
		}
	}
	if p := prepare(t, png, shared.Limits{Formats: []string{"jpeg"}, MaxImageBytes: size(85) - 1}); int64(len(p.Bytes)) != size(80) {
		t.Errorf("a byte less than 85 takes: %d bytes, want %d", len(p.Bytes), size(80))
	}
	if p := prepare(t, png, shared.Limits{Formats: []string{"jpeg"}, MaxImageBytes: size(70) - 1}); p.Width >= 200 || p.Width < 190 {
		t.Errorf("below the worst quality: %d pixels", p.Width)
	}
}

func TestGreyStaysGreyAndTransparencyBecomesWhite(t *testing.T) {
	t.Parallel()
	grey := image.NewGray(image.Rect(0, 0, 60, 40))
	draw.Draw(grey, grey.Rect, scene(60, 40), image.Point{}, draw.Src)
	p := prepare(t, withOrientation(encode(JPEG, grey), 6), shared.Limits{})
	img, _, _ := Decode(p.Bytes)
	if _, ok := img.(*image.Gray); !ok {
		t.Errorf("grey has become %T", img)
	}
	glass := scene(60, 40)
	for x := range 60 {
		glass.SetNRGBA(x, 39, color.NRGBA{0, 0, 0, 0})
	}
	p = prepare(t, encode(PNG, glass), shared.Limits{Formats: []string{"png"}})
	img, _, _ = Decode(p.Bytes)
	if row := opaqueRows(img)(39); !p.Changed || !isPlain(img) || row[0] != 255 {
		t.Error("what was transparent is not white")
	}
}

func TestColoursOfPrintBecomeThoseOfAScreen(t *testing.T) {
	t.Parallel()
	p := prepare(t, sample(t, "cmyk.jpg"), shared.Limits{})
	img, _, _ := Decode(p.Bytes)
	if _, ok := img.(*image.YCbCr); !ok || !near(img, scene(64, 48), 10) {
		t.Errorf("%T, or another picture", img)
	}
}

func TestOnlyTheFirstFrameIsSent(t *testing.T) {
	t.Parallel()
	p := prepare(t, animatedGIF(), shared.Limits{})
	img, _, _ := Decode(p.Bytes)
	if p.Format != JPEG || p.Info.MultiFrame != true || !near(img, scene(32, 32), 25) {
		t.Errorf("%s, not the first frame", p.Format)
	}
}

func TestHopelessPicturesAreRefused(t *testing.T) {
	t.Parallel()
	jpg := encode(JPEG, scene(64, 48))
	for _, c := range []struct {
		why    string
		data   []byte
		limits shared.Limits
		code   shared.Code
	}{
		{"empty", nil, shared.Limits{}, shared.CodePictureEmpty},
		{"a text file", []byte("no picture\n"), shared.Limits{}, shared.CodeNotAPicture},
		{"cut short", jpg[:len(jpg)-10], shared.Limits{}, shared.CodePictureBroken},
		{"cut short, to be converted", jpg[:len(jpg)-10], shared.Limits{Formats: []string{"png"}}, shared.CodePictureBroken},
		{"one pixel", encode(PNG, flat(1, 1, color.White)), shared.Limits{MinSide: 15}, shared.CodePictureTooSmall},
		{"a strip", encode(PNG, scene(600, 14)), shared.Limits{MinSide: 15}, shared.CodePictureTooSmall},
		{"a strip after scaling", encode(PNG, scene(2000, 20)), shared.Limits{MinSide: 15, MaxSide: 1000}, shared.CodePictureTooSmall},
		{"white", encode(JPEG, flat(64, 48, color.White)), shared.Limits{}, shared.CodePictureBlank},
		{"no room", jpg, shared.Limits{MaxImageBytes: 10}, shared.CodePictureTooLarge},
		{"no room above the smallest side", jpg, shared.Limits{MaxImageBytes: 10, MinSide: 15}, shared.CodePictureTooSmall},
		{"no format that can be written", jpg, shared.Limits{Formats: []string{"gif"}}, shared.CodeFormatUnsupported},
	} {
		_, err := new(Preparer).Prepare(t.Context(), c.data, c.limits)
		var e *shared.Error
		if !errors.Is(err, c.code) || !errors.As(err, &e) || e.Outcome != shared.OutcomeNotSent || e.Basis != shared.BasisProved || strings.Contains(e.Error(), "\n") {
			t.Errorf("%s: %v, want %s", c.why, err, c.code)
		}
	}
}

// tallJPEG returns a JPEG of w × 16·rows pixels in 4:2:0, a row of blocks repeated between restart
// markers: a picture of any height at the cost of encoding one strip.
func tallJPEG(w, rows int) []byte {
	m := image.NewYCbCr(image.Rect(0, 0, w, 16), image.YCbCrSubsampleRatio420)
	for i := range m.Y {
		m.Y[i] = byte(60 + i%w/40%2*120)
	}
	for i := range m.Cb {
		m.Cb[i], m.Cr[i] = 120, 140
	}
	strip := encode(JPEG, m)
	scan := bytes.Index(strip, []byte{0xFF, jpegSOS})
	data := scan + 2 + int(binary.BigEndian.Uint16(strip[scan+2:]))
	out := bytes.Clone(strip[:scan])
	binary.BigEndian.PutUint16(out[bytes.Index(out, []byte{0xFF, jpegSOF0})+5:], uint16(16*rows))
	interval := binary.BigEndian.AppendUint16(nil, uint16((w+15)/16))
	out = append(append(out, segment(0xDD, string(interval))...), strip[scan:data]...)
	for i := range rows {
		if i > 0 {
			out = append(out, 0xFF, byte(jpegRST0+(i-1)%8))
		}
		out = append(out, strip[data:len(strip)-2]...)
	}
	return append(out, 0xFF, jpegEOI)
}

func TestA48MegapixelPictureGoesThroughInBoundedMemory(t *testing.T) {
	if testing.Short() {
		t.Skip("short runs are those with the race detector, which makes the decoder thirty times slower, and there is one goroutine here")
	}
	const w, h = 8000, 6000
	const decoded = w * h * 3 / 2
	data := withOrientation(tallJPEG(w, h/16), 6)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	p, err := new(Preparer).Prepare(t.Context(), data, shared.Limits{MinSide: 15, MaxSide: 4096, MaxEncodedBytes: 4_000_000, Formats: []string{"jpeg", "png", "bmp"}})
	runtime.ReadMemStats(&after)
	if err != nil {
		t.Fatal(err)
	}
	if p.Info.Width != w || p.Info.Height != h || p.Width != 3072 || p.Height != 4096 || FormLength(p.Bytes) > 4_000_000 || p.Format != JPEG {
		t.Errorf("%s of %d × %d in %d bytes", p.Format, p.Width, p.Height, len(p.Bytes))
	}
	// The decoded picture once, and beside it two copies of the target, which has a quarter of the
	// pixels, and two buffers for the encoded tries.
	if used := after.TotalAlloc - before.TotalAlloc; used > 2*decoded {
		t.Errorf("took %d MB for a picture of %d MB", used>>20, decoded>>20)
	}
}

func TestPrepareOfAPreparedPictureGivesTheSameBytes(t *testing.T) {
	t.Parallel()
	all := samples(t)
	names := make([]string, 0, len(all))
	for name := range all {
		names = append(names, name)
	}
	slices.Sort(names)
	rapid.Check(t, func(t *rapid.T) {
		data := all[rapid.SampledFrom(names).Draw(t, "picture")]
		if rapid.Bool().Draw(t, "drawn") {
			m := Upright(scene(rapid.IntRange(8, 90).Draw(t, "w"), rapid.IntRange(8, 90).Draw(t, "h")), 1)
			data = encode(rapid.SampledFrom([]string{JPEG, PNG, GIF, BMP, TIFF}).Draw(t, "format"), m)
		}
		if o := rapid.IntRange(0, 8).Draw(t, "orientation"); o > 0 && data[0] == 0xFF {
			data = withOrientation(data, o)
		}
		limits := shared.Limits{
			MaxSide:         rapid.SampledFrom([]int{0, 20, 50}).Draw(t, "side"),
			MaxPixels:       rapid.SampledFrom([]int64{0, 1000}).Draw(t, "pixels"),
			MaxImageBytes:   rapid.SampledFrom([]int64{0, 900, 3000}).Draw(t, "bytes"),
			MaxEncodedBytes: rapid.SampledFrom([]int64{0, 1500}).Draw(t, "encoded"),
			Formats:         rapid.SampledFrom([][]string{nil, {"jpeg"}, {"png"}, {"jpg", "png", "bmp"}}).Draw(t, "formats"),
		}
		once, err := new(Preparer).Prepare(context.Background(), data, limits)
		if err != nil {
			t.Skip(err)
		}
		twice, err := new(Preparer).Prepare(context.Background(), once.Bytes, limits)
		if err != nil || twice.Changed || !bytes.Equal(once.Bytes, twice.Bytes) {
			t.Fatalf("%v, %d bytes of %s became %d", err, len(once.Bytes), once.Format, len(twice.Bytes))
		}
	})
}

// recorder notes what is asked of it and lets everything pass.
type recorder struct{ weights []int64 }

func (r *recorder) Acquire(_ context.Context, n int64) error {
	r.weights = append(r.weights, n)
	return nil
}
func (r *recorder) Release(n int64) { r.weights = append(r.weights, -n) }

func TestHeavyPicturesTakeAllSlots(t *testing.T) {
	t.Parallel()
	header := func(marker byte, w, h int, components string) []byte {
		b := []byte("\x08\x00\x00\x00\x00" + components)
		binary.BigEndian.PutUint16(b[1:], uint16(h))
		binary.BigEndian.PutUint16(b[3:], uint16(w))
		return append([]byte("\xff\xd8"), append(segment(marker, string(b)), segment(jpegSOS, "\x01\x01\x00\x00\x3f\x00")...)...)
	}
	const subsampled, full, grey = "\x03\x01\x22\x00\x02\x11\x01\x03\x11\x01", "\x03\x01\x11\x00\x02\x11\x01\x03\x11\x01", "\x01\x01\x11\x00"
	for name, c := range map[string]struct {
		data []byte
		want int64
	}{
		"48 megapixels":                {header(jpegSOF0, 8000, 6000, subsampled), 1},
		"48 megapixels of full colour": {header(jpegSOF0, 8000, 6000, full), 2},
		"11 megapixels, progressive":   {header(jpegSOF2, 4000, 2750, subsampled), 1},
		"13 megapixels, progressive":   {header(jpegSOF2, 4000, 3250, subsampled), 2},
		"13 megapixels, grey":          {header(jpegSOF2, 4000, 3250, grey), 2},
		"11 megapixels of full colour": {header(jpegSOF2, 4000, 2750, full), 2},
	} {
		// The picture ends behind its header, so it is refused as soon as it is decoded; how much
		// memory the decoder takes before it notices is not the point here.
		r := &recorder{}
		_, err := (&Preparer{Slots: r}).Prepare(t.Context(), c.data, shared.Limits{})
		if !errors.Is(err, shared.CodePictureBroken) || !slices.Equal(r.weights, []int64{c.want, -c.want}) {
			t.Errorf("%s: %v, %v", name, r.weights, err)
		}
	}
}

func TestWaitingForASlotHonoursTheContext(t *testing.T) {
	t.Parallel()
	data := encode(JPEG, scene(64, 48))
	synctest.Test(t, func(t *testing.T) {
		slots := semaphore.NewWeighted(DecodeSlots)
		if err := slots.Acquire(t.Context(), DecodeSlots); err != nil {
			t.Fatal(err)
		}
		p := &Preparer{Slots: slots}
		ctx, cancel := context.WithTimeout(t.Context(), 1)
		defer cancel()
		_, err := p.Prepare(ctx, data, shared.Limits{})
		if !errors.Is(err, shared.CodeDeadlineExceeded) || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%v", err)
		}
		done := make(chan error)
		go func() { _, err := p.Prepare(t.Context(), data, shared.Limits{}); done <- err }()
		synctest.Wait()
		select {
		case err := <-done:
			t.Fatalf("did not wait: %v", err)
		default:
		}
		slots.Release(DecodeSlots)
		if err := <-done; err != nil {
			t.Error(err)
		}
		if !slots.TryAcquire(DecodeSlots) {
			t.Error("a slot was not given back")
		}
	})
}

func TestAFinishedContextPreparesNothing(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := new(Preparer).Prepare(ctx, encode(JPEG, scene(64, 48)), shared.Limits{})
	if !errors.Is(err, shared.CodeCanceled) {
		t.Errorf("%v", err)
	}
}

func FuzzPrepare(f *testing.F) {
	for _, data := range samples(f) {
		f.Add(data, 0, int64(0), false)
		f.Add(data, 20, int64(900), true)
	}
	f.Add(withOrientation(encode(JPEG, scene(16, 16)), 6), 10, int64(0), true)
	f.Fuzz(func(t *testing.T, data []byte, side int, size int64, png bool) {
		p := &Preparer{MaxPixels: 1 << 14}
		limits := shared.Limits{MaxSide: max(0, side), MaxImageBytes: max(0, size), Formats: []string{"jpeg", "png", "bmp"}}
		if png {
			limits.Formats = []string{"png"}
		}
		once, err := p.Prepare(t.Context(), data, limits)
		var e *shared.Error
		if err != nil {
			if !errors.As(err, &e) || e.Outcome != shared.OutcomeNotSent {
				t.Fatalf("an error of another type: %v", err)
			}
			return
		}
		twice, err := p.Prepare(t.Context(), once.Bytes, limits)
		if errors.Is(err, shared.CodePictureBlank) {
			return // it was at the very edge of showing something
		}
		if err != nil || !bytes.Equal(once.Bytes, twice.Bytes) {
			t.Fatalf("not prepared once and for all: %v", err)
		}
	})
}

func BenchmarkPrepare12Megapixels(b *testing.B) {
	m := image.NewYCbCr(image.Rect(0, 0, 4000, 3000), image.YCbCrSubsampleRatio420)
	for i := range m.Y {
		m.Y[i] = byte(i / 40)
	}
	data := withOrientation(encode(JPEG, m), 6)
	var p Preparer
	b.ReportAllocs()
	for b.Loop() {
		if _, err := p.Prepare(b.Context(), data, shared.Limits{MaxSide: 2048}); err != nil {
			b.Fatal(err)
		}
	}
}

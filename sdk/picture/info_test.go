package picture

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"image"
	"image/color"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/seed-6b91b535/idrec/shared"
)

func TestInspectTellsFormatAndSizeByContent(t *testing.T) {
	t.Parallel()
	for name, data := range samples(t) {
		format := name[strings.LastIndex(name, ".")+1:]
		if format == "jpg" {
			format = JPEG
		}
		info, err := Inspect(data)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		info.decoded = 0
		want := Info{Format: format, Width: 64, Height: 48, Orientation: 1, Progressive: name == "progressive.jpg"}
		if info != want {
			t.Errorf("%s: %+v, want %+v", name, info, want)
		}
	}
}

func TestInspectReadsOrientation(t *testing.T) {
	t.Parallel()
	m := scene(20, 10)
	for o := 0; o <= 9; o++ {
		want := o
		if o < 1 || o > 8 {
			want = 1
		}
		for _, order := range []binary.AppendByteOrder{binary.LittleEndian, binary.BigEndian} {
			exif := exifBlock(order, o)
			for name, data := range map[string][]byte{
				"jpeg":                         insert(encode(JPEG, m), segment(jpegAPP1, "http://ns.adobe.com/xap/1.0/\x00<x/>"), segment(jpegAPP1, exifPrefix+string(exif))),
				"png":                          withChunk(encode(PNG, m), "eXIf", exif),
				"webp":                         withWebPChunk(sample(t, "lossy.webp"), "EXIF", exif),
				"webp with the prefix of jpeg": withWebPChunk(sample(t, "lossless.webp"), "EXIF", append([]byte(exifPrefix), exif...)),
				"tiff":                         withTIFFOrientation(encode(TIFF, m), o),
			} {
				if info, err := Inspect(data); err != nil || info.Orientation != want {
					t.Errorf("%s, orientation %d: %d, %v", name, o, info.Orientation, err)
				}
			}
		}
	}
}

// withChunk puts a chunk before the last one of a PNG.
func withChunk(png []byte, name string, payload []byte) []byte {
	const iend = 12
	out := append([]byte(nil), png[:len(png)-iend]...)
	return append(append(out, pngChunk(name, payload)...), png[len(png)-iend:]...)
}

func pngChunk(name string, payload []byte) []byte {
	b := binary.BigEndian.AppendUint32(nil, uint32(len(payload)))
	b = append(append(b, name...), payload...)
	return binary.BigEndian.AppendUint32(b, crc32.ChecksumIEEE(b[4:]))
}

// withWebPChunk appends a chunk to a WebP.
func withWebPChunk(webp []byte, name string, payload []byte) []byte {
	out := append([]byte(nil), webp...)
	out = append(binary.LittleEndian.AppendUint32(append(out, name...), uint32(len(payload))), payload...)
	if len(payload)%2 == 1 {
		out = append(out, 0)
	}
	binary.LittleEndian.PutUint32(out[4:], uint32(len(out)-8))
	return out
}

// withTIFFOrientation appends a directory of its own that is the first one with an orientation added.
func withTIFFOrientation(tiff []byte, orientation int) []byte {
	le := binary.LittleEndian
	out := append([]byte(nil), tiff...)
	if len(out)%2 == 1 {
		out = append(out, 0)
	}
	first, at := le.Uint32(tiff[4:]), len(out)
	n := int(le.Uint16(tiff[first:]))
	out = le.AppendUint16(out, uint16(n+1))
	added := false
	for i := range n {
		entry := tiff[int(first)+2+12*i:][:12]
		if le.Uint16(entry) > tagOrientation && !added {
			out = append(le.AppendUint32(le.AppendUint16(le.AppendUint16(out, tagOrientation), 3), 1), byte(orientation), 0, 0, 0)
			added = true
		}
		out = append(out, entry...)
	}
	out = le.AppendUint32(out, 0)
	le.PutUint32(out[4:], uint32(at))
	return out
}

func TestInspectRefuses(t *testing.T) {
	t.Parallel()
	m := scene(16, 16)
	jpg, png := encode(JPEG, m), encode(PNG, m)
	for _, c := range []struct {
		why  string
		data []byte
		code shared.Code
	}{
		{"nothing", nil, shared.CodePictureEmpty},
		{"no bytes", []byte{}, shared.CodePictureEmpty},
		{"one byte", []byte{0xFF}, shared.CodeNotAPicture},
		{"a text named .jpg", []byte("This is no picture."), shared.CodeNotAPicture},
		{"a text that begins with BM", []byte("BMW is a maker of cars and not a bitmap"), shared.CodeNotAPicture},
		{"zeros", make([]byte, 1000), shared.CodeNotAPicture},
		{"a RIFF that is no WebP", []byte("RIFF\x10\x00\x00\x00WAVEfmt 1234"), shared.CodeNotAPicture},
		{"HEIC", []byte("\x00\x00\x00\x18ftypheic\x00\x00\x00\x00"), shared.CodeFormatUnsupported},
		{"AVIF", []byte("\x00\x00\x00\x18ftypavif\x00\x00\x00\x00"), shared.CodeFormatUnsupported},
		{"PDF", []byte("%PDF-1.7\n"), shared.CodeFormatUnsupported},
		{"a JPEG's first bytes", jpg[:4], shared.CodePictureBroken},
		{"a JPEG without a frame", []byte("\xff\xd8\xff\xd9"), shared.CodePictureBroken},
		{"a PNG's first bytes", png[:20], shared.CodePictureBroken},
		{"a PNG without its end", png[:len(png)-12], shared.CodePictureBroken},
		{"a BMP cut short", encode(BMP, m)[:300], shared.CodePictureBroken},
		{"a GIF cut short", encode(GIF, m)[:300], shared.CodePictureBroken},
		{"a WebP cut short", sample(t, "lossy.webp")[:300], shared.CodePictureBroken},
		{"a TIFF's first bytes", encode(TIFF, m)[:8], shared.CodePictureBroken},
	} {
		_, err := Inspect(c.data)
		var e *shared.Error
		if !errors.Is(err, c.code) || !errors.As(err, &e) || e.Outcome != shared.OutcomeNotSent || e.Basis != shared.BasisProved || e.Message == "" {
			t.Errorf("%s: %v, want %s", c.why, err, c.code)
		}
	}
}

// bombs returns files of a few bytes that claim 100 megapixels, or a gigabyte.
func bombs() map[string][]byte {
	const side = 10_000
	sof := func(marker byte) []byte {
		return append([]byte("\xff\xd8"), append(segment(marker, "\x08\x27\x10\x27\x10\x03\x01\x22\x00\x02\x11\x01\x03\x11\x01"), segment(jpegSOS, "\x03\x01\x00\x02\x11\x03\x11\x00\x3f\x00")...)...)
	}
	be, le := binary.BigEndian, binary.LittleEndian
	ihdr := append(be.AppendUint32(be.AppendUint32(nil, side), side), 16, 6, 0, 0, 0)
	png := append([]byte(pngSignature), pngChunk("IHDR", ihdr)...)
	png = append(append(png, pngChunk("IDAT", []byte("x"))...), pngChunk("IEND", nil)...)
	bmp := append([]byte("BM"), make([]byte, 52)...)
	le.PutUint32(bmp[10:], 54)
	le.PutUint32(bmp[14:], 40)
	le.PutUint32(bmp[18:], 11_000)
	le.PutUint32(bmp[22:], 11_000)
	le.PutUint16(bmp[26:], 1)
	le.PutUint16(bmp[28:], 24)
	gif := append([]byte("GIF89a\x10\x27\x10\x27\x00\x00\x00"), "\x2c\x00\x00\x00\x00\x10\x27\x10\x27\x00\x02\x00\x3b"...)
	vp8x := []byte("RIFF\x16\x00\x00\x00WEBPVP8X\x0a\x00\x00\x00\x00\x00\x00\x00\x0f\x27\x00\x0f\x27\x00")
	vp8l := []byte("RIFF\x12\x00\x00\x00WEBPVP8L\x05\x00\x00\x00\x2f\xff\xff\xff\x0f\x00")
	tiff := append([]byte("II*\x00\x08\x00\x00\x00\x02\x00"), "\x00\x01\x04\x00\x01\x00\x00\x00\x10\x27\x00\x00\x01\x01\x04\x00\x01\x00\x00\x00\x10\x27\x00\x00\x00\x00\x00\x00"...)
	ihdr = append(be.AppendUint32(be.AppendUint32(nil, 8000), 8000), 16, 6, 0, 0, 1)
	deep := append([]byte(pngSignature), pngChunk("IHDR", ihdr)...)
	deep = append(append(deep, pngChunk("IDAT", []byte("x"))...), pngChunk("IEND", nil)...)
	return map[string][]byte{"interlaced png of 16 bits": deep, "jpeg": sof(jpegSOF0), "progressive": sof(jpegSOF2), "png": png, "gif": gif, "webp": vp8x, "lossless webp": vp8l, "tiff": tiff, "bmp": bmp}
}

func TestBombsAreRefusedWithoutMemory(t *testing.T) {
	for name, data := range bombs() {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, _, err := Decode(data)
		_, err2 := new(Preparer).Prepare(t.Context(), data, shared.Limits{})
		runtime.ReadMemStats(&after)
		if !errors.Is(err, shared.CodePictureTooLarge) || !errors.Is(err2, shared.CodePictureTooLarge) {
			t.Errorf("%s: %v, %v", name, err, err2)
		}
		if n := after.TotalAlloc - before.TotalAlloc; n > 1<<20 {
			t.Errorf("%s: refusing it took %d bytes", name, n)
		}
	}
}

func TestThePixelLimitIsAboveAPhonesAndBelowABombs(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		w, h int
		ok   bool
	}{{8000, 6000, true}, {9248, 6944, true}, {8192, 8192, true}, {8193, 8192, false}, {10_000, 10_000, false}} {
		sof := fmt.Sprintf("\x08%c%c%c%c\x01\x01\x11\x00", 0, 0, 0, 0)
		b := []byte(sof)
		binary.BigEndian.PutUint16(b[1:], uint16(c.h))
		binary.BigEndian.PutUint16(b[3:], uint16(c.w))
		data := append([]byte("\xff\xd8"), append(segment(jpegSOF0, string(b)), segment(jpegSOS, "\x01\x01\x00\x00\x3f\x00")...)...)
		if _, err := Inspect(data); (err == nil) != c.ok {
			t.Errorf("%d × %d: %v", c.w, c.h, err)
		}
		if c.w*c.h <= MaxPixels {
			if _, err := inspect(data, MaxPixels); err != nil {
				t.Errorf("%d × %d at most: %v", c.w, c.h, err)
			}
		}
	}
}

func TestAnimatedAndPagedPicturesAreToldApart(t *testing.T) {
	t.Parallel()
	m := scene(16, 16)
	two := encode(TIFF, m)
	// A second directory: the first one again.
	le := binary.LittleEndian
	first := le.Uint32(two[4:])
	next := int(first) + 2 + 12*int(le.Uint16(two[first:]))
	again := append([]byte(nil), two[first:next+4]...)
	two = append([]byte(nil), two...)
	le.PutUint32(two[next:], uint32(len(two)))
	two = append(two, again...)

	for name, c := range map[string]struct {
		data []byte
		want bool
	}{
		"gif of two":  {animatedGIF(), true},
		"gif of one":  {encode(GIF, m), false},
		"apng":        {withChunk(encode(PNG, m), "acTL", make([]byte, 8)), true},
		"tiff of two": {two, true},
		"tiff of one": {encode(TIFF, m), false},
		"webp":        {withWebPChunk(sample(t, "lossy.webp"), "ANIM", make([]byte, 6)), true},
	} {
		if info, err := Inspect(c.data); err != nil || info.MultiFrame != c.want {
			t.Errorf("%s: %v %v", name, info.MultiFrame, err)
		}
	}
}

func TestTruncationsNeverPanicAndNeverGiveHalfAPicture(t *testing.T) {
	t.Parallel()
	for name, data := range samples(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			whole, _, err := Decode(data)
			if err != nil {
				t.Fatal(err)
			}
			step := max(1, len(data)/400)
			for n := 0; n < len(data); n += step {
				img, _, err := Decode(data[:n])
				var e *shared.Error
				if err != nil && !errors.As(err, &e) {
					t.Fatalf("cut at %d: an error of another type: %v", n, err)
				}
				// A file can lack something behind its picture and still be whole.
				if err == nil && !near(img, whole, 0) {
					t.Fatalf("cut at %d of %d: another picture", n, len(data))
				}
			}
		})
	}
}

func TestACutJPEGThatWasGivenAnEndIsBroken(t *testing.T) {
	t.Parallel()
	jpg := encode(JPEG, scene(200, 150))
	scan := bytes.Index(jpg, []byte{0xFF, jpegSOS}) + 14
	for n := scan; n < len(jpg)-20; n += 97 {
		cut := append(append([]byte(nil), jpg[:n]...), 0xFF, jpegEOI)
		if _, _, err := Decode(cut); !errors.Is(err, shared.CodePictureBroken) {
			t.Errorf("cut at %d of %d: %v", n, len(jpg), err)
		}
	}
}

func FuzzInspect(f *testing.F) {
	for _, data := range samples(f) {
		f.Add(data)
	}
	for _, data := range bombs() {
		f.Add(data)
	}
	f.Add(withOrientation(encode(JPEG, scene(16, 16)), 6))
	f.Fuzz(func(t *testing.T, data []byte) {
		info, err := inspect(data, 1<<16)
		if err != nil {
			return
		}
		if info.pixels() < 1 || info.pixels() > 1<<16 || info.Orientation < 1 || info.Orientation > 8 || info.Format == "" {
			t.Fatalf("%+v", info)
		}
		if img, err := decode(data, info); err == nil && img.Bounds().Size() != turnedSize(info.Width, info.Height, 1) {
			t.Fatalf("%v is not %+v", img.Bounds(), info)
		}
	})
}

// scansBomb is a progressive JPEG of a few bytes a scan, each of which makes the decoder walk over all
// blocks of the picture.
func scansBomb(side, scans int) []byte {
	size := string([]byte{byte(side >> 8), byte(side), byte(side >> 8), byte(side)})
	oneCode := func(class, symbol byte) []byte {
		return segment(jpegDHT, string([]byte{class, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, symbol}))
	}
	blocks := (side / 8) * (side / 8)
	quantisation := segment(0xDB, "\x00"+strings.Repeat("\x01", 64))
	b := append([]byte("\xff\xd8"), quantisation...)
	b = append(b, segment(jpegSOF2, "\x08"+size+"\x01\x01\x11\x00")...)
	b = append(append(b, oneCode(0x00, 0)...), oneCode(0x10, 0xE0)...)
	b = append(append(b, segment(jpegSOS, "\x01\x01\x00\x00\x00\x00")...), make([]byte, blocks/8+1)...)
	for range scans - 1 {
		const blocksARun, bitsARun = 1 << 14, 15
		b = append(append(b, segment(jpegSOS, "\x01\x01\x00\x01\x3f\x00")...), make([]byte, (blocks/blocksARun+1)*bitsARun/8+1)...)
	}
	return append(b, "\xff\xd9"...)
}

func TestAJPEGOfThousandsOfScansIsRefusedAtOnce(t *testing.T) {
	t.Parallel()
	if _, _, err := Decode(scansBomb(64, 60)); err != nil {
		t.Fatal("the bomb must be a picture that could be decoded:", err)
	}
	data := scansBomb(2048, 5000)
	start := time.Now()
	if _, _, err := Decode(data); !errors.Is(err, shared.CodeFormatUnsupported) {
		t.Error(err)
	}
	if took := time.Since(start); took > time.Second {
		t.Errorf("%d bytes took %v", len(data), took)
	}
}

func TestWhatDecodingTakesIsEstimatedForTheRarerKindsToo(t *testing.T) {
	t.Parallel()
	grey := encode(PNG, image.NewGray(image.Rect(0, 0, 40, 30)))
	const head = len(pngSignature) + 25
	transparent := append(append(append([]byte(nil), grey[:head]...), pngChunk("tRNS", []byte{0, 1})...), grey[head:]...)
	part := encode(GIF, image.NewPaletted(image.Rect(0, 0, 8, 8), color.Palette{color.Black, color.White}))
	binary.LittleEndian.PutUint16(part[6:], 40)
	binary.LittleEndian.PutUint16(part[8:], 30)
	for name, data := range map[string][]byte{"grey png with a transparent grey": transparent, "gif whose frame is a part": part} {
		img, info, err := Decode(data)
		if err != nil {
			t.Fatal(name, err)
		}
		if info.decoded < 4*40*30 {
			t.Errorf("%s: %d bytes for %T", name, info.decoded, img)
		}
	}
}

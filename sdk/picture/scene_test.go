package picture

import (
	"bytes"
	"encoding/binary"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"os"
	"path/filepath"
	"testing"

	"go.uber.org/goleak"
	"golang.org/x/image/bmp"
	"golang.org/x/image/tiff"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// scene draws something of print: dark bars on a coloured ground, a corner of its own at the top left,
// so that every turning of it looks different.
func scene(w, h int) *image.NRGBA {
	m := image.NewNRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			c := color.NRGBA{byte(100 + 155*x/w), byte(100 + 155*y/h), 180, 255}
			if x*12/w%2 == 0 && y*8/h%2 == 0 {
				c = color.NRGBA{20, 30, 40, 255}
			}
			if x < w/3 && y < h/4 {
				c = color.NRGBA{220, 30, 30, 255}
			}
			m.SetNRGBA(x, y, c)
		}
	}
	return m
}

func encode(format string, m image.Image) []byte {
	var b bytes.Buffer
	var err error
	switch format {
	case JPEG:
		err = jpeg.Encode(&b, m, &jpeg.Options{Quality: 90})
	case PNG:
		err = png.Encode(&b, m)
	case GIF:
		err = gif.Encode(&b, m, nil)
	case BMP:
		err = bmp.Encode(&b, m)
	case TIFF:
		err = tiff.Encode(&b, m, nil)
	default:
		panic(format)
	}
	if err != nil {
		panic(err)
	}
	return b.Bytes()
}

// sample reads a picture of testdata: scene(64, 48) in the kinds that the standard library cannot write,
// made with cjpeg (-progressive, -rgb, -sample 2x1), libjpeg (JCS_CMYK) and cwebp (-q 80, -lossless).
func sample(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// samples returns a small picture of every format and kind.
func samples(t testing.TB) map[string][]byte {
	m := scene(64, 48)
	return map[string][]byte{
		"jpeg": encode(JPEG, m), "png": encode(PNG, m), "gif": encode(GIF, m), "bmp": encode(BMP, m), "tiff": encode(TIFF, m),
		"lossy.webp": sample(t, "lossy.webp"), "lossless.webp": sample(t, "lossless.webp"), "alpha.webp": sample(t, "alpha.webp"),
		"progressive.jpg": sample(t, "progressive.jpg"), "rgb.jpg": sample(t, "rgb.jpg"), "422.jpg": sample(t, "422.jpg"), "cmyk.jpg": sample(t, "cmyk.jpg"),
	}
}

// exifBlock returns EXIF data with an orientation and a place.
func exifBlock(order binary.AppendByteOrder, orientation int) []byte {
	magic := "II*\x00"
	if order == binary.AppendByteOrder(binary.BigEndian) {
		magic = "MM\x00*"
	}
	b := order.AppendUint32([]byte(magic), 8)
	entry := func(tag, kind uint16, count uint32) {
		b = order.AppendUint32(order.AppendUint16(order.AppendUint16(b, tag), kind), count)
	}
	b = order.AppendUint16(b, 2)
	entry(tagOrientation, 3, 1)
	b = order.AppendUint16(order.AppendUint16(b, uint16(orientation)), 0)
	entry(0x8825, 4, 1) // GPS directory, right behind this one
	b = order.AppendUint32(b, 8+2+2*12+4)
	b = order.AppendUint32(b, 0)
	b = order.AppendUint16(b, 1)
	entry(2, 2, 4) // GPSLatitude, here as a text that can be searched for
	return append(append(b, "31N\x00"...), 0, 0, 0, 0)
}

// secret is in every piece of metadata that the tests put into pictures.
const secret = "31N"

// segment makes a JPEG segment.
func segment(marker byte, payload string) []byte {
	n := len(payload) + 2
	return append([]byte{0xFF, marker, byte(n >> 8), byte(n)}, payload...)
}

// insert puts segments behind the first two bytes of a JPEG.
func insert(jpg []byte, segments ...[]byte) []byte {
	out := append([]byte(nil), jpg[:2]...)
	for _, s := range segments {
		out = append(out, s...)
	}
	return append(out, jpg[2:]...)
}

func withOrientation(jpg []byte, orientation int) []byte {
	return insert(jpg, segment(jpegAPP1, exifPrefix+string(exifBlock(binary.BigEndian, orientation))))
}

// near reports whether two pictures show the same, within what encoding changes.
func near(a, b image.Image, tolerance int) bool {
	if a.Bounds().Size() != b.Bounds().Size() {
		return false
	}
	ra, rb := opaqueRows(a), opaqueRows(b)
	sum := 0
	for y := range a.Bounds().Dy() {
		x, z := ra(y), rb(y)
		for i := range x {
			sum += max(int(x[i])-int(z[i]), int(z[i])-int(x[i]))
		}
	}
	return sum <= tolerance*4*a.Bounds().Dx()*a.Bounds().Dy()
}

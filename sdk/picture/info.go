package picture

import (
	"bytes"
	"slices"

	"github.com/seed-6b91b535/idrec/shared"
)

// The formats, as [shared.Limits] names them.
const (
	JPEG = "jpeg"
	PNG  = "png"
	BMP  = "bmp"
	GIF  = "gif"
	WebP = "webp"
	TIFF = "tiff"
)

// The bounds on the number of pixels that are decoded.
const (
	// DefaultMaxPixels lets the pictures of 64-megapixel cameras through (9248 × 6944). A decoded picture
	// then has about a quarter of a gigabyte, and half a one at most.
	DefaultMaxPixels = 64 << 20
	// MaxPixels is the most that can be allowed.
	MaxPixels = 120_000_000
	// maxBytesPerPixel, times the bound on pixels, bounds the memory for decoding. It leaves room for
	// whatever cameras and scanners write; interlaced pictures of 16 bits, and progressive ones of full
	// colour, take up to 20 bytes a pixel, and must be smaller.
	maxBytesPerPixel = 8
)

// Info is what a picture says of itself before it is decoded.
type Info struct {
	Format        string // by content, never by name
	Width, Height int    // pixels as stored, before any turning
	Orientation   int    // of EXIF, 1 to 8; 1 is upright and stands for none
	Progressive   bool   // a JPEG of the progressive mode
	MultiFrame    bool   // animated, or of several pages; only the first one is ever looked at

	// decoded estimates the memory that decoding takes, in bytes.
	decoded int64
}

// pixels returns width × height.
func (i Info) pixels() int64 { return int64(i.Width) * int64(i.Height) }

// valid is the picture's own word on its size, checked for the ranges that every format shares.
func (i Info) valid() bool {
	return i.Width > 0 && i.Height > 0 && i.Width <= 1<<30 && i.Height <= 1<<30
}

// Inspect looks at the head of a picture. It reads no pixels, needs no memory beyond data, and refuses
// pictures above [DefaultMaxPixels].
func Inspect(data []byte) (Info, error) { return inspect(data, DefaultMaxPixels) }

func inspect(data []byte, maxPixels int64) (Info, error) {
	if len(data) == 0 {
		return Info{}, refuse(shared.CodePictureEmpty, "the picture has no bytes: copy or take it again")
	}
	for _, f := range formats {
		if !f.magic(data) {
			continue
		}
		info, ok := f.inspect(data)
		info.Format = f.name
		if info.Orientation < 1 || info.Orientation > 8 {
			info.Orientation = 1
		}
		switch {
		case !ok || !info.valid():
			return Info{}, broken(nil)
		case info.pixels() > maxPixels:
			return Info{}, refuse(shared.CodePictureTooLarge, "the picture has %d × %d pixels, and at most %d million are read: make it smaller",
				info.Width, info.Height, maxPixels/1_000_000)
		case info.decoded > maxPixels*maxBytesPerPixel:
			return Info{}, refuse(shared.CodePictureTooLarge, "the picture of %d × %d pixels is of a kind that takes %d MB to decode: save it as an ordinary jpg, or make it smaller",
				info.Width, info.Height, info.decoded/1_000_000)
		}
		return info, nil
	}
	if name := unreadableFormat(data); name != "" {
		return Info{}, refuse(shared.CodeFormatUnsupported, "a picture in the format %s, which is not read here: convert it to jpg or png", name)
	}
	return Info{}, refuse(shared.CodeNotAPicture, "the content is no picture, whatever its name says: give a jpg, png, bmp, gif, webp or tiff")
}

var formats = []struct {
	name    string
	magic   func([]byte) bool
	inspect func([]byte) (Info, bool)
}{
	{JPEG, prefix("\xff\xd8\xff"), inspectJPEG},
	{PNG, prefix(pngSignature), inspectPNG},
	{GIF, prefix("GIF87a", "GIF89a"), inspectGIF},
	{WebP, isWebP, inspectWebP},
	{TIFF, prefix("II*\x00", "MM\x00*"), inspectTIFF},
	{BMP, isBMP, inspectBMP},
}

func prefix(magics ...string) func([]byte) bool {
	return func(data []byte) bool {
		return slices.ContainsFunc(magics, func(m string) bool { return bytes.HasPrefix(data, []byte(m)) })
	}
}

// unreadableFormat names pictures that people do hand in and that cannot be decoded here, so that they
// are told to convert them and not that they gave no picture.
func unreadableFormat(data []byte) string {
	if len(data) >= 12 && string(data[4:8]) == "ftyp" {
		switch string(data[8:12]) {
		case "heic", "heix", "heim", "heis", "hevc", "mif1", "msf1":
			return "HEIC"
		case "avif", "avis":
			return "AVIF"
		}
	}
	for _, f := range []struct{ magic, name string }{
		{"\xff\x0a", "JPEG XL"}, {"\x00\x00\x00\x0cJXL ", "JPEG XL"}, {"\x00\x00\x00\x0cjP  ", "JPEG 2000"}, {"\xff\x4f\xff\x51", "JPEG 2000"},
		{"8BPS", "Photoshop"}, {"%PDF-", "PDF"}, {"II+\x00", "BigTIFF"}, {"MM\x00+", "BigTIFF"},
	} {
		if bytes.HasPrefix(data, []byte(f.magic)) {
			return f.name
		}
	}
	return ""
}

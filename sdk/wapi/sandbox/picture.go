package sandbox

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"image"
	"image/jpeg"
	"image/png"
	"strings"

	"golang.org/x/image/bmp"
)

// The page's limits of a picture in pixels.
const (
	minShortestSide = 15
	maxLongestSide  = 4096
)

// isURL reports whether url_image is an address rather than a picture.
func isURL(value []byte) bool {
	const longest = len("https://")
	head := strings.ToLower(string(value[:min(longest, len(value))]))
	return strings.HasPrefix(head, "http://") || strings.HasPrefix(head, "https://")
}

// decodeBase64 reads the picture, or reports false.
func decodeBase64(value []byte, as string) ([]byte, bool) {
	enc := base64.StdEncoding
	if as == "tolerant" {
		enc = base64.RawStdEncoding
		value = bytes.Map(func(r rune) rune {
			if r < 0x80 && (r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '+' || r == '/') {
				return r
			}
			return -1
		}, value)
	}
	out := make([]byte, enc.DecodedLen(len(value)))
	n, err := enc.Decode(out, value)
	return out[:n], err == nil && n > 0
}

// decodeSize returns the pixels of a jpg, png or bmp, without decoding more than its head; ok is false
// for everything else.
func decodeSize(picture []byte) (c image.Config, ok bool) {
	var err error
	r := bytes.NewReader(picture)
	switch {
	case bytes.HasPrefix(picture, []byte("\xFF\xD8")):
		c, err = jpeg.DecodeConfig(r)
	case bytes.HasPrefix(picture, []byte("\x89PNG")):
		c, err = png.DecodeConfig(r)
	case bytes.HasPrefix(picture, []byte("BM")):
		c, err = bmp.DecodeConfig(r)
	default:
		return c, false
	}
	return c, err == nil
}

// sizeRefused says why a picture of this size is refused, or nothing.
func sizeRefused(c image.Config) string {
	switch {
	case min(c.Width, c.Height) < minShortestSide:
		return fmt.Sprintf("图片最短边小于 %d 像素", minShortestSide)
	case max(c.Width, c.Height) > maxLongestSide:
		return fmt.Sprintf("图片最长边大于 %d 像素", maxLongestSide)
	}
	return ""
}

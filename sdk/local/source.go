package local

import (
	"crypto/sha256"
	"encoding/hex"
	"image"
	"io"
	"math"
	"os"

	"github.com/seed-6b91b535/idrec/sdk/local/internal/page"
	"github.com/seed-6b91b535/idrec/sdk/picture"
	"github.com/seed-6b91b535/idrec/shared"
)

// maxFile bounds what is read of a file, in bytes: nothing that can be decoded is larger, but by what it
// carries along.
const maxFile = 4*maxPixels + 1<<20

// maxPixels bounds a picture, so that decoding takes at most about 400 MB: 50-megapixel cameras are the
// largest in phones that people take such pictures with, and 200 dots a millimetre of card are plenty.
const maxPixels = 52_000_000

// costlyPixels bounds pictures whose decoders take up to 20 bytes a pixel.
const costlyPixels = 17_000_000

// source is a decoded picture.
type source struct {
	plane *page.Plane
	info  picture.Info
	sum   string // SHA-256 of the bytes as given, in hexadecimal
	// flipped: the plane is mirrored left to right, because EXIF says that the picture is.
	flipped bool
}

// givenQuad maps places on the plane to the picture as it was given, to a hundredth of a pixel.
func (s *source) givenQuad(q shared.Quad) shared.Quad {
	for i := range q {
		if s.flipped {
			q[i].X = float64(s.plane.Width) - q[i].X
		}
		q[i] = shared.Point{X: math.Round(q[i].X*100) / 100, Y: math.Round(q[i].Y*100) / 100}
	}
	return q
}

func failed(code shared.Code, message string, err error) *shared.Error {
	return &shared.Error{Code: code, Message: message, Outcome: shared.OutcomeNotSent, Basis: shared.BasisProved, Err: err}
}

// open decodes the request's picture.
func open(req *shared.Request) (*source, error) {
	data, err := bytesOf(req.Image)
	if err != nil {
		return nil, err
	}
	digest := sha256.Sum256(data)
	s := &source{sum: hex.EncodeToString(digest[:])}
	if req.SHA256 != "" && req.SHA256 != s.sum {
		return nil, failed(shared.CodePictureChanged, "", nil)
	}
	info, err := picture.Inspect(data)
	if err != nil {
		return nil, err
	}
	pixels := int64(info.Width) * int64(info.Height)
	if pixels > maxPixels || pixels > costlyPixels && (info.Progressive || info.Format != picture.JPEG) {
		return nil, failed(shared.CodePictureTooLarge, "the picture has more pixels than are read of its kind (52 million of an ordinary JPEG, 17 million of others): make it smaller", nil)
	}
	grey, info, err := picture.DecodeLuma(data)
	if err != nil {
		return nil, err
	}
	s.info = info
	s.see(grey)
	return s, nil
}

// see takes the grey levels. Turned pictures are left as they are, since cards are found any way up; only
// mirrored ones must be mirrored back.
func (s *source) see(g *image.Gray) {
	w, h := g.Rect.Dx(), g.Rect.Dy()
	s.plane = &page.Plane{Pix: g.Pix, Stride: g.Stride, Width: w, Height: h}
	switch s.info.Orientation {
	case 2, 4, 5, 7:
		s.flipped = true
		pix := make([]byte, w*h)
		for y := range h {
			row, out := g.Pix[y*g.Stride:][:w], pix[y*w:][:w]
			for x, v := range row {
				out[w-1-x] = v
			}
		}
		s.plane = &page.Plane{Pix: pix, Stride: w, Width: w, Height: h}
	}
}

// bytesOf returns the bytes of the picture.
func bytesOf(i shared.Image) ([]byte, error) {
	switch i.Kind() {
	case "bytes":
		return i.Bytes, nil
	case "path":
		return readFile(i.Path)
	}
	return nil, failed(shared.CodeNotSupported, "the provider local takes a picture by bytes or by path, not by URL: give the picture itself", nil)
}

func readFile(path string) ([]byte, error) {
	// A pipe would be waited for, and a device never ends.
	if info, err := os.Stat(path); err != nil || !info.Mode().IsRegular() {
		return nil, failed(shared.CodePictureUnreadable, "", err)
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, failed(shared.CodePictureUnreadable, "", err)
	}
	defer func() { _ = f.Close() }() // nothing was written
	data, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	switch {
	case err != nil:
		return nil, failed(shared.CodePictureUnreadable, "", err)
	case len(data) > maxFile:
		return nil, failed(shared.CodePictureTooLarge, "the picture's file is larger than any that is read: make it smaller", nil)
	}
	return data, nil
}

package wapi

import (
	"encoding/base64"
	"errors"
	"fmt"
	"math"
	"net/url"
	"slices"

	"github.com/seed-6b91b535/idrec/sdk/picture"
	"github.com/seed-6b91b535/idrec/shared"
)

// Formats returns the formats of pictures that the product takes.
func Formats() []string { return []string{"jpeg", "png", "bmp"} }

// preflight looks at the whole picture once, before anything is sent. With product, it also refuses
// what the vendor would refuse, for free; everything is judged by content, not by name.
func (s *source) preflight(product bool, sha string) error {
	if !product {
		return s.measure(sha)
	}
	// Most files that are too large need not be read to know it: base64 alone makes them so.
	if s.size > MaxEncodedBytes/4*3 {
		return tooLarge(int64(base64.StdEncoding.EncodedLen(int(min(s.size, math.MaxInt32)))))
	}
	info, err := s.inspect()
	if err != nil {
		return pictureError(err)
	}
	short, long := min(info.Width, info.Height), max(info.Width, info.Height)
	switch {
	case !slices.Contains(Formats(), info.Format):
		return notSentSaying(shared.CodeFormatUnsupported, "the vendor takes jpg, png and bmp only: convert the picture")
	case short < MinSide:
		return notSentSaying(shared.CodePictureTooSmall,
			fmt.Sprintf("the picture has %d × %d pixels, and the vendor takes %d or more a side: take it again, larger", info.Width, info.Height, MinSide))
	case long > MaxSide:
		return notSentSaying(shared.CodePictureTooLarge,
			fmt.Sprintf("the picture has %d × %d pixels, and the vendor takes at most %d a side: make it smaller", info.Width, info.Height, MaxSide))
	}
	if err := s.measure(sha); err != nil {
		return err
	}
	if s.formLength > MaxEncodedBytes {
		return tooLarge(s.formLength)
	}
	s.info = info
	return nil
}

func tooLarge(encoded int64) error {
	return notSentSaying(shared.CodePictureTooLarge,
		fmt.Sprintf("the picture takes at least %d bytes in base64 with percent-encoding, and the vendor takes %d: make it smaller", encoded, MaxEncodedBytes))
}

// pictureError returns what was found wrong with a picture as an error that was not sent.
func pictureError(err error) error {
	e := *shared.ErrorOf(err, shared.OutcomeNotSent, shared.BasisProved)
	if e.Code == shared.CodeInternal {
		e = *notSent(shared.CodeNotAPicture, err)
	}
	e.Outcome, e.Basis = shared.OutcomeNotSent, shared.BasisProved
	return &e
}

// inspectHead is how much of a file is looked at first for its format and size in pixels. A picture
// with more metadata than that in front looks cut short; of such a one all is read.
const inspectHead = 64 << 10

// inspect tells format and size in pixels.
func (s *source) inspect() (picture.Info, error) {
	if s.file == nil {
		return picture.Inspect(s.data)
	}
	head := make([]byte, min(s.size, inspectHead))
	if err := s.fill(head, 0); err != nil {
		return picture.Info{}, err
	}
	info, err := picture.Inspect(head)
	if s.size <= inspectHead || !errors.Is(err, shared.CodePictureBroken) {
		return info, err
	}
	whole := make([]byte, s.size)
	if err := s.fill(whole, 0); err != nil {
		return picture.Info{}, err
	}
	return picture.Inspect(whole)
}

// checkURL judges the address of a picture that the vendor is to fetch.
func checkURL(address string) error {
	if len(address) > MaxURLBytes {
		return notSentSaying(shared.CodeURLTooLong,
			fmt.Sprintf("the picture's address has %d bytes, and the vendor takes %d: shorten it, or let the picture be fetched here", len(address), MaxURLBytes))
	}
	u, err := url.Parse(address)
	if err != nil || u.Hostname() == "" || u.Scheme != "http" && u.Scheme != "https" {
		return notSent(shared.CodeURLInvalid, nil)
	}
	return nil
}

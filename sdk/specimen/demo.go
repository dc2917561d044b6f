package specimen

import (
	"context"

	"github.com/seed-6b91b535/idrec/sdk/picture"
	"github.com/seed-6b91b535/idrec/shared"
)

// The demonstration's picture of 48 megapixels, as phones take them, and the card in it.
const (
	bigWidth, bigHeight = 8000, 6000
	bigCardWidth        = 2800
)

// DemoSet writes the files of the demonstration into dir, by the rules of [Generate]:
//
//   - both sides of the cards of [Cast], the last person's as PNG;
//   - big-48-megapixels.jpg, a card that lies tilted on a desk, 8000 × 6000 pixels;
//   - turned-by-exif.jpg, a card whose pixels lie on their side, with the orientation 6 in its EXIF;
//   - no-card.jpg, a landscape;
//   - text-not-a-picture.jpg, which is a text.
func DemoSet(ctx context.Context, dir string) ([]File, error) {
	cast := Cast()
	var jobs []job
	for i, p := range cast {
		format := FormatJPEG
		if i == len(cast)-1 {
			format = FormatPNG
		}
		jobs = append(jobs, cardJobs(i+1, p, format, Options{})...)
	}
	jobs = append(jobs,
		job{File{"big-48-megapixels.jpg", ContentCard, cast[0].Truth(shared.SidePortrait)}, func() ([]byte, error) {
			card := Draw(cast[0], shared.SidePortrait, Options{Width: bigCardWidth})
			return encodeJPEG(Scene(card, SceneOptions{Width: bigWidth, Height: bigHeight, Degrees: -8}))
		}},
		job{File{"turned-by-exif.jpg", ContentCard, cast[1].Truth(shared.SidePortrait)}, func() ([]byte, error) {
			// Orientation 6 is read by turning a quarter clockwise, so the pixels are turned back by
			// what orientation 8 means.
			const toRead, toStore = 6, 8
			card := Draw(cast[1], shared.SidePortrait, Options{})
			data, err := encodeJPEG(picture.Upright(Scene(card, SceneOptions{}), toStore))
			if err != nil {
				return nil, err
			}
			return withOrientation(data, toRead), nil
		}},
		job{File{"no-card.jpg", ContentNoCard, Truth{}}, func() ([]byte, error) {
			return encodeJPEG(Landscape(1600, 1200))
		}},
		job{File{"text-not-a-picture.jpg", ContentText, Truth{}}, func() ([]byte, error) {
			return []byte("This is a text, and its name says that it is a picture.\n这是一个文本文件，文件名却是图片。\n"), nil
		}},
	)
	return write(ctx, dir, jobs)
}

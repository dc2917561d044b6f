package picture_test

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/color"
	"image/png"

	"github.com/seed-6b91b535/idrec/sdk/picture"
	"github.com/seed-6b91b535/idrec/shared"
)

func ExamplePreparer_Prepare() {
	m := image.NewGray(image.Rect(0, 0, 6000, 20))
	for x := 0; x < 6000; x += 3 {
		m.SetGray(x, 10, color.Gray{Y: 255})
	}
	var scan bytes.Buffer
	if err := png.Encode(&scan, m); err != nil {
		panic(err)
	}
	var preparer picture.Preparer
	limits := shared.Limits{MinSide: 10, MaxSide: 4096, MaxEncodedBytes: 4_000_000, Formats: []string{"jpeg", "png", "bmp"}}
	p, err := preparer.Prepare(context.Background(), scan.Bytes(), limits)
	fmt.Println(p.Format, p.Width, p.Height, p.Changed, err)

	_, err = preparer.Prepare(context.Background(), []byte("a text named .jpg"), limits)
	fmt.Println(err)
	// Output:
	// jpeg 4096 13 true <nil>
	// the content is no picture, whatever its name says: give a jpg, png, bmp, gif, webp or tiff (not_a_picture, not_sent)
}

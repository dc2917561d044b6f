package specimen

import (
	"image"
	"image/color"
	"image/draw"
	"math"

	"github.com/makiuchi-d/gozxing"
	"github.com/makiuchi-d/gozxing/qrcode/decoder"
	"github.com/makiuchi-d/gozxing/qrcode/encoder"
)

// stripMargin is the light margin around the code, in modules. The standard asks for four; the ground
// under it is light for a good way further.
const stripMargin = 2

// stripEncoding makes the QR library pass bytes through: each byte is the character of that value.
const stripEncoding = "ISO-8859-1"

// stripFor makes the code that carries t.
func stripFor(t Truth) (*encoder.ByteMatrix, error) {
	data, err := encodePayload(t)
	if err != nil {
		return nil, err
	}
	content := make([]rune, len(data))
	for i, b := range data {
		content[i] = rune(b)
	}
	// Level M mends 15 % of the code words. A higher level would need smaller modules in the same
	// place, and those are lost first when a picture is scaled down.
	code, err := encoder.Encoder_encode(string(content), decoder.ErrorCorrectionLevel_M,
		map[gozxing.EncodeHintType]any{gozxing.EncodeHintType_CHARACTER_SET: stripEncoding})
	if err != nil {
		return nil, err
	}
	return code.GetMatrix(), nil
}

// strip draws the code into b. Edges lie on whole pixels, so modules may differ by one pixel.
func (c *canvas) strip(m *encoder.ByteMatrix, b box) {
	ink := image.NewUniform(color.RGBA{0x14, 0x1C, 0x30, 0xFF})
	n := m.GetWidth()
	r := b.pixels(c.scale)
	module := float64(min(r.Dx(), r.Dy())) / float64(n+2*stripMargin)
	at := func(i int) int { return int(math.Round(float64(i+stripMargin) * module)) }
	for y := range n {
		for x := range n {
			if m.Get(x, y) == 1 {
				draw.Draw(c.img, image.Rect(at(x), at(y), at(x+1), at(y+1)).Add(r.Min), ink, image.Point{}, draw.Src)
			}
		}
	}
}

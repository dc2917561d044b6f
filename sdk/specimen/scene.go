package specimen

import (
	"image"
	"image/color"
	"math"
)

// SceneOptions say how a card lies on the desk. Zero values are replaced as the fields say.
type SceneOptions struct {
	// Width and Height of the picture in pixels. Zero: one and a half times the card's width, and
	// three quarters of the width.
	Width, Height int
	// CardWidth is the card's width in the picture, in pixels. Zero: that of the drawn card.
	CardWidth int
	// Degrees is how far the card is turned clockwise about the middle of the picture.
	Degrees float64
}

// cornerRadius is that of ISO/IEC 7810, in millimetres.
const cornerRadius = 3.18

// Scene lays a drawn card on a wooden desk, with its round corners and a shadow. The picture is in
// YCbCr 4:2:0, which takes 1.5 bytes a pixel and is what a JPEG holds.
func Scene(card *image.RGBA, o SceneOptions) *image.YCbCr {
	if o.Width <= 0 {
		o.Width = card.Rect.Dx() * 3 / 2
	}
	if o.Height <= 0 {
		o.Height = o.Width * 3 / 4
	}
	if o.CardWidth <= 0 {
		o.CardWidth = card.Rect.Dx()
	}
	img := image.NewYCbCr(image.Rect(0, 0, o.Width, o.Height), image.YCbCrSubsampleRatio420)
	desk(img)

	scale := float64(o.CardWidth) / CardWidth // pixels of the picture per millimetre
	sin, cos := math.Sincos(o.Degrees * math.Pi / 180)
	midX, midY := float64(o.Width)/2, float64(o.Height)/2
	reach := math.Hypot(CardWidth, CardHeight)/2*scale + shadowWidth*2*scale
	area := image.Rect(int(midX-reach), int(midY-reach), int(midX+reach), int(midY+reach)).Intersect(img.Rect)
	for y := area.Min.Y; y < area.Max.Y; y++ {
		for x := area.Min.X; x < area.Max.X; x++ {
			dx, dy := (float64(x)+0.5-midX)/scale, (float64(y)+0.5-midY)/scale
			// u and v: the place in millimetres from the card's middle, along its edges.
			u, v := dx*cos+dy*sin, dy*cos-dx*sin
			lay(img, card, x, y, u, v)
		}
	}
	return img
}

const (
	shadowX, shadowY = 0.8, 1.2 // how far the shadow is thrown, in millimetres
	shadowWidth      = 2.5      // how soft it is
)

// lay sets one pixel: the card, its shadow, or nothing new.
func lay(img *image.YCbCr, card *image.RGBA, x, y int, u, v float64) {
	at := img.YOffset(x, y)
	if cornerDistance(u, v) > 0 {
		if d := cornerDistance(u-shadowX, v-shadowY); d < shadowWidth {
			dark := 0.5 * (1 - max(0, d)/shadowWidth)
			img.Y[at] = uint8(float64(img.Y[at]) * (1 - dark))
		}
		return
	}
	r, g, b := sample(card, (u/CardWidth+0.5)*float64(card.Rect.Dx()), (v/CardHeight+0.5)*float64(card.Rect.Dy()))
	luma, cb, cr := color.RGBToYCbCr(r, g, b)
	img.Y[at] = luma
	if x&1 == 0 && y&1 == 0 {
		c := img.COffset(x, y)
		img.Cb[c], img.Cr[c] = cb, cr
	}
}

// cornerDistance returns how far outside the card's rounded edge a place is, in millimetres; negative
// inside.
func cornerDistance(u, v float64) float64 {
	dx := math.Abs(u) - (CardWidth/2 - cornerRadius)
	dy := math.Abs(v) - (CardHeight/2 - cornerRadius)
	return math.Hypot(max(dx, 0), max(dy, 0)) + min(max(dx, dy), 0) - cornerRadius
}

// sample returns the colour at a place between pixels.
func sample(img *image.RGBA, x, y float64) (r, g, b uint8) {
	x, y = max(0, x-0.5), max(0, y-0.5)
	x0, y0 := min(int(x), img.Rect.Dx()-2), min(int(y), img.Rect.Dy()-2)
	fx, fy := min(int((x-float64(x0))*256), 256), min(int((y-float64(y0))*256), 256)
	p := img.Pix[y0*img.Stride+x0*4:][:8:8]
	q := img.Pix[(y0+1)*img.Stride+x0*4:][:8:8]
	a := (256 - fx) * (256 - fy)
	c := (256 - fx) * fy
	d := fx * fy
	e := fx*256 - d
	r = uint8((int(p[0])*a + int(p[4])*e + int(q[0])*c + int(q[4])*d) >> 16)
	g = uint8((int(p[1])*a + int(p[5])*e + int(q[1])*c + int(q[5])*d) >> 16)
	b = uint8((int(p[2])*a + int(p[6])*e + int(q[2])*c + int(q[6])*d) >> 16)
	return r, g, b
}

// desk fills the picture with wood. Its grain runs along x and repeats, so that a picture of 48
// megapixels is made by copying rows.
func desk(img *image.YCbCr) {
	const grain = 64
	w, h := img.Rect.Dx(), img.Rect.Dy()
	rows := make([][]byte, grain)
	for i := range rows {
		rows[i] = make([]byte, w)
		phase := 2 * math.Pi * float64(i) / grain
		for x := range w {
			along := float64(x) / float64(w)
			rows[i][x] = uint8(118 + 7*math.Sin(phase+3*math.Sin(4*along)) + 5*math.Sin(2*phase+9*along) - 14*along)
		}
	}
	for y := range h {
		copy(img.Y[y*img.YStride:], rows[y*grain/max(h, 1)*7%grain])
	}
	_, cb, cr := color.RGBToYCbCr(0x9A, 0x72, 0x4C)
	for i := range img.Cb {
		img.Cb[i], img.Cr[i] = cb, cr
	}
}

// Landscape draws hills under a sun, marked 样本: a picture that shows no card.
func Landscape(width, height int) *image.RGBA {
	img := image.NewRGBA(image.Rect(0, 0, width, height))
	c := &canvas{img: img, scale: float64(width) / CardWidth}
	tall := float64(height) / c.scale
	for y := range height {
		f := float64(y) / float64(height)
		sky := color.RGBA{uint8(110 + 110*f), uint8(170 + 60*f), uint8(225 + 15*f), 0xFF}
		for x := range width {
			img.SetRGBA(x, y, sky)
		}
	}
	var sun path
	sun.ellipse(66, tall*0.24, 6, 6, true)
	c.fill(sun, color.RGBA{0xFB, 0xE0, 0x84, 0xFF})
	hill := func(level, swing, wave, shift float64, ink color.Color) {
		p := path{}
		p.moveTo(0, tall)
		for x := 0.0; x < CardWidth+1; x++ {
			p.lineTo(x, tall*(level-swing*math.Sin(2*math.Pi*(x+shift)/wave)))
		}
		p.lineTo(CardWidth+1, tall)
		c.fill(p, ink)
	}
	hill(0.55, 0.09, 52, 6, color.RGBA{0x7C, 0x9C, 0x92, 0xFF})
	hill(0.68, 0.07, 38, 20, color.RGBA{0x55, 0x86, 0x5C, 0xFF})
	hill(0.83, 0.05, 64, 0, color.RGBA{0x36, 0x66, 0x3C, 0xFF})
	board := box{4, tall - 9, 20, 6}
	c.rect(board, color.RGBA{0xFA, 0xF8, 0xF0, 0xFF})
	c.mark(board)
	return img
}

package specimen

import (
	"bytes"
	"image"
	"image/color"
	"image/jpeg"
	"math"
	"sync"
)

// camera is what lens, sensor and file make of a lit scene.
type camera struct {
	cast     [3]float64 // factors of red, green and blue
	exposure float64    // factor of all light; 1 keeps the print's brightness
	lift     float64    // light that falls on everything, in levels
	gamma    float64    // of the tone curve; 1 is straight
	blur     float64    // standard deviation of the lens's blur, in pixels
	motion   point      // the way of the hand while the shutter is open, in pixels
	sharpen  float64    // how much the phone sharpens after, 0 for none
	noise    float64    // standard deviation, in levels, at middle grey
	quality  []int      // of the JPEG, one for each time it is saved
}

// take returns the picture as a camera shows it, in YCbCr 4:2:0. Brightness and colour are blurred
// first, lit then, and noise comes with the sensor, last.
func (c chance) take(img *image.RGBA, l *light, k camera) *image.YCbCr {
	out := k.convert(img)
	for _, p := range planesOf(out) {
		if k.motion != (point{}) {
			p.smear(point{k.motion.x / p.scale, k.motion.y / p.scale})
		}
		p.blur(k.blur / p.scale)
	}
	c.develop(out, l, k)
	if k.sharpen > 0 {
		planesOf(out)[0].sharpen(k.sharpen)
	}
	return out
}

// convert turns the picture into YCbCr, its colours cast.
func (k camera) convert(img *image.RGBA) *image.YCbCr {
	out := image.NewYCbCr(img.Rect, image.YCbCrSubsampleRatio420)
	var lut [3][256]uint8
	for ch := range lut {
		for v := range lut[ch] {
			lut[ch][v] = clamp8(int(float64(v)*k.cast[ch] + 0.5))
		}
	}
	w, h := img.Rect.Dx(), img.Rect.Dy()
	for y := range h {
		row := img.Pix[y*img.Stride:][:w*4]
		luma := out.Y[y*out.YStride:][:w]
		for x := range luma {
			r, g, b := int(lut[0][row[x*4]]), int(lut[1][row[x*4+1]]), int(lut[2][row[x*4+2]])
			luma[x] = uint8((19595*r + 38470*g + 7471*b + 1<<15) >> 16)
		}
		if y&1 == 1 {
			continue
		}
		next := row
		if y+1 < h {
			next = img.Pix[(y+1)*img.Stride:][:w*4]
		}
		cb, cr := out.Cb[y/2*out.CStride:][:(w+1)/2], out.Cr[y/2*out.CStride:][:(w+1)/2]
		for x := range cb {
			i := x * 8
			j := min(i+4, (w-1)*4)
			mean := func(ch int) uint8 {
				return uint8((int(lut[ch][row[i+ch]]) + int(lut[ch][row[j+ch]]) + int(lut[ch][next[i+ch]]) + int(lut[ch][next[j+ch]]) + 2) / 4)
			}
			_, cb[x], cr[x] = color.RGBToYCbCr(mean(0), mean(1), mean(2))
		}
	}
	return out
}

// develop lights the picture, sets the tones and adds noise.
func (c chance) develop(img *image.YCbCr, l *light, k camera) {
	const fine = 4 // steps of the tone curve a level
	var tone [fine*320 + 1]uint8
	for i := range tone {
		// Straight up to the shoulder, and rolled off above it, as phones do; what is far too bright
		// still becomes white.
		v := float64(i) / fine
		const shoulder, white = 225, 255
		if v > shoulder {
			v = shoulder + (white+3-shoulder)*(1-math.Exp(-(v-shoulder)/(white-shoulder)))
		}
		tone[i] = clamp8(int(255*math.Pow(min(v, 255)/255, k.gamma) + 0.5))
	}
	w, h := img.Rect.Dx(), img.Rect.Dy()
	gain, add := make([]float32, w), make([]float32, w)
	grain := sensorGrain()
	gx, gy := c.IntN(grainSize), c.IntN(grainSize)
	// Shot noise grows with the root of the light; sigma is by brightness, in 1/256 of the grain's unit.
	var sigma [256]int
	for v := range sigma {
		sigma[v] = int(256 * k.noise / grainUnit * math.Sqrt(0.35+0.65*float64(v)/128))
	}
	exposure, lift := float32(k.exposure*fine), float32(k.lift*fine)
	for y := range h {
		l.row(y, gain, add)
		luma := img.Y[y*img.YStride:][:w]
		noise := grain[(y+gy)&(grainSize-1)*grainSize:][:grainSize]
		for x, v := range luma {
			i := int((float32(v)*gain[x]+add[x])*exposure + lift)
			t := tone[min(max(i, 0), len(tone)-1)]
			luma[x] = clamp8(int(t) + sigma[t]*int(noise[(x+gx)&(grainSize-1)])>>8)
		}
		if y&1 == 1 {
			continue
		}
		// Colour follows the light, and fades where the sensor is full.
		cb, cr := img.Cb[y/2*img.CStride:], img.Cr[y/2*img.CStride:]
		for x := range (w + 1) / 2 {
			f := gain[min(2*x, w-1)] * float32(k.exposure)
			if v := int(luma[min(2*x, w-1)]); v > 225 {
				f *= float32(255-v) / 30
			}
			f = min(f, 1.6)
			cb[x] = clamp8(128 + int((float32(cb[x])-128)*f))
			cr[x] = clamp8(128 + int((float32(cr[x])-128)*f))
		}
	}
}

// grainSize is the side of the square of noise; grainUnit is its standard deviation.
const (
	grainSize = 512
	grainUnit = 32
)

// sensorGrain is noise as it looks after a phone's own smoothing: half of it reaches over neighbours.
var sensorGrain = sync.OnceValue(func() []int8 {
	c := newChance(SetTrain, 3)
	white := make([]float64, grainSize*grainSize)
	for i := range white {
		white[i] = c.NormFloat64()
	}
	out := make([]int8, len(white))
	at := func(x, y int) float64 {
		return white[y&(grainSize-1)*grainSize+x&(grainSize-1)]
	}
	for y := range grainSize {
		for x := range grainSize {
			near := (at(x-1, y) + at(x+1, y) + at(x, y-1) + at(x, y+1)) * 0.4
			v := (at(x, y) + near) / math.Sqrt(1+4*0.16)
			out[y*grainSize+x] = int8(min(max(v*grainUnit, -127), 127))
		}
	}
	return out
})

// save writes the picture as JPEG as often as there are qualities, as pictures are that were sent on.
func (k camera) save(img image.Image) []byte {
	var b bytes.Buffer
	for i, q := range k.quality {
		b.Reset()
		// Neither can fail: the picture's sides are far below JPEG's 65,535, and the bytes are our own.
		if err := jpeg.Encode(&b, img, &jpeg.Options{Quality: q}); err != nil {
			return nil
		}
		if i+1 < len(k.quality) {
			again, err := jpeg.Decode(bytes.NewReader(b.Bytes()))
			if err != nil {
				return nil
			}
			img = again
		}
	}
	return b.Bytes()
}

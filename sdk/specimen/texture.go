package specimen

import (
	"math"
	"sync"
)

// texture is a square of clouds that repeats without a seam, 0 to 255.
type texture struct{ pix []byte }

// textureSize is the side of a texture, a power of two; its finest clouds are two texels wide.
const textureSize = 512

// textures are the clouds of a family: fine ones only, and all sizes.
type textures struct{ fine, clouds texture }

var textureBank = [3]func() textures{
	sync.OnceValue(func() textures { return makeTextures(SetTrain) }),
	sync.OnceValue(func() textures { return makeTextures(SetTune) }),
	sync.OnceValue(func() textures { return makeTextures(SetTest) }),
}

func makeTextures(set Set) textures {
	return textures{
		fine:   makeTexture(newChance(set, 1), 5, 8, 0.9),
		clouds: makeTexture(newChance(set, 2), 2, 8, 0.55),
	}
}

// makeTexture adds grids of random heights of 1<<first to 1<<last cells, each by keep weaker than the
// one before.
func makeTexture(c chance, first, last int, keep float64) texture {
	sum := make([]float32, textureSize*textureSize)
	strength := 1.0
	for octave := first; octave <= last; octave++ {
		n := 1 << octave
		cell := textureSize / n
		heights := make([]float32, n*n)
		for i := range heights {
			heights[i] = float32((c.Float64()*2 - 1) * strength)
		}
		soft := make([]float32, cell)
		for i := range soft {
			f := float32(i) / float32(cell)
			soft[i] = f * f * (3 - 2*f)
		}
		for y := range textureSize {
			top, bottom := heights[y/cell*n:][:n], heights[(y/cell+1)%n*n:][:n]
			fy := soft[y%cell]
			row := sum[y*textureSize:][:textureSize]
			for x := range row {
				i, j, fx := x/cell, (x/cell+1)%n, soft[x%cell]
				a := top[i] + (top[j]-top[i])*fx
				b := bottom[i] + (bottom[j]-bottom[i])*fx
				row[x] += a + (b-a)*fy
			}
		}
		strength *= keep
	}
	// The mean of the square decides the contrast, so that every texture has the same.
	var square float64
	for _, v := range sum {
		square += float64(v) * float64(v)
	}
	gain := float32(48 / math.Sqrt(square/float64(len(sum))))
	t := texture{make([]byte, len(sum))}
	for i, v := range sum {
		t.pix[i] = clamp8(int(128 + v*gain))
	}
	return t
}

// at returns the height at a place in 1/256 texel.
func (t texture) at(u, v int) int {
	const mask = textureSize - 1
	x0, y0 := u>>8&mask, v>>8&mask
	x1, y1 := (x0+1)&mask, (y0+1)&mask
	fx, fy := u&255, v&255
	top := int(t.pix[y0*textureSize+x0])*(256-fx) + int(t.pix[y0*textureSize+x1])*fx
	bottom := int(t.pix[y1*textureSize+x0])*(256-fx) + int(t.pix[y1*textureSize+x1])*fx
	return (top*(256-fy) + bottom*fy) >> 16
}

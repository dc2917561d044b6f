package local

// light is what can be told of the light on a card.
type light struct {
	paper float64 // the level that a tenth of the card is lighter than, 0 to 255
	ink   float64 // the level that a twentieth is darker than
	burnt float64 // the share of the card that is nearly white, 0 to 1
	solid float64 // the share of that with nothing else within two pixels: a lamp's reflection, hardly any print
}

// lost reports whether the card's print is lost to light.
func (l light) lost() bool { return l.burnt > burntMost && l.ink > lostInk }

// The size at which light is measured.
const (
	lightWidth  = 160
	lightHeight = 101
	burntLevel  = 248
)

// light measures the light on the card.
func (c *cutter) light(k *card) light {
	const n = lightWidth * lightHeight
	if cap(c.strip) < n {
		c.strip = make([]byte, n)
	}
	small := c.strip[:n]
	k.plane.Strip(small, lightWidth, lightHeight, &k.onto, 0, 0, lightWidth/cardWidth)
	var histogram [256]int
	for _, v := range small {
		histogram[v]++
	}
	var l light
	for v := burntLevel; v < 256; v++ {
		l.burnt += float64(histogram[v]) / n
	}
	l.solid = solid(small)
	l.paper, l.ink = quantile(&histogram, n*9/10), quantile(&histogram, n/20)
	return l
}

// quantile returns the level below which that many pixels are.
func quantile(histogram *[256]int, below int) float64 {
	for v, count := range histogram {
		if below -= count; below < 0 {
			return float64(v)
		}
	}
	return 255
}

// solid returns which share of the nearly white pixels has nothing but such ones around it.
func solid(small []byte) float64 {
	const around = 2
	all, inside := 0, 0
	for i, v := range small {
		if v < burntLevel {
			continue
		}
		all++
		x, y := i%lightWidth, i/lightWidth
		left, right := max(x-around, 0), min(x+around, lightWidth-1)
		whole := true
		for row := max(y-around, 0); row <= min(y+around, lightHeight-1) && whole; row++ {
			for _, o := range small[row*lightWidth+left : row*lightWidth+right+1] {
				if o < burntLevel {
					whole = false
					break
				}
			}
		}
		if whole {
			inside++
		}
	}
	return float64(inside) / float64(max(all, 1))
}

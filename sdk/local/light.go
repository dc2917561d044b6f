package local

// light is what can be told of the light on a card.
type light struct {
	paper float64 // the level that a tenth of the card is lighter than, 0 to 255
	ink   float64 // the level that a twentieth is darker than
	burnt float64 // the share of the card that is nearly white, 0 to 1
}

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

package picture

import (
	"encoding/binary"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
)

// plainJPEG is a small JPEG of random coefficients, of a kind that the standard library reads and does not write.
// Its codes all have eight bits, for each run of zeros and each size of a coefficient.
type plainJPEG struct {
	seed      uint64
	width     int
	height    int
	ids       string // of the channels
	h, v      byte   // blocks of luma an MCU; one of each colour
	loud      int    // what the magnitudes of a block's coefficients sum up to, nearly; 0 for a few small ones
	restarts  int    // MCUs between them
	last      string // behind the last block
	segments  string // in front of all others
	fill      string // in front of each marker of a segment
	wide      bool   // quantisers of 16 bits
	apart     bool   // each channel in a scan of its own
	heightEnd bool   // the height follows the first scan (DNL)
}

// bytes returns the file.
func (j plainJPEG) bytes() []byte {
	out := []byte("\xff\xd8" + j.segments)
	put := func(marker byte, payload string) {
		out = append(append(out, j.fill...), segment(marker, payload)...)
	}
	quant := "\x00" + strings.Repeat("\x01", 64)
	if j.wide {
		quant = "\x10" + strings.Repeat("\x00\x01", 64)
	}
	put(jpegDQT, quant)
	height := binary.BigEndian.AppendUint16(nil, uint16(j.height))
	if j.heightEnd {
		put(jpegSOF0, string(j.frame([]byte{0, 0})))
	} else {
		put(jpegSOF0, string(j.frame(height)))
	}
	// Eight bits hold 255 codes, since that of ones only is none.
	dc, ac := "", "\x00\xf0"
	for size := range 12 {
		dc += string([]byte{byte(size)})
	}
	for zeros := range 16 {
		for size := 1; size < 16; size++ {
			ac += string([]byte{byte(zeros<<4 | size)})
		}
	}
	put(jpegDHT, "\x00"+strings.Repeat("\x00", 7)+string([]byte{byte(len(dc))})+strings.Repeat("\x00", 8)+dc)
	put(jpegDHT, "\x10"+strings.Repeat("\x00", 7)+string([]byte{byte(len(ac))})+strings.Repeat("\x00", 8)+ac)
	if j.restarts > 0 {
		put(jpegDRI, string([]byte{0, byte(j.restarts)}))
	}
	scans := []string{j.ids}
	if j.apart {
		scans = strings.Split(j.ids, "")
	}
	for i, ids := range scans {
		payload := []byte{byte(len(ids))}
		for _, id := range []byte(ids) {
			payload = append(payload, id, 0)
		}
		put(jpegSOS, string(append(payload, 0, 63, 0)))
		out = append(out, j.scan(rand.New(rand.NewPCG(j.seed, uint64(i))), ids, dc, ac)...)
		if j.heightEnd && i == 0 {
			put(0xDC, string(height))
		}
	}
	return append(append(append(out, j.last...), j.fill...), 0xFF, jpegEOI)
}

func (j plainJPEG) frame(height []byte) []byte {
	p := append([]byte{8}, height...)
	p = append(binary.BigEndian.AppendUint16(p, uint16(j.width)), byte(len(j.ids)))
	for i := range len(j.ids) {
		shape := byte(0x11)
		if i == 0 {
			shape = j.h<<4 | j.v
		}
		p = append(p, j.ids[i], shape, 0)
	}
	return p
}

// scan returns the entropy-coded data of the channels ids.
func (j plainJPEG) scan(r *rand.Rand, ids, dc, ac string) []byte {
	across, down := 8*int(j.h), 8*int(j.v)
	blocks := []int{int(j.h) * int(j.v), 1, 1}[:len(ids)]
	switch {
	case len(j.ids) == 1:
		across, down, blocks = 8, 8, []int{1}
	case len(ids) == 1 && ids[0] == j.ids[0]: // a channel alone has its blocks row by row
		across, down, blocks = 8, 8, []int{1}
	}
	n := ((j.width + across - 1) / across) * ((j.height + down - 1) / down)
	w := bitWriter{}
	last := make([]int, len(blocks))
	for mcu := range n {
		if j.restarts > 0 && mcu > 0 && mcu%j.restarts == 0 {
			w.align()
			w.out = append(w.out, 0xFF, jpegRST0+byte(mcu/j.restarts-1)&7)
			clear(last)
		}
		for i, count := range blocks {
			for range count {
				c := j.block(r)
				c[0], last[i] = c[0]-last[i], c[0]
				w.block(c, dc, ac)
			}
		}
	}
	w.align()
	return w.out
}

// block returns coefficients in zigzag order.
func (j plainJPEG) block(r *rand.Rand) (c [64]int) {
	if j.loud == 0 {
		c[0] = r.IntN(1200) - 600
		for range r.IntN(6) {
			c[r.IntN(64)] = r.IntN(120) - 60
		}
		return c
	}
	// Shares of the whole in some places, half the time with the signs that make one sample an extreme one.
	left, places := j.loud, 1+r.IntN(64)
	x, y, aimed := 1+2*r.IntN(8), 1+2*r.IntN(8), r.IntN(2) == 0
	for range places {
		at := r.IntN(64)
		share := min(r.IntN(2*j.loud/places+1), left, 1<<15-1)
		if at == 0 {
			share = min(share, 1000) // a difference has eleven bits
		}
		if c[at] != 0 {
			continue
		}
		left -= share
		across, down := int(zigzag[at]%8), int(zigzag[at]/8)
		negative := math.Cos(float64(x*across)*math.Pi/16)*math.Cos(float64(y*down)*math.Pi/16) < 0
		if !aimed {
			negative = r.IntN(2) == 0
		}
		if c[at] = share; negative {
			c[at] = -share
		}
	}
	return c
}

// bitWriter writes entropy-coded data.
type bitWriter struct {
	out  []byte
	bits uint64
	n    int
}

func (w *bitWriter) put(v uint64, n int) {
	w.bits, w.n = w.bits<<n|v&(1<<n-1), w.n+n
	for w.n >= 8 {
		w.n -= 8
		b := byte(w.bits >> w.n)
		w.out = append(w.out, b)
		if b == 0xFF {
			w.out = append(w.out, 0)
		}
	}
}

// align fills the last byte with ones.
func (w *bitWriter) align() { w.put(0xFF, (8-w.n)%8) }

// coefficient writes the code of the value that stands for zeros and size, and the coefficient's bits.
func (w *bitWriter) coefficient(table string, zeros, v int) {
	size := 0
	for max(v, -v)>>size > 0 {
		size++
	}
	w.put(uint64(strings.IndexByte(table, byte(zeros<<4|size))), 8)
	if v < 0 {
		v += 1<<size - 1
	}
	w.put(uint64(v), size)
}

func (w *bitWriter) block(c [64]int, dc, ac string) {
	w.coefficient(dc, 0, c[0])
	zeros := 0
	for _, v := range c[1:] {
		if v == 0 {
			zeros++
			continue
		}
		for ; zeros > 15; zeros -= 16 {
			w.put(uint64(strings.IndexByte(ac, 0xF0)), 8)
		}
		w.coefficient(ac, zeros, v)
		zeros = 0
	}
	if slices.Contains(c[63:], 0) {
		w.put(uint64(strings.IndexByte(ac, 0)), 8)
	}
}

// plainJPEGs are small ones of every kind, and whether they are taken for ordinary ones.
func plainJPEGs() map[string]struct {
	data     []byte
	ordinary bool
} {
	type kind = struct {
		data     []byte
		ordinary bool
	}
	const ycc = "\x01\x02\x03"
	adobe := func(transform string) string {
		return string(segment(jpegAPP14, "Adobe\x00\x64\x00\x00\x00\x00"+transform))
	}
	jfif := string(segment(jpegAPP0, "JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00"))
	out := map[string]kind{}
	for name, k := range map[string]struct {
		plainJPEG
		ordinary bool
	}{
		"444":                       {plainJPEG{h: 1, v: 1}, true},
		"440":                       {plainJPEG{h: 1, v: 2}, true},
		"422":                       {plainJPEG{h: 2, v: 1}, true},
		"420":                       {plainJPEG{h: 2, v: 2}, true},
		"411":                       {plainJPEG{h: 4, v: 1}, true},
		"410":                       {plainJPEG{h: 4, v: 2}, true},
		"grey":                      {plainJPEG{h: 2, v: 2, ids: "\x01"}, true},
		"grey restarts":             {plainJPEG{h: 1, v: 1, ids: "\x01", restarts: 2}, true},
		"420 restarts":              {plainJPEG{h: 2, v: 2, restarts: 1}, true},
		"422 restarts":              {plainJPEG{h: 2, v: 1, restarts: 3}, true},
		"many restarts":             {plainJPEG{h: 1, v: 1, restarts: 1}, true},
		"final restart":             {plainJPEG{h: 2, v: 2, restarts: 1, last: "\xff\xd3"}, true},
		"fill behind the blocks":    {plainJPEG{h: 2, v: 2, last: "\xff"}, true},
		"junk behind a restart":     {plainJPEG{h: 2, v: 2, last: "\xff\xd0junk\xff\x00"}, true},
		"escape behind the blocks":  {plainJPEG{h: 2, v: 2, last: "\xff\xff\x00"}, false},
		"escape behind a restart":   {plainJPEG{h: 2, v: 2, last: "\xff\xd0\xff\xff\x00"}, false},
		"escape in front":           {plainJPEG{h: 2, v: 2, segments: "\xff\xff\x00"}, false},
		"escape between":            {plainJPEG{h: 2, v: 2, fill: "\xff\xff\x00"}, false},
		"escape without fill":       {plainJPEG{h: 2, v: 2, segments: "\xff\x00"}, true},
		"fill bytes":                {plainJPEG{h: 2, v: 2, fill: "\xff\xff"}, true},
		"junk between":              {plainJPEG{h: 2, v: 2, segments: jfif, fill: "\x00junk"}, false}, // and behind the blocks
		"jfif":                      {plainJPEG{h: 2, v: 2, segments: jfif}, true},
		"adobe 0":                   {plainJPEG{h: 1, v: 1, segments: adobe("\x00")}, false},
		"adobe 1":                   {plainJPEG{h: 2, v: 2, segments: adobe("\x01")}, true},
		"adobe 2":                   {plainJPEG{h: 2, v: 2, segments: adobe("\x02")}, true},
		"adobe 0 in jfif":           {plainJPEG{h: 2, v: 2, segments: jfif + adobe("\x00")}, true},
		"grey adobe 0":              {plainJPEG{h: 1, v: 1, ids: "\x01", segments: adobe("\x00")}, true},
		"RGB":                       {plainJPEG{h: 1, v: 1, ids: "RGB"}, false},
		"RGB in jfif":               {plainJPEG{h: 1, v: 1, ids: "RGB", segments: jfif}, true},
		"height at the end":         {plainJPEG{h: 2, v: 2, heightEnd: true}, false},
		"16 bits":                   {plainJPEG{h: 2, v: 2, wide: true}, false},
		"a scan each":               {plainJPEG{h: 2, v: 2, apart: true}, false},
		"a scan each, 444 restarts": {plainJPEG{h: 1, v: 1, apart: true, restarts: 2}, false},
		"loud":                      {plainJPEG{h: 1, v: 1, ids: "\x01", loud: 8000}, true},
		"too loud":                  {plainJPEG{h: 1, v: 1, ids: "\x01", loud: 30_000}, false},
	} {
		if k.ids == "" {
			k.ids = ycc
		}
		k.seed, k.width, k.height = uint64(len(name)), 37, 21
		out[name] = kind{k.bytes(), k.ordinary}
	}
	return out
}

package picture

import "encoding/binary"

// fastBits is how many bits of a code, and of the value behind it, are looked up at once.
const fastBits = 10

// huffman is a table of codes for the coefficients of a JPEG.
type huffman struct {
	built bool
	// fast tells what the next bits begin with: in bits 0 to 7 how many bits that takes, in bits 8 to 11
	// how many zeros come before the coefficient, in bits 12 to 15 how many bits of it follow; 0 there if
	// it lies in bits 16 to 31 already. 0 for longer codes.
	fast [1 << fastBits]uint32
	// slow codes: the least number that is no code of that length, as 16 bits from the left, and what is to
	// be added to a code for its place in values.
	limit  [18]uint32
	offset [17]int32
	values []uint32
}

// Coefficients that end a block, and that are no more than 16 zeros, have no bits; neither has a code that
// no baseline file has.
const (
	endOfBlock   = 0x0000
	sixteenZeros = 0x0F00
	noCode       = 0x0E00 // 14 zeros, no coefficient
)

// entry is a code's entry without the code's length.
func entry(value byte, dc bool) (e uint32, ok bool) {
	zeros, size := uint32(value>>4), uint32(value&15)
	switch {
	case dc && value > 11:
		return 0, false
	case size == 0 && zeros != 0 && zeros != 15:
		return noCode, true
	}
	return zeros<<8 | size<<12, true
}

// build makes the table of the codes of each length and their values; false if no table is like that.
func (h *huffman) build(counts [16]byte, values []byte, dc bool) bool {
	*h = huffman{built: true, values: make([]uint32, len(values))}
	code, at := uint32(0), 0
	for length := uint32(1); length <= 16; length++ {
		h.offset[length] = int32(at) - int32(code)
		for range counts[length-1] {
			e, ok := entry(values[at], dc)
			if !ok || code >= 1<<length {
				return false
			}
			h.values[at] = e | length
			if length <= fastBits {
				for i := range uint32(1) << (fastBits - length) {
					h.fast[code<<(fastBits-length)|i] = whole(e|length, i, fastBits-length)
				}
			}
			code++
			at++
		}
		h.limit[length] = code << (16 - length)
		code <<= 1
	}
	h.limit[17] = 1 << 16
	return true
}

// whole adds the coefficient to an entry, if it lies within the n bits that follow the code.
func whole(e, bits, n uint32) uint32 {
	size := e >> 12 & 15
	if size == 0 || size > n {
		return e
	}
	v := extend(bits>>(n-size), size)
	return uint32(v)<<16 | e&0xF00 | (e&0xFF + size)
}

// extend is the coefficient of so many bits (T.81, F.2.2.1).
func extend(bits, size uint32) int32 {
	if bits>>(size-1) == 0 {
		return int32(bits) + 1 - 1<<size
	}
	return int32(bits)
}

// long looks up a code of more than fastBits; 0 if there is none.
func (h *huffman) long(next uint32) uint32 {
	for length := uint32(fastBits + 1); length <= 16; length++ {
		if next < h.limit[length] {
			if i := int(int32(next>>(16-length)) + h.offset[length]); i >= 0 && i < len(h.values) {
				return h.values[i]
			}
			return 0
		}
	}
	return 0
}

// bitReader reads the entropy-coded data of a scan.
type bitReader struct {
	data []byte
	pos  int
	next uint64 // bits from the left
	n    int    // how many there are
	over int    // how many of them, at the end, were made up since the data had ended
}

// fill makes sure of 48 bits.
func (r *bitReader) fill() {
	if r.n > 56 {
		return
	}
	if r.pos+8 <= len(r.data) {
		v := binary.BigEndian.Uint64(r.data[r.pos:])
		if (^v-0x0101010101010101)&v&0x8080808080808080 == 0 { // no byte is 0xFF
			r.next |= v >> r.n
			r.pos += (63 - r.n) >> 3
			r.n |= 56
			return
		}
	}
	for r.n <= 56 {
		c := byte(0)
		switch {
		case r.pos >= len(r.data):
			r.over += 8
		case r.data[r.pos] != 0xFF:
			c = r.data[r.pos]
			r.pos++
		case r.pos+1 < len(r.data) && r.data[r.pos+1] == 0:
			c = 0xFF
			r.pos += 2
		default: // a marker
			r.over += 8
		}
		r.next |= uint64(c) << (56 - r.n)
		r.n += 8
	}
}

// overrun reports whether bits were used that there are none of.
func (r *bitReader) overrun() bool { return r.n < r.over }

// done reports whether all the data up to the next marker was used, but for the bits that fill its last byte.
func (r *bitReader) done() bool {
	r.fill()
	return !r.overrun() && r.n-r.over < 8 && (r.pos >= len(r.data) || r.data[r.pos] == 0xFF)
}

// restart goes on behind a restart marker, which must follow.
func (r *bitReader) restart(marker byte) bool {
	if !r.done() || r.pos+1 >= len(r.data) || r.data[r.pos+1] != marker {
		return false
	}
	r.pos += 2
	r.next, r.n, r.over = 0, 0, 0
	return true
}

// value takes a DC coefficient's difference from the one before.
func (r *bitReader) value(h *huffman) (int32, bool) {
	if r.n < 32 {
		r.fill()
	}
	e := h.fast[r.next>>(64-fastBits)]
	if e == 0 {
		if e = h.long(uint32(r.next >> 48)); e == 0 {
			return 0, false
		}
	}
	r.next <<= e & 0xFF
	r.n -= int(e & 0xFF)
	size := e >> 12 & 15
	if size == 0 {
		return int32(e) >> 16, true
	}
	v := extend(uint32(r.next>>(64-size)), size)
	r.next <<= size
	r.n -= int(size)
	return v, true
}

// block reads a block's coefficients, times their quantisers, into b, which it empties first. It returns the place of
// the last one in zigzag order; -1 if the block is damaged or too loud to reckon with.
func (r *bitReader) block(c *channel, quant, b *[64]int32) int {
	*b = [64]int32{}
	d, ok := r.value(c.dc)
	if !ok {
		return -1
	}
	c.last += d
	b[0] = c.last * quant[0]
	sum := b[0] ^ b[0]>>31 // of the magnitudes, less one for each below zero
	fast, most := &c.ac.fast, 0
	next, n := r.next, r.n
	for k := 1; k < 64; k++ {
		if n < 32 {
			r.next, r.n = next, n
			r.fill()
			next, n = r.next, r.n
		}
		e := fast[next>>(64-fastBits)]
		if e == 0 {
			if e = c.ac.long(uint32(next >> 48)); e == 0 {
				return -1
			}
		}
		next <<= e & 0x3F
		n -= int(e & 0x3F)
		k += int(e >> 8 & 15)
		v := int32(e) >> 16
		if v == 0 {
			size := e >> 12 & 15
			if size == 0 {
				if e&0xF00 == endOfBlock {
					break
				}
				if e&0xF00 == noCode {
					return -1
				}
				continue
			}
			v = extend(uint32(next>>((64-size)&63)), size)
			next <<= size
			n -= int(size)
		}
		if k > 63 {
			return -1
		}
		v *= quant[k]
		sum += v ^ v>>31
		b[zigzag[k]&63] = v
		most = k
	}
	r.next, r.n = next, n
	if sum >= loudest {
		return -1
	}
	return most
}

// skip walks over a block; false if it is damaged.
func (r *bitReader) skip(c *channel) bool {
	if _, ok := r.value(c.dc); !ok {
		return false
	}
	fast := &c.ac.fast
	next, n := r.next, r.n
	for k := 1; k < 64; k++ {
		if n < 32 {
			r.next, r.n = next, n
			r.fill()
			next, n = r.next, r.n
		}
		e := fast[next>>(64-fastBits)]
		if e == 0 {
			if e = c.ac.long(uint32(next >> 48)); e == 0 {
				return false
			}
		}
		if e&^0xFF == endOfBlock {
			next <<= e & 0x3F
			n -= int(e & 0x3F)
			break
		}
		if e&^0xFF == noCode {
			return false
		}
		all := e&0xFF + e>>12&15
		next <<= all & 0x3F
		n -= int(all)
		if k += int(e >> 8 & 15); k > 63 && e&^0xFF != sixteenZeros {
			return false
		}
	}
	r.next, r.n = next, n
	return true
}

// zigzag is where the coefficients lie, row by row (T.81, figure A.6).
var zigzag = [64]byte{
	0, 1, 8, 16, 9, 2, 3, 10, 17, 24, 32, 25, 18, 11, 4, 5, 12, 19, 26, 33, 40, 48, 41, 34, 27, 20, 13, 6, 7, 14, 21, 28,
	35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51, 58, 59, 52, 45, 38, 31, 39, 46, 53, 60, 61, 54, 47, 55, 62, 63,
}

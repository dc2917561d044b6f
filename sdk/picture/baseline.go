package picture

import (
	"bytes"
	"encoding/binary"
	"image"
)

// baseline decodes the luma of ordinary JPEGs: sequential, Huffman-coded, 8 bits, grey or YCbCr in one
// scan, as phones, cameras and scanners write them. It takes a fraction of the time of image/jpeg, since
// the colours are walked over only. What is unusual or damaged it leaves to image/jpeg, so that the same
// files are read and refused.
type baseline struct {
	tables [2][4]huffman // of DC, of AC
	quant  [4][64]int32  // in zigzag order
	frame  []channel
	width  int
	height int
	every  int  // MCUs between restarts; 0 for none
	jfif   bool // the colours are YCbCr
	adobe  byte // what Adobe's segment says of them
}

// channel is a component of the frame.
type channel struct {
	id, quant byte
	h, v      int // blocks of an MCU
	dc, ac    *huffman
	last      int32 // DC of the block before
}

// baselineLuma returns the luma of a JPEG; false for one that is for image/jpeg.
func baselineLuma(data []byte) (*image.Gray, bool) {
	b := &baseline{adobe: jpegYCbCr}
	for pos := 2; ; {
		s, end, ok := strictJPEG(data, pos)
		if !ok {
			return nil, false
		}
		p := s.payload
		switch s.marker {
		case jpegSOF0, jpegSOF1:
			ok = b.setFrame(p)
		case jpegDHT:
			ok = b.setTables(p)
		case jpegDQT:
			ok = b.setQuant(p)
		case jpegDRI:
			if ok = len(p) == 2; ok {
				b.every = int(binary.BigEndian.Uint16(p))
			}
		case jpegSOS:
			if !b.setScan(p) || b.rgb() {
				return nil, false
			}
			return b.scan(data, end-len(s.bytes)+4+len(p))
		default:
			ok = b.setApplication(s)
		}
		if !ok {
			return nil, false
		}
		pos = end
	}
}

// strictJPEG is nextJPEG, but for an escape behind a fill byte, which libjpeg skips and image/jpeg refuses.
func strictJPEG(data []byte, pos int) (s jpegSegment, end int, ok bool) {
	s, end, ok = nextJPEG(data, pos)
	return s, end, ok && !bytes.Contains(data[pos:end-len(s.bytes)], []byte{0xFF, 0xFF, 0})
}

// setApplication takes what a segment of a program says of the colours.
func (b *baseline) setApplication(s jpegSegment) bool {
	switch {
	case s.marker == jpegAPP0 && len(s.payload) >= 5:
		b.jfif = string(s.payload[:5]) == "JFIF\x00"
	case s.marker == jpegAPP14 && len(s.payload) >= 12 && string(s.payload[:5]) == "Adobe":
		b.adobe = s.payload[11]
	}
	return s.marker >= jpegAPP0 && s.marker <= jpegAPP15 || s.marker == jpegCOM
}

// rgb reports whether the channels are red, green and blue.
func (b *baseline) rgb() bool {
	return len(b.frame) == 3 && !b.jfif && (b.adobe == 0 || b.frame[0].id == 'R' && b.frame[1].id == 'G' && b.frame[2].id == 'B')
}

func (b *baseline) setFrame(p []byte) bool {
	if b.frame != nil || len(p) < 6 || p[0] != 8 || p[5] != 1 && p[5] != 3 || len(p) != 6+3*int(p[5]) {
		return false
	}
	b.height, b.width = int(binary.BigEndian.Uint16(p[1:])), int(binary.BigEndian.Uint16(p[3:]))
	for p = p[6:]; len(p) > 0; p = p[3:] {
		c := channel{id: p[0], h: int(p[1] >> 4), v: int(p[1] & 15), quant: p[2]}
		if c.h != 1 && c.h != 2 && c.h != 4 || c.v != 1 && c.v != 2 || c.quant > 3 || len(b.frame) > 0 && c.h*c.v > 1 {
			return false // a channel of colour has one block an MCU nearly always
		}
		for _, o := range b.frame {
			if o.id == c.id {
				return false
			}
		}
		b.frame = append(b.frame, c)
	}
	if len(b.frame) == 1 {
		b.frame[0].h, b.frame[0].v = 1, 1 // a channel alone has its blocks row by row
	}
	return b.width > 0 && b.height > 0
}

func (b *baseline) setTables(p []byte) bool {
	for len(p) > 0 {
		if len(p) < 17 || p[0]>>4 > 1 || p[0]&15 > 1 {
			return false
		}
		n := 0
		for _, count := range p[1:17] {
			n += int(count)
		}
		if n < 1 || n > 256 || len(p) < 17+n || !b.tables[p[0]>>4][p[0]&15].build([16]byte(p[1:17]), p[17:17+n], p[0]>>4 == 0) {
			return false
		}
		p = p[17+n:]
	}
	return true
}

func (b *baseline) setQuant(p []byte) bool {
	for len(p) > 0 {
		if len(p) < 65 || p[0] > 3 {
			return false // one of 16 bits is for image/jpeg
		}
		for i, v := range p[1:65] {
			b.quant[p[0]][i] = int32(v)
		}
		p = p[65:]
	}
	return true
}

// setScan takes the tables of the channels, which must all be in the scan and in their order.
func (b *baseline) setScan(p []byte) bool {
	n := len(b.frame)
	if n == 0 || len(p) != 4+2*n || int(p[0]) != n {
		return false
	}
	for i := range b.frame {
		c, dc, ac := &b.frame[i], p[2+2*i]>>4, p[2+2*i]&15
		if p[1+2*i] != c.id || dc > 1 || ac > 1 {
			return false
		}
		c.dc, c.ac = &b.tables[0][dc], &b.tables[1][ac]
		if !c.dc.built || !c.ac.built {
			return false
		}
	}
	return true
}

// scan decodes the entropy-coded data from pos on. Nothing but the end of the picture may follow it.
func (b *baseline) scan(data []byte, pos int) (*image.Gray, bool) {
	luma := &b.frame[0]
	across, down := (b.width+8*luma.h-1)/(8*luma.h), (b.height+8*luma.v-1)/(8*luma.v)
	// The whole blocks are kept, as image/jpeg does.
	grey := image.NewGray(image.Rect(0, 0, 8*luma.h*across, 8*luma.v*down))
	r := bitReader{data: data, pos: pos}
	var coefficients [64]int32
	quant := &b.quant[luma.quant]
	left := b.every
	restart := byte(jpegRST0)
	for y := range down {
		for x := range across {
			if b.every > 0 {
				if left == 0 {
					if !r.restart(restart) {
						return nil, false
					}
					for i := range b.frame {
						b.frame[i].last = 0
					}
					left, restart = b.every, jpegRST0+(restart+1)&7
				}
				left--
			}
			for i := range luma.h * luma.v {
				to := grey.Pix[8*((y*luma.v+i/luma.h)*grey.Stride+x*luma.h+i%luma.h):]
				most := r.block(luma, quant, &coefficients)
				switch {
				case most < 0:
					return nil, false
				case most == 0:
					evenBlock(coefficients[0], to, grey.Stride)
				default:
					inverseDCT(&coefficients, most, to, grey.Stride)
				}
			}
			for i := range b.frame[1:] {
				if !r.skip(&b.frame[1+i]) {
					return nil, false
				}
			}
		}
		if r.overrun() {
			return nil, false // cut off
		}
	}
	if !r.done() {
		return nil, false
	}
	if next, _, ok := strictJPEG(data, r.pos); !ok || next.marker != jpegEOI {
		return nil, false
	}
	grey.Rect = image.Rect(0, 0, b.width, b.height)
	return grey, true
}

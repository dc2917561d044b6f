package picture

import (
	"bytes"
	"encoding/binary"
)

// isBMP looks at the header's length too, since two letters alone begin many texts.
func isBMP(data []byte) bool {
	if len(data) < 18 || string(data[:2]) != "BM" {
		return false
	}
	switch binary.LittleEndian.Uint32(data[14:]) {
	case 12, 40, 52, 56, 64, 108, 124:
		return true
	}
	return false
}

// readBMP reads the header of a BMP, and where its pixels end.
func readBMP(data []byte) (info Info, end int64, ok bool) {
	if len(data) < 26 {
		return info, 0, false
	}
	offset, header := int64(binary.LittleEndian.Uint32(data[10:])), binary.LittleEndian.Uint32(data[14:])
	var bits, compression int64
	if header == 12 {
		info.Width, info.Height = int(binary.LittleEndian.Uint16(data[18:])), int(binary.LittleEndian.Uint16(data[20:]))
		bits = int64(binary.LittleEndian.Uint16(data[24:]))
	} else {
		if len(data) < 34 {
			return info, 0, false
		}
		info.Width, info.Height = int(int32(binary.LittleEndian.Uint32(data[18:]))), int(int32(binary.LittleEndian.Uint32(data[22:])))
		info.Height = max(info.Height, -info.Height) // negative: rows from the top
		bits, compression = int64(binary.LittleEndian.Uint16(data[28:])), int64(binary.LittleEndian.Uint32(data[30:]))
	}
	if !info.valid() || bits == 0 || bits > 32 {
		return info, 0, false
	}
	info.decoded = info.pixels() * 4
	if compression == 1 || compression == 2 {
		// Run-length coding, whose end only its decoder knows.
		return info, int64(len(data)), true
	}
	row := (int64(info.Width)*bits + 31) / 32 * 4
	end = offset + row*int64(info.Height)
	return info, end, true
}

// inspectBMP finds a cut BMP by its length: the decoder would make room for the pixels first.
func inspectBMP(data []byte) (Info, bool) {
	info, end, ok := readBMP(data)
	if !ok {
		return info, false
	}
	// A size beyond every limit is for the caller to refuse as such.
	return info, end <= int64(len(data)) || info.pixels() > MaxPixels
}

// stripBMP returns a BMP that ends with its pixels, or with zeros as some programs pad it; one that
// something follows is drawn anew.
func stripBMP(data []byte) (clean []byte, ok bool) {
	_, end, _ := readBMP(data)
	rest := data[min(end, int64(len(data))):]
	return data, len(bytes.TrimLeft(rest, "\x00")) == 0
}

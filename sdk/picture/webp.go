package picture

import (
	"bytes"
	"encoding/binary"
)

func isWebP(data []byte) bool {
	return len(data) >= 12 && string(data[:4]) == "RIFF" && string(data[8:12]) == "WEBP"
}

// walkWebP walks the chunks of a WebP. clean tells that there is nothing but the picture and what is
// needed to show it. ok is false where the file ends before its chunks do.
func walkWebP(data []byte) (info Info, clean, ok bool) {
	end := int64(binary.LittleEndian.Uint32(data[4:])) + 8
	if end > int64(len(data)) || end < 12 {
		return info, false, false
	}
	clean = end == int64(len(data))
	rest := data[12:end]
	canvas := false
	for len(rest) >= 8 {
		n := int64(binary.LittleEndian.Uint32(rest[4:]))
		if n > int64(len(rest)-8) {
			return info, false, false
		}
		name, payload := string(rest[:4]), rest[8:8+n]
		rest = rest[min(8+n+n%2, int64(len(rest))):]
		w, h := 0, 0
		switch name {
		case "VP8X":
			if len(payload) < 10 {
				return info, false, false
			}
			w, h = 1+int(uint24(payload[4:])), 1+int(uint24(payload[7:]))
			canvas = true
		case "VP8 ":
			// The frame tag and the start code, then 14 bits each of width and height.
			if len(payload) < 10 {
				return info, false, false
			}
			w, h = int(binary.LittleEndian.Uint16(payload[6:])&0x3FFF), int(binary.LittleEndian.Uint16(payload[8:])&0x3FFF)
			info.decoded += 3 * int64(w) * int64(h)
		case "VP8L":
			if len(payload) < 5 {
				return info, false, false
			}
			bits := binary.LittleEndian.Uint32(payload[1:])
			w, h = 1+int(bits&0x3FFF), 1+int(bits>>14&0x3FFF)
			info.decoded += 8 * int64(w) * int64(h)
		case "ALPH":
			// Its plane, which may be packed as a lossless picture of its own.
			info.decoded += 5 * info.pixels()
		case "ICCP":
		case "ANIM", "ANMF":
			info.MultiFrame = true
			clean = false
		case "EXIF":
			info.Orientation = exifOrientation(bytes.TrimPrefix(payload, []byte(exifPrefix)))
			clean = false
		default:
			clean = false
		}
		if w == 0 && h == 0 {
			continue
		}
		if canvas && info.Width != 0 && (info.Width != w || info.Height != h) && !info.MultiFrame {
			return info, false, false
		}
		if info.Width == 0 {
			info.Width, info.Height = w, h
		}
	}
	return info, clean, info.Width > 0
}

func uint24(b []byte) uint32 { return uint32(b[0]) | uint32(b[1])<<8 | uint32(b[2])<<16 }

func inspectWebP(data []byte) (Info, bool) {
	info, _, ok := walkWebP(data)
	return info, ok
}

// stripWebP returns a WebP that has nothing to strip; every other is drawn anew.
func stripWebP(data []byte) (clean []byte, ok bool) {
	_, ok, _ = walkWebP(data)
	return data, ok
}

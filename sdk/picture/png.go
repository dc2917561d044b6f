package picture

import (
	"encoding/binary"
	"slices"
)

const pngSignature = "\x89PNG\r\n\x1a\n"

// pngChunks are the chunks that a stripped PNG keeps: the critical ones, and those that change how the
// pixels look. The rest are texts, times, EXIF, animation, and what programs put there for themselves.
var pngChunks = []string{"IHDR", "PLTE", "IDAT", "IEND", "tRNS", "cHRM", "gAMA", "iCCP", "sBIT", "sRGB", "cICP", "bKGD", "pHYs"}

// nextPNG returns the chunk at pos, its payload, and where it ends. ok is false where the file ends
// before the chunk does.
func nextPNG(data []byte, pos int) (name string, payload []byte, end int, ok bool) {
	if len(data)-pos < 12 {
		return "", nil, 0, false
	}
	n := int64(binary.BigEndian.Uint32(data[pos:]))
	if n > int64(len(data)-pos-12) {
		return "", nil, 0, false
	}
	end = pos + 12 + int(n)
	return string(data[pos+4 : pos+8]), data[pos+8 : end-4], end, true
}

func inspectPNG(data []byte) (info Info, ok bool) {
	grey := false
	for pos := len(pngSignature); ; {
		name, payload, end, whole := nextPNG(data, pos)
		first := pos == len(pngSignature)
		switch {
		case !whole, first != (name == "IHDR"):
			return info, false
		case first:
			if len(payload) != 13 {
				return info, false
			}
			readIHDR(payload, &info)
			grey = payload[9] == 0
		case name == "tRNS" && grey:
			info.decoded *= 4 // it is decoded as colour then
			grey = false
		case name == "eXIf":
			info.Orientation = exifOrientation(payload)
		case name == "acTL":
			info.MultiFrame = true
		case name == "IEND":
			return info, true
		}
		pos = end
	}
}

// readIHDR reads the size, and estimates what decoding takes: the standard library makes one byte a
// pixel of grey and palettes, four of everything else, twice that of 16 bits, and once more what an
// interlaced picture is put together from.
func readIHDR(p []byte, info *Info) {
	width, height := binary.BigEndian.Uint32(p), binary.BigEndian.Uint32(p[4:])
	info.Width, info.Height = int(width), int(height)
	depth, colour, interlaced := p[8], p[9], p[12] != 0
	bytesPerPixel := int64(4)
	if colour == 0 || colour == 3 {
		bytesPerPixel = 1
	}
	if depth == 16 {
		bytesPerPixel *= 2
	}
	if interlaced {
		bytesPerPixel *= 2
	}
	info.decoded = info.pixels() * bytesPerPixel
}

// stripPNG copies a PNG with the chunks of [pngChunks] only.
func stripPNG(data []byte) (clean []byte, ok bool) {
	clean = append(make([]byte, 0, len(data)), pngSignature...)
	for pos := len(pngSignature); ; {
		name, _, end, whole := nextPNG(data, pos)
		if !whole {
			return nil, false
		}
		if slices.Contains(pngChunks, name) {
			clean = append(clean, data[pos:end]...)
		}
		if name == "IEND" {
			return clean, true
		}
		pos = end
	}
}

package picture

import "encoding/binary"

// walkGIF walks the blocks of a GIF. frames counts its pictures; clean tells that there is nothing but
// one picture and what is needed to show it. ok is false where the file ends before its trailer.
func walkGIF(data []byte) (frames int, clean, ok bool) {
	const header, descriptor = 13, 10
	if len(data) < header {
		return 0, false, false
	}
	pos := header + colourTable(data[10])
	clean = true
	for pos < len(data) {
		switch data[pos] {
		case 0x3B: // trailer
			return frames, clean && frames == 1 && pos+1 == len(data), true
		case 0x21: // extension: only the graphic control one belongs to the picture
			if pos+2 > len(data) {
				return frames, false, false
			}
			clean = clean && data[pos+1] == 0xF9
			pos += 2
		case 0x2C: // picture
			if len(data)-pos < descriptor+1 {
				return frames, false, false
			}
			frames++
			pos += descriptor + colourTable(data[pos+9]) + 1 // and the LZW code size
		default:
			return frames, false, false
		}
		for { // sub-blocks
			if pos >= len(data) {
				return frames, false, false
			}
			n := int(data[pos])
			pos += 1 + n
			if n == 0 {
				break
			}
		}
	}
	return frames, false, false
}

// colourTable returns the length of the colour table that follows a field with such flags.
func colourTable(flags byte) int {
	if flags&0x80 == 0 {
		return 0
	}
	return 3 << (flags&7 + 1)
}

func inspectGIF(data []byte) (info Info, ok bool) {
	frames, _, ok := walkGIF(data)
	if !ok || frames == 0 {
		return info, false
	}
	info.Width, info.Height = int(binary.LittleEndian.Uint16(data[6:])), int(binary.LittleEndian.Uint16(data[8:]))
	info.MultiFrame = frames > 1
	info.decoded = 5 * info.pixels() // a frame that is a part of the screen is drawn onto a canvas in colour
	return info, true
}

// stripGIF returns a GIF that has nothing to strip; every other is drawn anew.
func stripGIF(data []byte) (clean []byte, ok bool) {
	_, ok, _ = walkGIF(data)
	return data, ok
}

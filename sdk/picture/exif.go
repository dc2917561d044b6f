package picture

import "encoding/binary"

// exifPrefix stands before the EXIF data of a JPEG's APP1 segment.
const exifPrefix = "Exif\x00\x00"

// Tags of TIFF 6.0, which EXIF uses too.
const (
	tagImageWidth  = 0x0100
	tagImageLength = 0x0101
	tagOrientation = 0x0112
)

// directory is what is wanted of the first directory of a TIFF structure.
//
// It is read here and not by one of the EXIF libraries: one number is wanted, TIFF files need the same
// walk for their pages, and a library that builds all values in memory is a large surface for files of
// unknown origin.
type directory struct {
	width, height, orientation uint32
	next                       uint32 // offset of the next directory, 0 for none
}

// readDirectory reads the directory at offset of the TIFF structure b, or the first one if offset is 0.
// ok is false if there is none; a directory that is cut short gives what is there of it.
func readDirectory(b []byte, offset uint32) (d directory, ok bool) {
	if len(b) < 8 {
		return d, false
	}
	var order binary.ByteOrder
	switch string(b[:4]) {
	case "II*\x00":
		order = binary.LittleEndian
	case "MM\x00*":
		order = binary.BigEndian
	default:
		return d, false
	}
	if offset == 0 {
		offset = order.Uint32(b[4:])
	}
	if int64(offset) < 8 || int64(offset)+2 > int64(len(b)) {
		return d, false
	}
	entries := int(order.Uint16(b[offset:]))
	b = b[offset+2:]
	for range entries {
		if len(b) < 12 {
			return d, true
		}
		tag, kind, count := order.Uint16(b), order.Uint16(b[2:]), order.Uint32(b[4:])
		var value uint32
		switch {
		case count != 1:
		case kind == 3: // SHORT
			value = uint32(order.Uint16(b[8:]))
		case kind == 4: // LONG
			value = order.Uint32(b[8:])
		}
		switch tag {
		case tagImageWidth:
			d.width = value
		case tagImageLength:
			d.height = value
		case tagOrientation:
			d.orientation = value
		}
		b = b[12:]
	}
	if len(b) >= 4 {
		d.next = order.Uint32(b)
	}
	return d, true
}

// exifOrientation returns the orientation that EXIF data tells, 1 to 8, or 1 for none.
func exifOrientation(exif []byte) int {
	d, _ := readDirectory(exif, 0)
	if d.orientation < 1 || d.orientation > 8 {
		return 1
	}
	return int(d.orientation)
}

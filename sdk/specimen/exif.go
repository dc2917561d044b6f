package specimen

import (
	"encoding/binary"
	"slices"
)

// withOrientation returns the JPEG with an EXIF segment that says how it is turned, 1 to 8 as in EXIF
// 2.3, table 4.6, and nothing else.
func withOrientation(jpeg []byte, orientation uint16) []byte {
	const (
		tagOrientation = 0x0112
		typeShort      = 3
	)
	be := binary.BigEndian
	exif := []byte("Exif\x00\x00MM\x00\x2A")
	exif = be.AppendUint32(exif, 8) // the first directory follows the header of eight bytes
	exif = be.AppendUint16(exif, 1) // one entry
	exif = be.AppendUint16(exif, tagOrientation)
	exif = be.AppendUint16(exif, typeShort)
	exif = be.AppendUint32(exif, 1) // one value
	exif = be.AppendUint16(exif, orientation)
	exif = be.AppendUint16(exif, 0) // a value takes four bytes
	exif = be.AppendUint32(exif, 0) // no directory after

	segment := be.AppendUint16([]byte{0xFF, 0xE1}, uint16(len(exif)+2))
	const startOfImage = 2
	return slices.Concat(jpeg[:startOfImage], segment, exif, jpeg[startOfImage:])
}

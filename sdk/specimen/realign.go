package specimen

import (
	"encoding/binary"
	"slices"
)

// The layout of font files (ISO/IEC 14496-22, chapter 4).
const (
	collectionHeader = 12 // tag, version and number of faces; then the offset of each
	faceHeader       = 12 // version, number of tables, and three numbers for searching
	tableRecord      = 16 // tag, checksum, offset, length
)

// fontTables are those that outlines are drawn from.
var fontTables = []string{"CFF ", "OS/2", "cmap", "glyf", "head", "hhea", "hmtx", "loca", "maxp", "name", "post"}

// realign copies a face out of a font file with every table at a multiple of four bytes, as the
// standard asks for and package sfnt insists on; several collections of free Chinese fonts do not keep
// to it. It returns nil where the file is no font.
func realign(data []byte, index int) []byte {
	u32 := func(at int) (int, bool) {
		if at < 0 || at+4 > len(data) {
			return 0, false
		}
		return int(binary.BigEndian.Uint32(data[at:])), true
	}
	face := 0
	if len(data) >= collectionHeader && string(data[:4]) == "ttcf" {
		n, _ := u32(8)
		at, ok := u32(collectionHeader + 4*index)
		if !ok || index >= n {
			return nil
		}
		face = at
	}
	if face+faceHeader > len(data) {
		return nil
	}
	count := int(binary.BigEndian.Uint16(data[face+4:]))
	type table struct {
		record []byte
		body   []byte
	}
	var tables []table
	for i := range count {
		at := face + faceHeader + i*tableRecord
		if at+tableRecord > len(data) {
			return nil
		}
		offset, _ := u32(at + 8)
		length, _ := u32(at + 12)
		if offset > len(data) || length > len(data)-offset {
			return nil
		}
		if slices.Contains(fontTables, string(data[at:at+4])) {
			tables = append(tables, table{data[at : at+tableRecord], data[offset : offset+length]})
		}
	}
	out := append([]byte(nil), data[face:face+faceHeader]...)
	binary.BigEndian.PutUint16(out[4:], uint16(len(tables)))
	at := faceHeader + len(tables)*tableRecord
	for _, t := range tables {
		record := append([]byte(nil), t.record...)
		binary.BigEndian.PutUint32(record[8:], uint32(at))
		out = append(out, record...)
		at += (len(t.body) + 3) &^ 3
	}
	for _, t := range tables {
		out = append(out, t.body...)
		for len(out)%4 != 0 {
			out = append(out, 0)
		}
	}
	return out
}

package picture

import (
	"encoding/binary"
	"math/bits"
)

// FormLength returns the exact length of data as the value of a urlencoded form: in standard base64
// with padding, its + / and = written as %2B %2F and %3D. Nothing is built and nothing allocated.
//
// How much a picture grows depends on its bytes: compressed ones become 1.42 times as long, a white
// bitmap, all of whose characters are slashes, four times.
func FormLength(data []byte) int64 {
	// + and / stand for the six bits 62 and 63, the only ones whose upper five are all set.
	escaped := 0
	i := 0
	for ; i+8 <= len(data); i += 6 {
		escaped += highSextets(binary.BigEndian.Uint64(data[i:]) >> 16)
	}
	for ; i < len(data); i += 3 {
		// The base64 of a group that is not full is that of the group filled up with zeros.
		var group [8]byte
		copy(group[2:5], data[i:min(i+3, len(data))])
		escaped += highSextets(binary.BigEndian.Uint64(group[:]))
	}
	padding := (3 - len(data)%3) % 3
	return int64(len(data)+2)/3*4 + 2*int64(escaped+padding)
}

// highSextets counts the groups of six bits among the lower 48 whose upper five bits are all set.
func highSextets(x uint64) int {
	const upper = 0b100000_100000_100000_100000_100000_100000_100000_100000
	return bits.OnesCount64(x & (x << 1) & (x << 2) & (x << 3) & (x << 4) & upper)
}

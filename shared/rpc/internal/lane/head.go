// Package lane takes pictures from a host to its plugin beside the encrypted connection: over a pair of
// sockets that was made for these two processes, has no name, and that nobody else can reach. Encrypting what
// never leaves the two would take most of the time of a call.
//
// What stands before a picture is its number, by which the call that it belongs to names it. A picture is
// written whole before its call is sent, one after the other, and only in this direction. Whatever goes wrong
// ends the lane and not a call: the picture then goes through the connection, as all do from there on.
package lane

import "encoding/binary"

// A head stands before each picture, and alone where one is taken back: 8 bytes of the number, 4 of the
// picture's size, and 4 of the kind, all with the low byte first.
const headBytes = 16

// The kinds of heads.
const (
	kindPicture uint32 = 1 // the picture follows
	kindForgone uint32 = 2 // nobody will ask for the picture of that number any more
)

type head struct {
	number uint64
	size   uint32
	kind   uint32
}

func (h head) encode() []byte {
	b := make([]byte, 0, headBytes)
	b = binary.LittleEndian.AppendUint64(b, h.number)
	b = binary.LittleEndian.AppendUint32(b, h.size)
	return binary.LittleEndian.AppendUint32(b, h.kind)
}

func decodeHead(b []byte) head {
	return head{binary.LittleEndian.Uint64(b), binary.LittleEndian.Uint32(b[8:]), binary.LittleEndian.Uint32(b[12:])}
}

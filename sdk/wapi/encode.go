package wapi

import (
	"encoding/base64"
	"encoding/binary"
	"net/url"
)

// The encoder turns picture bytes into two texts at once: base64, which is hashed, and base64 escaped
// for a form, which is sent. Only '+', '/' and '=' are escaped, each to three characters.

const base64Alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"

// base64Pairs maps 12 bits to two characters, the first in the low byte.
var base64Pairs = func() (t [4096]uint16) {
	for i := range t {
		t[i] = uint16(base64Alphabet[i>>6]) | uint16(base64Alphabet[i&63])<<8
	}
	return t
}()

// escapedPairs maps 12 bits to the escaped form of two characters, two to six bytes, the first in the
// low byte, and its length in the highest byte.
var escapedPairs = func() (t [4096]uint64) {
	for i := range t {
		n := 0
		for _, c := range []byte{base64Alphabet[i>>6], base64Alphabet[i&63]} {
			for _, e := range []byte(url.QueryEscape(string(c))) {
				t[i] |= uint64(e) << (8 * n)
				n++
			}
		}
		t[i] |= uint64(n) << 56
	}
	return t
}()

const (
	// encodeStep bytes of a picture become encodeText characters in one step of the fast path. It looks
	// at encodeText bytes, so the last few of a picture are left to encodeTail.
	encodeStep = 6
	encodeText = 8
	// encodeRoom is how much free space of dst a step needs: 18 bytes before the last pair, which is
	// written as a whole word.
	encodeRoom = 32
)

// encodeSome encodes as much of src as it can in steps of six bytes, until src has fewer than eight
// bytes, text fewer than eight or dst fewer than encodeRoom free. It returns how much of src was used
// and of dst written; text holds used/3*4 characters.
func encodeSome(dst, text, src []byte) (used, written int) {
	steps := min((len(src)-encodeText+encodeStep)/encodeStep, len(text)/encodeText)
	i := 0
	for ; i < steps && len(dst)-written >= encodeRoom; i++ {
		v := binary.BigEndian.Uint64(src[i*encodeStep:])
		p, q, r, s := v>>52, v>>40&0xfff, v>>28&0xfff, v>>16&0xfff
		x := uint64(base64Pairs[p]) | uint64(base64Pairs[q])<<16 | uint64(base64Pairs[r])<<32 | uint64(base64Pairs[s])<<48
		binary.LittleEndian.PutUint64(text[i*encodeText:], x)
		room := (*[encodeRoom]byte)(dst[written:])
		// Of the alphabet only '+' and '/' are below '0', so one subtraction finds them in eight
		// characters. Three words in four have none.
		const zeros, high = 0x3030303030303030, 0x8080808080808080
		if (x-zeros)&high == 0 {
			binary.LittleEndian.PutUint64(room[:], x)
			written += encodeText
			continue
		}
		// Each pair is written as a whole word, and the next one overwrites what is too much.
		e, f, g, h := escapedPairs[p], escapedPairs[q], escapedPairs[r], escapedPairs[s]
		n := e >> 56
		binary.LittleEndian.PutUint64(room[:], e)
		binary.LittleEndian.PutUint64(room[n&15:], f)
		n += f >> 56
		binary.LittleEndian.PutUint64(room[n&15:], g)
		n += g >> 56
		binary.LittleEndian.PutUint64(room[n&31:][:8], h)
		written += int(n + h>>56)
	}
	return i * encodeStep, written
}

// encodeTail encodes the last bytes of a picture, fewer than eight, with padding. It returns the text,
// which lies in the array given, and its escaped form, appended to escaped.
func encodeTail(src []byte, text *[12]byte, escaped []byte) (t, e []byte) {
	t = text[:base64.StdEncoding.EncodedLen(len(src))]
	base64.StdEncoding.Encode(t, src)
	return t, append(escaped, url.QueryEscape(string(t))...)
}

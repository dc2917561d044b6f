package picture

import (
	"strings"
	"testing"
)

// Coefficients that no samples have must not show the two decoders different pictures.
func TestLoudBlocksAreThoseOfTheStandardDecoder(t *testing.T) {
	t.Parallel()
	taken, left := 0, 0
	for seed := range uint64(600) {
		data := plainJPEG{seed: seed, width: 64, height: 8, ids: "\x01", h: 1, v: 1, loud: 30 * int(seed+1)}.bytes()
		if !sameLuma(t, data) {
			t.Fatal("it is refused")
		}
		if _, ok := baselineLuma(data); ok {
			taken++
		} else {
			left++
		}
	}
	if taken < 100 || left < 100 {
		t.Errorf("%d were taken for ordinary ones, %d not: that shows little", taken, left)
	}
}

// The loudest block there is: white, where a sum that wraps shows black.
func TestALoudBlockDoesNotWrap(t *testing.T) {
	t.Parallel()
	data := loudest64()
	if !sameLuma(t, data) {
		t.Fatal("it is refused")
	}
	if _, ok := baselineLuma(data); ok {
		t.Error("it is taken for an ordinary one")
	}
}

// loudest64 is a block whose coefficients are all 2047.
func loudest64() []byte {
	head := "\xff\xd8" + string(segment(jpegDQT, "\x00"+strings.Repeat("\x01", 64))) +
		string(segment(jpegSOF0, "\x08\x00\x08\x00\x08\x01\x01\x11\x00")) +
		string(segment(jpegDHT, "\x00\x01"+strings.Repeat("\x00", 15)+"\x0b")) +
		string(segment(jpegDHT, "\x10\x01"+strings.Repeat("\x00", 15)+"\x0b")) +
		string(segment(jpegSOS, "\x01\x01\x00\x00\x3f\x00"))
	w := bitWriter{}
	for range 64 {
		w.put(0x7FF, 12) // a code of one bit, and eleven ones
	}
	w.align()
	return append(append([]byte(head), w.out...), 0xFF, jpegEOI)
}

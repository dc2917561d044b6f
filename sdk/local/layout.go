package local

// The places on the card in millimetres from its top left corner, ISO/IEC 7810 ID-1. Lines are given by
// the middle of their characters. Real cards differ by half a millimetre, so every line is looked for
// around its place.
const (
	cardWidth  = 85.6
	cardHeight = 54.0
)

// slot is a line of print on the card.
type slot struct {
	left, right float64 // where the text can begin and end, with some room
	middle      float64 // of the line's height
	em          float64
	begins      float64 // where every text of the field begins; 0 where they differ
}

// The slots of the portrait side. Labels stand before each text, its right end two thirds of a character
// or more away. The address ends a little inside the portrait's place, as its widest prints do.
var (
	slotName      = slot{14.2, 53.8, 8.4, 3.7, 15.8}
	slotSex       = slot{13.6, 22.6, 15.0, 3.3, 0}
	slotEthnicity = slot{32.9, 53.8, 15.0, 3.3, 33.6}
	slotBirth     = slot{14.2, 47.6, 21.4, 3.3, 0}
	slotAddress   = slot{14.2, 55.4, 28.0, 3.3, 15.8}
	slotNumber    = slot{27.6, 79.2, 48.4, 4.1, 0}
)

// The lines of the address.
const (
	addressLines = 4
	addressStep  = 4.35
	// addressColumns is how many full-width characters a line has room for.
	addressColumns = 11
	// addressFull is how many characters a line has at least that another one follows.
	addressFull = 9
)

// The slots of the emblem side.
var (
	slotAuthority = slot{32.8, 84.4, 41.6, 3.3, 34.2}
	slotValidity  = slot{32.8, 76.0, 48.2, 3.3, 0}
)

// portraitBox is where the holder's picture is.
var portraitBox = box{53.4, 5.4, 82.4, 40.8}

package lines

import (
	_ "embed"
	"sync"
)

//go:embed weights/han.bin
var hanFile []byte

//go:embed weights/digit.bin
var digitFile []byte

// Han returns the network for names, addresses, authorities and terms, unpacked once: text of an em of 22
// to 30 pixels.
var Han = sync.OnceValues(func() (*Net, error) { return Parse(hanFile) })

// Digit returns the network for the number line, unpacked once: OCR-B of an em of 29 to 39 pixels,
// digits and X.
var Digit = sync.OnceValues(func() (*Net, error) { return Parse(digitFile) })

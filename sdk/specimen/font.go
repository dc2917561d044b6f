package specimen

import (
	_ "embed" // the fonts
	"slices"
	"sync"

	"golang.org/x/image/font"
	"golang.org/x/image/font/sfnt"
	"golang.org/x/image/math/fixed"
)

//go:embed fonts/specimen-hei.ttf
var heiBytes []byte

//go:embed fonts/specimen-ocr-b.ttf
var ocrbBytes []byte

// hei is the face of labels and texts, a 黑体 as on the card; ocrb that of the number. Parsing reads
// the tables' directory only, and a parsed font may be used by many goroutines.
var (
	hei  = sync.OnceValue(func() *sfnt.Font { return mustParse(heiBytes) })
	ocrb = sync.OnceValue(func() *sfnt.Font { return mustParse(ocrbBytes) })
)

func mustParse(b []byte) *sfnt.Font {
	f, err := sfnt.Parse(b)
	if err != nil {
		panic("specimen: embedded font: " + err.Error()) // the bytes are part of this package
	}
	return f
}

// Characters returns, in ascending order, every character that can be drawn on a card: ASCII, the
// punctuation of names and addresses, the 6,763 of GB 2312, and several hundred more that names and
// places have, some of them beyond the BMP.
func Characters() []rune { return slices.Clone(characters()) }

var characters = sync.OnceValue(func() []rune {
	const beyond = 0x30000 // the font has no plane above the third
	var buf sfnt.Buffer
	var all []rune
	for c := rune(' '); c < beyond; c++ {
		if i, err := hei().GlyphIndex(&buf, c); err == nil && i != 0 {
			all = append(all, c)
		}
	}
	return all
})

// unitsPerEm is the size of both fonts' em square in their own units.
const unitsPerEm = 1000

// glyph returns the outline of c, in thousandths of an em, y downwards from the baseline, and its
// advance. A character that the font lacks has the outline of an empty box.
func glyph(f *sfnt.Font, buf *sfnt.Buffer, c rune) (sfnt.Segments, float64) {
	const em = fixed.Int26_6(unitsPerEm << 6)
	i, err := f.GlyphIndex(buf, c)
	if err != nil {
		return nil, 0
	}
	advance, err := f.GlyphAdvance(buf, i, em, font.HintingNone)
	if err != nil {
		return nil, 0
	}
	outline, err := f.LoadGlyph(buf, i, em, nil)
	if err != nil {
		return nil, 0
	}
	return outline, float64(advance) / 64
}

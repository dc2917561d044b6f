package specimen

import (
	"errors"
	"io"
	"os"

	"golang.org/x/image/font/sfnt"
)

// Typeface is a font in which cards can be drawn instead of the embedded one, so that a reader is
// tested with strokes that it was not trained with. It may be used by many goroutines.
type Typeface struct{ font *sfnt.Font }

// maxTypeface bounds what is read of a font file; the collections of large CJK families take 20 to 120 MB.
const maxTypeface = 256 << 20

// LoadTypeface reads a TrueType or OpenType file, or the index-th face of a collection (TTC, OTC).
// Errors are [shared.Error] with [shared.CodeInvalidRequest].
func LoadTypeface(path string, index int) (*Typeface, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, refuse(err, "the font cannot be opened: give a TrueType or OpenType file that can be read")
	}
	defer func() { _ = f.Close() }() // nothing was written
	data, err := io.ReadAll(io.LimitReader(f, maxTypeface+1))
	if err == nil && len(data) > maxTypeface {
		err = errors.New("font file too large")
	}
	if err != nil {
		return nil, refuse(err, "the font cannot be read: give a TrueType or OpenType file")
	}
	return ParseTypeface(data, index)
}

// ParseTypeface is [LoadTypeface] of a file's bytes, which it keeps.
func ParseTypeface(data []byte, index int) (*Typeface, error) {
	collection, err := sfnt.ParseCollection(data)
	if err != nil {
		return nil, refuse(err, "the font cannot be understood: give a TrueType or OpenType file")
	}
	if index < 0 || index >= collection.NumFonts() {
		return nil, refuse(nil, "the font has no face %d: it has %d, counted from 0", index, collection.NumFonts())
	}
	font, err := collection.Font(index)
	if err != nil {
		font, err = sfnt.Parse(realign(data, index))
	}
	if err != nil {
		return nil, refuse(err, "the font cannot be understood: give a TrueType or OpenType file")
	}
	return &Typeface{font}, nil
}

// has reports whether the face has an outline for every character of s.
func (t *Typeface) has(s string) bool {
	var buf sfnt.Buffer
	for _, r := range s {
		i, err := t.font.GlyphIndex(&buf, r)
		if err != nil || i == 0 {
			return false
		}
		if _, err := t.font.LoadGlyph(&buf, i, unitsPerEm<<6, nil); err != nil {
			return false
		}
	}
	return true
}

package specimen

import (
	"bytes"
	"encoding/binary"
	"errors"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/image/font/sfnt"
	"golang.org/x/image/math/fixed"
	"pgregory.net/rapid"

	"github.com/seed-6b91b535/idrec/shared"
)

func mustFace(t *testing.T, data []byte) *Typeface {
	t.Helper()
	face, err := ParseTypeface(data, 0)
	if err != nil {
		t.Fatal(err)
	}
	return face
}

// TestATextThatTheFaceLacksIsDrawnWholeInTheEmbeddedOne: the face of the number has digits only.
func TestATextThatTheFaceLacksIsDrawnWholeInTheEmbeddedOne(t *testing.T) {
	t.Parallel()
	digits := mustFace(t, ocrbBytes)
	l := &look{face: digits}
	if l.font("1990") != digits.font || l.font("19日") != hei() || l.font("林") != hei() {
		t.Error("faces are mixed")
	}
	photo := func(face *Typeface) []byte {
		data, _ := PhotoSet{Level: LevelFlat, Seed: 5, Width: photoWidth, Subject: SubjectPortrait, Typeface: face}.At(0)
		return data
	}
	if bytes.Equal(photo(nil), photo(digits)) {
		t.Error("another face changes nothing")
	}
	if !bytes.Equal(photo(nil), photo(mustFace(t, heiBytes))) {
		t.Error("the embedded face given as another one changes the photo")
	}
}

func TestTypefacesAreRefusedWithTypedErrors(t *testing.T) {
	t.Parallel()
	text := filepath.Join(t.TempDir(), "text.ttf")
	if err := os.WriteFile(text, []byte("no font"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, load := range map[string]func() (*Typeface, error){
		"no file":   func() (*Typeface, error) { return LoadTypeface(text+"x", 0) },
		"a folder":  func() (*Typeface, error) { return LoadTypeface(filepath.Dir(text), 0) },
		"a text":    func() (*Typeface, error) { return LoadTypeface(text, 0) },
		"no face":   func() (*Typeface, error) { return ParseTypeface(heiBytes, 1) },
		"minus one": func() (*Typeface, error) { return ParseTypeface(heiBytes, -1) },
	} {
		face, err := load()
		if !errors.Is(err, shared.CodeInvalidRequest) || face != nil || strings.Contains(err.Error(), filepath.Dir(text)) {
			t.Errorf("%s: %v", name, err)
		}
	}
	file := filepath.Join(t.TempDir(), "face.ttf")
	if err := os.WriteFile(file, ocrbBytes, 0o600); err != nil {
		t.Fatal(err)
	}
	if face, err := LoadTypeface(file, 0); err != nil || !face.has("0123456789X") || face.has("林") {
		t.Errorf("a face is not loaded: %v", err)
	}
}

// TestAFaceOfAMisalignedCollectionIsRead: a collection of two faces, the tables of the second moved to
// odd places, as in fonts that are in wide use.
func TestAFaceOfAMisalignedCollectionIsRead(t *testing.T) {
	t.Parallel()
	n := int(binary.BigEndian.Uint16(ocrbBytes[4:]))
	const second = collectionHeader + 8
	data := []byte("ttcf\x00\x01\x00\x00\x00\x00\x00\x02\x00\x00\x00\x14\x00\x00\x00\x14")
	head := append([]byte(nil), ocrbBytes[:faceHeader+n*tableRecord]...)
	shift := uint32(second + 1)
	for i := range n {
		at := faceHeader + i*tableRecord + 8
		binary.BigEndian.PutUint32(head[at:], binary.BigEndian.Uint32(head[at:])+shift)
	}
	data = append(data, head...)
	data = append(data, 0)
	data = append(data, ocrbBytes[len(head):]...)
	if c, err := sfnt.ParseCollection(data); err != nil {
		t.Fatal(err)
	} else if _, err := c.Font(1); err == nil {
		t.Error("the library reads it itself now: realign is no longer needed")
	}
	face, err := ParseTypeface(data, 1)
	if err != nil || !face.has("0123456789X") {
		t.Errorf("%v", err)
	}
}

func FuzzParseTypeface(f *testing.F) {
	f.Add([]byte("ttcf\x00\x01\x00\x00\x00\x00\x00\x01"), 0)
	f.Add(ocrbBytes, 0)
	f.Add(ocrbBytes[:len(ocrbBytes)/2], 0)
	f.Fuzz(func(t *testing.T, data []byte, index int) {
		face, err := ParseTypeface(data, index)
		if (err == nil) == (face == nil) {
			t.Fatal(face, err)
		}
		if face != nil {
			face.has("0林")
		}
	})
}

// ink is the area of an outline in square ems; holes count against it.
func ink(segments sfnt.Segments) float64 {
	sum := 0.0
	var start, at fixed.Point26_6
	edge := func(to fixed.Point26_6) {
		sum += float64(at.X)*float64(to.Y) - float64(to.X)*float64(at.Y)
		at = to
	}
	for _, s := range segments {
		switch s.Op {
		case sfnt.SegmentOpMoveTo:
			edge(start)
			start, at = s.Args[0], s.Args[0]
		case sfnt.SegmentOpLineTo:
			edge(s.Args[0])
		case sfnt.SegmentOpQuadTo:
			edge(s.Args[0])
			edge(s.Args[1])
		case sfnt.SegmentOpCubeTo:
			edge(s.Args[0])
			edge(s.Args[1])
			edge(s.Args[2])
		}
	}
	edge(start)
	return math.Abs(sum) / 2 / (64 * 64 * unitsPerEm * unitsPerEm)
}

func TestMoreWeightIsMoreInk(t *testing.T) {
	t.Parallel()
	all := Characters()
	rapid.Check(t, func(t *rapid.T) {
		r := rapid.SampledFrom(all[1:]).Draw(t, "character")
		by := rapid.Float64Range(2, 14).Draw(t, "units")
		var buf sfnt.Buffer
		outline, _ := glyph(hei(), &buf, r)
		plain := append(sfnt.Segments(nil), outline...)
		if len(plain) == 0 {
			return // a space
		}
		bold, light := embolden(plain, by), embolden(plain, -by)
		if ink(bold) <= ink(plain) || ink(light) >= ink(plain) || len(bold) != len(plain) {
			t.Errorf("%c by %.1f: %.4f light, %.4f plain, %.4f bold", r, by, ink(light), ink(plain), ink(bold))
		}
	})
}

package specimen

import (
	"crypto/sha256"
	"encoding/hex"
	"os"
	"slices"
	"strings"
	"testing"

	"golang.org/x/image/font/sfnt"
	"golang.org/x/text/encoding/simplifiedchinese"

	"github.com/seed-6b91b535/idrec/sdk/idcard"
)

func TestTheFontHasWhatNamesAndPlacesNeed(t *testing.T) {
	t.Parallel()
	has := func(c rune) bool { _, ok := slices.BinarySearch(Characters(), c); return ok }
	gb2312 := 0
	for row := byte(0xB0); row <= 0xF7; row++ {
		for cell := byte(0xA1); cell <= 0xFE; cell++ {
			s, err := simplifiedchinese.HZGB2312.NewDecoder().String("~{" + string([]byte{row & 0x7F, cell & 0x7F}) + "~}")
			if c := []rune(s); err == nil && len(c) == 1 && c[0] != 0xFFFD {
				if !has(c[0]) {
					t.Errorf("%q of GB 2312 is missing", c[0])
				}
				gb2312++
			}
		}
	}
	// The decoder reads a few more cells than the standard fills.
	if gb2312 < 6763 {
		t.Errorf("only %d characters of GB 2312 were asked for", gb2312)
	}
	wanted := "·•・．‧、。（）〇ＸⅩ𠮷" + strings.Join(idcard.Ethnicities(), "")
	for c := rune(0x20); c < 0x7F; c++ {
		wanted += string(c)
	}
	for _, c := range wanted {
		if !has(c) {
			t.Errorf("%q is missing", c)
		}
	}
	if n := len(Characters()); n < 7200 || n > 8000 {
		t.Errorf("%d characters", n)
	}
	if !slices.IsSorted(Characters()) {
		t.Error("the characters are not in order")
	}
}

func TestTheNumbersFontHasDigitsAndX(t *testing.T) {
	t.Parallel()
	var buf sfnt.Buffer
	for _, c := range "0123456789X" {
		if i, err := ocrb().GlyphIndex(&buf, c); err != nil || i == 0 {
			t.Errorf("%q is missing: %v", c, err)
		}
	}
}

func TestBothFontsHaveTheEmThatTheCanvasExpects(t *testing.T) {
	t.Parallel()
	for _, f := range []*sfnt.Font{hei(), ocrb()} {
		if f.UnitsPerEm() != unitsPerEm {
			t.Errorf("%d units an em", f.UnitsPerEm())
		}
	}
}

func TestFontsAreThoseThatTheScriptMade(t *testing.T) {
	t.Parallel()
	sums, err := os.ReadFile("fonts/SHA256SUMS")
	if err != nil {
		t.Fatal(err)
	}
	var got strings.Builder
	for _, f := range []struct {
		name string
		data []byte
	}{{"specimen-hei.ttf", heiBytes}, {"specimen-ocr-b.ttf", ocrbBytes}} {
		sum := sha256.Sum256(f.data)
		got.WriteString(hex.EncodeToString(sum[:]) + "  " + f.name + "\n")
	}
	if got.String() != string(sums) {
		t.Errorf("the fonts have the sums\n%s", got.String())
	}
}

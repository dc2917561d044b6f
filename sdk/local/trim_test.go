package local

import (
	"math"
	"testing"

	"github.com/seed-6b91b535/idrec/sdk/local/internal/decode"
	"github.com/seed-6b91b535/idrec/sdk/local/internal/lines"
)

// written is a line of the address as a network saw it: the characters follow each other, and a space is
// half an em of room.
func written(text string, left float64) cut {
	c := cut{slot: slotAddress, Line: decode.Line{Left: 14, Scale: 8}}
	x := left
	for _, r := range text {
		w := c.slot.em
		switch {
		case r == ' ':
			x += w / 2
			continue
		case r < 0x100:
			w *= halfWidth
		}
		c.Positions = append(c.Positions, lines.Position{X: float32((x + w/2 - c.Left) * c.Scale), Candidates: []lines.Candidate{{Rune: r, LogP: -0.01}}})
		x += w
	}
	return c
}

func shown(c cut) string {
	var rs []rune
	for _, p := range c.Positions {
		rs = append(rs, p.Candidates[0].Rune)
	}
	return string(rs)
}

func TestWhatStandsBehindALineIsCutOff(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"街52号":        "街52号",
		"街52号    米":   "街52号", // a stamp's character, two ems away
		"栋11单元1":      "栋11单元1",
		"2007室 使用他用":  "2007室", // a note's words, hardly apart
		"2007室 供使用他用": "2007室", // of which the first is lost
		"使用":          "",
		"买 买":         "买买", // half an em is the print's own
	} {
		c := written(text, 15.8)
		lost := c.tidy()
		got := shown(c)
		if got != want {
			t.Errorf("%q became %q", text, got)
		}
		if cutOff := len([]rune(got)) < len([]rune(shown(written(text, 15.8)))); cutOff != (lost > 0.5) {
			t.Errorf("%q: %.2f characters are lost", text, lost)
		}
	}
}

func TestRoomCountsWhatAReflectionHides(t *testing.T) {
	t.Parallel()
	whole, hidden := written("重庆市沄浐区崀埠街15", 15.8), written("重庆市        崀埠街15", 15.8)
	if n := whole.room(); n != 11 {
		t.Errorf("a line of eleven has room for %.2f", n)
	}
	if n := hidden.room(); math.Abs(n-12) > 0.1 { // eight characters and four ems
		t.Errorf("with four ems hidden it has room for %.2f", n)
	}
}

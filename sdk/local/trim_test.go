package local

import (
	"math"
	"slices"
	"testing"

	"github.com/seed-6b91b535/idrec/sdk/local/internal/decode"
	"github.com/seed-6b91b535/idrec/sdk/local/internal/lines"
	"github.com/seed-6b91b535/idrec/shared"
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
		"室  0":        "室", // as far as one character is wide
	} {
		c := written(text, 15.8)
		lost, _ := c.tidy()
		got := shown(c)
		if got != want {
			t.Errorf("%q became %q", text, got)
		}
		if cutOff := len([]rune(got)) < len([]rune(shown(written(text, 15.8)))); cutOff != (lost > 0.5) {
			t.Errorf("%q: %.2f characters are lost", text, lost)
		}
	}
}

// A field always begins at the same place, give or take half a millimetre.
func TestALineThatBeginsLateHasLostACharacter(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		text string
		left float64
		want float64
	}{{"街52号", 15.8, 0}, {"街52号", 16.6, 0}, {"街52号", 15.2, 0}, {"街52号", 19.1, 1}, {"52号", 22.4, 2}, {"", 22.4, 0}} {
		line := written(c.text, c.left)
		if got := line.late(); math.Abs(got-c.want) > 0.05 {
			t.Errorf("%q at %.1f mm: %.2f characters are lost before it, want %.0f", c.text, c.left, got, c.want)
		}
	}
	sex := written("女", 15.8)
	sex.slot = slotSex // which has no such place
	if got := sex.late(); got != 0 {
		t.Errorf("%.2f characters are lost before a field that begins anywhere", got)
	}
}

// However plain the others are.
func TestAFieldWithoutItsFirstCharacterIsNotSure(t *testing.T) {
	t.Parallel()
	plain := decode.Field{Text: "庆市公安局", Margin: 12}
	for _, name := range []shared.FieldName{shared.FieldFullName, shared.FieldAddress, shared.FieldAuthority, shared.FieldEthnicity} {
		late := plain
		late.Missing = 1
		if with, without := confidence(name, plain, 0), confidence(name, late, 0); with < sure || without >= legible {
			t.Errorf("%s: %.3f, and %.3f without its first character", name, with, without)
		}
	}
}

func TestAnAuthorityEndsBehindItsLastOffice(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"芷垟市公安局效": "芷垟市公安局", "漱陂市公安局澹麓分局": "漱陂市公安局澹麓分局", "漱陂市公安局澹麓分局仅1": "漱陂市公安局澹麓分局",
		"石河子市公安处": "石河子市公安处", "局部": "局部", "": "", "某管理局公安处": "某管理局公安处", "公安局东城分周": "公安局东城分周",
	} {
		c := written(text, 33)
		lost := c.trim(c.office())
		if got := shown(c); got != want || len([]rune(got)) < len([]rune(text)) != (lost > 0.5) {
			t.Errorf("%q became %q, %.2f lost", text, got, lost)
		}
	}
	c := written("北京市公安局东周", 33) // of which the last is 局 perhaps
	last := &c.Positions[len(c.Positions)-1]
	last.Candidates = append(last.Candidates, lines.Candidate{Rune: '局', LogP: -2})
	if n := c.office(); n != len(c.Positions) {
		t.Errorf("it ends at %d", n)
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

func TestWhatHasNoRoomIsNotThere(t *testing.T) {
	t.Parallel()
	c := written("南路1564号珺堉", 15.8)
	whole := shown(c)
	if lost := c.thin(); lost != 0 || shown(c) != whole {
		t.Errorf("%q became %q", whole, shown(c))
	}
	// A 2 between 珺 and 堉, which touch, and a second 1 in the first one's half.
	double := c.Positions[2]
	double.X += float32(0.25 * c.slot.em * c.Scale)
	between := lines.Position{X: (c.Positions[7].X + c.Positions[8].X) / 2, Candidates: []lines.Candidate{{Rune: '2', LogP: -0.1}}}
	c.Positions = slices.Insert(c.Positions, 8, between)
	c.Positions = slices.Insert(c.Positions, 3, double)
	stroke := lines.Position{X: c.Positions[0].X - float32(1.5*c.Scale), Candidates: between.Candidates}
	c.Positions = slices.Insert(c.Positions, 0, stroke)
	if lost := c.thin(); lost != 3 || shown(c) != whole {
		t.Errorf("%v taken out, left %q", lost, shown(c))
	}
}

// Of two like characters the network may see the first one too late, and then the second; what stands behind them
// is there.
func TestLikeCharactersThatAreSeenTooLateHideNothing(t *testing.T) {
	t.Parallel()
	c := written("永前村村5", 15.8)
	whole := shown(c)
	c.Positions[2].X += float32(0.38 * c.slot.em * c.Scale)
	c.Positions[3].X += float32(0.31 * c.slot.em * c.Scale)
	if lost := c.thin(); lost != 0 || shown(c) != whole {
		t.Errorf("%q became %q", whole, shown(c))
	}
	// But what stands in the last of like characters that are where they belong is not there.
	for _, at := range []int{0, 2} {
		c := written("116", 15.8)
		c.Positions[2].Candidates[0].Rune = '1'
		stroke := c.Positions[at]
		stroke.X += float32(float64(at-1) * 0.25 * c.slot.em * c.Scale)
		stroke.Candidates = []lines.Candidate{{Rune: '4', LogP: -0.1}}
		c.Positions = slices.Insert(c.Positions, at*3/2, stroke)
		if lost := c.thin(); lost != 1 || shown(c) != "111" {
			t.Errorf("%q is left", shown(c))
		}
	}
	c = written("5村村永", 15.8)
	whole = shown(c)
	c.Positions[1].X -= float32(0.31 * c.slot.em * c.Scale)
	c.Positions[2].X -= float32(0.38 * c.slot.em * c.Scale)
	if lost := c.thin(); lost != 0 || shown(c) != whole {
		t.Errorf("%q became %q", whole, shown(c))
	}
}

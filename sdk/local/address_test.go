package local

import (
	"math"
	"testing"

	"github.com/seed-6b91b535/idrec/sdk/specimen"
	"github.com/seed-6b91b535/idrec/shared"
)

// Copies with a stamp or a note behind or below the address: none of it is read as a part.
func TestNotesOnCopiesAreNoAddress(t *testing.T) {
	t.Parallel()
	x := trials{set: specimen.SetTune, level: specimen.LevelCopy, finder: known(0)}
	p := New(Options{Readers: 1})
	for _, i := range []int{25, 47, 50, 71, 73, 92} {
		tr := x.one(t, p, specimen.SubjectPortrait, i)
		if got, want := tr.result.Value(shared.FieldAddress), tr.truth.Address; got != want {
			t.Errorf("%d: %s, want %s", i, got, want)
		}
	}
}

// A line below one whose first character vanished is a part of the address, one that begins elsewhere is not.
func TestLinesOfAnAddressBeginAtOnePlace(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		first, line float64
		want        bool
	}{{15.8, 15.8, true}, {15.8, 18.4, true}, {15.8, 19.5, false}, {19.1, 15.8, true}, {19.1, 19.1, true}, {19.1, 24, false}, {16.4, 12.9, false}} {
		first, line := written("省某市某街道办事处", c.first), written("街52号", c.line)
		if got := line.below(first); got != c.want {
			t.Errorf("a line at %.1f below one at %.1f: %v", c.line, c.first, got)
		}
	}
}

// A line is full, by characters or by width, where another follows: a gap and a line that ends early lack characters.
func TestAnAddressTellsWhatItLacks(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		lines []string
		want  float64
	}{
		{[]string{"某省某市某县某镇某村"}, 0},
		{[]string{"某省某市某县某某街道办", "事处"}, 0},
		{[]string{"某省某市某县某某街道", "事处"}, 1},
		{[]string{"某省某市某县某路1", "234号"}, 1},
		{[]string{"某省某市某县某某路1", "234号"}, 1}, // the number was not kept whole
		{[]string{"某省某市某县某某路", "1234号"}, 0}, // here it may be
		{[]string{"某省某市某县某某路12", "34号"}, 0}, // eleven characters
		{[]string{"1234号某小区56栋", "7单元"}, 0},
		{[]string{"1234号某小区56", "7单元"}, 1},
		{[]string{"某省某市  某县某街道办", "事处"}, 1},
		{[]string{"某省某市某县某某街道办", "  事处"}, 1},
		{[]string{"  某省某市"}, 1},
		{[]string{"某省某市某县某某街道", ""}, 0},
		{nil, 0},
	} {
		var lines []cut
		for _, l := range c.lines {
			lines = append(lines, written(l, slotAddress.begins))
		}
		if got := lacking(lines); math.Abs(got-c.want) > 1e-6 {
			t.Errorf("%q lack %.2f characters, want %.0f", c.lines, got, c.want)
		}
	}
}

// What stands behind a gap may be the line's own end, or a note.
func TestPrintBehindAGapIsTheLinesOwnOrANote(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		text string
		want float64
	}{
		{"某省某市", 0},
		{"某省某市  岭街7号", 1},
		{"某省某市    7号", 2},
		{"某省某市  供他办件", 0},
		{"某省某市          岭街", 0},
	} {
		line := written(c.text, slotAddress.begins)
		if lost, missing := line.tidy(); math.Abs(missing-c.want) > 1e-6 || shown(line) != "某省某市" || c.want > 0 && lost < 1 {
			t.Errorf("%q: %q is left, %.2f characters are missing and %.2f lost, want %.0f missing", c.text, shown(line), missing, lost, c.want)
		}
	}
}

func TestStrokesBelowAnAddressAreNoLine(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		text        string
		sure, blank float64
		want        bool
	}{
		{"义", 0.62, 0.11, true},
		{"室", 0.85, 0.12, false},
		{"室", 0.62, 0.01, false},
		{"1", 0.6, 0.2, true},
		{"枕浦新村三栋二室", 0.6, 0.1, false},
		{"枕浦新村三栋二室", 0.3, 0.1, true},
		{"枕浦新村三栋二室", 0.3, 0.001, false},
	} {
		line := written(c.text, slotAddress.begins)
		for i := range line.Positions {
			line.Positions[i].Candidates[0].LogP, line.Positions[i].Blank = float32(math.Log(c.sure)), float32(math.Log(c.blank))
		}
		if got := line.isPaper(); got != c.want {
			t.Errorf("%s, each with %.2f and nothing with %.2f: %v", c.text, c.sure, c.blank, got)
		}
	}
}

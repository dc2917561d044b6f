package lines

import (
	"math"
	"math/rand/v2"
	"testing"

	"pgregory.net/rapid"

	"github.com/seed-6b91b535/idrec/sdk/local/internal/nn"
)

const nr = nn.Tile

var testChars = []rune("甲乙丙1·")

// scoresOf makes frames in which the given classes win by 10; 0 is the blank.
func scoresOf(win ...int) []float32 {
	s := make([]float32, len(win)*nr)
	for t, c := range win {
		for k := len(testChars) + 1; k < nr; k++ {
			s[t*nr+k] = -1e4
		}
		s[t*nr+c] = 10
	}
	return s
}

func text(ps []Position) string {
	var out []rune
	for _, p := range ps {
		out = append(out, p.Candidates[0].Rune)
	}
	return string(out)
}

func TestDecodeReadsCharactersOfTheirLength(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		win  []int
		want string
	}{
		{[]int{0, 1, 1, 1, 1, 0, 0, 1, 1, 1, 1, 1, 2, 2, 2, 2, 0}, "甲甲乙"},
		{[]int{0, 0, 0, 0}, ""},
		{[]int{0, 1, 1, 2, 1, 1, 0}, "甲"},                  // one frame of doubt is no character
		{[]int{0, 4, 4, 0, 4, 0}, "11"},                    // digits are narrow
		{[]int{0, 4, 4, 4, 4, 4, 4, 4, 4, 0}, "11"},        // and eight frames too long for one
		{[]int{0, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 0}, "111"}, // and ten too long for two
		{[]int{0, 3, 3, 3, 3, 5, 5, 1, 1, 1, 1}, "丙·甲"},    // to the very end
	} {
		if got := text(new(decoder).decode(scoresOf(c.win...), nr, testChars)); got != c.want {
			t.Errorf("%v read as %q, want %q", c.win, got, c.want)
		}
	}
}

// A character that may be this one or that is one all the same.
func TestDecodeReadsCharactersThatMayBeSeveral(t *testing.T) {
	t.Parallel()
	const nothing, each = 0.17, 0.83 / 3
	s := scoresOf(0, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0)
	for f := 6; f < 10; f++ {
		row := s[f*nr:][:nr]
		row[0] = float32(math.Log(nothing))
		for c := 1; c < 4; c++ {
			row[c] = float32(math.Log(each))
		}
		row[4], row[5] = -20, -20
	}
	got := new(decoder).decode(s, nr, testChars)
	if len(got) != 2 || got[1].From > 6 || got[1].To < 10 {
		t.Fatalf("read %q, want 甲 and one of three", text(got))
	}
	if c := got[1].Candidates; math.Abs(float64(c[0].LogP)-math.Log(each)) > 1e-3 {
		t.Errorf("%c with %v, want %v", c[0].Rune, c[0].LogP, math.Log(each))
	}
}

// Doubts that are made up for do not decide which character it is, or how many.
func TestDoubtDoesNotChooseTheCharacter(t *testing.T) {
	t.Parallel()
	shares := func(s []float32, f int, blank float64, p ...float64) {
		row := s[f*nr:][:nr]
		row[0] = float32(math.Log(blank))
		for c, v := range p {
			row[c+1] = float32(math.Log(v))
		}
	}
	s := scoresOf(0, 0, 0, 0, 0, 0, 0)
	for f := 1; f < 5; f++ {
		shares(s, f, 0.03, 0.45, 0.11, 0.10, 0.30, 0.01)
	}
	if got := text(new(decoder).decode(s, nr, testChars)); got != "甲" {
		t.Errorf("read %q, 甲 is half as probable again in every frame", got)
	}
	s = scoresOf(0, 0, 0, 0, 0, 0, 0)
	for f := 1; f < 5; f++ {
		one, two := 0.7, 0.28
		if f > 2 {
			one, two = two, one
		}
		shares(s, f, 1e-4, 1e-3, 1e-3, 1e-3, one, two)
	}
	if got := text(new(decoder).decode(s, nr, testChars)); got != "1·" {
		t.Errorf("read %q, want two characters", got)
	}
}

func TestPositionsTellWhereAndHowSurely(t *testing.T) {
	t.Parallel()
	s := scoresOf(0, 1, 1, 1, 1, 0, 0)
	for f := 1; f < 5; f++ {
		s[f*nr+2] = 9
	}
	got := new(decoder).decode(s, nr, testChars)
	if len(got) != 1 {
		t.Fatalf("read %q", text(got))
	}
	p := got[0]
	if p.From != 1 || p.To != 5 || p.X != 12 {
		t.Errorf("at %v, frames %d to %d", p.X, p.From, p.To)
	}
	total := math.Log(math.Exp(10) + math.Exp(9) + 4)
	for i, want := range []struct {
		r rune
		p float64
	}{{'甲', 10 - total}, {'乙', 9 - total}} {
		if c := p.Candidates[i]; c.Rune != want.r || math.Abs(float64(c.LogP)-want.p) > 1e-3 {
			t.Errorf("candidate %d: %c %v, want %c %v", i, c.Rune, c.LogP, want.r, want.p)
		}
	}
	if math.Abs(float64(p.Blank)+total) > 1e-3 {
		t.Errorf("blank %v, want %v", p.Blank, -total)
	}
}

func TestExpIsCloseEverywhere(t *testing.T) {
	t.Parallel()
	for x := float32(0); x >= -negligible; x -= 0.001 {
		if got, want := float64(exp(x)), math.Exp(float64(x)); math.Abs(got/want-1) > 1e-5 {
			t.Fatalf("e^%v: %v, want %v", x, got, want)
		}
	}
}

// Whatever the scores, positions lie in the line in order without overlap, the alternatives fall, and
// they are probabilities.
func TestPositionsAreOrderedAndProbable(t *testing.T) {
	t.Parallel()
	d := new(decoder)
	rapid.Check(t, func(rt *rapid.T) {
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(rt, "seed"), 0))
		n := rapid.IntRange(1, 60).Draw(rt, "characters")
		chars := make([]rune, n)
		for i := range chars {
			chars[i] = []rune{'0' + rune(i%10), rune(0x4e00 + i)}[i%2]
		}
		classes := (n + nr) / nr * nr
		frames := rapid.IntRange(1, 100).Draw(rt, "frames")
		spread := rapid.Float64Range(0, 30).Draw(rt, "spread")
		scores := make([]float32, frames*classes)
		for i := range scores {
			scores[i] = float32(r.NormFloat64() * spread)
		}
		at := 0
		for _, p := range d.decode(scores, classes, chars) {
			if p.From < at || p.To <= p.From || p.To > frames {
				rt.Fatalf("frames %d to %d after %d", p.From, p.To, at)
			}
			at = p.To
			if len(p.Candidates) == 0 || len(p.Candidates) > TopK || !(p.Blank <= 1e-3) {
				rt.Fatalf("%d candidates, blank %v", len(p.Candidates), p.Blank)
			}
			for i, c := range p.Candidates {
				if !(c.LogP <= 1e-3) || i > 1 && c.LogP > p.Candidates[i-1].LogP {
					rt.Fatalf("candidate %d: %v", i, c.LogP)
				}
			}
		}
	})
}

package lattice_test

import (
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/seed-6b91b535/idrec/sdk/local/internal/lattice"
	"github.com/seed-6b91b535/idrec/sdk/local/internal/lines"
)

// seen makes the positions of a text, each of whose characters is read with probability p; after a
// character an alternative may stand in parentheses, which gets the rest.
func seen(text string, p float64) []lines.Position {
	var out []lines.Position
	rs := []rune(text)
	for i := 0; i < len(rs); i++ {
		q := lines.Position{X: float32(26 * (len(out) + 1)), Blank: -10, Candidates: []lines.Candidate{{Rune: rs[i], LogP: float32(math.Log(p))}}}
		if i+3 < len(rs) && rs[i+1] == '(' {
			q.Candidates = append(q.Candidates, lines.Candidate{Rune: rs[i+2], LogP: float32(math.Log(1 - p))})
			i += 3
		}
		out = append(out, q)
	}
	return out
}

func TestScorePrefersWhatIsThere(t *testing.T) {
	t.Parallel()
	ps := seen("云(去) 南省", 0.9)
	ps = append(ps[:1], ps[2:]...) // the space only separates
	read := lattice.Score(ps, "云南省")
	for _, worse := range []string{"去南省", "云南", "云南省市", "云男省", "", "南云省"} {
		if s := lattice.Score(ps, worse); s >= read {
			t.Errorf("%q scores %v, %v is what stands there", worse, s, read)
		}
	}
	if listed, not := lattice.Score(ps, "去南省"), lattice.Score(ps, "丢南省"); not >= listed {
		t.Errorf("an alternative that is not listed scores %v, one that is %v", not, listed)
	}
}

func TestThinCharactersAreLostMoreEasily(t *testing.T) {
	t.Parallel()
	ps := seen("长期", 0.99)
	if dash, han := lattice.Score(ps, "-长期"), lattice.Score(ps, "市长期"); dash <= han {
		t.Errorf("a lost hyphen costs %v, a lost 市 %v", dash, han)
	}
}

// Align's characters and the positions taken for nothing are the score.
func TestAlignFollowsScore(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		letters := rapid.SliceOfN(rapid.SampledFrom([]rune("甲乙丙1-")), 0, 8)
		ps := seen(string(letters.Draw(rt, "seen")), rapid.Float64Range(0.3, 0.99).Draw(rt, "p"))
		text := string(letters.Draw(rt, "text"))
		got := lattice.Align(ps, text)
		if len(got) != len([]rune(text)) {
			rt.Fatalf("%d scores for %q", len(got), text)
		}
		var sum float32
		for _, s := range got {
			sum += s
		}
		if total := lattice.Score(ps, text); sum < total-1e-3 {
			rt.Fatalf("the characters score %v, the text %v", sum, total)
		}
	})
}

func free() lattice.Model[int] {
	return lattice.Model[int]{
		Step: func(n int, _ rune) (int, float32) { return n + 1, 0 },
		End:  func(int) float32 { return 0 },
	}
}

func TestSearchWithoutAModelReadsWhatTheNetworkReads(t *testing.T) {
	t.Parallel()
	ps := seen("云(去)屏市", 0.7)
	hs := lattice.Search(ps, free())
	if len(hs) == 0 || hs[0].Text != "云屏市" || len(hs[0].Seen) != 3 {
		t.Fatalf("%+v", hs)
	}
	if hs[1].Text != "去屏市" {
		t.Errorf("second %q", hs[1].Text)
	}
	if !slices.IsSortedFunc(hs, func(a, b lattice.Hypothesis) int { return int(math.Copysign(1, float64(b.Score-a.Score))) }) {
		t.Error("not sorted")
	}
}

func TestSearchIsOverruledByStrongEvidenceOnly(t *testing.T) {
	t.Parallel()
	m := free()
	m.Weight = 1
	m.Step = func(n int, r rune) (int, float32) {
		if r == '去' {
			return n + 1, 0
		}
		return n + 1, 3
	}
	for _, c := range []struct {
		p    float64
		want string
	}{{0.7, "去"}, {0.99, "云"}} {
		if got := lattice.Search(seen("云(去)", c.p), m)[0].Text; got != c.want {
			t.Errorf("with %v: %q", c.p, got)
		}
	}
}

func TestSearchOfNothing(t *testing.T) {
	t.Parallel()
	hs := lattice.Search(nil, free())
	if len(hs) != 1 || hs[0].Text != "" {
		t.Errorf("%+v", hs)
	}
}

// Whatever the network says, texts differ from each other, get worse, and have a score for each character.
func TestSearchIsSound(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		var ps []lines.Position
		for range rapid.IntRange(0, 6).Draw(rt, "positions") {
			p := lines.Position{Blank: float32(rapid.Float64Range(-30, 0).Draw(rt, "blank"))}
			for _, r := range rapid.SliceOfNDistinct(rapid.SampledFrom([]rune("甲乙丙丁1X")), 1, 4, rapid.ID[rune]).Draw(rt, "runes") {
				p.Candidates = append(p.Candidates, lines.Candidate{Rune: r, LogP: float32(rapid.Float64Range(-20, 0).Draw(rt, "p"))})
			}
			ps = append(ps, p)
		}
		texts := map[string]bool{}
		last := float32(math.Inf(1))
		for _, h := range lattice.Search(ps, free()) {
			if texts[h.Text] || h.Score > last || len(h.Seen) != len([]rune(h.Text)) {
				rt.Fatalf("%+v after %v", h, last)
			}
			texts[h.Text], last = true, h.Score
		}
	})
}

package specimen

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/seed-6b91b535/idrec/sdk/idcard"
	"github.com/seed-6b91b535/idrec/shared"
)

// today is a day on which all invented cards are valid.
var today = idcard.Date{Year: 2026, Month: 12, Day: 31}

// crowd is many invented people and the cast.
func crowd() []Person { return append(Cast(), People(3000, 11)...) }

func TestInventedCardsHaveNoFindings(t *testing.T) {
	t.Parallel()
	for i, p := range crowd() {
		var sides []*shared.Result
		for _, side := range []shared.Side{shared.SidePortrait, shared.SideEmblem} {
			res := &shared.Result{Status: shared.StatusNormal, Side: side, Fields: p.Truth(side).Fields()}
			findings, computed := idcard.Verify(res, side, today)
			if len(findings) > 0 {
				t.Fatalf("person %d, %s: %v", i, side, findings)
			}
			if side == shared.SidePortrait && (computed == nil || *computed != shared.NumberAgrees) {
				t.Fatalf("person %d: the number does not agree with sex and birth", i)
			}
			sides = append(sides, res)
		}
		if findings := idcard.VerifyCase(sides, today); len(findings) > 0 {
			t.Fatalf("person %d, both sides: %v", i, findings)
		}
	}
}

func TestNumbersWereNeverIssued(t *testing.T) {
	t.Parallel()
	for i, p := range crowd() {
		n, err := idcard.ParseNumber(p.Number)
		if err != nil {
			t.Fatalf("person %d: %v", i, err)
		}
		if p.Number[2:4] != cityNeverIssued || n.Kind() != idcard.KindResident || n.Province() == "" || !strings.HasPrefix(p.Address, n.Province()) {
			t.Fatalf("person %d: region %s, province %s", i, n.Region(), n.Province())
		}
	}
}

func TestEveryCharacterCanBeDrawn(t *testing.T) {
	t.Parallel()
	for i, p := range crowd() {
		for _, side := range []shared.Side{shared.SidePortrait, shared.SideEmblem} {
			for name, f := range p.Truth(side).Fields() {
				for _, c := range f.Raw {
					if _, ok := slices.BinarySearch(characters(), c); !ok {
						t.Errorf("person %d, %s: %q is not in the font", i, name, c)
					}
				}
			}
		}
	}
}

func TestTheTruthIsWhatReadersReadFromThePrint(t *testing.T) {
	t.Parallel()
	for i, p := range crowd()[:500] {
		for _, side := range []shared.Side{shared.SidePortrait, shared.SideEmblem} {
			for name, f := range p.Truth(side).Fields() {
				if v, ok := idcard.Normalize(name, f.Raw); !ok || v != f.Value {
					t.Fatalf("person %d, %s: %q normalises to %q, the truth is %q", i, name, f.Raw, v, f.Value)
				}
			}
		}
	}
}

func TestTheCrowdHasEveryEdgeCase(t *testing.T) {
	t.Parallel()
	seen := map[string]int{}
	ethnicities := map[string]bool{}
	for _, p := range crowd() {
		ethnicities[p.Ethnicity] = true
		lines := p.AddressText()
		if len(lines) < 1 || len(lines) > AddressLines {
			t.Fatalf("an address of %d lines", len(lines))
		}
		seen["lines "+string(rune('0'+len(lines)))]++
		n := utf8.RuneCountInString(p.Name)
		for what, is := range map[string]bool{
			"long-term":      p.LongTerm(),
			"child":          p.Birth.YearsUntil(p.Issued) < 16,
			"dot":            strings.Contains(p.Name, "·"),
			"beyond the BMP": len([]rune(p.Name)) < len(utf16Length(p.Name)),
			"two":            n == 2,
			"four":           n == 4 && !strings.Contains(p.Name, "·"),
			"X":              strings.HasSuffix(p.Number, "X"),
			"woman":          p.Sex == "女",
			"man":            p.Sex == "男",
		} {
			if is {
				seen[what]++
			}
		}
	}
	for _, what := range []string{"lines 1", "lines 2", "lines 3", "lines 4", "long-term", "child", "dot", "beyond the BMP", "two", "four", "X", "woman", "man"} {
		if seen[what] < 20 {
			t.Errorf("%s: only %d of 3000", what, seen[what])
		}
	}
	if len(ethnicities) < 50 {
		t.Errorf("only %d ethnicities", len(ethnicities))
	}
}

// utf16Length returns one element for each UTF-16 unit of s.
func utf16Length(s string) []struct{} {
	var units []struct{}
	for _, c := range s {
		units = append(units, struct{}{})
		if c > 0xFFFF {
			units = append(units, struct{}{})
		}
	}
	return units
}

func TestTheCastHasItsRoles(t *testing.T) {
	t.Parallel()
	c := Cast()
	if len(c) != 6 || !c[1].LongTerm() || !strings.Contains(c[2].Name, "·") || !strings.ContainsRune(c[3].Name, 0x20BB7) ||
		utf8.RuneCountInString(c[4].Name) != 4 || len(c[4].AddressText()) != 4 ||
		utf8.RuneCountInString(c[5].Name) != 2 || len(c[5].AddressText()) != 1 || !strings.HasSuffix(c[5].Number, "X") {
		t.Error("the cast is not as its doc comment says")
	}
	for i := range c {
		if i != 1 && c[i].LongTerm() {
			t.Errorf("person %d has a card without expiry too", i)
		}
	}
}

func TestPeopleDependOnTheSeedOnly(t *testing.T) {
	t.Parallel()
	many := People(50, 7)
	if !slices.Equal(many[:10], People(10, 7)) {
		t.Error("the first ten of fifty are not those of ten")
	}
	if slices.Equal(many, People(50, 8)) {
		t.Error("two seeds give the same people")
	}
	if People(0, 7) == nil || len(People(-1, 7)) != 0 {
		t.Error("no people are not an empty list")
	}

	var truths []Truth
	for _, p := range append(Cast(), many...) {
		truths = append(truths, p.Truth(shared.SidePortrait), p.Truth(shared.SideEmblem))
	}
	b, err := json.Marshal(truths)
	if err != nil {
		t.Fatal(err)
	}
	// Recorded folders and figures name people by seed and number, so a change here is a break.
	const golden = "7ee0bf1fbd0c6dba379cb786c736640a98c5a3297ff8b187478e240bd5f35bef"
	sum := sha256.Sum256(b)
	if got := hex.EncodeToString(sum[:]); got != golden {
		t.Errorf("the people of seed 7 changed: %s", got)
	}
}

package idcard

import (
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

type numberVector struct {
	Why, Text, Number, Kind, Region, Province, Birth, Sex, Sequence, Check string
	Problems                                                               []Problem
}

func TestParseNumberVectors(t *testing.T) {
	t.Parallel()
	for _, v := range vectors[numberVector](t, "numbers.json") {
		t.Run(v.Why, func(t *testing.T) {
			t.Parallel()
			n, err := ParseNumber(v.Text)
			var problems []Problem
			if e, ok := errors.AsType[*NumberError](err); ok {
				problems = e.Problems
			}
			if !slices.Equal(problems, v.Problems) || (err != nil) != (len(v.Problems) > 0) {
				t.Fatalf("problems %v, want %v", problems, v.Problems)
			}
			for _, p := range v.Problems {
				if !errors.Is(err, p) {
					t.Errorf("errors.Is does not see %s", p)
				}
			}
			got := numberVector{v.Why, v.Text, n.Text(), string(n.Kind()), n.Region(), n.Province(), n.Birth().String(), n.Sex(), n.Sequence(), n.CheckDigit(), v.Problems}
			if fmt.Sprint(got) != fmt.Sprint(v) {
				t.Errorf("got  %v\nwant %v", got, v)
			}
		})
	}
}

func TestNoProblemIsNilError(t *testing.T) {
	t.Parallel()
	if _, err := ParseNumber("11010519491231002X"); err != nil {
		t.Fatal(err)
	}
}

func TestFifteenDigitsUpgradeToEighteen(t *testing.T) {
	t.Parallel()
	old, err := ParseNumber("110105491231002")
	if err != nil {
		t.Fatal(err)
	}
	now, err := ParseNumber("11010519491231002X")
	if err != nil {
		t.Fatal(err)
	}
	if old.Upgrade() != now || now.Upgrade() != now {
		t.Errorf("upgrade is not the same number")
	}
}

func TestCheckDigitRefusesWhatIsNotSeventeenDigits(t *testing.T) {
	t.Parallel()
	for _, s := range []string{"", "1", strings.Repeat("1", 16), strings.Repeat("1", 18), strings.Repeat("1", 16) + "X", strings.Repeat("１", 17)} {
		if c, ok := CheckDigit(s); ok || c != 0 {
			t.Errorf("%q: %c", s, c)
		}
	}
}

// weighted is the formula as the standard writes it.
func weighted(first17 string) byte {
	sum := 0
	for i, w := range []int{7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2} {
		sum += int(first17[i]-'0') * w
	}
	return "10X98765432"[sum%11]
}

func TestCheckDigitIsTheStandardsWeightedSum(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.StringMatching(`[0-9]{17}`).Draw(t, "first17")
		if c, ok := CheckDigit(s); !ok || c != weighted(s) {
			t.Fatalf("%c, want %c", c, weighted(s))
		}
	})
}

// validNumber draws a resident's number without a fault.
func validNumber() *rapid.Generator[string] {
	codes := make([]string, 0, len(provinces))
	for c := range provinces {
		codes = append(codes, c)
	}
	slices.Sort(codes)
	return rapid.Custom(func(t *rapid.T) string {
		birth := Date{1950, 1, 1}.AddDays(rapid.IntRange(0, 27000).Draw(t, "day"))
		first17 := rapid.SampledFrom(codes).Draw(t, "province") + fmt.Sprintf("%04d%04d%02d%02d%03d",
			rapid.IntRange(1, 9999).Draw(t, "county"), birth.Year, birth.Month, birth.Day, rapid.IntRange(1, 999).Draw(t, "sequence"))
		return first17 + string(weighted(first17))
	})
}

func TestValidNumbersParse(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := validNumber().Draw(t, "number")
		n, err := ParseNumber(s)
		if err != nil || n.Text() != s || n.Kind() != KindResident {
			t.Fatalf("%v %v", n.Kind(), err)
		}
	})
}

func TestEveryChangeOfOneCharacterIsCaught(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := []byte(validNumber().Draw(t, "number"))
		i := rapid.IntRange(0, 17).Draw(t, "place")
		alphabet := "0123456789"
		if i == 17 {
			alphabet += "X"
		}
		for _, c := range []byte(alphabet) {
			changed := append([]byte(nil), s...)
			changed[i] = c
			if _, err := ParseNumber(string(changed)); c != s[i] && !errors.Is(err, ProblemCheckDigit) {
				t.Fatalf("%c at %d goes unnoticed: %v", c, i, err)
			}
		}
	})
}

func TestEveryTranspositionOfNeighboursIsCaught(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := []byte(validNumber().Draw(t, "number"))
		for i := range 17 {
			changed := append([]byte(nil), s...)
			changed[i], changed[i+1] = changed[i+1], changed[i]
			if _, err := ParseNumber(string(changed)); s[i] != s[i+1] && err == nil {
				t.Fatalf("transposition at %d goes unnoticed", i)
			}
		}
	})
}

func TestNumberPrintsMasked(t *testing.T) {
	t.Parallel()
	n, err := ParseNumber("11010519491231002X")
	if err != nil {
		t.Fatal(err)
	}
	var log strings.Builder
	slog.New(slog.NewTextHandler(&log, nil)).Info("x", "n", n)
	for _, s := range []string{fmt.Sprint(n), fmt.Sprintf("%+v %#v %q %x %d", n, n, n, n, n), log.String(), fmt.Sprint([]Number{n}), fmt.Sprint(struct{ N Number }{n})} {
		if strings.Contains(s, "1949") {
			t.Errorf("shows the number")
		}
	}
}

func TestNumberErrorsNeverHoldTheNumber(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.StringMatching(`[0-9]{15,19}[0-9A-Z]?`).Draw(t, "number")
		if _, err := ParseNumber(s); err != nil && strings.ContainsAny(err.Error(), "0123456789") {
			t.Fatalf("%v", err)
		}
	})
}

func FuzzParseNumber(f *testing.F) {
	for _, v := range vectors[numberVector](f, "numbers.json") {
		f.Add(v.Text)
	}
	f.Fuzz(func(t *testing.T, s string) {
		n, err := ParseNumber(s)
		if err == nil {
			again, err := ParseNumber(n.Text())
			if err != nil || again != n {
				t.Fatalf("not canonical: %v", err)
			}
		}
		_, _, _, _, _ = n.Region(), n.Province(), n.Sequence(), n.Sex(), n.CheckDigit()
		_ = n.Upgrade().String()
	})
}

package idcard

import "testing"

func TestExpectedTermByAge(t *testing.T) {
	t.Parallel()
	birth := Date{1980, 6, 15}
	for _, c := range []struct {
		why      string
		issued   Date
		years    int
		longTerm bool
	}{
		{"on the day of birth", birth, 5, false},
		{"the day before the 16th birthday", Date{1996, 6, 14}, 5, false},
		{"the 16th birthday", Date{1996, 6, 15}, 10, false},
		{"the last day of being 25", Date{2006, 6, 14}, 10, false},
		{"the 26th birthday", Date{2006, 6, 15}, 20, false},
		{"the last day of being 45", Date{2026, 6, 14}, 20, false},
		{"the 46th birthday", Date{2026, 6, 15}, 0, true},
		{"before birth", Date{1980, 6, 14}, 0, false},
		{"no date", Date{}, 0, false},
	} {
		if years, longTerm := ExpectedTerm(birth, c.issued); years != c.years || longTerm != c.longTerm {
			t.Errorf("%s: %d %v, want %d %v", c.why, years, longTerm, c.years, c.longTerm)
		}
	}
	if years, longTerm := ExpectedTerm(Date{}, birth); years != 0 || longTerm {
		t.Error("a term for nobody")
	}
}

func TestTermFitsTheAgeAtIssueOrAtApplication(t *testing.T) {
	t.Parallel()
	birth := Date{2000, 1, 10} // 16 on 2016-01-10, 26 on 2026-01-10, 46 on 2046-01-10
	for _, c := range []struct {
		why         string
		from, until Date
		longTerm    bool
		want        bool
	}{
		{"as the law says", Date{2017, 3, 13}, Date{2027, 3, 13}, false, true},
		{"twenty years at 17", Date{2017, 3, 13}, Date{2037, 3, 13}, false, false},
		{"long-term at 17", Date{2017, 3, 13}, Date{}, true, false},
		{"applied at 15, issued at 16", Date{2016, 2, 1}, Date{2021, 2, 1}, false, true},
		{"issued at 16 and so long after that the application was too", Date{2016, 5, 1}, Date{2021, 5, 1}, false, false},
		{"the term of 16 at 15", Date{2016, 1, 9}, Date{2026, 1, 9}, false, false},
		{"a day too long", Date{2017, 3, 13}, Date{2027, 3, 14}, false, false},
		{"long-term at 46", Date{2046, 6, 1}, Date{}, true, true},
		{"twenty years at 46", Date{2046, 6, 1}, Date{2066, 6, 1}, false, false},
	} {
		if got := (term{c.from, c.until, c.longTerm}).fits(KindResident, birth); got != c.want {
			t.Errorf("%s: %v", c.why, got)
		}
	}
}

func TestTermFromALeapDay(t *testing.T) {
	t.Parallel()
	from := Date{2016, 2, 29}
	for until, want := range map[Date]bool{{2026, 2, 28}: true, {2026, 3, 1}: true, {2026, 3, 2}: false, {2026, 2, 27}: false} {
		if got := (term{from: from, until: until}).lasts(10); got != want {
			t.Errorf("until %v: %v", until, got)
		}
	}
	if !(term{from: from, until: Date{2036, 2, 29}}).lasts(20) {
		t.Error("leap day to leap day")
	}
}

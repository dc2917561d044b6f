package idcard

import (
	"errors"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestParseDateForms(t *testing.T) {
	t.Parallel()
	for _, v := range vectors[struct{ Text, Date, Error string }](t, "dates.json") {
		d, err := ParseDate(v.Text)
		want := map[string]error{"": nil, "form": ErrDateForm, "day": ErrDateDay}[v.Error]
		if d.String() != v.Date || !errors.Is(err, want) || (err == nil) != (want == nil) {
			t.Errorf("%q: %v %v, want %v %v", v.Text, d, err, v.Date, want)
		}
	}
}

func TestDatesAreThoseOfTheCalendar(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		d := Date{rapid.IntRange(1, 9999).Draw(t, "y"), rapid.IntRange(0, 13).Draw(t, "m"), rapid.IntRange(0, 32).Draw(t, "d")}
		_, err := time.Parse("2006-01-02", d.String())
		if d.Valid() != (err == nil) {
			t.Fatalf("%v: valid %v, time says %v", d, d.Valid(), err)
		}
		if parsed, err := ParseDate(d.String()); d.Valid() && (err != nil || parsed != d) {
			t.Fatalf("%v does not come back", d)
		}
	})
}

func TestBeforeIsTheOrderOfDays(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		d := Date{1950, 1, 1}.AddDays(rapid.IntRange(0, 40000).Draw(t, "d"))
		n := rapid.IntRange(-1000, 1000).Draw(t, "n")
		e := d.AddDays(n)
		if d.Before(e) != (n > 0) || e.Before(d) != (n < 0) {
			t.Fatalf("%v and %v", d, e)
		}
	})
}

func TestTodayIsTheDayInChina(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		at   time.Time
		want Date
	}{
		{time.Date(2026, 1, 1, 15, 59, 59, 0, time.UTC), Date{2026, 1, 1}},
		{time.Date(2026, 1, 1, 16, 0, 0, 0, time.UTC), Date{2026, 1, 2}},
		{time.Date(2026, 1, 1, 12, 0, 0, 0, time.FixedZone("", -8*3600)), Date{2026, 1, 2}},
	} {
		if got := Today(c.at); got != c.want {
			t.Errorf("%v: %v, want %v", c.at, got, c.want)
		}
	}
}

func TestYearsUntilCountsBirthdays(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		birth, on Date
		want      int
	}{
		{Date{2000, 5, 10}, Date{2016, 5, 9}, 15},
		{Date{2000, 5, 10}, Date{2016, 5, 10}, 16},
		{Date{2000, 5, 10}, Date{2000, 5, 10}, 0},
		{Date{2000, 5, 10}, Date{2000, 5, 9}, -1},
		{Date{2000, 2, 29}, Date{2017, 2, 28}, 16},
		{Date{2000, 2, 29}, Date{2017, 3, 1}, 17},
	} {
		if got := c.birth.YearsUntil(c.on); got != c.want {
			t.Errorf("%v on %v: %d, want %d", c.birth, c.on, got, c.want)
		}
	}
}

func FuzzParseDate(f *testing.F) {
	for _, v := range vectors[struct{ Text string }](f, "dates.json") {
		f.Add(v.Text)
	}
	f.Fuzz(func(t *testing.T, s string) {
		d, err := ParseDate(s)
		if (err == nil) != d.Valid() {
			t.Fatalf("%v %v", d, err)
		}
		if again, err2 := ParseDate(d.String()); err == nil && (err2 != nil || again != d) {
			t.Fatalf("%v does not come back", d)
		}
	})
}

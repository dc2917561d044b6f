package ledger_test

import (
	"testing"
	"time"

	"github.com/seed-6b91b535/idrec/sdk/ledger"
)

func TestDayBeginsAtMidnightInChina(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		at   string
		day  string
		next string
	}{
		{"2026-03-04T15:59:59Z", "2026-03-04", "2026-03-04T16:00:00Z"},
		{"2026-03-04T16:00:00Z", "2026-03-05", "2026-03-05T16:00:00Z"},
		{"2026-02-28T12:00:00-10:00", "2026-03-01", "2026-03-01T16:00:00Z"},
		{"2026-12-31T16:00:00Z", "2027-01-01", "2027-01-01T16:00:00Z"},
	} {
		at, err := time.Parse(time.RFC3339, c.at)
		if err != nil {
			t.Fatal(err)
		}
		if got := ledger.Day(at); got != c.day {
			t.Errorf("%s is the day %s, want %s", c.at, got, c.day)
		}
		if got := ledger.NextDay(at).UTC().Format(time.RFC3339); got != c.next {
			t.Errorf("after %s the next day begins at %s, want %s", c.at, got, c.next)
		}
	}
}

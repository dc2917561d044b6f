package host

import (
	"testing"
	"time"
)

func TestPausesGrowAndAreForgottenAfterAQuietPeriod(t *testing.T) {
	t.Parallel()
	now := time.Unix(1_000_000, 0)
	r := restarts{fortune: func() float64 { return 1 }}
	for i, want := range []time.Duration{0, firstPause, 2 * firstPause, 4 * firstPause, 8 * firstPause} {
		r.ended(now, time.Second)
		if got := r.wait(now); got != want {
			t.Errorf("end %d: %v, want %v", i, got, want)
		}
	}
	for range 50 {
		r.ended(now, 0)
	}
	if got := r.wait(now); got != maxPause {
		t.Error("the pause is not bounded:", got)
	}
	if got := r.wait(now.Add(maxPause)); got != 0 {
		t.Error(got)
	}
	r.ended(now, quietPeriod)
	if got := r.wait(now); got != 0 {
		t.Error("a long life is not rewarded:", got)
	}
}

func TestPausesAreSpread(t *testing.T) {
	t.Parallel()
	now := time.Unix(1_000_000, 0)
	for _, f := range []float64{0, 0.5, 0.999} {
		r := restarts{ends: 1, fortune: func() float64 { return f }}
		r.ended(now, 0)
		if got := r.wait(now); got < firstPause/2 || got > firstPause {
			t.Error(f, got)
		}
	}
	random := restarts{ends: 3}
	random.ended(now, 0)
	if got := random.wait(now); got < 2*firstPause || got > 4*firstPause {
		t.Error(got)
	}
}

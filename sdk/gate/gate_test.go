package gate

import (
	"context"
	"errors"
	"math"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/seed-6b91b535/idrec/shared"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func open(t *testing.T, perSecond float64, burst, concurrency int) *Gate {
	t.Helper()
	g, err := New(perSecond, burst, concurrency)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func enter(t *testing.T, g *Gate) (leave func()) {
	t.Helper()
	leave, err := g.Enter(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return leave
}

func wantNotSent(t *testing.T, err error, code shared.Code) {
	t.Helper()
	var e *shared.Error
	if !errors.As(err, &e) || e.Code != code || e.Outcome != shared.OutcomeNotSent || e.Basis != shared.BasisProved {
		t.Errorf("got %v, want %s, not sent, proved", err, code)
	}
}

func TestAttemptsComeAtTheRateAfterTheBurst(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := open(t, 2, 3, 1)
		start := time.Now()
		for i, want := range []time.Duration{0, 0, 0, 500 * time.Millisecond, time.Second, 1500 * time.Millisecond} {
			if err := g.Attempt(t.Context()); err != nil {
				t.Fatal(err)
			}
			if got := time.Since(start); got != want {
				t.Errorf("attempt %d came after %v, want %v", i, got, want)
			}
		}
		// A pause refills the bucket to the burst and no further.
		time.Sleep(time.Minute)
		start = time.Now()
		for range 4 {
			if err := g.Attempt(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		if got := time.Since(start); got != 500*time.Millisecond {
			t.Errorf("4 attempts after a pause took %v, want 500ms", got)
		}
	})
}

func TestNoRateMeansNoWait(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := open(t, math.Inf(1), 1, 1)
		start := time.Now()
		for range 1000 {
			if err := g.Attempt(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		if got := time.Since(start); got != 0 {
			t.Errorf("1000 attempts took %v", got)
		}
	})
}

func TestAtMostConcurrencyAreInside(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := open(t, math.Inf(1), 1, 4)
		var inside, most atomic.Int64
		var wg sync.WaitGroup
		start := time.Now()
		for range 20 {
			wg.Go(func() {
				leave := enter(t, g)
				defer leave()
				n := inside.Add(1)
				for old := most.Load(); n > old && !most.CompareAndSwap(old, n); old = most.Load() {
				}
				time.Sleep(time.Second)
				inside.Add(-1)
			})
		}
		wg.Wait()
		if most.Load() != 4 || time.Since(start) != 5*time.Second {
			t.Errorf("%d were inside at once and it took %v, want 4 and 5s", most.Load(), time.Since(start))
		}
	})
}

func TestWaiterThatGivesUpTakesNoPlace(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := open(t, math.Inf(1), 1, 1)
		leave := enter(t, g)
		ctx, cancel := context.WithCancel(t.Context())
		late, cancelLate := context.WithTimeout(t.Context(), time.Second)
		defer cancelLate()
		var wg sync.WaitGroup
		for range 50 {
			wg.Go(func() {
				_, err := g.Enter(ctx)
				wantNotSent(t, err, shared.CodeCanceled)
			})
			wg.Go(func() {
				_, err := g.Enter(late)
				wantNotSent(t, err, shared.CodeDeadlineExceeded)
			})
		}
		synctest.Wait()
		cancel()
		wg.Wait()
		leave()
		enter(t, g)()
	})
}

// Behind a semaphore only those who hold a place wait for tokens, so that callers who give up cost at
// most as many tokens as there are places.
func TestCallersThatGiveUpHardlyDelayTheNext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const places = 4
		g := open(t, 100, 1, places)
		if err := g.Attempt(t.Context()); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		var wg sync.WaitGroup
		for range 200 {
			wg.Go(func() {
				leave, err := g.Enter(ctx)
				if err != nil {
					return
				}
				defer leave()
				_ = g.Attempt(ctx)
			})
		}
		synctest.Wait()
		cancel()
		wg.Wait()
		start := time.Now()
		if err := g.Attempt(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got, most := time.Since(start), (places+1)*10*time.Millisecond; got > most {
			t.Errorf("after 200 callers that gave up the next one waited %v, at most %v is due", got, most)
		}
	})
}

func TestFinishedContextNeverEnters(t *testing.T) {
	t.Parallel()
	g := open(t, 1, 1, 1)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for range 100 {
		_, err := g.Enter(ctx)
		wantNotSent(t, err, shared.CodeCanceled)
		wantNotSent(t, g.Attempt(ctx), shared.CodeCanceled)
	}
}

func TestWaitBeyondTheDeadlineFailsAtOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := open(t, 0.1, 1, 1)
		if err := g.Attempt(t.Context()); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		start := time.Now()
		err := g.Attempt(ctx)
		wantNotSent(t, err, shared.CodeDeadlineExceeded)
		if !errors.Is(err, context.DeadlineExceeded) || time.Since(start) != 0 {
			t.Errorf("got %v after %v", err, time.Since(start))
		}
		// It took no token: the next one is due 10 s after the first.
		if err := g.Attempt(t.Context()); err != nil || time.Since(start) != 10*time.Second {
			t.Errorf("the next attempt: %v after %v, want 10s", err, time.Since(start))
		}
	})
}

func TestCallerThatGivesUpAtTheBucketIsToldSo(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := open(t, 0.1, 1, 1)
		_ = g.Attempt(t.Context())
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, cancel)
		wantNotSent(t, g.Attempt(ctx), shared.CodeCanceled)
	})
}

func TestBadSettingsAreRefused(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		perSecond          float64
		burst, concurrency int
		good               bool
	}{
		{2, 2, 4, true},
		{math.Inf(1), 1, 4096, true},
		{0.001, 1, 1, true},
		{0, 1, 1, false},
		{-1, 1, 1, false},
		{math.NaN(), 1, 1, false},
		{math.Inf(-1), 1, 1, false},
		{1, 0, 1, false},
		{1, -1, 1, false},
		{1, 1, 0, false},
		{1, 1, -1, false},
		{1, 1, 4097, false},
	} {
		g, err := New(c.perSecond, c.burst, c.concurrency)
		if c.good != (err == nil) || c.good != (g != nil) {
			t.Errorf("New(%v, %d, %d): %v", c.perSecond, c.burst, c.concurrency, err)
		}
		if err != nil {
			wantNotSent(t, err, shared.CodeConfigurationInvalid)
		}
	}
	if _, err := New(DefaultPerSecond, DefaultBurst, DefaultConcurrency); err != nil {
		t.Errorf("the defaults are refused: %v", err)
	}
}

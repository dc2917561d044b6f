package layers

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed-6b91b535/idrec/sdk/ledger"
	"github.com/seed-6b91b535/idrec/shared"
)

// batch reads n pictures with so many workers, as a host does that waits out retry-after and asks again
// while an error is retryable; it counts the outcomes.
func batch(t *testing.T, n, workers int, stacks ...*Stack) map[shared.Class]int {
	t.Helper()
	items := make(chan int)
	var mu sync.Mutex
	got := map[shared.Class]int{}
	var wg sync.WaitGroup
	for w := range workers {
		wg.Go(func() {
			for i := range items {
				for {
					_, err := stacks[w%len(stacks)].Recognize(t.Context(), request("picture "+strconv.Itoa(i)))
					var e *shared.Error
					if errors.As(err, &e) && e.Retryable() {
						time.Sleep(max(e.RetryAfter, time.Second))
						continue
					}
					mu.Lock()
					if e != nil {
						got[e.Class()]++
					} else {
						got[""]++
					}
					mu.Unlock()
					break
				}
			}
		})
	}
	for i := range n {
		items <- i
	}
	close(items)
	wg.Wait()
	return got
}

func TestOutageOfAMinuteLeavesFewUnclearItems(t *testing.T) {
	t.Parallel()
	for _, concurrency := range []int{1, 4, 8, 32} {
		t.Run(fmt.Sprint("concurrency ", concurrency), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				start := time.Now()
				from, to := 10*time.Second, 70*time.Second
				v := newVendor(func(int, *shared.Request) play {
					if at := time.Since(start); at >= from && at < to {
						return play{outcome: shared.OutcomeAmbiguous, code: shared.CodeGatewayError, delay: 200 * time.Millisecond}
					}
					return play{delay: 300 * time.Millisecond}
				})
				s := around(t, v, nil, quick("concurrency", strconv.Itoa(concurrency), "rate", "20", "burst", "5"))
				got := batch(t, 1000, 2*concurrency, s)
				if got[shared.ClassUnclear] > 5+concurrency || got[shared.ClassUnclear] < 5 || got[""]+got[shared.ClassUnclear] != 1000 {
					t.Errorf("after %v: %v, at most %d may be unclear", time.Since(start), got, 5+concurrency)
				}
				if _, billed := v.counts(); billed != got[""] {
					t.Errorf("billed %d, want %d", billed, got[""])
				}
			})
		})
	}
}

func TestEmptyAccountIsProbedByOneItemAtATimeOverTwoProcesses(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		v := newVendor(func(int, *shared.Request) play {
			if at := time.Since(start); at >= 10*time.Second && at < 8*time.Minute {
				return play{outcome: shared.OutcomeRejected, code: shared.CodeQuotaExhausted, delay: 100 * time.Millisecond}
			}
			return play{delay: 100 * time.Millisecond}
		})
		m := ledger.NewMemory(ledger.MemoryOptions{})
		one := around(t, v, m, quick("concurrency", "4", "rate", "20"))
		two := around(t, v, m.Share(), quick("concurrency", "4", "rate", "20"))
		got := batch(t, 1000, 16, one, two)
		if got[""] != 1000 {
			t.Errorf("got %v", got)
		}
		// Probes at 3 and 6 minutes fail, the one at 9 succeeds; before them only what was in flight.
		if n := v.outcomes[shared.OutcomeRejected]; n < 1+2 || n > 2*4+2 {
			t.Errorf("%d calls were refused by the vendor", n)
		}
		if took := time.Since(start); took < 9*time.Minute || took > 11*time.Minute {
			t.Errorf("it took %v", took)
		}
	})
}

func TestWaitingCallsAreAnsweredAtOnceWhenTheAccountIsPaused(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		v := newVendor(always(play{outcome: shared.OutcomeRejected, code: shared.CodeBalanceTooLow, delay: time.Second}))
		s := around(t, v, nil, quick("rate", "0.01", "burst", "1", "concurrency", "3"))
		start := time.Now()
		var wg sync.WaitGroup
		wg.Go(func() {
			if e := fail(t, s, request("first"), shared.CodeBalanceTooLow, shared.OutcomeRejected); e.Attempts != 1 {
				t.Errorf("got %+v", *e)
			}
		})
		synctest.Wait()
		for i := range 20 { // two wait for a token, the others for a place
			wg.Go(func() {
				e := fail(t, s, request(strconv.Itoa(i)), shared.CodeBalanceTooLow, shared.OutcomeNotSent)
				if e.VendorText != "text" || e.Attempts != 0 || e.RetryAfter != 3*time.Minute || !e.Retryable() || e.RequestKey == "" {
					t.Errorf("a waiting call got %+v", *e)
				}
			})
		}
		wg.Wait()
		if took := time.Since(start); took != time.Second {
			t.Errorf("the last one was answered after %v", took)
		}
		v.want(t, 1, 0)
		a, err := s.Account(t.Context())
		if err != nil || a.Paused == nil || a.Paused.Code != shared.CodeBalanceTooLow || !a.NextProbe.Equal(a.PausedSince.Add(3*time.Minute)) || a.CircuitOpen {
			t.Errorf("the account says %+v, %v", a, err)
		}
	})
}

// slow is a ledger that takes its time to write a register.
type slow struct{ ledger.Store }

func (s slow) Swap(ctx context.Context, name string, revision int64, value []byte) (bool, error) {
	time.Sleep(10 * time.Millisecond)
	return s.Store.Swap(ctx, name, revision, value)
}

// What a call learnt is known before the next one gets its place.
func TestNothingIsSentAfterTheAnswerThatStopsTheSending(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		v := newVendor(always(play{outcome: shared.OutcomeAmbiguous, code: shared.CodeGatewayError, delay: time.Second}))
		s := around(t, v, slow{ledger.NewMemory(ledger.MemoryOptions{})}, quick("concurrency", "1", "circuit_failures", "2"))
		var wg sync.WaitGroup
		for i := range 20 {
			wg.Go(func() { _, _ = s.Recognize(t.Context(), request(strconv.Itoa(i))) })
		}
		wg.Wait()
		v.want(t, 2, 0)
	})
}

func TestPauseReachesCallsThatWaitInAnotherProcess(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		v := newVendor(always(play{}))
		m := ledger.NewMemory(ledger.MemoryOptions{})
		one, two := around(t, v, m, quick()), around(t, v, m.Share(), quick("rate", "0.1", "burst", "1"))
		read(t, two, request("takes the token"))
		var wg sync.WaitGroup
		wg.Go(func() { fail(t, two, request("waits for one"), shared.CodeTermExpired, shared.OutcomeNotSent) })
		synctest.Wait()
		v.mu.Lock()
		v.script = always(play{outcome: shared.OutcomeRejected, code: shared.CodeTermExpired})
		v.mu.Unlock()
		fail(t, one, request("a"), shared.CodeTermExpired, shared.OutcomeRejected)
		wg.Wait()
		v.want(t, 2, 1)
	})
}

func TestProbeThatGaveUpInTheQueueHandsItsTurnOn(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := ledger.NewMemory(ledger.MemoryOptions{})
		v := newVendor(func(_ int, req *shared.Request) play {
			switch string(req.Image.Bytes) {
			case "long":
				return play{delay: time.Hour}
			case "refused":
				return play{outcome: shared.OutcomeRejected, code: shared.CodeTermExpired}
			}
			return play{}
		})
		one, two := around(t, v, m, quick()), around(t, v, m.Share(), quick("concurrency", "1"))
		var wg sync.WaitGroup
		wg.Go(func() { read(t, two, request("long")) })
		synctest.Wait()
		fail(t, one, request("refused"), shared.CodeTermExpired, shared.OutcomeRejected)
		time.Sleep(3 * time.Minute)
		ctx, cancel := contextWithTimeout(t, time.Second)
		defer cancel()
		wg.Go(func() { failWith(t, ctx, two, request("probe"), shared.CodeDeadlineExceeded, shared.OutcomeNotSent) })
		synctest.Wait()
		fail(t, one, request("a"), shared.CodeTermExpired, shared.OutcomeNotSent)
		time.Sleep(time.Second)
		synctest.Wait()
		read(t, one, request("a"))
		wg.Wait()
	})
}

func TestResumeAndConfigureLiftAPause(t *testing.T) {
	t.Parallel()
	for name, lift := range map[string]func(t *testing.T, s *Stack) error{
		"resume": func(t *testing.T, s *Stack) error { return s.Resume(t.Context()) },
		"configure": func(t *testing.T, s *Stack) error {
			return s.Configure(t.Context(), shared.Configuration{Values: quick()})
		},
	} {
		for what, p := range map[string]play{
			"paused":  {outcome: shared.OutcomeRejected, code: shared.CodeTermExpired},
			"circuit": {outcome: shared.OutcomeAmbiguous, code: shared.CodeGatewayError},
		} {
			t.Run(name+" "+what, func(t *testing.T) {
				t.Parallel()
				v := newVendor(func(n int, _ *shared.Request) play {
					if n < 5 {
						return p
					}
					return play{}
				})
				s := around(t, v, nil, quick())
				for i := range 7 {
					_, _ = s.Recognize(t.Context(), request(strconv.Itoa(i)))
				}
				if what == "circuit" {
					v.want(t, 5, 0)
					if a, err := s.Account(t.Context()); err != nil || !a.CircuitOpen || a.Paused != nil {
						t.Errorf("the account says %+v, %v", a, err)
					}
				} else {
					v.want(t, 1, 0)
				}
				v.mu.Lock()
				v.calls = 5
				v.mu.Unlock()
				if err := lift(t, s); err != nil {
					t.Fatal(err)
				}
				read(t, s, request("next"))
				if a, err := s.Account(t.Context()); err != nil || a.CircuitOpen || a.Paused != nil {
					t.Errorf("the account says %+v, %v", a, err)
				}
			})
		}
	}
}

func TestPauseIsNotSharedWithAnotherAccount(t *testing.T) {
	t.Parallel()
	m := ledger.NewMemory(ledger.MemoryOptions{})
	empty := &configurable{fakeVendor: newVendor(always(play{outcome: shared.OutcomeRejected, code: shared.CodeQuotaExhausted}))}
	full := &configurable{fakeVendor: newVendor(always(play{}))}
	a, b := around(t, empty, m, quick("appid", "1")), around(t, full, m.Share(), quick("appid", "2"))
	fail(t, a, request("a"), shared.CodeQuotaExhausted, shared.OutcomeRejected)
	fail(t, a, request("a"), shared.CodeQuotaExhausted, shared.OutcomeNotSent)
	read(t, b, request("a"))
}

// Workers start and crash all the time; that is nobody's word that the account was recharged.
func TestPauseOutlivesTheStartOfAProcess(t *testing.T) {
	t.Parallel()
	m := ledger.NewMemory(ledger.MemoryOptions{})
	vendor := func(p play) *configurable { return &configurable{fakeVendor: newVendor(always(p))} }
	a := around(t, vendor(play{outcome: shared.OutcomeRejected, code: shared.CodeQuotaExhausted}), m, quick("appid", "1"))
	fail(t, a, request("a"), shared.CodeQuotaExhausted, shared.OutcomeRejected)
	late := around(t, vendor(play{}), m.Share(), quick("appid", "1"))
	fail(t, late, request("a"), shared.CodeQuotaExhausted, shared.OutcomeNotSent)
	if err := late.Configure(t.Context(), shared.Configuration{Values: quick("appid", "1")}); err != nil {
		t.Fatal(err)
	}
	read(t, late, request("a"))
	fail(t, a, request("b"), shared.CodeQuotaExhausted, shared.OutcomeRejected) // it is lifted for all
}

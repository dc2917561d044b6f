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

	"pgregory.net/rapid"

	"github.com/seed-6b91b535/idrec/sdk/ledger"
	"github.com/seed-6b91b535/idrec/shared"
)

// scenario is a random history: who asks for what, when, for how long, where, and what the vendor does.
type scenario struct {
	rate, concurrency string
	plays             []play
	callers           []scenarioCaller
	// dies is when the second process loses its lock on the ledger; zero is never.
	dies time.Duration
}

type scenarioCaller struct {
	picture, process int
	start, patience  time.Duration
	retry            shared.Basis
	attempt          int
	budget           int64
	alias            bool
}

func drawScenario(t *rapid.T) scenario {
	tenths := func(most int) *rapid.Generator[time.Duration] {
		return rapid.Map(rapid.IntRange(0, most), func(n int) time.Duration { return time.Duration(n) * 100 * time.Millisecond })
	}
	s := scenario{
		rate:        rapid.SampledFrom([]string{"inf", "1", "5"}).Draw(t, "rate"),
		concurrency: rapid.SampledFrom([]string{"1", "3", "100"}).Draw(t, "concurrency"),
	}
	if rapid.Bool().Draw(t, "a process dies") {
		s.dies = time.Millisecond + tenths(40).Draw(t, "dies")
	}
	for range 12 {
		s.plays = append(s.plays, play{
			outcome: rapid.SampledFrom([]shared.Outcome{shared.OutcomeBilled, shared.OutcomeBilled, shared.OutcomeAmbiguous, shared.OutcomeRejected, shared.OutcomeNotSent}).Draw(t, "outcome"),
			delay:   tenths(20).Draw(t, "delay"),
		})
	}
	for range rapid.IntRange(1, 16).Draw(t, "callers") {
		s.callers = append(s.callers, scenarioCaller{
			picture:  rapid.IntRange(0, 2).Draw(t, "picture"),
			process:  rapid.IntRange(0, 1).Draw(t, "process"),
			start:    tenths(40).Draw(t, "start"),
			patience: tenths(30).Draw(t, "patience"),
			retry:    rapid.SampledFrom([]shared.Basis{"", shared.BasisProved, shared.BasisAssumed}).Draw(t, "retry"),
			attempt:  rapid.IntRange(0, 3).Draw(t, "attempt"),
			budget:   rapid.Int64Range(0, 2).Draw(t, "budget"),
			alias:    rapid.Bool().Draw(t, "alias"),
		})
	}
	return s
}

func (c scenarioCaller) request() *shared.Request {
	req := request("picture " + strconv.Itoa(c.picture))
	req.Retry, req.Attempt = c.retry, c.attempt
	if c.budget > 0 {
		req.Budget = shared.Budget{Run: "run", Calls: c.budget}
	}
	if c.alias {
		req.Key = "item " + strconv.Itoa(c.picture)
	}
	return req
}

// play runs the scenario and returns what is wrong.
func (s scenario) play(t *testing.T) (wrong []string) {
	synctest.Test(t, func(t *testing.T) {
		v := newVendor(nil)
		mayBill := map[string]int{}
		v.script = func(n int, _ *shared.Request) play {
			p := s.plays[n%len(s.plays)]
			if p.outcome != shared.OutcomeBilled {
				p.code = shared.CodeVendorServerError
			}
			return p
		}
		m := ledger.NewMemory(ledger.MemoryOptions{})
		second := m.Share()
		settings := quick("rate", s.rate, "concurrency", s.concurrency)
		spy := spying{v, mayBill}
		stacks := []*Stack{around(t, spy, m, settings), around(t, spy, second, settings)}
		if s.dies > 0 {
			time.AfterFunc(s.dies, func() { _ = second.Close() })
		}
		var mu sync.Mutex
		priced := 0
		complain := func(format string, args ...any) {
			mu.Lock()
			defer mu.Unlock()
			wrong = append(wrong, fmt.Sprintf(format, args...))
		}
		var wg sync.WaitGroup
		for i, c := range s.callers {
			wg.Go(func() {
				time.Sleep(c.start)
				ctx := t.Context()
				if c.patience > 0 {
					var cancel context.CancelFunc
					ctx, cancel = context.WithTimeout(ctx, c.patience)
					defer cancel()
				}
				begin := time.Now()
				res, err := stacks[c.process].Recognize(ctx, c.request())
				if c.patience > 0 && time.Since(begin) > c.patience {
					complain("caller %d waited %v, and had only %v", i, time.Since(begin), c.patience)
				}
				var e *shared.Error
				switch {
				case (res == nil) == (err == nil):
					complain("caller %d got %v and %v", i, res, err)
				case err != nil && !errors.As(err, &e):
					complain("caller %d got the bare error %v", i, err)
				case err != nil && !known(e.Outcome), err == nil && !known(res.Outcome):
					complain("caller %d got no outcome", i)
				}
				if (res != nil && res.Price > 0) || (e != nil && e.Price > 0) {
					mu.Lock()
					priced++
					mu.Unlock()
				}
			})
		}
		wg.Wait()
		for _, st := range stacks {
			if err := st.Drain(t.Context()); err != nil {
				complain("Close: %v", err)
			}
		}
		v.mu.Lock()
		defer v.mu.Unlock()
		charged := 0
		for picture, n := range mayBill {
			if charged += n; n > 1 {
				complain("%s was or may have been billed %d times", picture, n)
			}
		}
		// One caller says what a call cost; more than that only if it gave up on a call that was then
		// not billed.
		if priced < charged || priced > v.requests {
			complain("%d callers say that they paid, for %d calls that were or may have been billed of %d", priced, charged, v.requests)
		}
		_, total, err := m.Tally(t.Context(), time.Now())
		if err != nil || int(total.Billed) != v.outcomes[shared.OutcomeBilled] || int(total.Ambiguous) != v.outcomes[shared.OutcomeAmbiguous] {
			complain("the books have %+v, %v, the vendor %v", total, err, v.outcomes)
		}
	})
	return wrong
}

// spying counts what was or may have been billed, by picture.
type spying struct {
	*fakeVendor

	mayBill map[string]int
}

func (s spying) Recognize(ctx context.Context, req *shared.Request) (*shared.Result, error) {
	res, err := s.fakeVendor.Recognize(ctx, req)
	o := outcomeOf(res, shared.ErrorOf(err, shared.OutcomeAmbiguous, shared.BasisProved))
	if o.MayBeBilled() {
		s.mu.Lock()
		s.mayBill[string(req.Image.Bytes)]++
		s.mu.Unlock()
	}
	return res, err
}

func TestNoHistoryBillsAPictureTwiceAndEveryCallerGetsOneAnswer(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		s := drawScenario(rt)
		for _, w := range s.play(t) {
			rt.Error(w)
		}
	})
}

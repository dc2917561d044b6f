package layers

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed-6b91b535/idrec/shared"
)

func TestFiftyIdenticalCallsAreOne(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		v := newVendor(always(play{delay: time.Second}))
		s := around(t, v, nil, quick())
		var mu sync.Mutex
		by := map[shared.AnsweredBy]int{}
		var paid shared.Money
		var wg sync.WaitGroup
		for i := range 50 {
			wg.Go(func() {
				req := request("a")
				// How the answer is looked at makes no other call of it.
				req.Side = []shared.Side{shared.SideDetect, shared.SidePortrait, shared.SideEmblem}[i%3]
				req.WantRaw = i%2 == 0
				if i%5 == 0 {
					req.Fields = []shared.FieldName{shared.FieldFullName}
				}
				res, err := s.Recognize(t.Context(), req)
				if err != nil {
					t.Errorf("Recognize: %v", err)
					return
				}
				mu.Lock()
				defer mu.Unlock()
				by[res.AnsweredBy]++
				paid += res.Price
				if res.AnsweredBy == shared.AnsweredShared && (res.Price != 0 || res.Attempts != 0) {
					t.Errorf("a shared answer says price %v, %d attempts", res.Price, res.Attempts)
				}
				if (res.Raw != nil) != req.WantRaw || (res.Value(shared.FieldNumber) == "") != (i%5 == 0) || (res.Status == shared.StatusReversedSide) != (i%3 == 2) {
					t.Errorf("call %d did not get what it asked for: %v", i, res)
				}
			})
		}
		wg.Wait()
		v.want(t, 1, 1)
		if by[shared.AnsweredLive] != 1 || by[shared.AnsweredShared] != 49 || paid != 40 {
			t.Errorf("answered by %v, prices add up to %v", by, paid)
		}
		if got := books(t, s); got.Billed != 1 || got.Answered != 49 {
			t.Errorf("the books have %+v", got)
		}
	})
}

func TestResultsOfSharedCallsAreSeparate(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := around(t, newVendor(always(play{delay: time.Second})), nil, quick())
		results := make(chan *shared.Result, 2)
		for range 2 {
			go func() {
				res, _ := s.Recognize(t.Context(), request("a"))
				results <- res
			}()
		}
		a, b := <-results, <-results
		delete(a.Fields, shared.FieldFullName)
		if b.Value(shared.FieldFullName) == "" {
			t.Error("two callers share one map")
		}
	})
}

func TestCallerThatGivesUpAfterSendingLeavesAnUnclearCallAndAPaidAnswer(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		v := newVendor(always(play{delay: 10 * time.Second}))
		s := around(t, v, nil, quick())
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		req := request("a")
		req.CallID = "first"
		var wg sync.WaitGroup
		wg.Go(func() {
			start := time.Now()
			e := failWith(t, ctx, s, req, shared.CodeOutcomeUnknown, shared.OutcomeAmbiguous)
			if e.CallID != "first" || e.RequestKey == "" || e.Price != fakePrice || !errors.Is(e, context.DeadlineExceeded) || time.Since(start) != time.Second {
				t.Errorf("who gave up got %+v after %v", *e, time.Since(start))
			}
		})
		wg.Go(func() {
			time.Sleep(time.Millisecond)
			follower := request("a")
			follower.CallID = "second"
			// It has not paid, so its error says no price; its CallID leads to the call all the same.
			if e := failWith(t, ctx, s, follower, shared.CodeOutcomeUnknown, shared.OutcomeAmbiguous); e.Price != 0 {
				t.Errorf("who shared the call and gave up got the price %v", e.Price)
			}
		})
		wg.Wait()
		for _, callID := range []string{"first", "second"} {
			if r, err := s.Recall(t.Context(), shared.RecallQuery{CallID: callID}); err != nil || r.State != shared.RecallInFlight {
				t.Errorf("the call %s is %+v, %v", callID, r, err)
			}
		}
		// A later caller gets the answer when it comes, and has not paid.
		res := read(t, s, request("a"))
		if res.AnsweredBy != shared.AnsweredShared || res.Price != 0 || res.Timings.Total != 9*time.Second {
			t.Errorf("the later caller got %v after %v", res, res.Timings.Total)
		}
		for _, callID := range []string{"first", "second"} {
			if r, err := s.Recall(t.Context(), shared.RecallQuery{CallID: callID}); err != nil || r.State != shared.RecallSettled || r.Result == nil || r.Result.Price != 40 {
				t.Errorf("the call %s is %+v, %v", callID, r, err)
			}
		}
		v.want(t, 1, 1)
	})
}

func TestCallThatNobodyWaitsForIsNotSent(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		v := newVendor(always(play{}))
		s := around(t, v, nil, quick("rate", "0.1", "burst", "1"))
		read(t, s, request("other")) // takes the token
		ctx, cancel := context.WithCancel(t.Context())
		var wg sync.WaitGroup
		for range 3 {
			wg.Go(func() {
				e := failWith(t, ctx, s, request("a"), shared.CodeCanceled, shared.OutcomeNotSent)
				if !e.Retryable() {
					t.Errorf("got %v", e)
				}
			})
		}
		time.Sleep(time.Second)
		cancel()
		wg.Wait()
		synctest.Wait()
		// A new caller does not join the call that was called off.
		start := time.Now()
		if res := read(t, s, request("a")); res.AnsweredBy != shared.AnsweredLive {
			t.Errorf("got %v", res)
		}
		if time.Since(start) != 9*time.Second {
			t.Errorf("the next caller waited %v: the call that was called off took its token", time.Since(start))
		}
		v.want(t, 2, 2)
	})
}

// A provider may need a while to see that its call was called off.
func TestNewCallerDoesNotJoinACallThatWasCalledOff(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		v := newVendor(always(play{}))
		s := around(t, rude{v, func(ctx context.Context) (*shared.Result, error) {
			time.Sleep(time.Second)
			return v.Recognize(ctx, request("a"))
		}}, nil, quick())
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		failWith(t, ctx, s, request("a"), shared.CodeDeadlineExceeded, shared.OutcomeNotSent)
		if res := read(t, s, request("a")); res.AnsweredBy != shared.AnsweredLive {
			t.Errorf("got %v", res)
		}
		v.want(t, 1, 1)
	})
}

func TestCallGoesOnForThoseWhoStay(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		v := newVendor(always(play{delay: time.Second}))
		s := around(t, v, nil, quick("rate", "0.1", "burst", "1"))
		read(t, s, request("other"))
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, cancel)
		var wg sync.WaitGroup
		wg.Go(func() { failWith(t, ctx, s, request("a"), shared.CodeCanceled, shared.OutcomeNotSent) })
		synctest.Wait()
		stays := request("a")
		stays.CallID = "stays"
		// Who stays is the one that pays, and in whose name it is booked.
		if res := read(t, s, stays); res.AnsweredBy != shared.AnsweredLive || res.Price != 40 || res.CallID != "stays" {
			t.Errorf("who stayed got %v", res)
		}
		wg.Wait()
		if e, err := s.given.store.Call(t.Context(), "stays"); err != nil || e.Outcome != shared.OutcomeBilled {
			t.Errorf("the ledger has %+v, %v", e, err)
		}
		v.want(t, 2, 2)
	})
}

func TestBudgetOfOneCallerDoesNotStopTheOthers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		v := newVendor(always(play{delay: time.Second}))
		s := around(t, v, nil, quick("rate", "0.1", "burst", "1"))
		read(t, s, request("other"))
		poor := request("a")
		poor.Budget.Yuan = fakePrice - 1
		var wg sync.WaitGroup
		wg.Go(func() { fail(t, s, poor, shared.CodeBudgetExhausted, shared.OutcomeNotSent) })
		synctest.Wait()
		if res := read(t, s, request("a")); res.AnsweredBy != shared.AnsweredLive || res.Price != 40 {
			t.Errorf("got %v", res)
		}
		wg.Wait()
		v.want(t, 2, 2)
		fail(t, s, func() *shared.Request { r := request("b"); r.Budget.Yuan = fakePrice - 1; return r }(), shared.CodeBudgetExhausted, shared.OutcomeNotSent)
		v.want(t, 2, 2)
	})
}

// The call outlives its caller, who may use its buffer again as soon as Recognize returned.
func TestBufferOfACallerThatGaveUpIsNotRead(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		v := newVendor(always(play{delay: time.Second}))
		s := around(t, v, nil, quick())
		ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		defer cancel()
		req := request("picture")
		failWith(t, ctx, s, req, shared.CodeOutcomeUnknown, shared.OutcomeAmbiguous)
		copy(req.Image.Bytes, "XXXXXXX")
		if got := string(v.seen[0].Image.Bytes); got != "picture" {
			t.Errorf("the provider reads %q from the caller's buffer", got)
		}
	})
}

// lent is the memory of a picture that goes back when nobody holds it any more.
type lent struct {
	mu          sync.Mutex
	held, holds int
	kept        bool
}

func (l *lent) Hold() func() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.held++
	l.holds++
	return func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.held--
	}
}

func (l *lent) Keep() { l.kept = true }

func (l *lent) state() (held, holds int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.held, l.holds
}

// Lent memory is not copied: it is held until the call that outlives its caller is settled, and given back
// then; also where the answer comes from the record.
func TestLentMemoryIsHeldUntilTheCallIsSettled(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		v := newVendor(always(play{delay: time.Second}))
		s := around(t, v, nil, quick())
		l := &lent{}
		ctx, cancel := context.WithTimeout(shared.WithImageHold(t.Context(), l), time.Millisecond)
		defer cancel()
		req := request("picture")
		failWith(t, ctx, s, req, shared.CodeOutcomeUnknown, shared.OutcomeAmbiguous)
		if held, _ := l.state(); held != 1 {
			t.Errorf("held %d times while the call runs", held)
		}
		if &v.seen[0].Image.Bytes[0] != &req.Image.Bytes[0] {
			t.Error("the picture was copied")
		}
		time.Sleep(2 * time.Second) //nolint:forbidigo // synctest's clock
		synctest.Wait()
		if held, _ := l.state(); held != 0 || l.kept {
			t.Errorf("held %d times, kept %v, when the call is over", held, l.kept)
		}
		again := &lent{}
		if res, err := s.Recognize(shared.WithImageHold(t.Context(), again), request("picture")); err != nil || res.AnsweredBy != shared.AnsweredLedger {
			t.Fatalf("%v, %v", res, err)
		}
		if held, holds := again.state(); held != 0 || holds == 0 || again.kept {
			t.Errorf("answered from the record: held %d of %d times, kept %v", held, holds, again.kept)
		}
	})
}

func TestCloseWaitsForWhatWasSentAndRefusesTheRest(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		v := newVendor(always(play{delay: 10 * time.Second}))
		s := around(t, v, nil, quick("concurrency", "1"))
		var wg sync.WaitGroup
		wg.Go(func() {
			if res, err := s.Recognize(t.Context(), request("sent")); err != nil || res.Price != 40 {
				t.Errorf("the call that was sent: %v, %v", res, err)
			}
		})
		synctest.Wait()
		wg.Go(func() { fail(t, s, request("queued"), shared.CodePluginUnavailable, shared.OutcomeNotSent) })
		synctest.Wait()
		start := time.Now()
		short, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := s.Drain(short); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Close within a second: %v", err)
		}
		if err := s.sharing.close(t.Context()); err != nil || time.Since(start) != 10*time.Second {
			t.Errorf("Close: %v after %v", err, time.Since(start))
		}
		fail(t, s, request("late"), shared.CodePluginUnavailable, shared.OutcomeNotSent)
		wg.Wait()
		v.want(t, 1, 1)
	})
}

func TestFreeCallEndsWithItsCallers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		v := newVendor(always(play{outcome: shared.OutcomeFree, silent: true, delay: time.Second}))
		v.description.Paid = false
		s := around(t, v, nil, quick())
		ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		defer cancel()
		failWith(t, ctx, s, request("a"), shared.CodeDeadlineExceeded, shared.OutcomeNotSent)
		var wg sync.WaitGroup
		for range 5 {
			wg.Go(func() { read(t, s, request("b")) })
		}
		wg.Wait()
		v.want(t, 2, 0)
	})
}

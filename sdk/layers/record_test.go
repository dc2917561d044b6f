package layers

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed-6b91b535/idrec/sdk/ledger"
	"github.com/seed-6b91b535/idrec/shared"
)

// sick is a ledger that fails where it is told to.
type sick struct {
	ledger.Store

	settle, begin, beginWrites, lookup atomic.Bool
}

var errSick = errors.New("disk full")

func newSick() *sick { return &sick{Store: ledger.NewMemory(ledger.MemoryOptions{})} }

func (s *sick) Settle(ctx context.Context, e ledger.Settlement) error {
	if s.settle.Load() {
		return errSick
	}
	return s.Store.Settle(ctx, e)
}

func (s *sick) Begin(ctx context.Context, in ledger.Intent) (ledger.Entry, bool, error) {
	if s.begin.Load() {
		if s.beginWrites.Load() { // a commit whose reply was lost
			_, _, _ = s.Store.Begin(ctx, in)
		}
		return ledger.Entry{}, false, errSick
	}
	return s.Store.Begin(ctx, in)
}

func (s *sick) Lookup(ctx context.Context, key, alias string) (ledger.Entry, error) {
	if s.lookup.Load() {
		return ledger.Entry{}, errSick
	}
	return s.Store.Lookup(ctx, key, alias)
}

func TestAnswerThatCannotBeStoredIsReturnedAndKept(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := newSick()
		v := newVendor(always(play{}))
		s := around(t, v, l, quick())
		l.settle.Store(true)
		res := read(t, s, request("a"))
		if !res.Unrecorded || res.Price != 40 {
			t.Errorf("the answer is %+v", *res)
		}
		// It answers meanwhile, from the process.
		if again := read(t, s, request("a")); again.AnsweredBy != shared.AnsweredLedger || again.Price != 0 || again.Unrecorded {
			t.Errorf("again: %+v", *again)
		}
		if r, err := s.Recall(t.Context(), shared.RecallQuery{CallID: res.CallID}); err != nil || r.State != shared.RecallSettled || r.Result == nil {
			t.Errorf("recalled %+v, %v", r, err)
		}
		// Nothing that costs is sent.
		if e := fail(t, s, request("b"), shared.CodeLedgerUnavailable, shared.OutcomeNotSent); !e.Retryable() {
			t.Errorf("got %v", e)
		}
		v.want(t, 1, 1)
		l.settle.Store(false)
		// The process keeps trying by itself.
		time.Sleep(settleAtMost)
		synctest.Wait()
		if e, err := l.Call(t.Context(), res.CallID); err != nil || e.State != shared.RecallSettled || e.Outcome != shared.OutcomeBilled {
			t.Errorf("the ledger has %+v, %v", e, err)
		}
		read(t, s, request("b"))
		v.want(t, 2, 2)
	})
}

func TestNextPaidCallSettlesFirst(t *testing.T) {
	t.Parallel()
	l := newSick()
	v := newVendor(always(play{}))
	s := around(t, v, l, quick())
	l.settle.Store(true)
	read(t, s, request("a"))
	l.settle.Store(false)
	read(t, s, request("b"))
	if got := books(t, s); got.Billed != 2 {
		t.Errorf("the books have %+v", got)
	}
}

func TestUnclearOutcomeThatCannotBeStoredIsKeptToo(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := newSick()
		v := newVendor(always(play{outcome: shared.OutcomeAmbiguous, code: shared.CodeGatewayError}))
		s := around(t, v, l, quick())
		l.settle.Store(true)
		fail(t, s, request("a"), shared.CodeGatewayError, shared.OutcomeAmbiguous)
		fail(t, s, request("a"), shared.CodeGatewayError, shared.OutcomeAmbiguous)
		v.want(t, 1, 0)
		if err := s.Drain(t.Context()); err == nil {
			t.Error("Close forgot an outcome silently")
		}
		l.settle.Store(false)
		if err := s.Drain(t.Context()); err != nil {
			t.Errorf("Close: %v", err)
		}
		if _, total, err := l.Tally(t.Context(), time.Now()); err != nil || total.Ambiguous != 1 {
			t.Errorf("the books have %+v, %v", total, err)
		}
	})
}

func TestNothingIsSentWithoutADurableIntent(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := newSick()
		v := newVendor(always(play{}))
		s := around(t, v, l, quick())
		l.lookup.Store(true)
		fail(t, s, request("a"), shared.CodeLedgerUnavailable, shared.OutcomeNotSent)
		v.want(t, 0, 0)
		l.lookup.Store(false)
		// A commit whose reply was lost must not keep the picture in flight for ever.
		l.begin.Store(true)
		l.beginWrites.Store(true)
		fail(t, s, request("a"), shared.CodeLedgerUnavailable, shared.OutcomeNotSent)
		v.want(t, 0, 0)
		l.begin.Store(false)
		read(t, s, request("a"))
		v.want(t, 1, 1)
	})
}

func TestProviderThatBilledWithoutAWordIsRecorded(t *testing.T) {
	t.Parallel()
	v := newVendor(always(play{silent: true}))
	s := around(t, v, nil, quick())
	read(t, s, request("a"))
	if res := read(t, s, request("a")); res.AnsweredBy != shared.AnsweredLedger {
		t.Errorf("got %v", res)
	}
	v.want(t, 1, 1)
	if got := books(t, s); got.Billed != 1 || got.Spent != 40 {
		t.Errorf("the books have %+v", got)
	}
}

func TestBilledResultWithoutAPriceCostsTheHighest(t *testing.T) {
	t.Parallel()
	v := newVendor(always(play{result: func(r *shared.Result) { r.Price = 0 }}))
	s := around(t, v, nil, quick())
	if res := read(t, s, request("a")); res.Price != fakePrice {
		t.Errorf("got the price %v, want %v", res.Price, fakePrice)
	}
}

func TestBudgetsOfRunAndDay(t *testing.T) {
	t.Parallel()
	v := newVendor(func(_ int, req *shared.Request) play {
		if string(req.Image.Bytes) == "unclear" {
			return play{outcome: shared.OutcomeAmbiguous, code: shared.CodeGatewayError}
		}
		return play{}
	})
	s := around(t, v, nil, quick("budget_day_calls", "4"))
	in := func(picture, run string) *shared.Request {
		r := request(picture)
		r.Budget = shared.Budget{Run: run, Calls: 2}
		return r
	}
	fail(t, s, in("unclear", "r"), shared.CodeGatewayError, shared.OutcomeAmbiguous)
	read(t, s, in("a", "r"))
	fail(t, s, in("b", "r"), shared.CodeBudgetExhausted, shared.OutcomeNotSent)
	read(t, s, in("a", "r")) // costs nothing
	read(t, s, in("b", "another"))
	read(t, s, request("c"))
	e := fail(t, s, request("d"), shared.CodeBudgetExhausted, shared.OutcomeNotSent)
	if e.RetryAfter <= 0 || e.Class() != shared.ClassPaused || !e.Retryable() {
		t.Errorf("the day's budget is refused as %+v", *e)
	}
	// The budget is ours: it pauses nothing.
	if a, err := s.Account(t.Context()); err != nil || a.Paused != nil {
		t.Errorf("paused by %v, %v", a.Paused, err)
	}
	if _, billed := v.counts(); billed != 3 {
		t.Errorf("billed %d", billed)
	}
}

func TestStoredAnswerHoldsNoFindingsOfOursAndNoRawAnswer(t *testing.T) {
	t.Parallel()
	v := newVendor(always(play{result: func(r *shared.Result) {
		r.Findings = []shared.Finding{{Code: shared.FindingExpired}, {Code: shared.FindingSeveralCards, Count: 2}, {Code: "fake.glare"}}
	}}))
	s := around(t, v, nil, quick())
	req := request("a")
	req.WantRaw, req.Fields = true, []shared.FieldName{shared.FieldSex}
	live := read(t, s, req)
	if string(live.Raw) != "raw answer" {
		t.Errorf("the live answer has the raw answer %q", live.Raw)
	}
	e, err := s.given.store.Call(t.Context(), live.CallID)
	if err != nil {
		t.Fatal(err)
	}
	stored, _, err := ledger.Decode(e.Answer)
	if err != nil {
		t.Fatal(err)
	}
	if len(stored.Findings) != 2 || stored.Findings[0].Code != shared.FindingSeveralCards || stored.Findings[1].Code != "fake.glare" || stored.Raw != nil {
		t.Errorf("stored are the findings %v and %d raw bytes", stored.Findings, len(stored.Raw))
	}
	if len(stored.Fields) != 6 {
		t.Errorf("only %d fields are stored, of 6 that were paid", len(stored.Fields))
	}
	whole := read(t, s, request("a"))
	if len(whole.Fields) != 6 || len(whole.Findings) < 2 {
		t.Errorf("the whole answer is %v", whole)
	}
}

// hung is a ledger that does not come back from a write before it must.
type hung struct {
	ledger.Store

	hangs atomic.Bool
}

func (h *hung) Settle(ctx context.Context, s ledger.Settlement) error {
	if h.hangs.Load() {
		<-ctx.Done()
		return ctx.Err()
	}
	return h.Store.Settle(ctx, s)
}

func TestCloseDoesNotWaitForAHungLedgerLongerThanItMay(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := &hung{Store: ledger.NewMemory(ledger.MemoryOptions{})}
		s := around(t, newVendor(always(play{})), l, quick())
		l.hangs.Store(true)
		if res := read(t, s, request("a")); !res.Unrecorded {
			t.Errorf("got %+v", *res)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		start := time.Now()
		if err := s.Drain(ctx); !errors.Is(err, context.DeadlineExceeded) || time.Since(start) != time.Second {
			t.Errorf("Close: %v after %v", err, time.Since(start))
		}
		l.hangs.Store(false)
		time.Sleep(settleTimeout) // what was left to itself ends
	})
}

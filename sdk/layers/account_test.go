package layers

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed-6b91b535/idrec/sdk/ledger"
	"github.com/seed-6b91b535/idrec/shared"
)

// checking adds the face of a checker that sends when it may cost something.
type checking struct {
	*fakeVendor

	err error
}

func (c checking) Check(ctx context.Context, paid bool) (*shared.Health, error) {
	if paid {
		if err := shared.BeforeSend(ctx); err != nil {
			return nil, err
		}
		if c.err != nil {
			return nil, c.err
		}
	}
	return &shared.Health{Process: shared.CheckItem{State: shared.CheckGood}}, nil
}

func TestCheckIsForwardedAndAPaidOneIsBooked(t *testing.T) {
	t.Parallel()
	v := newVendor(always(play{}))
	s := around(t, checking{v, nil}, nil, quick("budget_day_calls", "2"))
	if h, err := s.Check(t.Context(), false); err != nil || h.Process.State != shared.CheckGood {
		t.Errorf("Check: %+v, %v", h, err)
	}
	if got := books(t, s); got != (shared.Tally{}) {
		t.Errorf("after a look that cost nothing the books have %+v", got)
	}
	for range 2 {
		if _, err := s.Check(t.Context(), true); err != nil {
			t.Errorf("Check: %v", err)
		}
	}
	if got := books(t, s); got != (shared.Tally{Billed: 2, Spent: 2 * fakePrice}) {
		t.Errorf("the books have %+v", got)
	}
	if _, err := s.Check(t.Context(), true); !errors.Is(err, shared.CodeBudgetExhausted) {
		t.Errorf("beyond the budget: %v", err)
	}
	refused := around(t, checking{v, &shared.Error{Code: shared.CodeQuotaExhausted, Outcome: shared.OutcomeRejected}}, nil, quick())
	if _, err := refused.Check(t.Context(), true); !errors.Is(err, shared.CodeQuotaExhausted) {
		t.Errorf("Check: %v", err)
	}
	if got := books(t, refused); got != (shared.Tally{Rejected: 1}) {
		t.Errorf("the books have %+v", got)
	}
	if _, err := around(t, v, nil, quick()).Check(t.Context(), false); !errors.Is(err, shared.CodeNotSupported) {
		t.Errorf("a provider without a checker: %v", err)
	}
}

func TestRecallTellsWhatHappened(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		v := newVendor(func(_ int, req *shared.Request) play {
			if string(req.Image.Bytes) == "refused" {
				return play{outcome: shared.OutcomeRejected, code: shared.CodeVendorServerError}
			}
			return play{delay: time.Second}
		})
		s := around(t, v, nil, quick("rate", "1", "burst", "1"))
		recall := func(q shared.RecallQuery) *shared.Recollection {
			t.Helper()
			r, err := s.Recall(t.Context(), q)
			if err != nil {
				t.Fatalf("Recall: %v", err)
			}
			return r
		}
		named := func(picture, callID string) *shared.Request {
			r := request(picture)
			r.CallID = callID
			return r
		}
		fail(t, s, named("refused", "r"), shared.CodeVendorServerError, shared.OutcomeRejected)
		if r := recall(shared.RecallQuery{CallID: "r"}); r.State != shared.RecallSettled || r.Outcome != shared.OutcomeRejected || r.Err == nil || r.Err.Code != shared.CodeVendorServerError || r.Result != nil {
			t.Errorf("recalled %+v", r)
		}
		if r := recall(shared.RecallQuery{CallID: "never"}); r.State != shared.RecallUnknown {
			t.Errorf("recalled %+v", r)
		}
		results := make(chan *shared.Result, 2)
		for _, callID := range []string{"one", "two"} {
			go func() {
				res, err := s.Recognize(t.Context(), named("a", callID))
				if err != nil {
					t.Errorf("Recognize: %v", err)
				}
				results <- res
			}()
		}
		synctest.Wait() // both wait for a token
		for _, callID := range []string{"one", "two"} {
			if r := recall(shared.RecallQuery{CallID: callID}); r.State != shared.RecallInFlight {
				t.Errorf("recalled %+v", r)
			}
		}
		res := <-results
		<-results
		for _, q := range []shared.RecallQuery{{RequestKey: res.RequestKey}} {
			r := recall(q)
			if r.State != shared.RecallSettled || r.Outcome != shared.OutcomeBilled || r.Basis != shared.BasisDocumented || r.Result.Price != 40 || r.Result.AnsweredBy != shared.AnsweredLive {
				t.Errorf("recalled %+v", r)
			}
		}
		for _, q := range []shared.RecallQuery{{}, {CallID: "a", RequestKey: "b"}} {
			if _, err := s.Recall(t.Context(), q); !errors.Is(err, shared.CodeInvalidRequest) {
				t.Errorf("Recall of %+v: %v", q, err)
			}
		}
	})
}

func TestRecallOfACallInDoubt(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		v := newVendor(always(play{delay: time.Minute}))
		dead := ledger.NewMemory(ledger.MemoryOptions{})
		watcher := around(t, v, dead.Share(), quick())
		s := around(t, v, dead, quick())
		req := request("a")
		req.CallID = "c"
		go func() { _, _ = s.Recognize(t.Context(), req) }()
		synctest.Wait()
		if err := dead.Close(); err != nil {
			t.Fatal(err)
		}
		r, err := watcher.Recall(t.Context(), shared.RecallQuery{CallID: "c"})
		if err != nil || r.State != shared.RecallInDoubt || r.Outcome != shared.OutcomeAmbiguous || r.Err == nil || r.Err.Code != shared.CodeOutcomeUnknown || r.Err.Price != fakePrice {
			t.Errorf("recalled %+v, %v", r, err)
		}
	})
}

// A caller who is to ask again, or not, after an unclear call was settled by hand can tell that it was.
func TestRecallOfACallThatWasSettledByHand(t *testing.T) {
	t.Parallel()
	for _, billed := range []bool{true, false} {
		store := ledger.NewMemory(ledger.MemoryOptions{})
		v := newVendor(always(play{outcome: shared.OutcomeAmbiguous, code: shared.CodeOutcomeUnknown}))
		s := around(t, v, store, quick())
		req := request("a")
		req.CallID = "c"
		key := fail(t, s, req, shared.CodeOutcomeUnknown, shared.OutcomeAmbiguous).RequestKey
		if _, err := store.Decide(t.Context(), "c", billed, time.Now()); err != nil {
			t.Fatal(err)
		}
		for _, q := range []shared.RecallQuery{{CallID: "c"}, {RequestKey: key}} {
			r, err := s.Recall(t.Context(), q)
			if err != nil || r.State != shared.RecallSettled || r.Basis != shared.BasisAssumed || r.Result != nil {
				t.Fatalf("billed %v: recalled %+v, %v", billed, r, err)
			}
			switch {
			case billed && (r.Outcome != shared.OutcomeBilled || r.Err == nil || r.Err.Code != shared.CodeAnswerLost):
				t.Errorf("billed: recalled %+v", r)
			case !billed && (r.Outcome != shared.OutcomeRejected || r.Err != nil):
				t.Errorf("not billed: recalled %+v", r)
			}
		}
	}
}

func TestRecallOfAPictureThatWasRefused(t *testing.T) {
	t.Parallel()
	v := newVendor(always(play{outcome: shared.OutcomeRejected, code: shared.CodeVendorServerError}))
	s := around(t, v, nil, quick())
	key := fail(t, s, request("a"), shared.CodeVendorServerError, shared.OutcomeRejected).RequestKey
	r, err := s.Recall(t.Context(), shared.RecallQuery{RequestKey: key})
	if err != nil || r.State != shared.RecallSettled || r.Outcome != shared.OutcomeRejected || r.Err == nil || r.Err.Code != shared.CodeVendorServerError {
		t.Errorf("recalled %+v, %v", r, err)
	}
	if r, err := s.Recall(t.Context(), shared.RecallQuery{RequestKey: strings.Repeat("0", 64)}); err != nil || r.State != shared.RecallUnknown {
		t.Errorf("of a picture that was never sent: recalled %+v, %v", r, err)
	}
}

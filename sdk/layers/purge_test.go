package layers

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed-6b91b535/idrec/sdk/ledger"
	"github.com/seed-6b91b535/idrec/shared"
)

func TestAnswerIsForgottenByAgeAndNotPaidAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		v := newVendor(always(play{}))
		m := ledger.NewMemory(ledger.MemoryOptions{})
		s := around(t, v, m, quick("result_ttl", "48h"))
		req := request("a")
		req.Subject, req.Purpose, req.Key = "张三样本", "开户", "item"
		first := read(t, s, req)
		time.Sleep(47 * time.Hour)
		synctest.Wait()
		if res := read(t, s, request("a")); res.AnsweredBy != shared.AnsweredLedger {
			t.Errorf("got %v", res)
		}
		time.Sleep(2*time.Hour + time.Minute)
		synctest.Wait()
		e := fail(t, s, request("a"), shared.CodeForgotten, shared.OutcomeNotSent)
		if e.Retryable() || e.Price != 0 || e.RequestKey != first.RequestKey {
			t.Errorf("got %+v", *e)
		}
		for r, err := range m.Records(t.Context(), ledger.Filter{}) {
			if err != nil || len(r.Answer) > 0 || r.Subject != "" || r.Purpose != "" || r.Forgotten.IsZero() {
				t.Errorf("the record holds %+v, %v", r, err)
			}
		}
		r, err := s.Recall(t.Context(), shared.RecallQuery{RequestKey: first.RequestKey})
		if err != nil || r.State != shared.RecallSettled || r.Outcome != shared.OutcomeBilled || r.Err == nil || r.Err.Code != shared.CodeForgotten {
			t.Errorf("Recall = %+v, %v", r, err)
		}
		v.want(t, 1, 1)
		buy := request("a")
		buy.UnsafeBuyAgain = true
		read(t, s, buy)
		v.want(t, 2, 2)
		if res := read(t, s, request("a")); res.AnsweredBy != shared.AnsweredLedger { // the new answer is kept
			t.Errorf("got %v", res)
		}
	})
}

func TestWithoutTombstoneAForgottenPictureIsPaidAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		v := newVendor(always(play{}))
		s := around(t, v, nil, quick("result_ttl", "1h", "unsafe_forget_tombstone", "true"))
		read(t, s, request("a"))
		time.Sleep(2*time.Hour + time.Minute)
		synctest.Wait()
		read(t, s, request("a"))
		v.want(t, 2, 2)
		if got := books(t, s); got.Billed != 2 {
			t.Errorf("the books have %+v", got)
		}
	})
}

func TestNewTimeToLiveTakesTheOldOnesPlace(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := around(t, newVendor(always(play{})), nil, quick("result_ttl", "1h"))
		if err := s.Configure(t.Context(), shared.Configuration{Values: quick()}); err != nil {
			t.Fatal(err)
		}
		read(t, s, request("a"))
		time.Sleep(24 * time.Hour)
		synctest.Wait()
		read(t, s, request("a"))
	})
}

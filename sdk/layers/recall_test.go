package layers

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed-6b91b535/idrec/sdk/ledger"
	"github.com/seed-6b91b535/idrec/shared"
)

func TestBilledPictureIsAnsweredFromTheLedger(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		v := newVendor(always(play{delay: time.Second}))
		s := around(t, v, nil, quick())
		first := read(t, s, request("a"))
		if first.AnsweredBy != shared.AnsweredLive || first.Price != 40 || first.Attempts != 1 || first.RequestKey == "" || first.CallID == "" || first.Unrecorded {
			t.Errorf("the first answer is %+v", *first)
		}
		if first.Timings.Total != time.Second || first.Raw != nil {
			t.Errorf("the first answer has the timings %+v and %d raw bytes", first.Timings, len(first.Raw))
		}
		again := request("a")
		again.CallID, again.Attempt, again.Side = "mine", 7, shared.SideEmblem
		second := read(t, s, again)
		v.want(t, 1, 1)
		if second.AnsweredBy != shared.AnsweredLedger || second.Price != 0 || second.Attempts != 0 || second.CallID != "mine" || second.RequestKey != first.RequestKey {
			t.Errorf("the second answer is %+v", *second)
		}
		if second.Value(shared.FieldFullName) != "样本" || second.Picture != first.Picture || second.Outcome != shared.OutcomeBilled || second.Timings != (shared.Timings{}) {
			t.Errorf("the second answer lost something: %+v", *second)
		}
		if got, want := books(t, s), (shared.Tally{Billed: 1, Answered: 1, Spent: 40, Saved: fakePrice}); got != want {
			t.Errorf("the books have %+v, want %+v", got, want)
		}
		read(t, s, request("b"))
		v.want(t, 2, 2)
	})
}

func TestUselessPictureIsNotBoughtAgain(t *testing.T) {
	t.Parallel()
	v := newVendor(always(play{result: func(r *shared.Result) { r.Status, r.Side, r.Fields = shared.StatusBlurred, "", nil }}))
	s := around(t, v, nil, quick())
	for _, by := range []shared.AnsweredBy{shared.AnsweredLive, shared.AnsweredLedger} {
		if res := read(t, s, request("a")); res.Status != shared.StatusBlurred || res.AnsweredBy != by {
			t.Errorf("got %v", res)
		}
	}
	v.want(t, 1, 1)
}

func TestUnclearCallIsNotSentAgain(t *testing.T) {
	t.Parallel()
	v := newVendor(always(play{outcome: shared.OutcomeAmbiguous, code: shared.CodeGatewayError}))
	s := around(t, v, nil, quick())
	first := fail(t, s, request("a"), shared.CodeGatewayError, shared.OutcomeAmbiguous)
	if first.Price != fakePrice || first.Attempts != 1 {
		t.Errorf("the first error says price %v, %d attempts", first.Price, first.Attempts)
	}
	again := request("a")
	again.UnsafeBuyAgain = true // is about billed ones
	for _, req := range []*shared.Request{request("a"), again} {
		e := fail(t, s, req, shared.CodeGatewayError, shared.OutcomeAmbiguous)
		if e.Price != 0 || e.Attempts != 0 || e.VendorCode != "vendor" || e.VendorText != "text" || e.RequestKey != first.RequestKey || e.Retryable() {
			t.Errorf("the repeated error is %+v", *e)
		}
	}
	v.want(t, 1, 0)
	resend := request("a")
	resend.UnsafeResendAmbiguous = true
	fail(t, s, resend, shared.CodeGatewayError, shared.OutcomeAmbiguous)
	v.want(t, 2, 0)
	if got, want := books(t, s), (shared.Tally{Ambiguous: 2, Suspected: 2 * fakePrice}); got != want {
		t.Errorf("the books have %+v, want %+v", got, want)
	}
}

func TestUnbilledCallIsAskedAgain(t *testing.T) {
	t.Parallel()
	plays := []play{
		{outcome: shared.OutcomeRejected, code: shared.CodeVendorServerError},
		{outcome: shared.OutcomeNotSent, code: shared.CodeUpstreamUnreachable, basis: shared.BasisProved},
		{},
	}
	v := newVendor(func(n int, _ *shared.Request) play { return plays[n] })
	s := around(t, v, nil, quick("budget_day_calls", "1"))
	if e := fail(t, s, request("a"), shared.CodeVendorServerError, shared.OutcomeRejected); e.Price != 0 {
		t.Errorf("a call that was not billed has the price %v", e.Price)
	}
	fail(t, s, request("a"), shared.CodeUpstreamUnreachable, shared.OutcomeNotSent)
	read(t, s, request("a"))
	v.want(t, 3, 1)
}

func TestBuyingAgainIsAskedFor(t *testing.T) {
	t.Parallel()
	v := newVendor(always(play{}))
	s := around(t, v, nil, quick())
	read(t, s, request("a"))
	resend := request("a")
	resend.UnsafeResendAmbiguous = true // is about unclear ones
	read(t, s, resend)
	v.want(t, 1, 1)
	buy := request("a")
	buy.UnsafeBuyAgain = true
	if res := read(t, s, buy); res.AnsweredBy != shared.AnsweredLive || res.Price != 40 {
		t.Errorf("bought again: %v", res)
	}
	v.want(t, 2, 2)
}

func TestBilledAnswerThatWasLostIsNotBoughtAgain(t *testing.T) {
	t.Parallel()
	v := newVendor(always(play{outcome: shared.OutcomeBilled, code: shared.CodeAnswerLost}))
	s := around(t, v, nil, quick())
	fail(t, s, request("a"), shared.CodeAnswerLost, shared.OutcomeBilled)
	resend := request("a")
	resend.UnsafeResendAmbiguous = true
	fail(t, s, resend, shared.CodeAnswerLost, shared.OutcomeBilled)
	v.want(t, 1, 1)
}

func TestCallersKeyIsBoundToThePicture(t *testing.T) {
	t.Parallel()
	v := newVendor(always(play{}))
	s := around(t, v, nil, quick())
	named := func(picture, key string) *shared.Request {
		r := request(picture)
		r.Key = key
		return r
	}
	read(t, s, named("a", "k1"))
	fail(t, s, named("b", "k1"), shared.CodeKeyReused, shared.OutcomeNotSent)
	// The same picture with another key is the stored answer, and binds that key too.
	if res := read(t, s, named("a", "k2")); res.AnsweredBy != shared.AnsweredLedger {
		t.Errorf("got %v", res)
	}
	fail(t, s, named("b", "k2"), shared.CodeKeyReused, shared.OutcomeNotSent)
	v.want(t, 1, 1)
	// A picture that was never sent binds nothing.
	other := around(t, newVendor(always(play{outcome: shared.OutcomeNotSent, code: shared.CodeUpstreamUnreachable, silent: true})), s.given.store, quick())
	fail(t, other, named("c", "k3"), shared.CodeUpstreamUnreachable, shared.OutcomeNotSent)
	read(t, s, named("b", "k3"))
}

func TestCallOfAnotherLivingProcessIsWaitedFor(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := ledger.NewMemory(ledger.MemoryOptions{})
		v := newVendor(always(play{delay: 10 * time.Second}))
		one, two := around(t, v, m, quick()), around(t, v, m.Share(), quick())
		go func() { _, _ = one.Recognize(t.Context(), request("a")) }()
		synctest.Wait()
		// One that cannot wait so long has sent nothing, and may come again.
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		failWith(t, ctx, two, request("a"), shared.CodeDeadlineExceeded, shared.OutcomeNotSent)
		start := time.Now()
		res := read(t, two, request("a"))
		if res.AnsweredBy != shared.AnsweredLedger || res.Price != 0 || time.Since(start) != 9*time.Second {
			t.Errorf("got %v after %v", res, time.Since(start))
		}
		if v.calls != 1 {
			t.Errorf("the provider was troubled %d times", v.calls)
		}
		v.want(t, 1, 1)
	})
}

func TestCallOfAProcessThatDiedIsInDoubt(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := ledger.NewMemory(ledger.MemoryOptions{})
		v := newVendor(always(play{delay: 10 * time.Second}))
		dead := m.Share()
		one, two := around(t, v, dead, quick()), around(t, v, m, quick())
		go func() { _, _ = one.Recognize(t.Context(), request("a")) }()
		synctest.Wait()
		time.AfterFunc(time.Second, func() { _ = dead.Close() })
		e := fail(t, two, request("a"), shared.CodeOutcomeUnknown, shared.OutcomeAmbiguous)
		if e.Retryable() || e.Price != 0 {
			t.Errorf("a call in doubt is %+v", *e)
		}
		resend := request("a")
		resend.UnsafeResendAmbiguous = true
		if res := read(t, two, resend); res.Price != 40 {
			t.Errorf("sent again: %v", res)
		}
		v.want(t, 2, 2)
	})
}

func TestSimultaneousCallsOfTwoProcessesAreBilledOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := ledger.NewMemory(ledger.MemoryOptions{})
		v := newVendor(always(play{delay: time.Second}))
		// Both pass the ledger before either has begun, and meet at the gate's token.
		one := around(t, v, m, quick("rate", "1", "burst", "1"))
		two := around(t, v, m.Share(), quick("rate", "1", "burst", "1"))
		results := make(chan *shared.Result, 4)
		for _, s := range []*Stack{one, two} {
			for _, retry := range []shared.Basis{shared.BasisProved, shared.BasisAssumed} {
				go func() {
					req := request("a")
					req.Retry = retry
					res, err := s.Recognize(t.Context(), req)
					if err != nil {
						t.Errorf("Recognize: %v", err)
					}
					results <- res
				}()
			}
		}
		var paid shared.Money
		for range 4 {
			paid += (<-results).Price
		}
		if _, billed := v.counts(); billed != 1 || paid != 40 {
			t.Errorf("billed %d times; the records add up to %v", billed, paid)
		}
	})
}

func TestFreeProviderIsAskedEachTime(t *testing.T) {
	t.Parallel()
	v := newVendor(always(play{outcome: shared.OutcomeFree, silent: true}))
	v.description.Paid, v.description.Remote, v.description.Prices = false, false, nil
	s := around(t, v, nil, quick())
	for range 2 {
		res := read(t, s, request("a"))
		if res.AnsweredBy != shared.AnsweredLive || res.Outcome != shared.OutcomeFree || res.Price != 0 || res.RequestKey == "" || res.Picture.SHA256 == "" {
			t.Errorf("got %+v", *res)
		}
		if len(res.Findings) == 0 && res.Number.Computed == nil {
			t.Error("the answer was not verified")
		}
	}
	v.want(t, 2, 0)
}

func TestRecordThatCannotBeReadIsNotPaidForAgain(t *testing.T) {
	t.Parallel()
	v := newVendor(always(play{}))
	s := around(t, v, nil, quick())
	key := read(t, s, request("a")).RequestKey
	newer := ledger.Settlement{Intent: ledger.Intent{Key: key, CallID: "newer"}, Outcome: shared.OutcomeBilled, HasResult: true, Answer: []byte(`{"v":99,"result":{}}`)}
	if err := s.given.store.Settle(t.Context(), newer); err != nil {
		t.Fatal(err)
	}
	if e := fail(t, s, request("a"), shared.CodeLedgerUnavailable, shared.OutcomeNotSent); errors.Is(e, shared.ClassUnclear) {
		t.Errorf("got %v", e)
	}
	v.want(t, 1, 1)
}

// All that is held on a person is found, although the first to ask did not say whose document it was.
func TestWhoseDocumentItIsIsNotedByALaterRequest(t *testing.T) {
	t.Parallel()
	store := ledger.NewMemory(ledger.MemoryOptions{})
	s := around(t, newVendor(always(play{})), store, quick())
	for _, subject := range []string{"", "张三样本", "somebody else"} {
		req := request("a")
		req.Subject = subject
		read(t, s, req)
	}
	digest := SubjectDigest(store.Digester(), "张三样本")
	if n, err := store.Forget(t.Context(), ledger.Filter{Subject: digest}, true, time.Now()); n != 1 || err != nil {
		t.Errorf("%d calls of the person were forgotten, %v; want 1", n, err)
	}
}

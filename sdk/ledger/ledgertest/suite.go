// Package ledgertest is the suite that every ledger.Store must pass: it holds the rules that the
// promise "never billed twice" rests on, and nothing about how a store keeps them.
package ledgertest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/seed-6b91b535/idrec/sdk/ledger"
	"github.com/seed-6b91b535/idrec/shared"
)

// Open makes an empty record and returns a function that opens it for one more owner. Owners stand for
// processes: a durable store opens the same file or database again.
type Open func(t *testing.T) (owner func() ledger.Store)

// Run runs the suite as subtests of t. Stores that a test opened are closed at its end.
func Run(t *testing.T, open Open) {
	t.Helper()
	for _, c := range []struct {
		name string
		test func(s *scene)
	}{
		{"UnknownKeyAndCallAnswerNothing", unknown},
		{"BilledCallAnswersItsKey", billedAnswers},
		{"InFlightIsNeverBegunAgain", inFlightBlocks},
		{"UnbilledCallLeavesKeyFree", unbilledFrees},
		{"UnsafeFlagsPassOnlyWhatTheyName", unsafeFlags},
		{"ResultBeatsUnclear", resultBeatsUnclear},
		{"OwnerGoneLeavesDoubt", ownerGone},
		{"FirstOutcomeStands", firstOutcomeStands},
		{"UnannouncedCallIsRecordedWhole", unannounced},
		{"AliasIsBoundToOneKey", aliases},
		{"SubjectIsNotedWhereNoneWas", concern},
		{"CallIDNamesOneCall", callIDs},
		{"BudgetsCountReservedAndSuspected", budgets},
		{"BudgetOfDayEndsAtMidnightInChina", budgetOfDay},
		{"BudgetHoldsUnderConcurrency", budgetRace},
		{"OneOfManyBeginsAKey", beginRace},
		{"WaitEndsWithTheCall", wait},
		{"TallyCountsByDayOfBegin", tally},
		{"RegistersCompareAndSwap", registers},
		{"FinishedContextWritesNothing", finishedContext},
		{"ClosedStoreFails", closed},
		{"DigestsAreTheSameForAllOwners", digests},
		{"LatestIsByOrderOfBegin", latest},
		{"BudgetOfPictureCountsAllItsCalls", budgetOfKey},
		{"RecordsComeInOrderThroughTheFilter", records},
		{"DecisionSettlesWhatIsUnclear", decide},
		{"DecisionIsRefusedWhereNothingIsUnclear", decideRefused},
		{"ClearOutcomeBeatsDecision", decideLate},
		{"ForgottenAnswersItsKey", forgotten},
		{"WithoutTombstoneTheKeyIsFree", forgottenWhole},
		{"CallInFlightIsNeverForgotten", forgetInFlight},
		{"ForgettingDropsAliasesOfKeysNotHeld", forgetAliases},
		{"LateAnswerOfForgottenCallIsDropped", forgottenLate},
		{"UsageIsTheSumOfCalls", usage},
		{"AnyHistoryAddsUp", history},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			c.test(newScene(t, open))
		})
	}
}

// noon of a day, in China.
var noon = time.Date(2026, 3, 4, 4, 0, 0, 0, time.UTC)

const price = 50 * shared.Yuan / 1000

// scene is a record with its first owner.
type scene struct {
	ledger.Store

	t    *testing.T
	open func() ledger.Store
	last atomic.Int64
}

func newScene(t *testing.T, open Open) *scene {
	t.Helper()
	owner := open(t)
	s := &scene{t: t, open: func() ledger.Store {
		o := owner()
		t.Cleanup(func() { _ = o.Close() })
		return o
	}}
	s.Store = s.open()
	return s
}

func (s *scene) intent(key string) ledger.Intent {
	return ledger.Intent{Key: key, CallID: "call-" + strconv.FormatInt(s.last.Add(1), 10), At: noon, Price: price, Provider: "fake", Product: "card"}
}

// begin begins a call that must be let through.
func (s *scene) begin(in ledger.Intent) ledger.Intent {
	s.t.Helper()
	e, began, err := s.Begin(s.t.Context(), in)
	if err != nil || !began {
		s.t.Fatalf("Begin: began %v, %v, entry %s/%s; want it begun", began, err, e.State, e.Outcome)
	}
	if e.State != shared.RecallInFlight || !e.Own || e.CallID != in.CallID || e.Price != in.Price {
		s.t.Fatalf("Begin told %+v", e)
	}
	return in
}

// refused tries to begin a call that must not be let through, and returns what the record has.
func (s *scene) refused(st ledger.Store, in ledger.Intent) ledger.Entry {
	s.t.Helper()
	e, began, err := st.Begin(s.t.Context(), in)
	if err != nil || began {
		s.t.Fatalf("Begin: began %v, %v; want the entry on record", began, err)
	}
	return e
}

func (s *scene) settle(in ledger.Intent, o shared.Outcome) {
	s.t.Helper()
	if err := s.Settle(s.t.Context(), settlement(in, o)); err != nil {
		s.t.Fatalf("Settle: %v", err)
	}
}

func settlement(in ledger.Intent, o shared.Outcome) ledger.Settlement {
	return ledger.Settlement{Intent: in, At: in.At.Add(time.Second), Outcome: o, Basis: shared.BasisDocumented, Price: in.Price,
		Answer: []byte("answer of " + in.CallID), HasResult: o == shared.OutcomeBilled}
}

func (s *scene) lookup(st ledger.Store, key string) ledger.Entry {
	s.t.Helper()
	e, err := st.Lookup(s.t.Context(), key, "")
	if err != nil {
		s.t.Fatalf("Lookup: %v", err)
	}
	return e
}

func (s *scene) call(callID string) ledger.Entry {
	s.t.Helper()
	e, err := s.Call(s.t.Context(), callID)
	if err != nil {
		s.t.Fatalf("Call: %v", err)
	}
	return e
}

func (s *scene) tally(at time.Time) (day, total shared.Tally) {
	s.t.Helper()
	day, total, err := s.Tally(s.t.Context(), at)
	if err != nil {
		s.t.Fatalf("Tally: %v", err)
	}
	return day, total
}

func (s *scene) want(e ledger.Entry, state shared.RecallState, outcome shared.Outcome, callID string) {
	s.t.Helper()
	if e.State != state || e.Outcome != outcome || e.CallID != callID {
		s.t.Fatalf("the record has %s/%q by %q, want %s/%q by %q", e.State, e.Outcome, e.CallID, state, outcome, callID)
	}
}

func (s *scene) wantCode(err error, code shared.Code) {
	s.t.Helper()
	var e *shared.Error
	if !errors.As(err, &e) || e.Code != code || e.Outcome != shared.OutcomeNotSent {
		s.t.Fatalf("got %v, want a refusal with %s, not sent", err, code)
	}
}

func unknown(s *scene) {
	s.want(s.lookup(s, "k"), shared.RecallUnknown, "", "")
	s.want(s.call("c"), shared.RecallUnknown, "", "c")
}

func billedAnswers(s *scene) {
	t := s.t
	in := s.begin(s.intent("k"))
	s.want(s.lookup(s, "k"), shared.RecallInFlight, "", in.CallID)
	s.settle(in, shared.OutcomeBilled)
	other := s.open()
	for _, e := range []ledger.Entry{s.lookup(s, "k"), s.lookup(other, "k"), s.call(in.CallID), s.refused(other, s.intent("k"))} {
		s.want(e, shared.RecallSettled, shared.OutcomeBilled, in.CallID)
		if string(e.Answer) != "answer of "+in.CallID || !e.HasResult || e.Price != price || e.Basis != shared.BasisDocumented || e.Key != "k" {
			t.Errorf("the entry lost something: %+v", e)
		}
		if !e.Begun.Equal(noon) || !e.Ended.Equal(noon.Add(time.Second)) {
			t.Errorf("the entry has the times %v and %v", e.Begun, e.Ended)
		}
	}
	s.want(s.lookup(s, "other"), shared.RecallUnknown, "", "")
}

func inFlightBlocks(s *scene) {
	first := s.begin(s.intent("k"))
	in := s.intent("k")
	in.Resend, in.BuyAgain = true, true
	s.want(s.refused(s, in), shared.RecallInFlight, "", first.CallID)
	other := s.open()
	e := s.refused(other, in)
	s.want(e, shared.RecallInFlight, "", first.CallID)
	if e.Own {
		s.t.Error("a call of another owner is said to be the own one")
	}
	s.begin(s.intent("other"))
}

func unbilledFrees(s *scene) {
	t := s.t
	for _, o := range []shared.Outcome{shared.OutcomeNotSent, shared.OutcomeRejected} {
		in := s.begin(s.intent("k"))
		s.settle(in, o)
		s.want(s.lookup(s, "k"), shared.RecallUnknown, "", "")
		e := s.call(in.CallID)
		s.want(e, shared.RecallSettled, o, in.CallID)
		if e.Price != 0 || string(e.Answer) != "answer of "+in.CallID {
			t.Errorf("the call that was not billed is remembered as %+v", e)
		}
	}
	s.begin(s.intent("k"))
}

func unsafeFlags(s *scene) {
	t := s.t
	for _, c := range []struct {
		outcome          shared.Outcome
		resend, buyAgain bool
		passes           bool
	}{
		{shared.OutcomeAmbiguous, false, false, false},
		{shared.OutcomeAmbiguous, false, true, false},
		{shared.OutcomeAmbiguous, true, false, true},
		{"a word of a newer version", false, true, false},
		{"a word of a newer version", true, false, true},
		{shared.OutcomeBilled, false, false, false},
		{shared.OutcomeBilled, true, false, false},
		{shared.OutcomeBilled, false, true, true},
	} {
		key := fmt.Sprint(c)
		first := s.begin(s.intent(key))
		s.settle(first, c.outcome)
		in := s.intent(key)
		in.Resend, in.BuyAgain = c.resend, c.buyAgain
		e, began, err := s.Begin(t.Context(), in)
		if err != nil || began != c.passes {
			t.Errorf("%+v: began %v, %v", c, began, err)
		}
		if !began {
			s.want(e, shared.RecallSettled, c.outcome, first.CallID)
		}
	}
}

func resultBeatsUnclear(s *scene) {
	first := s.begin(s.intent("k"))
	s.settle(first, shared.OutcomeAmbiguous)

	second := s.intent("k")
	second.Resend = true
	s.begin(second)
	s.want(s.lookup(s, "k"), shared.RecallInFlight, "", second.CallID)
	s.settle(second, shared.OutcomeRejected)
	s.want(s.lookup(s, "k"), shared.RecallSettled, shared.OutcomeAmbiguous, first.CallID)

	third := s.intent("k")
	third.Resend = true
	s.begin(third)
	s.settle(third, shared.OutcomeBilled)
	s.want(s.lookup(s, "k"), shared.RecallSettled, shared.OutcomeBilled, third.CallID)

	fourth := s.intent("k")
	fourth.BuyAgain = true
	s.begin(fourth)
	s.settle(fourth, shared.OutcomeAmbiguous)
	s.want(s.lookup(s, "k"), shared.RecallSettled, shared.OutcomeBilled, third.CallID)

	// Billed with the answer lost has no result.
	fifth := s.intent("k")
	fifth.BuyAgain = true
	s.begin(fifth)
	lost := settlement(fifth, shared.OutcomeBilled)
	lost.HasResult = false
	if err := s.Settle(s.t.Context(), lost); err != nil {
		s.t.Fatal(err)
	}
	s.want(s.lookup(s, "k"), shared.RecallSettled, shared.OutcomeBilled, third.CallID)
}

func ownerGone(s *scene) {
	t := s.t
	other := s.open()
	lost, kept := s.intent("lost"), s.begin(s.intent("kept"))
	if _, began, err := other.Begin(t.Context(), lost); err != nil || !began {
		t.Fatalf("Begin: %v, %v", began, err)
	}
	done := make(chan ledger.Entry, 1)
	go func() {
		e, err := s.Wait(t.Context(), lost.CallID)
		if err != nil {
			t.Errorf("Wait: %v", err)
		}
		done <- e
	}()
	if err := other.Close(); err != nil {
		t.Fatal(err)
	}
	s.want(<-done, shared.RecallInDoubt, "", lost.CallID)
	s.want(s.lookup(s, "lost"), shared.RecallInDoubt, "", lost.CallID)
	s.want(s.lookup(s, "kept"), shared.RecallInFlight, "", kept.CallID)
	s.want(s.refused(s, s.intent("lost")), shared.RecallInDoubt, "", lost.CallID)
	if day, _ := s.tally(noon); day.Ambiguous != 1 || day.Suspected != price {
		t.Errorf("a call in doubt is counted as %+v", day)
	}
	again := s.intent("lost")
	again.Resend = true
	s.settle(s.begin(again), shared.OutcomeBilled)
	s.want(s.lookup(s, "lost"), shared.RecallSettled, shared.OutcomeBilled, again.CallID)
}

func firstOutcomeStands(s *scene) {
	t := s.t
	in := s.begin(s.intent("k"))
	s.settle(in, shared.OutcomeBilled)
	s.settle(in, shared.OutcomeBilled)
	s.settle(in, shared.OutcomeNotSent)
	s.want(s.lookup(s, "k"), shared.RecallSettled, shared.OutcomeBilled, in.CallID)
	if day, total := s.tally(noon); day != total || day != (shared.Tally{Billed: 1, Spent: price}) {
		t.Errorf("counted %+v", day)
	}
}

func unannounced(s *scene) {
	t := s.t
	in := s.intent("k")
	s.settle(in, shared.OutcomeBilled)
	s.settle(in, shared.OutcomeBilled)
	s.want(s.lookup(s, "k"), shared.RecallSettled, shared.OutcomeBilled, in.CallID)
	s.want(s.refused(s, s.intent("k")), shared.RecallSettled, shared.OutcomeBilled, in.CallID)
	if day, _ := s.tally(noon); day != (shared.Tally{Billed: 1, Spent: price}) {
		t.Errorf("counted %+v", day)
	}
}

func aliases(s *scene) {
	t := s.t
	in := s.intent("k")
	in.Alias = "a"
	s.settle(s.begin(in), shared.OutcomeBilled)
	if e, err := s.Lookup(t.Context(), "k", "a"); err != nil || !e.Answers() {
		t.Errorf("Lookup with its own alias: %+v, %v", e, err)
	}
	other := s.open()
	_, err := other.Lookup(t.Context(), "other", "a")
	s.wantCode(err, shared.CodeKeyReused)
	wrong := s.intent("other")
	wrong.Alias = "a"
	_, _, err = other.Begin(t.Context(), wrong)
	s.wantCode(err, shared.CodeKeyReused)
	s.want(s.call(wrong.CallID), shared.RecallUnknown, "", wrong.CallID)
	s.wantCode(other.Bind(t.Context(), "a", "other"), shared.CodeKeyReused)
	// Another alias of the same key, bound by hand.
	for range 2 {
		if err := other.Bind(t.Context(), "b", "k"); err != nil {
			t.Errorf("Bind: %v", err)
		}
	}
	_, err = s.Lookup(t.Context(), "other", "b")
	s.wantCode(err, shared.CodeKeyReused)
	// A call that is not begun binds nothing.
	blocked := s.intent("k")
	blocked.Alias = "c"
	s.refused(s, blocked)
	if _, err := s.Lookup(t.Context(), "other", "c"); err != nil {
		t.Errorf("a call that was not begun bound its alias: %v", err)
	}
}

func concern(s *scene) {
	t := s.t
	other := s.open()
	noted := func(key, subject string) {
		t.Helper()
		if err := other.Concern(t.Context(), key, subject); err != nil {
			t.Fatalf("Concern: %v", err)
		}
	}
	subjects := func(key string) (all []string) {
		t.Helper()
		for _, r := range s.records(s, ledger.Filter{Key: key}) {
			all = append(all, r.Subject)
		}
		return all
	}
	want := func(key string, want ...string) {
		t.Helper()
		if got := subjects(key); !slices.Equal(got, want) {
			t.Errorf("the subjects of %s are %q, want %q", key, got, want)
		}
	}
	s.settle(s.begin(s.intent("k")), shared.OutcomeRejected)
	s.settle(s.begin(s.intent("k")), shared.OutcomeBilled)
	again := s.intent("k")
	again.BuyAgain, again.Subject = true, "first"
	s.settle(s.begin(again), shared.OutcomeBilled)
	noted("k", "second")
	want("k", "", "second", "first")
	noted("k", "third")
	noted("k", "")
	noted("never sent", "third")
	want("k", "", "second", "first")
	// A call in flight keeps it when it ends.
	in := s.begin(s.intent("flying"))
	noted("flying", "third")
	s.settle(in, shared.OutcomeBilled)
	want("flying", "third")
	s.forget(s, ledger.Filter{Subject: "third"}, true, 1)
	noted("flying", "third")
	want("flying", "")
}

func callIDs(s *scene) {
	t := s.t
	in := s.begin(s.intent("k"))
	again := in
	s.want(s.refused(s, again), shared.RecallInFlight, "", in.CallID)
	stolen := in
	stolen.Key = "other"
	_, _, err := s.Begin(t.Context(), stolen)
	s.wantCode(err, shared.CodeInvalidRequest)
	s.settle(in, shared.OutcomeBilled)
	again.BuyAgain = true
	_, _, err = s.Begin(t.Context(), again)
	s.wantCode(err, shared.CodeInvalidRequest)
	// After an outcome that was not billed the same call may be made again.
	free := s.begin(s.intent("free"))
	s.settle(free, shared.OutcomeNotSent)
	s.begin(free)
	s.settle(free, shared.OutcomeBilled)
	s.want(s.lookup(s, "free"), shared.RecallSettled, shared.OutcomeBilled, free.CallID)
}

func budgets(s *scene) {
	t := s.t
	for _, c := range []struct {
		name  string
		limit ledger.Limit
	}{
		{"calls", ledger.Limit{Calls: 3}},
		{"yuan", ledger.Limit{Yuan: 3 * price}},
		{"both", ledger.Limit{Yuan: 3*price + price/2, Calls: 9}},
	} {
		next := func() ledger.Intent {
			in := s.intent(c.name + strconv.FormatInt(s.last.Load(), 10))
			in.Run, in.RunLimit = c.name, c.limit
			return in
		}
		billed, suspected, reserved := s.begin(next()), s.begin(next()), s.begin(next())
		s.settle(billed, shared.OutcomeBilled)
		s.settle(suspected, shared.OutcomeAmbiguous)
		over := next()
		_, _, err := s.Begin(t.Context(), over)
		s.wantCode(err, shared.CodeBudgetExhausted)
		s.want(s.call(over.CallID), shared.RecallUnknown, "", over.CallID)
		s.want(s.lookup(s, over.Key), shared.RecallUnknown, "", "")
		// What the record answers costs nothing, budget or not.
		repeat := next()
		repeat.Key = billed.Key
		s.want(s.refused(s, repeat), shared.RecallSettled, shared.OutcomeBilled, billed.CallID)
		// Released money can be spent.
		s.settle(reserved, shared.OutcomeNotSent)
		s.begin(next())
		_, _, err = s.Begin(t.Context(), next())
		s.wantCode(err, shared.CodeBudgetExhausted)
		// Another run, and no run at all, have their own.
		elsewhere := next()
		elsewhere.Run = "another " + c.name
		s.begin(elsewhere)
		for range 2 {
			alone := next()
			alone.Run = ""
			s.begin(alone)
		}
	}
	alone := s.intent("alone")
	alone.RunLimit.Yuan = price - 1
	_, _, err := s.Begin(t.Context(), alone)
	s.wantCode(err, shared.CodeBudgetExhausted)
	// A call that cost less than was reserved leaves the rest.
	in := s.intent("cheap")
	in.Run, in.RunLimit.Yuan = "cheap", price
	s.begin(in)
	cheap := settlement(in, shared.OutcomeBilled)
	cheap.Price = 0
	if err := s.Settle(t.Context(), cheap); err != nil {
		t.Fatal(err)
	}
	in = s.intent("cheap 2")
	in.Run, in.RunLimit.Yuan = "cheap", price
	s.begin(in)
}

func budgetOfDay(s *scene) {
	t := s.t
	next := func(at time.Time) ledger.Intent {
		in := s.intent("k" + strconv.FormatInt(s.last.Load(), 10))
		in.At, in.DayLimit.Calls = at, 1
		return in
	}
	lastSecond := time.Date(2026, 3, 4, 15, 59, 59, 0, time.UTC) // 23:59:59 in China
	s.begin(next(noon))
	_, _, err := s.Begin(t.Context(), next(lastSecond))
	s.wantCode(err, shared.CodeBudgetExhausted)
	var e *shared.Error
	if errors.As(err, &e) && e.RetryAfter != time.Second {
		t.Errorf("retry after %v, want the second that is left of the day", e.RetryAfter)
	}
	s.begin(next(lastSecond.Add(time.Second)))
}

func budgetRace(s *scene) {
	t := s.t
	const limit = 7
	owners := []ledger.Store{s.Store, s.open()}
	var began, refused atomic.Int64
	var wg sync.WaitGroup
	for i := range 40 {
		in := s.intent("k" + strconv.Itoa(i))
		in.Run, in.RunLimit.Calls = "run", limit
		wg.Go(func() {
			_, ok, err := owners[i%2].Begin(t.Context(), in)
			switch {
			case ok:
				began.Add(1)
			case errors.Is(err, shared.CodeBudgetExhausted):
				refused.Add(1)
			default:
				t.Errorf("Begin: %v", err)
			}
		})
	}
	wg.Wait()
	if began.Load() != limit || refused.Load() != 40-limit {
		t.Errorf("%d begun and %d refused, want %d begun", began.Load(), refused.Load(), limit)
	}
}

func beginRace(s *scene) {
	t := s.t
	owners := []ledger.Store{s.Store, s.open(), s.open()}
	var began atomic.Int64
	var wg sync.WaitGroup
	for i := range 50 {
		in := s.intent("k")
		in.Resend, in.BuyAgain = i%5 == 0, i%7 == 0
		wg.Go(func() {
			_, ok, err := owners[i%3].Begin(t.Context(), in)
			if err != nil {
				t.Errorf("Begin: %v", err)
			}
			if ok {
				began.Add(1)
			}
		})
	}
	wg.Wait()
	if began.Load() != 1 {
		t.Errorf("%d calls were begun for one key, want 1", began.Load())
	}
}

func wait(s *scene) {
	t := s.t
	in := s.begin(s.intent("k"))
	other := s.open()
	ctx, cancel := context.WithCancel(t.Context())
	gaveUp := make(chan error, 1)
	go func() {
		_, err := other.Wait(ctx, in.CallID)
		gaveUp <- err
	}()
	cancel()
	if err := <-gaveUp; !errors.Is(err, context.Canceled) {
		t.Errorf("a waiter that gave up got %v", err)
	}
	done := make(chan ledger.Entry, 1)
	go func() {
		e, err := other.Wait(t.Context(), in.CallID)
		if err != nil {
			t.Errorf("Wait: %v", err)
		}
		done <- e
	}()
	s.settle(in, shared.OutcomeBilled)
	e := <-done
	s.want(e, shared.RecallSettled, shared.OutcomeBilled, in.CallID)
	if string(e.Answer) == "" {
		t.Error("the waiter got no answer")
	}
	for _, callID := range []string{in.CallID, "never heard of"} {
		if _, err := other.Wait(t.Context(), callID); err != nil {
			t.Errorf("Wait for a call that is not in flight: %v", err)
		}
	}
}

func tally(s *scene) {
	t := s.t
	before := time.Date(2026, 3, 4, 15, 59, 59, 0, time.UTC)
	after := before.Add(time.Second)
	for i, c := range []struct {
		at      time.Time
		outcome shared.Outcome
	}{
		{before, shared.OutcomeBilled}, // settled after midnight
		{after, shared.OutcomeBilled},
		{after, shared.OutcomeAmbiguous},
		{after, shared.OutcomeRejected},
		{after, shared.OutcomeNotSent},
	} {
		in := s.intent("k" + strconv.Itoa(i))
		in.At = c.at
		s.settle(s.begin(in), c.outcome)
	}
	open := s.intent("open")
	open.At = after
	s.begin(open)
	if err := s.Answered(t.Context(), after, price); err != nil {
		t.Fatal(err)
	}
	day, total := s.tally(before)
	if want := (shared.Tally{Billed: 1, Spent: price}); day != want {
		t.Errorf("the first day has %+v, want %+v", day, want)
	}
	day, _ = s.tally(after)
	want := shared.Tally{Billed: 1, Rejected: 1, NotSent: 1, Ambiguous: 1, Answered: 1, Spent: price, Suspected: price, Saved: price}
	if day != want {
		t.Errorf("the second day has %+v, want %+v", day, want)
	}
	want.Billed, want.Spent = 2, 2*price
	if total != want {
		t.Errorf("all days have %+v, want %+v", total, want)
	}
}

func registers(s *scene) {
	t := s.t
	if v, rev, err := s.Load(t.Context(), "r"); v != nil || rev != 0 || err != nil {
		t.Fatalf("an unknown register holds %q at %d, %v", v, rev, err)
	}
	owners := []ledger.Store{s.Store, s.open()}
	var wg sync.WaitGroup
	for i := range 20 {
		wg.Go(func() {
			for {
				v, rev, err := owners[i%2].Load(t.Context(), "r")
				if err != nil {
					t.Errorf("Load: %v", err)
					return
				}
				n, _ := strconv.Atoi(string(v))
				ok, err := owners[i%2].Swap(t.Context(), "r", rev, []byte(strconv.Itoa(n+1)))
				if err != nil {
					t.Errorf("Swap: %v", err)
					return
				}
				if ok {
					return
				}
			}
		})
	}
	wg.Wait()
	v, rev, err := s.Load(t.Context(), "r")
	if string(v) != "20" || err != nil {
		t.Errorf("20 increments gave %q, %v", v, err)
	}
	if ok, err := s.Swap(t.Context(), "r", rev-1, []byte("x")); ok || err != nil {
		t.Errorf("a swap at an old revision: %v, %v", ok, err)
	}
	if v, _, err := s.Load(t.Context(), "other"); v != nil || err != nil {
		t.Errorf("another register holds %q, %v", v, err)
	}
}

func finishedContext(s *scene) {
	t := s.t
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	in := s.intent("k")
	if _, began, err := s.Begin(ctx, in); began || !errors.Is(err, context.Canceled) {
		t.Errorf("Begin with a finished context: %v, %v", began, err)
	}
	s.want(s.lookup(s, "k"), shared.RecallUnknown, "", "")
	if _, err := s.Lookup(ctx, "k", ""); !errors.Is(err, context.Canceled) {
		t.Errorf("Lookup with a finished context: %v", err)
	}
}

func closed(s *scene) {
	t := s.t
	other := s.open()
	if err := other.Close(); err != nil {
		t.Fatal(err)
	}
	_, _, err := other.Begin(t.Context(), s.intent("k"))
	var e *shared.Error
	if err == nil || errors.As(err, &e) {
		t.Errorf("Begin on a closed store: %v, want an error of the store", err)
	}
	s.begin(s.intent("k"))
}

func digests(s *scene) {
	t := s.t
	a, b := s.Digester(), s.open().Digester()
	if x, y := a.Sum("kind", "part"), b.Sum("kind", "part"); x != y {
		t.Errorf("two owners make the digests %s and %s of the same", x, y)
	}
}

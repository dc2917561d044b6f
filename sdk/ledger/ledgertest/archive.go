package ledgertest

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/seed-6b91b535/idrec/sdk/ledger"
	"github.com/seed-6b91b535/idrec/shared"
)

func (s *scene) records(st ledger.Store, f ledger.Filter) []ledger.Record {
	s.t.Helper()
	var found []ledger.Record
	for r, err := range st.Records(s.t.Context(), f) {
		if err != nil {
			s.t.Fatalf("Records: %v", err)
		}
		found = append(found, r)
	}
	return found
}

func (s *scene) decide(st ledger.Store, callID string, billed bool) ledger.Record {
	s.t.Helper()
	r, err := st.Decide(s.t.Context(), callID, billed, noon.Add(time.Hour))
	if err != nil {
		s.t.Fatalf("Decide: %v", err)
	}
	return r
}

func (s *scene) forget(st ledger.Store, f ledger.Filter, tombstone bool, want int64) {
	s.t.Helper()
	if n, err := st.Forget(s.t.Context(), f, tombstone, noon.Add(time.Hour)); err != nil || n != want {
		s.t.Fatalf("Forget: %d calls, %v; want %d", n, err, want)
	}
}

func (s *scene) usage(from, to string) []ledger.Usage {
	s.t.Helper()
	u, err := s.Usage(s.t.Context(), from, to)
	if err != nil {
		s.t.Fatalf("Usage: %v", err)
	}
	return u
}

// tallyOf adds up what has ended, as a tally would where nothing is in doubt.
func tallyOf(lines []ledger.Usage) (t shared.Tally) {
	for _, u := range lines {
		switch u.Outcome {
		case shared.OutcomeBilled:
			t.Billed, t.Spent = t.Billed+u.Calls, t.Spent+u.Price
		case shared.OutcomeRejected:
			t.Rejected += u.Calls
		case shared.OutcomeNotSent:
			t.NotSent += u.Calls
		case "":
		default:
			t.Ambiguous, t.Suspected = t.Ambiguous+u.Calls, t.Suspected+u.Price
		}
	}
	return t
}

// doubt leaves a call in doubt, its owner being gone.
func (s *scene) doubt(in ledger.Intent) ledger.Intent {
	s.t.Helper()
	lost := s.open()
	if _, began, err := lost.Begin(s.t.Context(), in); err != nil || !began {
		s.t.Fatalf("Begin: %v, %v", began, err)
	}
	if err := lost.Close(); err != nil {
		s.t.Fatal(err)
	}
	return in
}

// A clock that jumps back makes no call older than the one before it.
func latest(s *scene) {
	first := s.begin(s.intent("k"))
	s.settle(first, shared.OutcomeBilled)
	second := s.intent("k")
	second.BuyAgain, second.At = true, noon.Add(-48*time.Hour)
	s.begin(second)
	s.settle(second, shared.OutcomeBilled)
	s.want(s.lookup(s, "k"), shared.RecallSettled, shared.OutcomeBilled, second.CallID)
	found := s.records(s, ledger.Filter{})
	if len(found) != 2 || found[0].CallID != first.CallID || found[1].CallID != second.CallID {
		s.t.Errorf("the records do not come in the order of Begin: %+v", found)
	}
}

func budgetOfKey(s *scene) {
	t := s.t
	next := func() ledger.Intent {
		in := s.intent("k")
		in.BuyAgain, in.Resend, in.KeyLimit = true, true, ledger.Limit{Yuan: 2 * price, Calls: 9}
		return in
	}
	s.settle(s.begin(next()), shared.OutcomeBilled)
	s.settle(s.begin(next()), shared.OutcomeRejected)
	s.settle(s.begin(next()), shared.OutcomeAmbiguous)
	_, _, err := s.Begin(t.Context(), next())
	s.wantCode(err, shared.CodeBudgetExhausted)
	elsewhere := next()
	elsewhere.Key = "other"
	s.begin(elsewhere)
	calls := next()
	calls.KeyLimit = ledger.Limit{Calls: 3}
	s.settle(s.begin(calls), shared.OutcomeBilled)
	calls.CallID = next().CallID
	_, _, err = s.Begin(t.Context(), calls)
	s.wantCode(err, shared.CodeBudgetExhausted)
}

func records(s *scene) {
	t := s.t
	want := map[string]string{} // call → name
	named := func(name string, change func(*ledger.Intent)) ledger.Intent {
		in := s.intent("key of " + name)
		in.Subject, in.Run, in.Purpose, in.Attempt = "subject of "+name, "run of "+name, "purpose of "+name, 3
		change(&in)
		want[in.CallID] = name
		return in
	}
	early := s.begin(named("early", func(in *ledger.Intent) { in.At = noon.Add(-time.Hour) }))
	billed := s.begin(named("billed", func(in *ledger.Intent) {}))
	unsure := s.begin(named("unsure", func(in *ledger.Intent) {}))
	s.begin(named("open", func(in *ledger.Intent) { in.At = noon.Add(time.Hour) }))
	doubt := s.doubt(named("doubt", func(in *ledger.Intent) { in.Run = billed.Run }))
	s.settle(early, shared.OutcomeRejected)
	s.settle(billed, shared.OutcomeBilled)
	s.settle(unsure, shared.OutcomeAmbiguous)
	other := s.open()
	names := func(f ledger.Filter) string {
		var list []string
		for _, r := range s.records(other, f) {
			list = append(list, want[r.CallID])
		}
		return strings.Join(list, " ")
	}
	for _, c := range []struct {
		about string
		f     ledger.Filter
		want  string
	}{
		{"all", ledger.Filter{}, "early billed unsure open doubt"},
		{"key", ledger.Filter{Key: billed.Key}, "billed"},
		{"call", ledger.Filter{CallID: unsure.CallID}, "unsure"},
		{"subject", ledger.Filter{Subject: early.Subject}, "early"},
		{"run", ledger.Filter{Run: billed.Run}, "billed doubt"},
		{"unclear", ledger.Filter{Unclear: true}, "unsure doubt"},
		{"from", ledger.Filter{From: noon}, "billed unsure open doubt"},
		{"to", ledger.Filter{To: noon}, "early"},
		{"span", ledger.Filter{From: noon, To: noon.Add(time.Hour)}, "billed unsure doubt"},
		{"ended", ledger.Filter{EndedBefore: noon.Add(time.Second)}, "early"},
		{"ended later", ledger.Filter{EndedBefore: noon.Add(time.Minute)}, "early billed unsure"},
		{"held", ledger.Filter{Held: true}, "early billed unsure open doubt"},
		{"two", ledger.Filter{Run: billed.Run, Unclear: true}, "doubt"},
		{"nothing", ledger.Filter{Key: "k"}, ""},
	} {
		if got := names(c.f); got != c.want {
			t.Errorf("%s: %q, want %q", c.about, got, c.want)
		}
	}
	r := s.records(other, ledger.Filter{Key: billed.Key})[0]
	s.want(r.Entry, shared.RecallSettled, shared.OutcomeBilled, billed.CallID)
	if r.Provider != "fake" || r.Product != "card" || r.Run != billed.Run || r.Subject != billed.Subject || r.Purpose != billed.Purpose || r.Attempt != 3 ||
		string(r.Answer) != "answer of "+billed.CallID || !r.Begun.Equal(noon) || !r.Ended.Equal(noon.Add(time.Second)) || r.Own {
		t.Errorf("the record lost something: %+v", r)
	}
	for i, state := range map[int]shared.RecallState{3: shared.RecallInFlight, 4: shared.RecallInDoubt} {
		if e := s.records(other, ledger.Filter{})[i]; e.State != state || e.CallID == doubt.CallID != (i == 4) {
			t.Errorf("the call %q is %s, want %s", want[e.CallID], e.State, state)
		}
	}
	// Whoever stops early gets no more.
	for _, err := range s.Records(t.Context(), ledger.Filter{}) {
		if err != nil {
			t.Errorf("Records: %v", err)
		}
		break
	}
	many := 300
	for i := range many {
		s.settle(s.intent("m"+strconv.Itoa(i)), shared.OutcomeRejected)
	}
	found := s.records(other, ledger.Filter{})
	if len(found) != many+5 || !slices.IsSortedFunc(found[5:], func(a, b ledger.Record) int {
		return callNumber(a.CallID) - callNumber(b.CallID)
	}) {
		t.Errorf("%d records, want %d in order", len(found), many+5)
	}
}

func callNumber(callID string) int {
	n, _ := strconv.Atoi(strings.TrimPrefix(callID, "call-"))
	return n
}

func decide(s *scene) {
	t := s.t
	unsure := s.begin(s.intent("a"))
	s.settle(unsure, shared.OutcomeAmbiguous)
	doubt := s.doubt(s.intent("b"))
	for _, in := range []ledger.Intent{unsure, doubt} {
		for range 2 {
			r := s.decide(s, in.CallID, true)
			s.want(r.Entry, shared.RecallSettled, shared.OutcomeBilled, in.CallID)
			if !r.Decided || r.HasResult || r.Price != price || r.Basis != shared.BasisAssumed || !r.Ended.Equal(noon.Add(time.Hour)) {
				t.Errorf("decided as %+v", r)
			}
		}
		e := s.refused(s.open(), s.intent(in.Key))
		s.want(e, shared.RecallSettled, shared.OutcomeBilled, in.CallID)
		if len(e.Answer) != 0 || !e.Decided {
			t.Errorf("an answer that was lost is %+v", e)
		}
		again := s.intent(in.Key)
		again.Resend = true
		s.refused(s, again)
	}
	if day, _ := s.tally(noon); day != (shared.Tally{Billed: 2, Spent: 2 * price}) {
		t.Errorf("decided as billed, counted %+v", day)
	}
	unsure = s.begin(s.intent("c"))
	s.settle(unsure, shared.OutcomeAmbiguous)
	doubt = s.doubt(s.intent("d"))
	for _, in := range []ledger.Intent{unsure, doubt} {
		for range 2 {
			r := s.decide(s, in.CallID, false)
			s.want(r.Entry, shared.RecallSettled, shared.OutcomeRejected, in.CallID)
			if !r.Decided || r.Price != 0 {
				t.Errorf("decided as %+v", r)
			}
		}
		s.want(s.lookup(s, in.Key), shared.RecallUnknown, "", "")
		s.begin(s.intent(in.Key))
	}
	if day, _ := s.tally(noon); day != (shared.Tally{Billed: 2, Rejected: 2, Spent: 2 * price}) {
		t.Errorf("decided as not billed, counted %+v", day)
	}
	if found := s.records(s, ledger.Filter{Unclear: true}); len(found) != 0 {
		t.Errorf("after all decisions %d calls are unclear", len(found))
	}
}

func decideRefused(s *scene) {
	t := s.t
	refused := func(callID string, billed bool) {
		t.Helper()
		_, err := s.Decide(t.Context(), callID, billed, noon)
		s.wantCode(err, shared.CodeInvalidRequest)
	}
	open := s.begin(s.intent("open"))
	billed := s.begin(s.intent("billed"))
	s.settle(billed, shared.OutcomeBilled)
	rejected := s.begin(s.intent("rejected"))
	s.settle(rejected, shared.OutcomeRejected)
	decided := s.doubt(s.intent("decided"))
	s.decide(s, decided.CallID, true)
	for _, b := range []bool{true, false} {
		refused("never heard of", b)
		refused(open.CallID, b)
		refused(billed.CallID, b)
		refused(rejected.CallID, b)
	}
	refused(decided.CallID, false)
	s.want(s.call(open.CallID), shared.RecallInFlight, "", open.CallID)
	s.want(s.call(billed.CallID), shared.RecallSettled, shared.OutcomeBilled, billed.CallID)
	s.want(s.call(rejected.CallID), shared.RecallSettled, shared.OutcomeRejected, rejected.CallID)
}

// The owner of a call knows how it ended, and a decision only supposed it. An owner whose lock was lost
// can come back to settle, so the owner's word is given by another one here.
func decideLate(s *scene) {
	t := s.t
	late := func(key string, billed bool, o shared.Outcome) ledger.Intent {
		in := s.doubt(s.intent(key))
		s.decide(s, in.CallID, billed)
		s.settle(in, o)
		return in
	}
	in := late("a", true, shared.OutcomeBilled)
	e := s.lookup(s, "a")
	s.want(e, shared.RecallSettled, shared.OutcomeBilled, in.CallID)
	if string(e.Answer) != "answer of "+in.CallID || e.Decided || !e.HasResult || e.Basis != shared.BasisDocumented {
		t.Errorf("the answer that came late is recorded as %+v", e)
	}
	in = late("b", false, shared.OutcomeBilled)
	s.want(s.lookup(s, "b"), shared.RecallSettled, shared.OutcomeBilled, in.CallID)
	s.refused(s, s.intent("b"))
	in = late("c", true, shared.OutcomeNotSent)
	s.want(s.lookup(s, "c"), shared.RecallUnknown, "", "")
	s.want(s.call(in.CallID), shared.RecallSettled, shared.OutcomeNotSent, in.CallID)
	// An owner that does not know either has nothing to add.
	in = late("d", true, shared.OutcomeAmbiguous)
	s.want(s.lookup(s, "d"), shared.RecallSettled, shared.OutcomeBilled, in.CallID)
	late("e", false, shared.OutcomeAmbiguous)
	s.want(s.lookup(s, "e"), shared.RecallUnknown, "", "")
	want := shared.Tally{Billed: 3, NotSent: 1, Rejected: 1, Spent: 3 * price}
	if day, total := s.tally(noon); day != want || total != want {
		t.Errorf("counted %+v, want %+v", day, want)
	}
	// What the owner said stands.
	_, err := s.Decide(t.Context(), s.lookup(s, "a").CallID, false, noon)
	s.wantCode(err, shared.CodeInvalidRequest)
}

func forgotten(s *scene) {
	t := s.t
	person := func(key string) ledger.Intent {
		in := s.intent(key)
		in.Subject, in.Run, in.Purpose = "somebody", "run", "purpose"
		return in
	}
	billed := s.begin(person("billed"))
	s.settle(billed, shared.OutcomeBilled)
	unsure := s.begin(person("unsure"))
	s.settle(unsure, shared.OutcomeAmbiguous)
	rejected := s.begin(person("rejected"))
	s.settle(rejected, shared.OutcomeRejected)
	doubt := s.doubt(person("doubt"))
	bystander := s.begin(s.intent("bystander"))
	s.settle(bystander, shared.OutcomeBilled)
	before, _ := s.tally(noon)
	usageBefore := s.usage("", "")

	other := s.open()
	s.forget(other, ledger.Filter{Subject: "somebody"}, true, 4)
	s.forget(other, ledger.Filter{Subject: "somebody"}, true, 0)
	if found := s.records(s, ledger.Filter{Subject: "somebody"}); len(found) != 0 {
		t.Errorf("%d calls are still held on the person", len(found))
	}
	for _, in := range []ledger.Intent{billed, unsure, rejected, doubt} {
		r := s.records(s, ledger.Filter{CallID: in.CallID})[0]
		if len(r.Answer) != 0 || r.Subject != "" || r.Purpose != "" || !r.Forgotten.Equal(noon.Add(time.Hour)) {
			t.Errorf("what was forgotten is %+v", r)
		}
		if r.Key != in.Key || r.Run != "run" || r.Provider != "fake" || !r.Begun.Equal(noon) {
			t.Errorf("the tombstone is %+v", r)
		}
		s.forget(s, ledger.Filter{Key: in.Key}, true, 0)
	}
	// The digest still answers: a late delivery must not pay again.
	e := s.refused(s, person("billed"))
	s.want(e, shared.RecallSettled, shared.OutcomeBilled, billed.CallID)
	if e.Forgotten.IsZero() || !e.HasResult || len(e.Answer) != 0 || e.Price != price {
		t.Errorf("the forgotten call answers with %+v", e)
	}
	s.want(s.refused(s, person("unsure")), shared.RecallSettled, shared.OutcomeAmbiguous, unsure.CallID)
	s.want(s.refused(s, person("doubt")), shared.RecallInDoubt, "", doubt.CallID)
	resend := person("billed")
	resend.Resend = true
	s.refused(s, resend)
	if found := s.records(s, ledger.Filter{Held: true}); len(found) != 1 || found[0].CallID != bystander.CallID {
		t.Errorf("still held are %+v", found)
	}
	after, _ := s.tally(noon)
	if usageAfter := s.usage("", ""); before != after || !slices.Equal(usageBefore, usageAfter) {
		t.Errorf("forgetting changed the books from %+v to %+v", before, after)
	}
	// A result that is held beats one that was forgotten, and that beats what is unclear.
	again := person("billed")
	again.BuyAgain = true
	s.settle(s.begin(again), shared.OutcomeAmbiguous)
	s.want(s.lookup(s, "billed"), shared.RecallSettled, shared.OutcomeBilled, billed.CallID)
	again.CallID = s.intent("").CallID
	s.settle(s.begin(again), shared.OutcomeBilled)
	s.want(s.lookup(s, "billed"), shared.RecallSettled, shared.OutcomeBilled, again.CallID)
	third := person("billed")
	third.BuyAgain, third.Subject = true, "somebody else"
	s.settle(s.begin(third), shared.OutcomeBilled)
	s.forget(s, ledger.Filter{Subject: "somebody else"}, true, 1)
	s.want(s.lookup(s, "billed"), shared.RecallSettled, shared.OutcomeBilled, again.CallID)
}

func forgottenWhole(s *scene) {
	t := s.t
	in := s.intent("k")
	in.Run, in.RunLimit.Calls, in.Subject = "run", 2, "somebody"
	s.settle(s.begin(in), shared.OutcomeBilled)
	tombstone := s.intent("tombstone")
	s.settle(s.begin(tombstone), shared.OutcomeBilled)
	s.forget(s, ledger.Filter{Key: "tombstone"}, true, 1)
	before := s.usage("", "")
	s.forget(s.open(), ledger.Filter{Subject: "somebody"}, false, 1)
	s.forget(s, ledger.Filter{Key: "tombstone"}, false, 1)
	s.want(s.lookup(s, "k"), shared.RecallUnknown, "", "")
	s.want(s.call(in.CallID), shared.RecallUnknown, "", in.CallID)
	if found := s.records(s, ledger.Filter{}); len(found) != 0 {
		t.Errorf("still on record are %+v", found)
	}
	if after := s.usage("", ""); !slices.Equal(before, after) {
		t.Errorf("deleting changed the usage from %+v to %+v", before, after)
	}
	if day, total := s.tally(noon); day != (shared.Tally{Billed: 2, Spent: 2 * price}) || total != day {
		t.Errorf("counted %+v", day)
	}
	// The run has spent what it spent.
	again := s.intent("k")
	again.Run, again.RunLimit = in.Run, in.RunLimit
	s.begin(again)
	third := s.intent("third")
	third.Run, third.RunLimit = in.Run, in.RunLimit
	_, _, err := s.Begin(t.Context(), third)
	s.wantCode(err, shared.CodeBudgetExhausted)
}

func forgetInFlight(s *scene) {
	in := s.intent("k")
	in.Subject, in.Purpose = "somebody", "purpose"
	s.begin(in)
	other := s.open()
	for _, st := range []ledger.Store{s, other} {
		for _, tombstone := range []bool{true, false} {
			s.forget(st, ledger.Filter{}, tombstone, 0)
		}
	}
	s.want(s.refused(other, s.intent("k")), shared.RecallInFlight, "", in.CallID)
	s.settle(in, shared.OutcomeBilled)
	if r := s.records(s, ledger.Filter{})[0]; r.Subject != "somebody" || r.Purpose != "purpose" || string(r.Answer) != "answer of "+in.CallID {
		s.t.Errorf("the call that was in flight lost something: %+v", r)
	}
	s.forget(other, ledger.Filter{}, true, 1)
}

func forgetAliases(s *scene) {
	t := s.t
	bound := func(alias string) bool {
		_, err := s.Lookup(t.Context(), "another key", alias)
		if err != nil {
			s.wantCode(err, shared.CodeKeyReused)
		}
		return err != nil
	}
	one := s.intent("k")
	one.Alias, one.Subject = "of the call", "one"
	s.settle(s.begin(one), shared.OutcomeBilled)
	if err := s.Bind(t.Context(), "by hand", "k"); err != nil {
		t.Fatal(err)
	}
	two := s.intent("k")
	two.BuyAgain, two.Subject = true, "two"
	s.settle(s.begin(two), shared.OutcomeBilled)
	s.forget(s, ledger.Filter{Subject: "one"}, true, 1)
	if !bound("of the call") || !bound("by hand") {
		t.Error("an alias went although a call of its key is held")
	}
	s.forget(s, ledger.Filter{Subject: "two"}, false, 1)
	if bound("of the call") || bound("by hand") {
		t.Error("an alias stayed although no call of its key is held")
	}
	if err := s.Bind(t.Context(), "by hand", "other"); err != nil {
		t.Errorf("a forgotten alias cannot be bound anew: %v", err)
	}
}

func forgottenLate(s *scene) {
	t := s.t
	in := s.doubt(s.intent("k"))
	s.forget(s, ledger.Filter{Key: "k"}, true, 1)
	s.settle(in, shared.OutcomeBilled)
	e := s.lookup(s, "k")
	s.want(e, shared.RecallSettled, shared.OutcomeBilled, in.CallID)
	if len(e.Answer) != 0 || e.Forgotten.IsZero() || e.Price != price {
		t.Errorf("the late answer of a forgotten call is %+v", e)
	}
	if day, _ := s.tally(noon); day != (shared.Tally{Billed: 1, Spent: price}) {
		t.Errorf("counted %+v", day)
	}
}

func usage(s *scene) {
	t := s.t
	for i, c := range []struct {
		at       time.Time
		provider string
		outcome  shared.Outcome
	}{
		{noon.Add(-48 * time.Hour), "fake", shared.OutcomeBilled},
		{noon.Add(-24 * time.Hour), "fake", shared.OutcomeAmbiguous},
		{noon, "fake", shared.OutcomeBilled},
		{noon, "fake", shared.OutcomeBilled},
		{noon, "another", shared.OutcomeBilled},
		{noon, "fake", shared.OutcomeRejected},
	} {
		in := s.intent("k" + strconv.Itoa(i))
		in.At, in.Provider = c.at, c.provider
		s.settle(s.begin(in), c.outcome)
	}
	s.begin(s.intent("open"))
	s.doubt(s.intent("doubt"))
	decided := s.doubt(s.intent("decided"))
	s.decide(s, decided.CallID, true)
	line := func(day, provider string, o shared.Outcome, b shared.Basis, calls int64) ledger.Usage {
		u := ledger.Usage{Day: day, Provider: provider, Product: "card", Outcome: o, Basis: b, Calls: calls, Price: shared.Money(calls) * price}
		if o == shared.OutcomeRejected {
			u.Price = 0
		}
		return u
	}
	want := []ledger.Usage{
		line("2026-03-02", "fake", shared.OutcomeBilled, shared.BasisDocumented, 1),
		line("2026-03-03", "fake", shared.OutcomeAmbiguous, shared.BasisDocumented, 1),
		line("2026-03-04", "another", shared.OutcomeBilled, shared.BasisDocumented, 1),
		line("2026-03-04", "fake", "", "", 2),
		line("2026-03-04", "fake", shared.OutcomeBilled, shared.BasisAssumed, 1),
		line("2026-03-04", "fake", shared.OutcomeBilled, shared.BasisDocumented, 2),
		line("2026-03-04", "fake", shared.OutcomeRejected, shared.BasisDocumented, 1),
	}
	for _, c := range []struct {
		from, to string
		want     []ledger.Usage
	}{
		{"", "", want},
		{"2026-03-03", "", want[1:]},
		{"", "2026-03-03", want[:2]},
		{"2026-03-03", "2026-03-03", want[1:2]},
		{"2026-03-05", "", nil},
	} {
		if got := s.usage(c.from, c.to); !slices.Equal(got, c.want) {
			t.Errorf("usage from %q to %q is\n%+v, want\n%+v", c.from, c.to, got, c.want)
		}
	}
}

package ledgertest

import (
	"strconv"

	"pgregory.net/rapid"

	"github.com/seed-6b91b535/idrec/sdk/ledger"
	"github.com/seed-6b91b535/idrec/shared"
)

// history runs random calls of two owners over few keys and holds the record to a model of a few lines:
// what passes, and that the books are the sum of the calls.
func history(s *scene) {
	t := s.t
	owners := []ledger.Store{s.Store, s.open()}
	round := 0
	var want shared.Tally
	rapid.Check(t, func(rt *rapid.T) {
		round++
		model := map[string][]shared.Outcome{} // key → outcomes of its calls that count, "" in flight
		type openCall struct {
			in    ledger.Intent
			owner int
			place int
		}
		var open []openCall
		settle := func(rt *rapid.T, c openCall) {
			o := rapid.SampledFrom([]shared.Outcome{shared.OutcomeBilled, shared.OutcomeAmbiguous, shared.OutcomeRejected, shared.OutcomeNotSent}).Draw(rt, "outcome")
			if err := owners[c.owner].Settle(t.Context(), settlement(c.in, o)); err != nil {
				rt.Fatalf("Settle: %v", err)
			}
			model[c.in.Key][c.place] = o
			switch o {
			case shared.OutcomeBilled:
				want.Billed++
				want.Spent += price
			case shared.OutcomeAmbiguous:
				want.Ambiguous++
				want.Suspected += price
			case shared.OutcomeRejected:
				want.Rejected++
			case shared.OutcomeNotSent, shared.OutcomeFree:
				want.NotSent++
			}
		}
		begin := func(rt *rapid.T) {
			in := s.intent("h" + strconv.Itoa(round) + rapid.SampledFrom([]string{"a", "b", "c"}).Draw(rt, "key"))
			in.Resend, in.BuyAgain = rapid.Bool().Draw(rt, "resend"), rapid.Bool().Draw(rt, "buy again")
			owner := rapid.IntRange(0, 1).Draw(rt, "owner")
			passes := modelPasses(in, model[in.Key])
			e, began, err := owners[owner].Begin(t.Context(), in)
			if err != nil || began != passes {
				rt.Fatalf("Begin after %q: began %v (%s/%s), %v; want %v", model[in.Key], began, e.State, e.Outcome, err, passes)
			}
			if began {
				open = append(open, openCall{in, owner, len(model[in.Key])})
				model[in.Key] = append(model[in.Key], "")
			}
		}
		rt.Repeat(map[string]func(*rapid.T){
			"begin": begin,
			"settle": func(rt *rapid.T) {
				if len(open) == 0 {
					rt.Skip("nothing is open")
				}
				i := rapid.IntRange(0, len(open)-1).Draw(rt, "which")
				settle(rt, open[i])
				open = append(open[:i], open[i+1:]...)
			},
		})
		for _, c := range open {
			settle(rt, c)
		}
		if _, total := s.tally(noon); total != want {
			rt.Fatalf("the books have %+v, want %+v", total, want)
		}
		if got := tallyOf(s.usage("", "")); got != want {
			rt.Fatalf("the usage adds up to %+v, want %+v", got, want)
		}
	})
}

func modelPasses(in ledger.Intent, calls []shared.Outcome) bool {
	billed, unclear := false, false
	for _, o := range calls {
		switch o {
		case "":
			return false
		case shared.OutcomeBilled:
			billed = true
		case shared.OutcomeAmbiguous:
			unclear = true
		case shared.OutcomeRejected, shared.OutcomeNotSent, shared.OutcomeFree:
		}
	}
	switch {
	case billed:
		return in.BuyAgain
	case unclear:
		return in.Resend
	}
	return true
}

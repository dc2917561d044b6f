package layers

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed-6b91b535/idrec/shared"
)

func TestEveryCallIsObservedOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var seen []Observation
		v := newVendor(func(n int, _ *shared.Request) play {
			if n == 1 {
				return play{outcome: shared.OutcomeAmbiguous, code: shared.CodeGatewayError}
			}
			return play{delay: time.Second}
		})
		s := Around(v, Options{Observe: func(o Observation) { seen = append(seen, o) }})
		if err := s.Configure(t.Context(), shared.Configuration{Values: quick()}); err != nil {
			t.Fatal(err)
		}
		read(t, s, request("a"))
		read(t, s, request("a"))
		fail(t, s, request("b"), shared.CodeGatewayError, shared.OutcomeAmbiguous)
		fail(t, s, &shared.Request{}, shared.CodeInvalidRequest, shared.OutcomeNotSent)
		want := []Observation{
			{Status: shared.StatusNormal, Outcome: shared.OutcomeBilled, Basis: shared.BasisDocumented, AnsweredBy: shared.AnsweredLive, Price: 40, Attempts: 1, Elapsed: time.Second},
			{Status: shared.StatusNormal, Outcome: shared.OutcomeBilled, Basis: shared.BasisDocumented, AnsweredBy: shared.AnsweredLedger},
			{Code: shared.CodeGatewayError, Class: shared.ClassUnclear, Outcome: shared.OutcomeAmbiguous, Basis: shared.BasisDocumented, Price: fakePrice, Attempts: 1},
			{Code: shared.CodeInvalidRequest, Class: shared.ClassInput, Outcome: shared.OutcomeNotSent, Basis: shared.BasisProved},
		}
		if len(seen) != len(want) {
			t.Fatalf("%d calls were observed", len(seen))
		}
		for i := range want {
			seen[i].Timings = shared.Timings{}
			if seen[i] != want[i] {
				t.Errorf("observed %+v, want %+v", seen[i], want[i])
			}
		}
	})
}

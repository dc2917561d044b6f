package wapi

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/seed-6b91b535/idrec/shared"
)

// Whatever a verdict says of being sent again, what may have been billed is not, a bound is kept, and
// no call resends without end.
func TestNothingThatMayBeBilledIsResent(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b := budget{bound: rapid.SampledFrom([]shared.Basis{"", shared.BasisProved, shared.BasisDocumented, shared.BasisAssumed, noResend}).Draw(t, "bound")}
		n := 0
		for range rapid.IntRange(1, 30).Draw(t, "attempts") {
			v := verdict{
				outcome: rapid.SampledFrom([]shared.Outcome{shared.OutcomeNotSent, shared.OutcomeRejected, shared.OutcomeBilled, shared.OutcomeAmbiguous, "new"}).Draw(t, "outcome"),
				basis:   rapid.SampledFrom([]shared.Basis{shared.BasisProved, shared.BasisDocumented, shared.BasisAssumed}).Draw(t, "basis"),
				resend:  resend(rapid.IntRange(0, len(resendRules)-1).Draw(t, "resend")),
			}
			if _, again := b.next(v, func() float64 { return 0 }); again {
				n++
				if v.outcome.MayBeBilled() || !b.bound.Allows(v.basis) || v.resend == resendNever {
					t.Fatalf("%s/%s was resent under the bound %q", v.outcome, v.basis, b.bound)
				}
			}
		}
		if n > maxResends {
			t.Fatalf("%d resends", n)
		}
	})
}

func TestDelaysStayWithinTheirRule(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := resend(rapid.IntRange(0, len(resendRules)-1).Draw(t, "resend"))
		rule := resendRules[r]
		n := rapid.IntRange(0, maxResends).Draw(t, "n")
		d := r.delay(n, rapid.Float64Range(0, 0.999).Draw(t, "random"), 0)
		if d < rule.floor || d > rule.floor+rule.cap || d > rule.floor+rule.base<<n {
			t.Fatalf("resend %d of kind %d waits %v", n, r, d)
		}
		after := time.Duration(rapid.Int64Range(1, int64(48*time.Hour)).Draw(t, "after"))
		if d := r.delay(n, 0.5, after); d > maxRetryAfter || d != min(after, maxRetryAfter) {
			t.Fatalf("Retry-After %v became %v", after, d)
		}
	})
}

func TestTableOfVendorCodesIsWhole(t *testing.T) {
	resends := map[int]int{10002: 1, 10004: 1, 10014: 1, 10021: 2}
	last := 0
	for _, c := range VendorCodes() {
		if c.Number <= last || c.Meaning == "" || c.Number == 10016 {
			t.Errorf("row %+v", c)
		}
		last = c.Number
		if (c.Code == "") != (c.Number == Success) || (c.Outcome == shared.OutcomeBilled) != (c.Number == Success) || c.Basis != shared.BasisDocumented {
			t.Errorf("row %+v", c)
		}
		if _, known := c.Code.Info(); !known && c.Number != Success {
			t.Errorf("%d: the code %q is not in the contract", c.Number, c.Code)
		}
		if c.Resends != resends[c.Number] {
			t.Errorf("%d: %d resends", c.Number, c.Resends)
		}
	}
	if len(VendorCodes()) != 22 || last != 10022 {
		t.Errorf("%d rows", len(VendorCodes()))
	}
}

package layers

import (
	"testing"

	"github.com/seed-6b91b535/idrec/shared"
)

func TestUnsafeSettingsStandForEveryRequest(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		play    play
		setting string
	}{
		"buy again": {setting: "unsafe_buy_again"},
		"resend":    {setting: "unsafe_resend_ambiguous", play: play{outcome: shared.OutcomeAmbiguous, code: shared.CodeGatewayError}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			v := newVendor(always(c.play))
			s := around(t, v, nil, quick(c.setting, "true", "circuit_failures", "100"))
			req := request("a")
			for range 3 {
				_, _ = s.Recognize(t.Context(), req)
			}
			if n, _ := v.counts(); n != 3 {
				t.Errorf("%d requests", n)
			}
			// Each picture has a budget of its own, so that a loop of deliveries ends.
			fail(t, s, req, shared.CodeBudgetExhausted, shared.OutcomeNotSent)
			_, _ = s.Recognize(t.Context(), request("b"))
			if n, _ := v.counts(); n != 4 {
				t.Errorf("%d requests", n)
			}
			if req.UnsafeBuyAgain || req.UnsafeResendAmbiguous {
				t.Error("the caller's request was changed")
			}
		})
	}
}

func TestBudgetOfAPictureInYuan(t *testing.T) {
	t.Parallel()
	v := newVendor(always(play{}))
	s := around(t, v, nil, quick("unsafe_buy_again", "true", "budget_key_calls", "0", "budget_key_yuan", "0.140"))
	for range 3 { // 40 each, and 50 are reserved
		_, _ = s.Recognize(t.Context(), request("a"))
	}
	fail(t, s, request("a"), shared.CodeBudgetExhausted, shared.OutcomeNotSent)
	v.want(t, 3, 3)
}

package layers

import (
	"testing"

	"github.com/seed-6b91b535/idrec/shared"
)

func TestCredentialsAreLatchedUntilConfigured(t *testing.T) {
	t.Parallel()
	signature := play{outcome: shared.OutcomeRejected, code: shared.CodeSignatureRefused}
	server := play{outcome: shared.OutcomeRejected, code: shared.CodeVendorServerError}
	unsent := play{outcome: shared.OutcomeNotSent, code: shared.CodeUpstreamUnreachable}
	for name, c := range map[string]struct {
		plays   []play
		latched bool
	}{
		"two signatures in a row":           {[]play{signature, signature}, false},
		"three signatures in a row":         {[]play{signature, signature, signature}, true},
		"unsent calls between them":         {[]play{signature, unsent, signature, unsent, signature}, true},
		"another answer between them":       {[]play{signature, signature, server, signature, signature}, false},
		"a good answer between them":        {[]play{signature, signature, {}, signature, signature}, false},
		"an unknown appid, once":            {[]play{{outcome: shared.OutcomeRejected, code: shared.CodeAppIDUnknown}}, true},
		"an appid that was refused locally": {[]play{{outcome: shared.OutcomeNotSent, code: shared.CodeAppIDUnknown}}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			v := newVendor(func(n int, _ *shared.Request) play {
				if n < len(c.plays) {
					return c.plays[n]
				}
				return play{}
			})
			s := around(t, v, nil, quick())
			for i := range c.plays {
				_, _ = s.Recognize(t.Context(), request(string(rune('a'+i))))
			}
			v.want(t, len(c.plays), len(v.billed))
			if !c.latched {
				read(t, s, request("next"))
				return
			}
			for range 2 {
				e := fail(t, s, request("next"), shared.CodeCredentialsLatched, shared.OutcomeNotSent)
				if e.VendorText != "text" || e.Retryable() {
					t.Errorf("refused with %+v", *e)
				}
				if err := s.Resume(t.Context()); err != nil { // is about pauses
					t.Fatal(err)
				}
			}
			if a, err := s.Account(t.Context()); err != nil || a.Paused == nil || a.Paused.Code != shared.CodeCredentialsLatched {
				t.Errorf("the account says %+v, %v", a, err)
			}
			if err := s.Configure(t.Context(), shared.Configuration{Values: quick()}); err != nil {
				t.Fatal(err)
			}
			read(t, s, request("next"))
		})
	}
}

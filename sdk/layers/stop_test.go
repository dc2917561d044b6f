package layers

import (
	"encoding/json"
	"os"
	"testing"
	"time"

	"github.com/seed-6b91b535/idrec/shared"
)

func TestPauseAndCircuitFollowTheirTable(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile("testdata/pause.json")
	if err != nil {
		t.Fatal(err)
	}
	var cases []struct {
		Name  string `json:"name"`
		Steps []struct {
			At         string `json:"at"`
			Call       string `json:"call"` // sent, probe, or the code of the refusal
			RetryAfter string `json:"retry_after"`
			End        string `json:"end"` // alive, unclear, sick, none, or the code of a pause
			Probe      bool   `json:"probe"`
		} `json:"steps"`
	}
	if err := json.Unmarshal(data, &cases); err != nil {
		t.Fatal(err)
	}
	circuit := circuitSettings{failures: 5, window: time.Minute, probe: 30 * time.Second}
	zero := time.Date(2026, 3, 4, 0, 0, 0, 0, time.UTC)
	for _, c := range cases {
		t.Run(c.Name, func(t *testing.T) {
			t.Parallel()
			var h halt
			for i, s := range c.Steps {
				after, err := time.ParseDuration(s.At)
				if err != nil {
					t.Fatal(err)
				}
				now := zero.Add(after)
				if s.End != "" {
					v, failure := map[string]verdict{"alive": verdictAlive, "unclear": verdictUnclear, "sick": verdictSick, "none": verdictNone}[s.End], (*shared.Error)(nil)
					if _, word := map[string]bool{"alive": true, "unclear": true, "sick": true, "none": true}[s.End]; !word {
						v, failure = verdictPaused, &shared.Error{Code: shared.Code(s.End), Outcome: shared.OutcomeRejected, VendorText: "text"}
					}
					h.observe(now, s.Probe, v, failure, circuit, 3*time.Minute)
				} else {
					before := toJSON(t, h)
					probe, changed, refused := h.admit(now)
					got, wait := "sent", ""
					switch {
					case refused != nil:
						got, wait = string(refused.Code), refused.RetryAfter.String()
						if refused.Outcome != shared.OutcomeNotSent || !refused.Retryable() {
							t.Errorf("step %d: refused with %+v", i, *refused)
						}
					case probe:
						got = "probe"
					}
					want, _ := time.ParseDuration(s.RetryAfter)
					if got != s.Call || (refused != nil && refused.RetryAfter != want) {
						t.Errorf("step %d at %s: %s %s, want %s %s", i, s.At, got, wait, s.Call, s.RetryAfter)
					}
					if changed != (before != toJSON(t, h)) {
						t.Errorf("step %d: says changed %v", i, changed)
					}
				}
				// As it lies in the register.
				var again halt
				if err := json.Unmarshal([]byte(toJSON(t, h)), &again); err != nil {
					t.Fatal(err)
				}
				h = again
			}
		})
	}
}

func toJSON(t *testing.T, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestVerdictOfACall(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		res  *shared.Result
		err  *shared.Error
		want verdict
	}{
		{"a result", portrait(), nil, verdictAlive},
		{"billed, answer lost", nil, &shared.Error{Code: shared.CodeAnswerLost, Outcome: shared.OutcomeBilled}, verdictAlive},
		{"no answer", nil, &shared.Error{Code: shared.CodeOutcomeUnknown, Outcome: shared.OutcomeAmbiguous}, verdictUnclear},
		{"502", nil, &shared.Error{Code: shared.CodeGatewayError, Outcome: shared.OutcomeAmbiguous}, verdictUnclear},
		{"503", nil, &shared.Error{Code: shared.CodeUpstreamBusy, Outcome: shared.OutcomeRejected, Basis: shared.BasisAssumed}, verdictSick},
		{"10018", nil, &shared.Error{Code: shared.CodeQuotaExhausted, Outcome: shared.OutcomeRejected, Basis: shared.BasisDocumented}, verdictPaused},
		{"10013", nil, &shared.Error{Code: shared.CodeAPISuspended, Outcome: shared.OutcomeRejected, Basis: shared.BasisDocumented}, verdictPaused},
		{"10021", nil, &shared.Error{Code: shared.CodeVendorServerError, Outcome: shared.OutcomeRejected, Basis: shared.BasisDocumented}, verdictAlive},
		{"10003", nil, &shared.Error{Code: shared.CodeSignatureRefused, Outcome: shared.OutcomeRejected, Basis: shared.BasisDocumented}, verdictAlive},
		{"our own budget", nil, &shared.Error{Code: shared.CodeBudgetExhausted, Outcome: shared.OutcomeNotSent}, verdictNone},
		{"the ledger", nil, &shared.Error{Code: shared.CodeLedgerUnavailable, Outcome: shared.OutcomeNotSent}, verdictNone},
		{"no connection", nil, &shared.Error{Code: shared.CodeUpstreamUnreachable, Outcome: shared.OutcomeNotSent, Attempts: 3}, verdictSick},
		{"gave up in the queue", nil, &shared.Error{Code: shared.CodeCanceled, Outcome: shared.OutcomeNotSent}, verdictNone},
		{"a bad picture", nil, &shared.Error{Code: shared.CodePictureTooLarge, Outcome: shared.OutcomeNotSent}, verdictNone},
		{"free", nil, &shared.Error{Code: shared.CodePictureBroken, Outcome: shared.OutcomeFree}, verdictNone},
	} {
		if got := verdictOf(c.res, c.err); got != c.want {
			t.Errorf("%s: verdict %d, want %d", c.name, got, c.want)
		}
	}
}

package convert

import (
	"unicode/utf8"

	"github.com/seed-6b91b535/idrec/shared"
	"github.com/seed-6b91b535/idrec/shared/rpc/internal/recognizerpb"
)

// ConfigurationTo reveals the secrets: this message is the one place where they cross.
func ConfigurationTo(c shared.Configuration) *recognizerpb.ConfigureRequest {
	p := &recognizerpb.ConfigureRequest{Values: textMapTo(c.Values)}
	if len(c.Secrets) > 0 {
		p.Secrets = make(map[string][]byte, len(c.Secrets))
		for k, s := range c.Secrets {
			p.Secrets[text(k)] = []byte(s.Reveal())
		}
	}
	return p
}

// ConfigurationFrom is the inverse of [ConfigurationTo].
func ConfigurationFrom(p *recognizerpb.ConfigureRequest) shared.Configuration {
	c := shared.Configuration{Values: textMapFrom(p.GetValues())}
	if len(p.GetSecrets()) > 0 {
		c.Secrets = make(map[string]shared.Secret, len(p.GetSecrets()))
		for k, v := range p.GetSecrets() {
			c.Secrets[k] = shared.NewSecret(string(v))
		}
	}
	return c
}

// CheckConfiguration refuses a configuration with a text that cannot cross as it is, with
// [shared.CodeConfigurationInvalid]. Secrets may hold any bytes.
func CheckConfiguration(c shared.Configuration) error {
	bad := func(msg string) error {
		return &shared.Error{Code: shared.CodeConfigurationInvalid, Message: msg,
			Outcome: shared.OutcomeNotSent, Basis: shared.BasisProved}
	}
	for k, v := range c.Values {
		if !utf8.ValidString(k) {
			return bad("the name of a setting is not UTF-8 text")
		}
		if !utf8.ValidString(v) {
			return bad("the value of the setting " + k + " is not UTF-8 text")
		}
	}
	for k := range c.Secrets {
		if !utf8.ValidString(k) {
			return bad("the name of a setting is not UTF-8 text")
		}
	}
	return nil
}

// HealthTo returns an empty answer for nil.
func HealthTo(h *shared.Health) *recognizerpb.CheckResponse {
	if h == nil {
		return &recognizerpb.CheckResponse{}
	}
	item := func(i shared.CheckItem) *recognizerpb.CheckItem {
		return &recognizerpb.CheckItem{State: text(i.State), Message: text(i.Message)}
	}
	return &recognizerpb.CheckResponse{Process: item(h.Process), Upstream: item(h.Upstream),
		Credentials: item(h.Credentials), Clock: item(h.Clock), ClockSkew: durationTo(h.ClockSkew)}
}

// HealthFrom is the inverse of [HealthTo].
func HealthFrom(p *recognizerpb.CheckResponse) *shared.Health {
	item := func(i *recognizerpb.CheckItem) shared.CheckItem {
		return shared.CheckItem{State: shared.CheckState(i.GetState()), Message: i.GetMessage()}
	}
	return &shared.Health{Process: item(p.GetProcess()), Upstream: item(p.GetUpstream()),
		Credentials: item(p.GetCredentials()), Clock: item(p.GetClock()), ClockSkew: p.GetClockSkew().AsDuration()}
}

// AccountTo returns an empty answer for nil.
func AccountTo(a *shared.Account) *recognizerpb.AccountResponse {
	if a == nil {
		return &recognizerpb.AccountResponse{}
	}
	return &recognizerpb.AccountResponse{Today: tallyTo(a.Today), Total: tallyTo(a.Total), Paused: ErrorTo(a.Paused),
		PausedSince: timeTo(a.PausedSince), NextProbe: timeTo(a.NextProbe), CircuitOpen: a.CircuitOpen, Durable: a.Durable}
}

// AccountFrom is the inverse of [AccountTo].
func AccountFrom(p *recognizerpb.AccountResponse) *shared.Account {
	return &shared.Account{Today: tallyFrom(p.GetToday()), Total: tallyFrom(p.GetTotal()), Paused: ErrorFrom(p.GetPaused()),
		PausedSince: timeFrom(p.GetPausedSince()), NextProbe: timeFrom(p.GetNextProbe()),
		CircuitOpen: p.GetCircuitOpen(), Durable: p.GetDurable()}
}

func tallyTo(t shared.Tally) *recognizerpb.Tally {
	return &recognizerpb.Tally{Billed: t.Billed, Rejected: t.Rejected, NotSent: t.NotSent, Ambiguous: t.Ambiguous, Answered: t.Answered,
		SpentMilliyuan: int64(t.Spent), SuspectedMilliyuan: int64(t.Suspected), SavedMilliyuan: int64(t.Saved)}
}

func tallyFrom(p *recognizerpb.Tally) shared.Tally {
	return shared.Tally{Billed: p.GetBilled(), Rejected: p.GetRejected(), NotSent: p.GetNotSent(), Ambiguous: p.GetAmbiguous(), Answered: p.GetAnswered(),
		Spent: shared.Money(p.GetSpentMilliyuan()), Suspected: shared.Money(p.GetSuspectedMilliyuan()), Saved: shared.Money(p.GetSavedMilliyuan())}
}

// RecollectionTo returns an empty answer for nil.
func RecollectionTo(r *shared.Recollection) *recognizerpb.RecallResponse {
	if r == nil {
		return &recognizerpb.RecallResponse{}
	}
	return &recognizerpb.RecallResponse{State: text(r.State), Outcome: text(r.Outcome), Basis: text(r.Basis),
		Result: ResultTo(r.Result), Error: ErrorTo(r.Err)}
}

// RecollectionFrom is the inverse of [RecollectionTo].
func RecollectionFrom(p *recognizerpb.RecallResponse) *shared.Recollection {
	return &shared.Recollection{State: shared.RecallState(p.GetState()), Outcome: shared.Outcome(p.GetOutcome()), Basis: shared.Basis(p.GetBasis()),
		Result: ResultFrom(p.GetResult()), Err: ErrorFrom(p.GetError())}
}

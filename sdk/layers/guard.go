package layers

import (
	"context"
	"fmt"
	"runtime/debug"
	"slices"
	"sync/atomic"

	"github.com/seed-6b91b535/idrec/shared"
)

// guardLayer makes what a provider returns keep the contract: one of result and error, an error that
// is a *shared.Error, a known outcome, and no panic. It also holds that BeforeSend is called once: by the
// provider, or for one that is silent.
type guardLayer struct {
	layer

	chain *chain
}

func (l *guardLayer) Recognize(ctx context.Context, req *shared.Request) (res *shared.Result, err error) {
	var sent atomic.Bool
	silent := l.chain.description.Paid && l.chain.stack.silent.Load()
	hooked := shared.WithBeforeSend(ctx, func(c context.Context) error {
		if silent {
			return nil // it was said for it
		}
		if !sent.CompareAndSwap(false, true) {
			return &shared.Error{Code: shared.CodeInternal, Outcome: shared.OutcomeAmbiguous, Basis: shared.BasisProved,
				Message: "the provider announced one call twice: report it"}
		}
		// The context of the layers, which outlives the caller's and carries their hook.
		err := shared.BeforeSend(ctx)
		if err != nil {
			sent.Store(false)
		}
		return err
	})
	defer func() {
		if v := recover(); v != nil {
			res, err = nil, l.chain.stack.panicked(v, l.worst(sent.Load()))
		}
	}()
	if silent {
		if err := shared.BeforeAttempt(ctx); err != nil {
			return nil, err
		}
		if err := shared.BeforeSend(ctx); err != nil {
			return nil, err
		}
		sent.Store(true)
	}
	res, err = l.inner.Recognize(hooked, req)
	if res, err = l.mend(res, err, l.worst(sent.Load())); err == nil && req.Image.Kind() == "url" && !slices.ContainsFunc(res.Findings, byVendor) {
		res.Findings = append(res.Findings, shared.Finding{Code: shared.FindingURLByVendor, Severity: shared.SeverityWarning,
			Message: "the vendor fetched the picture itself: it was not prepared, and is told from others by its address or by the caller's word only"})
	}
	return res, err
}

func byVendor(f shared.Finding) bool { return f.Code == shared.FindingURLByVendor }

// worst is the outcome of a call of which nothing else is known.
func (l *guardLayer) worst(sent bool) shared.Outcome {
	switch {
	case !l.chain.description.Paid:
		return shared.OutcomeFree
	case sent:
		return shared.OutcomeAmbiguous
	}
	return shared.OutcomeNotSent
}

func (l *guardLayer) mend(res *shared.Result, err error, worst shared.Outcome) (*shared.Result, error) {
	switch {
	case err != nil:
		e := *shared.ErrorOf(err, worst, shared.BasisProved)
		if !known(e.Outcome) {
			e.Outcome, e.Basis = worst, shared.BasisProved
		}
		return nil, &e
	case res == nil:
		return nil, &shared.Error{Code: shared.CodeInternal, Outcome: worst, Basis: shared.BasisProved,
			Message: "the provider returned neither a result nor an error: report it"}
	}
	// From here on it is ours, and the layers above may write to it.
	res = res.Clone()
	res.AnsweredBy, res.Unrecorded = shared.AnsweredLive, false
	if res.Provider == "" {
		res.Provider, res.Product = l.chain.description.Name, l.chain.description.Product
	}
	if !known(res.Outcome) {
		res.Outcome, res.Basis = shared.OutcomeFree, shared.BasisProved
		if l.chain.description.Paid {
			// An answer is what vendors bill.
			res.Outcome, res.Basis = shared.OutcomeBilled, shared.BasisAssumed
		}
	}
	return res, nil
}

func known(o shared.Outcome) bool {
	switch o {
	case shared.OutcomeNotSent, shared.OutcomeRejected, shared.OutcomeBilled, shared.OutcomeAmbiguous, shared.OutcomeFree:
		return true
	}
	return false
}

// panicked makes an error of a panic. The value may hold anything, so it goes to the process's own
// reporter and not into the error.
func (s *Stack) panicked(v any, outcome shared.Outcome) *shared.Error {
	if s.onPanic != nil {
		s.onPanic(v, debug.Stack())
	}
	cause, ok := v.(error)
	if !ok {
		cause = fmt.Errorf("panic with a %T", v)
	}
	return &shared.Error{Code: shared.CodePanic, Outcome: outcome, Basis: shared.BasisProved, Err: cause}
}

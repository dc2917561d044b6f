package layers

import (
	"context"
	"errors"

	"github.com/seed-6b91b535/idrec/sdk/idcard"
	"github.com/seed-6b91b535/idrec/sdk/ledger"
	"github.com/seed-6b91b535/idrec/shared"
)

// Account tells the books of the ledger and what is paused.
func (s *Stack) Account(ctx context.Context) (*shared.Account, error) {
	c, leave, err := s.enter(ctx)
	if err != nil {
		return nil, err
	}
	defer leave()
	day, total, err := c.book.store.Tally(ctx, s.now())
	if err != nil {
		return nil, ledgerFailed(ctx, err)
	}
	a := &shared.Account{Today: day, Total: total, Durable: c.book.store.Durable()}
	h, _, err := c.pause.load(ctx)
	if err != nil {
		return nil, ledgerFailed(ctx, err)
	}
	if h.Stop != nil {
		a.PausedSince, a.NextProbe = h.Stop.Since, h.Stop.Next
		if e := h.Stop.refusal(s.now()); h.isPaused() {
			a.Paused = e
		} else {
			a.CircuitOpen = true
		}
	}
	if e := c.condemned(); e != nil && a.Paused == nil {
		a.Paused = e
	}
	return a, nil
}

// Resume lifts a pause and an open circuit. Credentials that were refused stay so until [Stack.Configure].
func (s *Stack) Resume(ctx context.Context) error {
	c, leave, err := s.enter(ctx)
	if err != nil {
		return err
	}
	defer leave()
	if err := c.pause.resume(ctx); err != nil {
		return ledgerFailed(ctx, err)
	}
	return nil
}

// Recall tells what happened to a call or to the picture of a request key.
func (s *Stack) Recall(ctx context.Context, q shared.RecallQuery) (*shared.Recollection, error) {
	if (q.CallID == "") == (q.RequestKey == "") {
		return nil, notSent(shared.CodeInvalidRequest, "ask for a call_id or for a request key, not for both", nil)
	}
	c, leave, err := s.enter(ctx)
	if err != nil {
		return nil, err
	}
	defer leave()
	e, err := c.entry(ctx, q)
	if err != nil {
		return nil, ledgerFailed(ctx, err)
	}
	r := &shared.Recollection{State: e.State, Outcome: e.Outcome, Basis: e.Basis}
	switch e.State {
	case shared.RecallUnknown, shared.RecallInFlight:
		return r, nil
	case shared.RecallInDoubt:
		r.Outcome, r.Basis = shared.OutcomeAmbiguous, shared.BasisProved
	case shared.RecallSettled:
		if len(e.Answer) == 0 && !e.Outcome.MayBeBilled() {
			return r, nil // it was settled by hand, or what was said was deleted
		}
	}
	res, failure, err := recorded(e)
	if err != nil {
		return nil, notSent(shared.CodeLedgerUnavailable, "the recorded answer cannot be read: it is damaged, or was written by a newer version", err)
	}
	if r.Err = failure; res != nil {
		r.Result = judge(res, shared.SideDetect, nil, idcard.Today(s.now()))
	}
	return r, nil
}

func (c *chain) entry(ctx context.Context, q shared.RecallQuery) (ledger.Entry, error) {
	match := func(p ledger.Settlement) bool { return p.Intent.Key == q.RequestKey && p.Outcome.MayBeBilled() }
	ask := func() (ledger.Entry, error) { return lastOf(ctx, c.book.store, q.RequestKey) }
	if q.CallID != "" {
		booked, waiting := c.stack.sharing.find(q.CallID)
		if waiting {
			return ledger.Entry{State: shared.RecallInFlight, CallID: q.CallID}, nil
		}
		match = func(p ledger.Settlement) bool { return p.Intent.CallID == booked }
		ask = func() (ledger.Entry, error) { return c.book.store.Call(ctx, booked) }
	}
	if e, ok := c.book.pending.find(match); ok {
		return e, nil
	}
	return ask()
}

// lastOf returns what answers a key, and where nothing does, the last call that was made for it.
func lastOf(ctx context.Context, store ledger.Store, key string) (ledger.Entry, error) {
	last, err := store.Lookup(ctx, key, "")
	if err != nil || last.State != shared.RecallUnknown {
		return last, err
	}
	for r, err := range store.Records(ctx, ledger.Filter{Key: key}) {
		if err != nil {
			return ledger.Entry{}, err
		}
		last = r.Entry
	}
	return last, nil
}

// Check forwards to the provider. A paid look is booked at the highest price, since its outcome is not
// told.
func (s *Stack) Check(ctx context.Context, paid bool) (*shared.Health, error) {
	checker, ok := shared.As[shared.Checker](s.provider)
	if !ok {
		return nil, notSent(shared.CodeNotSupported, "", nil)
	}
	c, leave, err := s.enter(ctx)
	if err != nil {
		return nil, err
	}
	defer leave()
	if !paid || !c.description.Paid {
		return checker.Check(ctx, paid)
	}
	id := s.callID()
	in := ledger.Intent{
		Key: c.book.store.Digester().Sum("check", id), CallID: id, At: s.now(), Price: c.reservation, DayLimit: c.settings.budgetDay,
		Provider: c.description.Name, Product: c.description.Product,
	}
	began := false
	h, err := checker.Check(shared.WithBeforeSend(ctx, func(ctx context.Context) error {
		if began {
			return nil // one booking, whatever it sends
		}
		if err := c.book.pending.clear(ctx); err != nil {
			return err
		}
		_, ok, err := c.book.store.Begin(ctx, in)
		switch {
		case err != nil:
			return ledgerFailed(ctx, err)
		case !ok:
			return ledgerFailed(ctx, errors.New("a random key is on record"))
		}
		began = true
		return nil
	}), true)
	if began {
		end := ledger.Settlement{Intent: in, At: s.now(), Outcome: shared.OutcomeBilled, Basis: shared.BasisAssumed, Price: c.reservation}
		if failure, ok := errors.AsType[*shared.Error](err); ok {
			end.Outcome, end.Basis = failure.Outcome, failure.Basis
		}
		c.book.pending.settle(ctx, end)
	}
	return h, err
}

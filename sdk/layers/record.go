package layers

import (
	"context"
	"errors"

	"github.com/seed-6b91b535/idrec/sdk/ledger"
	"github.com/seed-6b91b535/idrec/shared"
)

// recordLayer writes the two records of a paid call: the intent when the provider is about to send,
// and the outcome when it returned. It runs once for all callers of a flight.
type recordLayer struct {
	layer

	chain *chain
}

// booking is one attempt to make the call.
type booking struct {
	intent ledger.Intent
	began  bool
	// found is what the record had when the call was to begin, so that it was not.
	found *ledger.Entry
}

func (l *recordLayer) Recognize(ctx context.Context, req *shared.Request) (*shared.Result, error) {
	if err := l.chain.book.pending.clear(ctx); err != nil {
		return nil, err
	}
	for {
		var b booking
		res, err := l.inner.Recognize(shared.WithBeforeSend(ctx, func(context.Context) error { return l.begin(ctx, &b) }), req)
		var failure *shared.Error
		if err != nil {
			failure = shared.ErrorOf(err, shared.OutcomeAmbiguous, shared.BasisProved)
		}
		outcome := outcomeOf(res, failure)
		if b.found == nil || outcome.MayBeBilled() {
			return l.end(ctx, req, &b, res, failure)
		}
		// Somebody was faster. Wait for a call in flight, and then see what it left.
		e := *b.found
		if e.State == shared.RecallInFlight {
			if e, err = l.wait(ctx, e); err != nil {
				return nil, ledgerFailed(ctx, err)
			}
		}
		if e.Answers() && !b.intent.Passes(e) {
			return orError(answerFrom(e))
		}
	}
}

// wait waits for a call in flight, which may be one of this process whose outcome waits to be written.
func (l *recordLayer) wait(ctx context.Context, e ledger.Entry) (ledger.Entry, error) {
	book := l.chain.book
	if waiting, ok := book.pending.find(func(p ledger.Settlement) bool { return p.Intent.CallID == e.CallID }); ok {
		return waiting, nil
	}
	return book.store.Wait(ctx, e.CallID)
}

// orError returns a typed nil as none.
func orError(res *shared.Result, failure *shared.Error) (*shared.Result, error) {
	if failure != nil {
		return nil, failure
	}
	return res, nil
}

func outcomeOf(res *shared.Result, failure *shared.Error) shared.Outcome {
	if failure != nil {
		return failure.Outcome
	}
	return res.Outcome
}

// begin writes the intent in the name of the caller that has waited longest. One whose own budget or
// key forbids it gets its refusal alone, and the next one is tried.
func (l *recordLayer) begin(ctx context.Context, b *booking) error {
	pending := l.chain.book.pending
	if err := pending.clear(ctx); err != nil {
		return err
	}
	f := flightOf(ctx)
	for {
		payer, ok := f.depart()
		if !ok {
			return notSent(shared.CodeCanceled, "", context.Canceled)
		}
		b.intent = l.intent(payer.req, payer.id)
		e, began, err := l.write(ctx, b.intent)
		var refused *shared.Error
		switch {
		case errors.As(err, &refused):
			f.refuse(payer, refused)
			continue
		case err != nil:
			f.stay()
			// It may be on record all the same, and would then be in flight for as long as we live.
			pending.settle(ctx, ledger.Settlement{Intent: b.intent, At: l.chain.stack.now(), Outcome: shared.OutcomeNotSent, Basis: shared.BasisProved})
			return ledgerFailed(ctx, err)
		case !began:
			f.stay()
			b.found = &e
			return notSent(shared.CodeCanceled, "the record answers this picture, so it is not sent", nil)
		}
		b.began = true
		return nil
	}
}

// write is the durable write of an intent. It is not interrupted, since nobody could say then whether it
// was made.
func (l *recordLayer) write(ctx context.Context, in ledger.Intent) (ledger.Entry, bool, error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), settleTimeout)
	defer cancel()
	return l.chain.book.store.Begin(ctx, in)
}

func (l *recordLayer) intent(req *shared.Request, id identity) ledger.Intent {
	d := l.chain.book.store.Digester()
	in := ledger.Intent{
		Key: id.key, CallID: req.CallID, Alias: id.alias, At: l.chain.stack.now(), Price: l.chain.reservation,
		RunLimit: ledger.Limit{Yuan: req.Budget.Yuan, Calls: req.Budget.Calls}, DayLimit: l.chain.settings.budgetDay, KeyLimit: l.chain.settings.budgetKey,
		Resend: req.UnsafeResendAmbiguous, BuyAgain: req.UnsafeBuyAgain,
		Provider: l.chain.description.Name, Product: l.chain.description.Product, Purpose: req.Purpose, Attempt: req.Attempt,
	}
	if req.Budget.Run != "" {
		in.Run = d.Sum("run", req.Budget.Run)
	}
	if req.Subject != "" {
		in.Subject = SubjectDigest(d, req.Subject)
	}
	return in
}

// SubjectDigest is how a record of calls knows whose document it was, [shared.Request.Subject].
func SubjectDigest(d *ledger.Digester, subject string) string { return d.Sum("subject", subject) }

// end writes the outcome. What was not announced and not billed leaves no record.
func (l *recordLayer) end(ctx context.Context, req *shared.Request, b *booking, res *shared.Result, failure *shared.Error) (*shared.Result, error) {
	s := l.chain.stack
	outcome := outcomeOf(res, failure)
	if !b.began {
		if outcome == shared.OutcomeNotSent || outcome == shared.OutcomeFree {
			return orError(res, failure)
		}
		b.intent = l.intent(req, identityOf(ctx))
		s.silent.Store(true)
	}
	end := ledger.Settlement{Intent: b.intent, At: s.now(), Outcome: outcome}
	if failure != nil {
		if outcome.MayBeBilled() && failure.Price == 0 {
			failure.Price = l.chain.reservation
		}
		failure.CallID, failure.RequestKey = b.intent.CallID, b.intent.Key
		end.Basis, end.Price, end.Answer = failure.Basis, failure.Price, ledger.EncodeError(failure)
		l.settle(ctx, end)
		return nil, failure
	}
	if outcome.MayBeBilled() && res.Price == 0 {
		// The provider does not know its price; the highest is what was reserved.
		res.Price = l.chain.reservation
	}
	res.AnsweredBy, res.CallID, res.RequestKey = shared.AnsweredLive, b.intent.CallID, b.intent.Key
	if req.Image.Bytes != nil {
		res.Picture.SHA256 = req.SHA256
	}
	stored := *res
	stored.Findings = foreign(res.Findings)
	end.Basis, end.Price, end.Answer, end.HasResult = res.Basis, res.Price, ledger.EncodeResult(&stored), true
	res.Unrecorded = !l.settle(ctx, end)
	return res, nil
}

// settle writes an outcome, and warns where the package of calls that it counts against gets low.
func (l *recordLayer) settle(ctx context.Context, end ledger.Settlement) bool {
	c := l.chain
	written := c.book.pending.settle(ctx, end)
	if end.Outcome.MayBeBilled() {
		c.stack.notice(c.allowance.spend(context.WithoutCancel(ctx), c.book.store, c.description, end.At))
	}
	return written
}

package layers

import (
	"context"

	"github.com/seed-6b91b535/idrec/sdk/ledger"
	"github.com/seed-6b91b535/idrec/shared"
)

// recallLayer answers from the ledger what was or may have been billed, and waits for what another
// process is paying for.
type recallLayer struct {
	layer

	chain *chain
}

func (l *recallLayer) Recognize(ctx context.Context, req *shared.Request) (*shared.Result, error) {
	s, store := l.chain.stack, l.chain.book.store
	id := identityOf(ctx)
	may := ledger.Intent{Resend: req.UnsafeResendAmbiguous, BuyAgain: req.UnsafeBuyAgain}
	for {
		e, err := l.lookup(ctx, id)
		switch {
		case err != nil:
			return nil, ledgerFailed(ctx, err)
		case e.State == shared.RecallInFlight && !e.Own && !s.sharing.flying(id.key):
			if _, err := store.Wait(ctx, e.CallID); err != nil {
				return nil, ledgerFailed(ctx, err)
			}
			continue
		case e.State != shared.RecallInFlight && !may.Passes(e):
			res, failure := answerFrom(e)
			return l.answered(ctx, req, id, res, failure)
		}
		res, err := l.inner.Recognize(ctx, req)
		if err != nil {
			return nil, err
		}
		if res.AnsweredBy == shared.AnsweredLive {
			return res, nil // its intent bound the caller's key
		}
		return l.answered(ctx, req, id, res, nil)
	}
}

// lookup asks for the key; an outcome that could not be written yet counts as written.
func (l *recallLayer) lookup(ctx context.Context, id identity) (ledger.Entry, error) {
	if e, ok := l.chain.book.pending.find(func(s ledger.Settlement) bool { return s.Intent.Key == id.key && s.Outcome.MayBeBilled() }); ok {
		return e, nil
	}
	return l.chain.book.store.Lookup(ctx, id.key, id.alias)
}

// answered binds the caller's own key to the picture, notes whose document it is, and counts an answer that
// cost nothing.
func (l *recallLayer) answered(ctx context.Context, req *shared.Request, id identity, res *shared.Result, failure *shared.Error) (*shared.Result, error) {
	store := l.chain.book.store
	if id.alias != "" {
		if err := store.Bind(ctx, id.alias, id.key); err != nil {
			if e := ledgerFailed(ctx, err); e.Code == shared.CodeKeyReused {
				return nil, e
			}
			// The binding is a help to the caller, and the answer is at hand.
		}
	}
	if req.Subject != "" {
		// As above.
		_ = store.Concern(ctx, id.key, SubjectDigest(store.Digester(), req.Subject))
	}
	if failure != nil {
		return nil, failure
	}
	// The count is a statistic; the answer does not depend on it.
	_ = store.Answered(ctx, l.chain.stack.now(), l.chain.reservation)
	return res, nil
}

// answerFrom makes the answer that an entry on record gives to a later call, which pays nothing.
func answerFrom(e ledger.Entry) (*shared.Result, *shared.Error) {
	res, failure, err := recorded(e)
	switch {
	case err != nil:
		// It was paid and must not be paid again because of a damaged or newer record.
		return nil, notSent(shared.CodeLedgerUnavailable, "the recorded answer cannot be read: it is damaged, or was written by a newer version", err)
	case failure != nil:
		failure.Price, failure.Attempts = 0, 0
		return nil, failure
	}
	res.AnsweredBy, res.Price, res.Attempts, res.Timings = shared.AnsweredLedger, 0, 0, shared.Timings{}
	return res, nil
}

// recorded returns what an entry that is settled or in doubt says of its own call.
func recorded(e ledger.Entry) (*shared.Result, *shared.Error, error) {
	if !e.Forgotten.IsZero() && !e.Unclear() {
		// This call sent nothing; what is on record was billed.
		return nil, &shared.Error{Code: shared.CodeForgotten, Outcome: shared.OutcomeNotSent, Basis: shared.BasisProved, CallID: e.CallID, RequestKey: e.Key}, nil
	}
	if e.State == shared.RecallSettled && e.Outcome == shared.OutcomeBilled && len(e.Answer) == 0 {
		return nil, &shared.Error{Code: shared.CodeAnswerLost, Outcome: e.Outcome, Basis: e.Basis, Price: e.Price, CallID: e.CallID, RequestKey: e.Key}, nil
	}
	if e.State == shared.RecallInDoubt || len(e.Answer) == 0 {
		return nil, &shared.Error{
			Code: shared.CodeOutcomeUnknown, Outcome: shared.OutcomeAmbiguous, Basis: shared.BasisProved, Price: e.Price, CallID: e.CallID, RequestKey: e.Key,
			Message: "an earlier call for this picture was begun, and how it ended is not known: it may be billed; see whether it was before asking again",
		}, nil
	}
	return ledger.Decode(e.Answer)
}

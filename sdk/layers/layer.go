package layers

import (
	"context"
	"errors"

	"github.com/seed-6b91b535/idrec/shared"
)

// layer is what all layers have in common: they describe themselves as what they wrap.
type layer struct{ inner shared.Recognizer }

func (l layer) Describe(ctx context.Context) (*shared.Description, error) {
	return l.inner.Describe(ctx)
}

// Unwrap returns the recognizer inside.
func (l layer) Unwrap() shared.Recognizer { return l.inner }

// notSent is an error of a call of which nothing left this process.
func notSent(code shared.Code, message string, cause error) *shared.Error {
	return &shared.Error{Code: code, Message: message, Outcome: shared.OutcomeNotSent, Basis: shared.BasisProved, Err: cause}
}

// gaveUp is the error of a caller whose context is done and of whose call nothing was sent.
func gaveUp(cause error) *shared.Error {
	return shared.ErrorOf(cause, shared.OutcomeNotSent, shared.BasisProved)
}

// ledgerFailed makes an error of a ledger the call's: a refusal stays what it is, a caller who gave up
// is told so, and anything else means that the record cannot be used and nothing may be sent.
func ledgerFailed(ctx context.Context, err error) *shared.Error {
	var e *shared.Error
	switch {
	case errors.As(err, &e):
		return e
	case ctx.Err() != nil:
		return gaveUp(context.Cause(ctx))
	}
	return notSent(shared.CodeLedgerUnavailable, "", err)
}

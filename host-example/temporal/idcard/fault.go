package idcard

import (
	"errors"
	"time"

	"go.temporal.io/sdk/temporal"

	"github.com/seed-6b91b535/idrec/host-example/temporal/fetch"
	"github.com/seed-6b91b535/idrec/shared"
)

// settle is what an item that may be billed needs; somebody must look.
const settle = ": settle it with idrec ledger settle, by the request key in the details"

// fault makes the engine's error of ours. The cause is left out: errors of the network hold addresses.
func (a *Activities) fault(err error) error {
	e := typed(err)
	details := shared.NewRecord("", nil, nil, e, 0).Error
	details.VendorText = "" // it may name this machine's address
	o := temporal.ApplicationErrorOptions{NonRetryable: true, Details: []any{details}}
	kind, message := TypeInternal, e.Error()
	switch e.Class() {
	case shared.ClassInput:
		kind = TypeInput
	case shared.ClassConfiguration:
		kind = TypeConfiguration
	case shared.ClassUnclear:
		kind, message = TypeUnclear, message+settle
	case shared.ClassPaused:
		kind, o.NonRetryable, o.NextRetryDelay = TypePaused, false, a.options.PausedDelay
		if e.RetryAfter > 0 { // the plugin knows when it tries the account again
			o.NextRetryDelay = max(e.RetryAfter, time.Second)
		}
	case shared.ClassTransient:
		kind, o.NonRetryable, o.NextRetryDelay = TypeTransient, false, e.RetryAfter
	case shared.ClassInternal:
	}
	if later(err) {
		kind, o.NonRetryable = TypeTransient, false
		if e.Class() == shared.ClassPaused {
			kind = TypePaused
		}
	}
	return temporal.NewApplicationErrorWithOptions(message, kind, o)
}

// later reports whether the same item may go through without being changed.
func later(err error) bool {
	return typed(err).Retryable() || errors.Is(err, fetch.ErrTemporary)
}

// ofItem reports whether a failure concerns one picture, so that the others of its batch go on.
func ofItem(err error) bool {
	switch typed(err).Class() {
	case shared.ClassInput, shared.ClassUnclear, shared.ClassInternal:
		return !later(err)
	case shared.ClassConfiguration, shared.ClassPaused, shared.ClassTransient:
	}
	return false
}

func typed(err error) *shared.Error {
	return shared.ErrorOf(err, shared.OutcomeAmbiguous, shared.BasisProved)
}

func invalid(message string) error {
	return &shared.Error{Code: shared.CodeInvalidRequest, Message: message, Outcome: shared.OutcomeNotSent, Basis: shared.BasisProved}
}

// stopping hands a batch back to the engine, which gives it to another worker at once.
func stopping() error {
	return temporal.NewApplicationErrorWithOptions("this worker is about to end; what is left of the batch goes to another one", TypeStopping,
		temporal.ApplicationErrorOptions{NextRetryDelay: 100 * time.Millisecond})
}

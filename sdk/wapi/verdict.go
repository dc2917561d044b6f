package wapi

import (
	"strconv"
	"time"

	"github.com/seed-6b91b535/idrec/shared"
)

// verdict is how one attempt ended.
type verdict struct {
	envelope *Envelope // set if and only if the code is Success

	code    shared.Code
	message string // empty: made from the table of codes
	outcome shared.Outcome
	basis   shared.Basis

	vendorCode string
	vendorText string
	retryAfter time.Duration
	skew       time.Duration
	cause      error

	// resend says under which rule the attempt may be made again, if the bound of the call allows the
	// basis.
	resend resend
	// raw is an error that is handed on as it is: that of a hook.
	raw error
}

func fail(code shared.Code, outcome shared.Outcome, basis shared.Basis) verdict {
	return verdict{code: code, outcome: outcome, basis: basis}
}

func (v verdict) with(cause error) verdict {
	v.cause = cause
	return v
}

func (v verdict) says(message string) verdict {
	v.message = message
	return v
}

func (v verdict) again(r resend) verdict {
	v.resend = r
	return v
}

// err returns the verdict as the caller sees it.
func (v verdict) err() *shared.Error {
	e := &shared.Error{
		Code: v.code, Message: v.message, VendorText: shared.CapVendorText(v.vendorText),
		VendorCode: v.vendorCode, Outcome: v.outcome, Basis: v.basis,
		RetryAfter: v.retryAfter, ClockSkew: v.skew, Err: v.cause,
	}
	if e.Message == "" {
		e.Message = sentence(v.code)
	}
	return e
}

// sentence says in one line what a code means and what to do.
func sentence(code shared.Code) string {
	info, _ := code.Info()
	if info.Do == "" {
		return info.Meaning
	}
	return info.Meaning + ": " + info.Do
}

// notSent is an error of something that went wrong before anything could be billed.
func notSent(code shared.Code, cause error) *shared.Error {
	return &shared.Error{Code: code, Message: sentence(code), Outcome: shared.OutcomeNotSent, Basis: shared.BasisProved, Err: cause}
}

// notSentSaying is notSent with a message of its own.
func notSentSaying(code shared.Code, message string) *shared.Error {
	e := notSent(code, nil)
	e.Message = message
	return e
}

// suspendedFor is how long an API that the vendor suspended (10013) is best left alone.
const suspendedFor = 5 * time.Minute

// vendorVerdict is the verdict on an envelope.
func vendorVerdict(e *Envelope) verdict {
	if e.Code == Success {
		return verdict{envelope: e, outcome: shared.OutcomeBilled, basis: shared.BasisDocumented}
	}
	row, known := vendorCodeIndex[e.Code]
	v := fail(row.Code, shared.OutcomeRejected, shared.BasisDocumented).again(row.resend)
	if !known {
		v = fail(shared.CodeUnknownVendorCode, shared.OutcomeAmbiguous, shared.BasisDocumented)
	}
	if e.Code == suspendedCode {
		v.retryAfter = suspendedFor
	}
	v.vendorCode, v.vendorText = strconv.Itoa(e.Code), e.Message
	return v
}

// suspendedCode says that the API is suspended.
const suspendedCode = 10013

// weight orders outcomes by how much may have been spent, and how surely we know that it was not: what
// a call of several attempts amounts to is its heaviest one.
func weight(o shared.Outcome, b shared.Basis) int {
	switch o {
	case shared.OutcomeNotSent:
		return 0
	case shared.OutcomeRejected:
		if b == shared.BasisAssumed {
			return 2
		}
		return 1
	case shared.OutcomeBilled:
		return 4
	default:
		return 3
	}
}

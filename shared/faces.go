package shared

import (
	"context"
	"time"
)

// Checker is the face of a recognizer that can say whether it would work now.
type Checker interface {
	// Check looks without a billed call, unless paid is true. It returns an error only if it could
	// not look at all; what it found is in the Health.
	Check(ctx context.Context, paid bool) (*Health, error)
}

// CheckState is the verdict on one point.
type CheckState string

// The verdicts.
const (
	CheckGood    CheckState = "good"
	CheckBad     CheckState = "bad"
	CheckUnknown CheckState = "unknown" // cannot be told without a billed call
)

// CheckItem is one point that was looked at.
type CheckItem struct {
	State   CheckState
	Message string // one line, nothing personal
}

// Health is what a [Checker] found.
type Health struct {
	Process     CheckItem // the recognizer's own process
	Upstream    CheckItem // the vendor's server can be reached
	Credentials CheckItem // the vendor takes the credentials
	Clock       CheckItem // this clock is within what the vendor allows
	// ClockSkew is this machine's clock minus the vendor's, if it was measured.
	ClockSkew time.Duration
}

// Good reports whether nothing is known to be bad.
func (h *Health) Good() bool {
	for _, i := range []CheckItem{h.Process, h.Upstream, h.Credentials, h.Clock} {
		if i.State == CheckBad {
			return false
		}
	}
	return true
}

// Accountant is the face of a recognizer that keeps count.
type Accountant interface {
	// Account tells calls and spend, and what is paused.
	Account(ctx context.Context) (*Account, error)
	// Resume lifts a pause and an open circuit, so that the next call is sent.
	Resume(ctx context.Context) error
}

// Account is the state of the books.
type Account struct {
	Today, Total Tally
	// Paused is the error that waiting calls are answered with, if the account is paused.
	Paused *Error
	// PausedSince and NextProbe are zero if nothing is paused.
	PausedSince, NextProbe time.Time
	// CircuitOpen: too many unclear answers lately, see [CodeUpstreamUnstable].
	CircuitOpen bool
	// Durable: the books survive the end of the process.
	Durable bool
}

// Tally counts calls by outcome. Days begin at midnight in Asia/Shanghai.
type Tally struct {
	Billed    int64
	Rejected  int64
	NotSent   int64
	Ambiguous int64
	Answered  int64 // answered from the record or shared, without asking the provider
	Spent     Money // for billed calls
	Suspected Money // for ambiguous ones
	Saved     Money // what the answered ones would have cost
}

// Recaller is the face of a recognizer that remembers calls.
type Recaller interface {
	// Recall tells what happened to a call, or to the last call of a request key; exactly one of the
	// two is given. An unknown one has the state [RecallUnknown] and is no error.
	Recall(ctx context.Context, q RecallQuery) (*Recollection, error)
}

// RecallQuery names a call or a picture.
type RecallQuery struct {
	CallID     string
	RequestKey string
}

// RecallState says what is known of a call.
type RecallState string

// The states of a call in the record.
const (
	RecallUnknown  RecallState = "unknown"   // never heard of, so by this recognizer nothing was sent
	RecallInFlight RecallState = "in_flight" // being worked on
	RecallSettled  RecallState = "settled"   // there is an outcome
	RecallInDoubt  RecallState = "in_doubt"  // it was begun, and how it ended is not known
)

// Recollection is what the record says of a call.
type Recollection struct {
	State   RecallState
	Outcome Outcome
	Basis   Basis
	Result  *Result // the stored answer, if there is one
	Err     *Error  // the stored error, if there is one
}

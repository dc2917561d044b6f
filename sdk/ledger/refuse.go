package ledger

import (
	"fmt"
	"time"

	"github.com/seed-6b91b535/idrec/shared"
)

func refusal(code shared.Code, in Intent, message string) *shared.Error {
	return &shared.Error{Code: code, Message: message, Outcome: shared.OutcomeNotSent, Basis: shared.BasisProved,
		CallID: in.CallID, RequestKey: in.Key}
}

// KeyReused is the refusal of an alias that is bound to another request key.
func KeyReused(in Intent) *shared.Error {
	return refusal(shared.CodeKeyReused, in, "this key was used for another picture: use one key for one picture")
}

// CallReused is the refusal of a CallID that another call has.
func CallReused(in Intent) *shared.Error {
	return refusal(shared.CodeInvalidRequest, in, "this call_id was used for another call: make a new one for each call")
}

// Scope says whose spend a [Limit] bounds.
type Scope string

// The scopes of a limit.
const (
	ScopeRun Scope = "run"
	ScopeDay Scope = "day"
	ScopeKey Scope = "picture"
)

// OverBudget is the refusal of an intent whose reservation would exceed a limit, given what is spent,
// reserved and suspected in that scope already; nil if it would not. The limit of a day is waited out
// until the next one.
func OverBudget(in Intent, scope Scope, limit, spent Limit) *shared.Error {
	var what string
	switch {
	case limit.Calls > 0 && spent.Calls+1 > limit.Calls:
		what = fmt.Sprintf("%d calls", limit.Calls)
	case limit.Yuan > 0 && spent.Yuan+in.Price > limit.Yuan:
		what = fmt.Sprintf("%s yuan", limit.Yuan)
	default:
		return nil
	}
	e := refusal(shared.CodeBudgetExhausted, in, fmt.Sprintf("the budget of %s per %s is spent or reserved: raise it", what, scope))
	if scope == ScopeDay {
		e.Message += ", or wait until midnight in China"
		e.RetryAfter = NextDay(in.At).Sub(in.At).Round(time.Second)
	}
	return e
}

// NotUnclear is the refusal of a decision on a call that is not unclear; e is what the record has of it.
func NotUnclear(callID string, e Entry) *shared.Error {
	message := "the record has no such call"
	switch e.State {
	case shared.RecallInFlight:
		message = "this call is in flight: wait for it to end"
	case shared.RecallSettled:
		message = "this call is settled as " + string(e.Outcome) + ": there is nothing to decide"
	case shared.RecallUnknown, shared.RecallInDoubt:
	}
	return refusal(shared.CodeInvalidRequest, Intent{CallID: callID, Key: e.Key}, message)
}

// DecidedOutcome is the outcome that [Archive.Decide] records.
func DecidedOutcome(billed bool) shared.Outcome {
	if billed {
		return shared.OutcomeBilled
	}
	return shared.OutcomeRejected
}

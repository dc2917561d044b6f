package ledger

import (
	"context"
	"time"

	"github.com/seed-6b91b535/idrec/shared"
)

// Store is the record of calls as one owner sees it; an owner is a process, and holds one Store. All
// methods are safe for concurrent use.
//
// A method fails with a *[shared.Error] where the caller did something that is refused (the codes are
// at each method). Any other error means that the record could not be read, or that nobody knows
// whether it was written: after such an error of Begin nothing may be sent, and the call is to be
// settled as not sent, which is right either way.
type Store interface {
	Calls
	Books
	Registers
	Archive
	// Digester is the keyed digest of this record. It is the same for every owner and never changes,
	// so that keys made today are found in years.
	Digester() *Digester
	// Durable reports whether the record survives the end of the process.
	Durable() bool
	// Close ends the ownership: calls of this owner that have no outcome are in doubt from now on.
	// It does not wait for them.
	Close() error
}

// Calls is the part of a [Store] that keeps calls and their answers.
type Calls interface {
	// Lookup tells what the record answers for a request key; [Entry.State] is
	// [shared.RecallUnknown] where it has nothing. Where there are several calls, a call in flight
	// comes first, then the latest that was billed and has a result, then the latest of which the result
	// was forgotten, then the latest that was or may have been billed. Calls that were not billed answer
	// nothing. The latest is the one that was begun last, whatever the clocks said.
	//
	// alias may be empty. One that is bound to another key is refused with [shared.CodeKeyReused].
	Lookup(ctx context.Context, key, alias string) (Entry, error)
	// Call tells what became of a call.
	Call(ctx context.Context, callID string) (Entry, error)
	// Begin records the intent to send, reserves the money and binds the alias: one durable write. If
	// the record answers the key already, nothing is written and began is false; the entry is what
	// Lookup would have told. [Intent.Resend] lets through where the answer would be an unclear call,
	// [Intent.BuyAgain] where it would be a billed one; nothing lets through a call in flight.
	//
	// [Intent.KeyLimit] counts the calls of the key on record, which are those of all time unless they were
	// deleted without a tombstone.
	//
	// Refused with [shared.CodeBudgetExhausted] where a limit would be exceeded, with
	// [shared.CodeKeyReused] as Lookup, and with [shared.CodeInvalidRequest] where the CallID was used
	// for another key, or for one that may not be sent again.
	Begin(ctx context.Context, in Intent) (e Entry, began bool, err error)
	// Settle records how a call ended: one durable write. A call that was never begun is recorded
	// whole. The first outcome stands; settling again changes nothing and is no error, so that a write
	// whose fate is unknown can be repeated. What [Archive.Decide] decided gives way to a clear outcome,
	// since the owner has seen what the decision only supposed. Of a call that was forgotten meanwhile the
	// outcome is recorded and the answer is not.
	Settle(ctx context.Context, s Settlement) error
	// Wait returns when the call is no longer in flight, because it was settled or its owner is gone,
	// or with ctx's error. An unknown call is not in flight.
	Wait(ctx context.Context, callID string) (Entry, error)
	// Bind binds an alias to a key that the record answers. Binding it again to the same key is no
	// error; to another one it is [shared.CodeKeyReused].
	Bind(ctx context.Context, alias, key string) error
	// Concern notes whose document the calls show that answer a key, where none was given with them, so that
	// all that is held on a person is found although whoever paid did not say whose it was. A subject that
	// is on record stays, and a call that was forgotten gets none.
	Concern(ctx context.Context, key, subject string) error
}

// Books is the part of a [Store] that counts.
type Books interface {
	// Answered counts a call that was answered without asking the provider, and what that saved. It
	// may be written later than at return.
	Answered(ctx context.Context, at time.Time, saved shared.Money) error
	// Tally tells the counts of the day of at and of all days.
	Tally(ctx context.Context, at time.Time) (day, total shared.Tally, err error)
}

// Registers is the part of a [Store] that holds what all owners know of an account, such as a pause:
// small named values that change by compare and swap.
type Registers interface {
	// Load returns a value and its revision; nil and 0 where there is none.
	Load(ctx context.Context, name string) (value []byte, revision int64, err error)
	// Swap writes the value if the revision is still the given one, and reports whether it did.
	Swap(ctx context.Context, name string, revision int64, value []byte) (swapped bool, err error)
}

// Limit bounds spend; a zero is no bound. Reserved money counts, and so do calls that are unclear.
type Limit struct {
	Yuan  shared.Money
	Calls int64 // calls that are or may be billed
}

// Intent is a call that is about to be sent.
type Intent struct {
	Key    string // the request key
	CallID string // unique among all calls
	Alias  string // digest of the caller's own key; may be empty
	At     time.Time
	// Price is the reservation: the most that the call may cost.
	Price shared.Money
	// Run is the digest of the run's name whose spend is counted; empty: this call alone.
	Run string
	// RunLimit bounds the spend of Run, DayLimit that of the day of At over all calls.
	RunLimit, DayLimit Limit
	// KeyLimit bounds the spend of Key over all its calls, which only the unsafe ways on can repeat.
	KeyLimit Limit
	// Resend and BuyAgain are the unsafe ways on, see [Calls.Begin].
	Resend, BuyAgain bool

	// For the record that a data protection audit asks for.
	Provider, Product string
	Subject           string // digest of whose document it is; may be empty
	Purpose           string
	Attempt           int // the caller's count of deliveries
}

// Passes reports whether the intent may be begun although the record has e for its key. Stores ask it
// inside the transaction that begins the call.
func (in Intent) Passes(e Entry) bool {
	switch {
	case e.State == shared.RecallInFlight:
		return false
	case !e.Answers():
		return true
	case e.Unclear():
		return in.Resend
	}
	return in.BuyAgain
}

// Settlement is how a call ended.
type Settlement struct {
	// Intent is the one that was begun; of one that was not, what would have been.
	Intent  Intent
	At      time.Time
	Outcome shared.Outcome
	Basis   shared.Basis
	// Price is what was spent, or for an unclear call may have been; not billed calls cost nothing,
	// whatever stands here.
	Price shared.Money
	// Answer is the encoded result or error. HasResult tells the two apart, since a store cannot.
	Answer    []byte
	HasResult bool
}

// Entry is what the record says of a call. Its slices must not be changed.
type Entry struct {
	State   shared.RecallState
	Key     string
	CallID  string
	Own     bool // begun by this owner
	Outcome shared.Outcome
	Basis   shared.Basis
	// Price is the reservation of a call without an outcome, or what [Settlement] said.
	Price     shared.Money
	Answer    []byte
	HasResult bool
	Begun     time.Time
	Ended     time.Time
	// Forgotten is when the answer was deleted on request or by age; zero: it was not. The entry still
	// answers its key, with [shared.CodeForgotten] unless it is unclear.
	Forgotten time.Time
	// Decided says that the outcome is what [Archive.Decide] was told.
	Decided bool
}

// Answers reports whether a request for the entry's key must be answered from the entry and not sent:
// it was billed, or may have been. A call in flight must be waited for first.
func (e *Entry) Answers() bool {
	switch e.State {
	case shared.RecallInDoubt:
		return true
	case shared.RecallSettled:
		return e.Outcome.MayBeBilled()
	case shared.RecallUnknown, shared.RecallInFlight:
	}
	return false
}

// Unclear reports whether the entry answers, and nobody knows whether it was billed.
func (e *Entry) Unclear() bool { return e.Answers() && e.Outcome != shared.OutcomeBilled }

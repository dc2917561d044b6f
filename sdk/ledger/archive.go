package ledger

import (
	"context"
	"iter"
	"time"

	"github.com/seed-6b91b535/idrec/shared"
)

// Archive is the part of a [Store] that looks over many calls: what is unclear, what is held on a
// person, what was spent.
type Archive interface {
	// Records yields the calls that f lets through, in the order in which they were begun, until the
	// first error. Calls that begin or end meanwhile may be seen or not, and none is held up. Of a CallID
	// that was used again after a call that was not billed, only the last call is there.
	Records(ctx context.Context, f Filter) iter.Seq2[Record, error]
	// Decide settles by hand a call that is unclear (see [Entry.Unclear]): as billed without a result, so
	// that it answers its key as an answer that was lost, or as [shared.OutcomeRejected], which frees its
	// key. The basis is [shared.BasisAssumed], and what stood in the call's answer is dropped. Deciding
	// the same again changes nothing; a call that is unknown, in flight, settled clearly, or decided
	// otherwise is refused with [shared.CodeInvalidRequest].
	Decide(ctx context.Context, callID string, billed bool, at time.Time) (Record, error)
	// Forget deletes the answer, subject and purpose of the calls that f lets through, and the aliases of
	// keys of which no call is held any more; it returns of how many calls. With tombstone the rest of a
	// call remains (key, run, provider, outcome, price, dates), and it answers its key as forgotten; a
	// call that was forgotten before is left as it is and not counted. Without, nothing remains but the
	// sums in the books, and the picture can be paid again. Calls in flight are left alone.
	//
	// A durable store works in small steps, so that calls go on meanwhile; after an error the calls that
	// are counted stay forgotten. When it returns, the deleted bytes are gone from the store's files or
	// overwritten, as far as its engine can see to that.
	Forget(ctx context.Context, f Filter, tombstone bool, at time.Time) (int64, error)
	// Usage returns the counts of the days from and to, both included, written as [Day] does; empty is
	// unbounded. It is sorted by its fields in their order, has no line without a call, and counts calls
	// that were forgotten too.
	Usage(ctx context.Context, from, to string) ([]Usage, error)
}

// Resealer is a [Store] that seals what it holds.
type Resealer interface {
	// Reseal seals anew, with the active key of the ring that the store was opened with, what older keys
	// of it sealed, and returns how many values there were. When no process with the older ring is left,
	// the older keys can be taken out. Request keys stay what they are. It works in small steps, so that
	// calls go on meanwhile; after an error, the values that are counted stay sealed anew.
	Reseal(ctx context.Context) (int64, error)
}

// Filter chooses calls; the zero value lets all through.
type Filter struct {
	Key, CallID, Subject, Run string    // digests and names as in [Intent]; empty is any
	From, To                  time.Time // when the call was begun, To excluded; zero is unbounded
	EndedBefore               time.Time // only calls that ended before; zero is all
	Unclear                   bool      // only calls of which nobody knows whether they were billed
	Held                      bool      // only calls that were not forgotten
}

// Passes reports whether f lets r through.
func (f Filter) Passes(r Record) bool {
	is := func(want, have string) bool { return want == "" || want == have }
	return is(f.Key, r.Key) && is(f.CallID, r.CallID) && is(f.Subject, r.Subject) && is(f.Run, r.Run) &&
		(f.From.IsZero() || !r.Begun.Before(f.From)) && (f.To.IsZero() || r.Begun.Before(f.To)) &&
		(f.EndedBefore.IsZero() || (r.State == shared.RecallSettled && r.Ended.Before(f.EndedBefore))) &&
		(!f.Unclear || r.Unclear()) && (!f.Held || r.Forgotten.IsZero())
}

// Record is a call as the archive shows it. Answer is empty once it was forgotten, although
// [Entry.HasResult] still tells that there was a result.
type Record struct {
	Entry

	Provider, Product string
	Run, Subject      string // digests
	Purpose           string
	Attempt           int
}

// Usage counts the calls of one day that ended one way.
type Usage struct {
	Day               string // in Asia/Shanghai, see [Day]
	Provider, Product string
	Outcome           shared.Outcome // empty: in flight or in doubt
	Basis             shared.Basis
	Calls             int64
	Price             shared.Money // paid; of unclear calls suspected, of those in flight reserved
}

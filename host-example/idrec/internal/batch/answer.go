package batch

import (
	"time"

	"github.com/seed-6b91b535/idrec/host-example/idrec/internal/exit"
	"github.com/seed-6b91b535/idrec/host-example/idrec/internal/source"
	"github.com/seed-6b91b535/idrec/shared"
)

// Answer is what became of an item: exactly one of Result and Err is set.
type Answer struct {
	Item    source.Item
	Request *shared.Request
	Result  *shared.Result
	Err     *shared.Error
	Elapsed time.Duration
}

// Record is the answer as JSON has it.
func (a Answer) Record() shared.Record {
	if a.Err != nil {
		return shared.NewRecord(a.Item.Source, a.Request, nil, a.Err, a.Elapsed)
	}
	return shared.NewRecord(a.Item.Source, a.Request, a.Result, nil, a.Elapsed)
}

// Kind sorts answers by what they mean to the user.
type Kind string

// The kinds.
const (
	Recognised Kind = "recognised"
	Unusable   Kind = "unusable" // answered, and the picture gave nothing
	Failed     Kind = "failed"   // this picture or request is at fault
	Unclear    Kind = "unclear"  // may be billed; never asked again by itself
	Later      Kind = "later"    // goes through once something outside has changed
	Blocked    Kind = "blocked"  // a setting or a defect stood in the way
)

// Kind returns the answer's kind.
func (a Answer) Kind() Kind {
	if a.Err == nil {
		if a.Result.Usable() {
			return Recognised
		}
		return Unusable
	}
	return KindOf(a.Err.Class())
}

// KindOf is the kind of an error, by its class.
func KindOf(c shared.Class) Kind {
	switch c {
	case shared.ClassInput:
		return Failed
	case shared.ClassUnclear:
		return Unclear
	case shared.ClassPaused, shared.ClassTransient:
		return Later
	case shared.ClassConfiguration, shared.ClassInternal:
	}
	return Blocked
}

// Final reports whether the answer stands. The others say why there is none yet: nothing was paid for
// them, and another run may well get one, since what failed was the way to the picture, the settings
// or the vendor, and not the picture.
func (a Answer) Final() bool {
	switch a.Kind() {
	case Recognised, Unusable, Unclear:
		return true
	case Failed:
		switch a.Err.Code {
		case shared.CodePictureUnreadable, shared.CodePictureChanged, shared.CodeURLFailed:
			return false
		default:
			return true
		}
	case Later, Blocked:
	}
	return false
}

// Exit is the exit code that the answer asks for.
func (a Answer) Exit() int {
	switch {
	case a.Err != nil:
		return exit.OfClass(a.Err.Code, a.Err.Class())
	case a.Kind() == Unusable:
		return exit.Failed
	}
	return exit.OK
}

// Price is what the answer cost, or may have cost.
func (a Answer) Price() shared.Money {
	if a.Err != nil {
		return a.Err.Price
	}
	return a.Result.Price
}

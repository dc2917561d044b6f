package layers

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/seed-6b91b535/idrec/sdk/ledger"
	"github.com/seed-6b91b535/idrec/shared"
)

// countTimeout bounds what a call waits for the count, its answer being there.
const countTimeout = 2 * time.Second

// recount is how often the ledger is asked how much of a package is used: other processes use it too.
const recount = time.Minute

// lowMarks are the parts of a package, in percent, below which the user is warned, once each.
var lowMarks = []int64{20, 10, 5, 1, 0}

// Package is the calls that the user bought, which the vendor does not tell: so they are counted here.
// The zero value is none.
type Package struct {
	Calls int64
	// Since is the first day, as [ledger.Day] writes it, whose calls count against it; empty: all.
	Since string
}

// Left returns how many calls of the package are left, given what the ledger counts for a provider's
// product; an empty product is any. Calls that may have been billed count, so it is never too many; it may be negative.
func (p Package) Left(ctx context.Context, archive ledger.Archive, provider, product string) (int64, error) {
	days, err := archive.Usage(ctx, p.Since, "")
	if err != nil {
		return 0, err
	}
	left := p.Calls
	for _, u := range days {
		if u.Provider == provider && (product == "" || u.Product == product) && u.Outcome.MayBeBilled() {
			left -= u.Calls
		}
	}
	return left, nil
}

// allowance counts a package down and says when it gets low.
type allowance struct {
	pack Package

	mu       sync.Mutex
	counted  time.Time
	counting bool // one call asks for all
	left     int64
	marks    int // how many of lowMarks were said
}

// spend counts a call, and returns the warning that it is time for; empty is none. Where the ledger
// cannot say, this process's own calls are counted on.
func (a *allowance) spend(ctx context.Context, archive ledger.Archive, d *shared.Description, now time.Time) string {
	if a.pack.Calls == 0 {
		return ""
	}
	a.mu.Lock()
	a.left--
	due := !a.counting && (a.counted.IsZero() || now.Sub(a.counted) >= recount || now.Before(a.counted))
	a.counting = a.counting || due
	a.mu.Unlock()
	var left int64
	var err error
	if due {
		ctx, cancel := context.WithTimeout(ctx, countTimeout)
		left, err = a.pack.Left(ctx, archive, d.Name, d.Product)
		cancel()
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if due {
		a.counting = false
		if err == nil {
			a.left, a.counted = left, now
		}
	}
	if a.counted.IsZero() {
		return ""
	}
	marks := 0
	for _, percent := range lowMarks {
		if a.left*100 <= a.pack.Calls*percent {
			marks++
		}
	}
	if marks <= a.marks {
		a.marks = marks // a package that was raised warns anew
		return ""
	}
	a.marks = marks
	if a.left <= 0 {
		return fmt.Sprintf("no calls are left of the package of %d: buy more, and then raise calls_package", a.pack.Calls)
	}
	return fmt.Sprintf("%d calls are left of the package of %d: buy more before they run out, and then raise calls_package", a.left, a.pack.Calls)
}

package serve

import (
	"context"
	"slices"
	"strings"
	"sync"
	"time"
)

// answers knows the gRPC calls whose answer is still to be handed to the connection. A call's handler
// returns before that, and a go-plugin host closes the connection at the answer to its Shutdown, which
// must not overtake the others.
//
// A stats.Handler would be told of the same, and costs each call more than everything else that this
// package does.
type answers struct {
	mu   sync.Mutex
	open []context.Context // gRPC ends a call's context when it hands its answer over; some have ended
}

// maxEnded bounds how many contexts that have ended are kept.
const maxEnded = 32

// handover is how long after it has ended a call's context gRPC may take until the answer is in the
// connection's queue: it is the next thing that it does.
const handover = 10 * time.Millisecond

// begin notes a call, unless it is go-plugin's own.
func (a *answers) begin(ctx context.Context, method string) {
	if !strings.HasPrefix(method, "/idrec.") {
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if len(a.open) == cap(a.open) {
		a.open = slices.DeleteFunc(a.open, func(c context.Context) bool { return c.Err() != nil })
		a.open = slices.Grow(a.open, max(1, maxEnded-len(a.open)))
	}
	a.open = append(a.open, ctx)
}

// wait returns when no answer is pending, or when ctx is done.
func (a *answers) wait(ctx context.Context) {
	a.mu.Lock()
	open := a.open
	a.open = nil
	a.mu.Unlock()
	for _, call := range open {
		select {
		case <-call.Done():
		case <-ctx.Done():
			return
		}
	}
	if len(open) > 0 {
		select {
		case <-time.After(handover):
		case <-ctx.Done():
		}
	}
}

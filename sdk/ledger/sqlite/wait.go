package sqlite

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/seed-6b91b535/idrec/sdk/ledger"
	"github.com/seed-6b91b535/idrec/shared"
)

const (
	// lookFirst is the time after which a call of another process is looked at again. It doubles up to
	// lookAtMost, which is short beside the seconds that a call takes, and costs a look-up of 50 µs.
	lookFirst  = 5 * time.Millisecond
	lookAtMost = 100 * time.Millisecond
)

// waiters are those in this process who wait for a call to end.
type waiters struct {
	mu    sync.Mutex
	calls map[string][]chan struct{}
}

func (w *waiters) enter(callID string) chan struct{} {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.calls == nil {
		w.calls = map[string][]chan struct{}{}
	}
	c := make(chan struct{}, 1)
	w.calls[callID] = append(w.calls[callID], c)
	return c
}

func (w *waiters) leave(callID string, c chan struct{}) {
	w.mu.Lock()
	defer w.mu.Unlock()
	left := slices.DeleteFunc(w.calls[callID], func(o chan struct{}) bool { return o == c })
	if w.calls[callID] = left; len(left) == 0 {
		delete(w.calls, callID)
	}
}

// tell tells those who wait for a call to look at it.
func (w *waiters) tell(callID string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, c := range w.calls[callID] {
		select {
		case c <- struct{}{}:
		default:
		}
	}
}

// Wait is documented at [ledger.Calls].
func (s *Store) Wait(ctx context.Context, callID string) (ledger.Entry, error) {
	told := s.waiters.enter(callID)
	defer s.waiters.leave(callID, told)
	for again := lookFirst; ; again = min(2*again, lookAtMost) {
		e, err := s.Call(ctx, callID)
		if err != nil || e.State != shared.RecallInFlight {
			return e, err
		}
		t := time.NewTimer(again)
		select {
		case <-told:
		case <-t.C:
		case <-s.closed:
		case <-ctx.Done():
			t.Stop()
			return ledger.Entry{}, context.Cause(ctx)
		}
		t.Stop()
	}
}

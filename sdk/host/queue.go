package host

import (
	"context"
	"sync/atomic"

	"github.com/seed-6b91b535/idrec/shared"
)

// queue lets so many calls through at once and so many wait, in their order.
type queue struct {
	turns   chan struct{} // holds one for each call that was let through
	waiting atomic.Int64
	room    int64
	closed  chan struct{} // closed when nobody is let through any more
}

func newQueue(calls, waiting int) *queue {
	return &queue{turns: make(chan struct{}, calls), room: int64(max(waiting, 0)), closed: make(chan struct{})}
}

// enter waits for a turn, which leave gives back.
func (q *queue) enter(ctx context.Context) error {
	select {
	case q.turns <- struct{}{}:
		return nil
	default:
	}
	if q.waiting.Add(1) > q.room {
		q.waiting.Add(-1)
		return &shared.Error{Code: shared.CodeOverloaded, Outcome: shared.OutcomeNotSent, Basis: shared.BasisProved}
	}
	defer q.waiting.Add(-1)
	select {
	case q.turns <- struct{}{}:
		return nil
	case <-q.closed:
		return unavailable(closedMessage)
	case <-ctx.Done():
		return shared.ErrorOf(ctx.Err(), shared.OutcomeNotSent, shared.BasisProved)
	}
}

func (q *queue) leave() { <-q.turns }

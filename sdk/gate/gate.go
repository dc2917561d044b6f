// Package gate bounds how many calls to one account run at once, and how many attempts a second they
// make: a semaphore with a token bucket behind it.
//
// The order matters. A waiter of [rate.Limiter] that gives up leaves its place in the queue taken, so
// that many impatient callers delay the next one; behind a semaphore only as many as hold a place can
// wait at the bucket.
package gate

import (
	"context"
	"errors"
	"fmt"
	"math"

	"golang.org/x/time/rate"

	"github.com/seed-6b91b535/idrec/shared"
)

// The defaults: a real limit, because vendors answer a flood with refusals and some bill them.
const (
	DefaultPerSecond   = 2.0
	DefaultBurst       = 2
	DefaultConcurrency = 4
)

// Gate is safe for concurrent use.
type Gate struct {
	places  chan struct{}
	limiter *rate.Limiter
}

// New returns a gate for so many attempts a second with a burst, and so many calls at once. perSecond
// may be [math.Inf] for no rate; burst and concurrency are at least 1. A value that is out of range is
// an error with [shared.CodeConfigurationInvalid].
func New(perSecond float64, burst, concurrency int) (*Gate, error) {
	switch {
	case math.IsNaN(perSecond) || perSecond <= 0:
		return nil, invalid(fmt.Sprintf("the rate is %v calls a second; it must be above 0", perSecond))
	case burst < 1:
		return nil, invalid(fmt.Sprintf("the burst is %d; it must be at least 1", burst))
	case concurrency < 1 || concurrency > 4096:
		return nil, invalid(fmt.Sprintf("the concurrency is %d; it must be 1 to 4096", concurrency))
	}
	limit := rate.Limit(perSecond)
	if math.IsInf(perSecond, 1) {
		limit = rate.Inf
	}
	return &Gate{places: make(chan struct{}, concurrency), limiter: rate.NewLimiter(limit, burst)}, nil
}

func invalid(msg string) error {
	return &shared.Error{Code: shared.CodeConfigurationInvalid, Message: msg, Outcome: shared.OutcomeNotSent, Basis: shared.BasisProved}
}

// Enter waits for a place. The caller calls leave once, when its call is over.
func (g *Gate) Enter(ctx context.Context) (leave func(), err error) {
	// Without this look a free place and a finished context would be a toss-up.
	if err := ctx.Err(); err != nil {
		return nil, notSent(err)
	}
	select {
	case g.places <- struct{}{}:
		return func() { <-g.places }, nil
	case <-ctx.Done():
		return nil, notSent(ctx.Err())
	}
}

// Attempt waits for a token. A wait that cannot end before ctx's deadline fails at once.
func (g *Gate) Attempt(ctx context.Context) error {
	err := g.limiter.Wait(ctx)
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return notSent(ctx.Err())
	}
	// The limiter's own error: the deadline would pass before the token comes.
	e := notSent(context.DeadlineExceeded)
	e.Message = "the rate limit leaves no time for this call before its deadline: allow more time or a higher rate"
	return e
}

func notSent(err error) *shared.Error {
	e := &shared.Error{Code: shared.CodeCanceled, Outcome: shared.OutcomeNotSent, Basis: shared.BasisProved, Err: err}
	if errors.Is(err, context.DeadlineExceeded) {
		e.Code = shared.CodeDeadlineExceeded
	}
	return e
}

package serve

import (
	"context"
	"sync"

	"github.com/seed-6b91b535/idrec/shared"
)

// Drainer is a recognizer whose work may outlive the call that began it: a caller gives up, and the
// answer that is paid for still comes and is recorded.
type Drainer interface {
	// Drain returns when no such work is left, or when ctx is done. It is called when no new call is
	// let in any more.
	Drain(ctx context.Context) error
}

// calls is the recognizer with its calls counted, so that they can be waited for.
type calls struct {
	inner shared.Recognizer

	mu       sync.Mutex
	refusing bool
	cancels  map[*context.CancelFunc]struct{}
	idle     chan struct{} // closed when refusing and no call is left
}

func newCalls(r shared.Recognizer) *calls {
	return &calls{inner: r, cancels: map[*context.CancelFunc]struct{}{}, idle: make(chan struct{})}
}

// Unwrap lets the faces of the recognizer be found.
func (c *calls) Unwrap() shared.Recognizer { return c.inner }

// Describe is not counted: it costs nothing.
func (c *calls) Describe(ctx context.Context) (*shared.Description, error) {
	return c.inner.Describe(ctx)
}

// Recognize refuses once the plugin is about to end.
func (c *calls) Recognize(ctx context.Context, req *shared.Request) (*shared.Result, error) {
	ctx, end := c.begin(ctx)
	if end == nil {
		e := refused()
		e.CallID = req.CallID
		return nil, e
	}
	defer end()
	collectOften()
	return c.inner.Recognize(ctx, req)
}

// Check is counted too: it may be a billed call.
func (c *calls) Check(ctx context.Context, paid bool) (*shared.Health, error) {
	checker, ok := shared.As[shared.Checker](c.inner)
	if !ok {
		return nil, &shared.Error{Code: shared.CodeNotSupported, Outcome: shared.OutcomeNotSent, Basis: shared.BasisProved}
	}
	ctx, end := c.begin(ctx)
	if end == nil {
		return nil, refused()
	}
	defer end()
	return checker.Check(ctx, paid)
}

func refused() *shared.Error {
	return &shared.Error{Code: shared.CodePluginUnavailable, Outcome: shared.OutcomeNotSent, Basis: shared.BasisProved,
		Message: "the plugin is about to end, and nothing was sent: try again"}
}

// begin counts a call in, and returns the context for it and the function that counts it out; that is
// nil once no call is let in any more.
func (c *calls) begin(ctx context.Context) (context.Context, func()) {
	ctx, cancel := context.WithCancel(ctx)
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.refusing {
		cancel()
		return ctx, nil
	}
	c.cancels[&cancel] = struct{}{}
	return ctx, func() {
		cancel()
		c.mu.Lock()
		defer c.mu.Unlock()
		delete(c.cancels, &cancel)
		c.settleLocked()
	}
}

// refuse lets no new call in.
func (c *calls) refuse() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.refusing {
		c.refusing = true
		c.settleLocked()
	}
}

func (c *calls) settleLocked() {
	if c.refusing && len(c.cancels) == 0 {
		select {
		case <-c.idle:
		default:
			close(c.idle)
		}
	}
}

// giveUp tells every call in flight to give up.
func (c *calls) giveUp() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for cancel := range c.cancels {
		(*cancel)()
	}
}

// wait returns when no call is left, or when ctx is done. It is to be called after refuse.
func (c *calls) wait(ctx context.Context) {
	select {
	case <-c.idle:
	case <-ctx.Done():
	}
}

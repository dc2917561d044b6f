package serve

import (
	"context"
	"strings"
	"sync"

	"google.golang.org/grpc/stats"
)

// answers counts the gRPC calls whose answer is still to be handed to the connection. A call's handler
// returns before that, and a go-plugin host closes the connection at the answer to its Shutdown, which
// must not overtake the others.
type answers struct {
	mu      sync.Mutex
	pending int
	none    chan struct{} // closed when nothing is pending; nil if nobody waits
}

type pendingKey struct{}

// TagRPC marks the calls that count: not go-plugin's own.
func (*answers) TagRPC(ctx context.Context, info *stats.RPCTagInfo) context.Context {
	if strings.HasPrefix(info.FullMethodName, "/idrec.") {
		return context.WithValue(ctx, pendingKey{}, true)
	}
	return ctx
}

// HandleRPC follows a call.
func (a *answers) HandleRPC(ctx context.Context, s stats.RPCStats) {
	more := 0
	switch s.(type) { // before the context, which is searched for long, is asked: most events are others
	case *stats.Begin:
		more = 1
	case *stats.End:
		more = -1
	}
	if more == 0 || ctx.Value(pendingKey{}) == nil {
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.pending += more
	if a.pending == 0 && a.none != nil {
		close(a.none)
		a.none = nil
	}
}

// TagConn marks nothing.
func (*answers) TagConn(ctx context.Context, _ *stats.ConnTagInfo) context.Context { return ctx }

// HandleConn follows nothing.
func (*answers) HandleConn(context.Context, stats.ConnStats) {}

// wait returns when no answer is pending, or when ctx is done.
func (a *answers) wait(ctx context.Context) {
	a.mu.Lock()
	if a.pending == 0 {
		a.mu.Unlock()
		return
	}
	if a.none == nil {
		a.none = make(chan struct{})
	}
	none := a.none
	a.mu.Unlock()
	select {
	case <-none:
	case <-ctx.Done():
	}
}

package serve

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime"
	"runtime/debug"
	"sync"
	"syscall"
	"time"

	"github.com/hashicorp/go-hclog"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/emptypb"

	"github.com/seed-6b91b535/idrec/shared"
	"github.com/seed-6b91b535/idrec/shared/rpc"
)

// shutdownMethod is how a go-plugin host asks a plugin to end.
const shutdownMethod = "/plugin.GRPCController/Shutdown"

// overtime is what ending may take beyond the graces, before the process is ended without ceremony.
const overtime = 2 * time.Second

// linger is how long the connection to a host that does not close it is kept, for the last answers to
// go out.
const linger = 250 * time.Millisecond

// process is the life of the plugin from start to stop.
type process struct {
	calls *calls
	grace time.Duration
	log   hclog.Logger
	exit  func(code int)

	door *door // to the connection with the host

	orphan     chan struct{} // closed when the host has gone
	orphanOnce sync.Once
	stopOnce   sync.Once

	mu     sync.Mutex
	server *grpc.Server
}

func newProcess(r shared.Recognizer, grace time.Duration, log hclog.Logger) *process {
	return &process{calls: newCalls(r), grace: grace, log: log, exit: os.Exit, door: newDoor(rpc.Credentials(nil)), orphan: make(chan struct{})}
}

// grpcServer returns the factory of the server that go-plugin asks for. out is standard output as the
// provider shall see it.
func (p *process) grpcServer(out *stdout) func([]grpc.ServerOption) *grpc.Server {
	return func(opts []grpc.ServerOption) *grpc.Server {
		var first sync.Once
		pending := &answers{}
		s := rpc.GRPCServer(append(opts, grpc.Creds(p.door), grpc.ChainUnaryInterceptor(
			func(ctx context.Context, req any, info *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
				// go-plugin has put pipes of its own in the place of both outputs by now. They lead to the
				// host, and block where a host does not read them.
				first.Do(out.restore)
				if info.FullMethod == shutdownMethod {
					p.drain(false)
					ctx, cancel := context.WithTimeout(ctx, linger)
					defer cancel()
					pending.wait(ctx)
					// Not go-plugin's handler, which cuts answers that are still on their way.
					go p.stop(false)
					return &emptypb.Empty{}, nil
				}
				pending.begin(ctx, info.FullMethod)
				return handler(ctx, req)
			})))
		p.mu.Lock()
		defer p.mu.Unlock()
		p.server = s
		return s
	}
}

// catchSignals: SIGTERM drains and ends. The others are for the host, which gets them too when they
// come from a terminal; SIGPIPE would be the end of a plugin whose host died, at its next log line.
// A plugin that was started by hand is its user's: Ctrl-C ends it.
func (p *process) catchSignals(byHand bool) {
	term := make(chan os.Signal, 1)
	signal.Notify(term, syscall.SIGTERM)
	ignored := make(chan os.Signal, 1)
	signal.Notify(ignored, syscall.SIGHUP, syscall.SIGPIPE)
	if byHand {
		signal.Notify(term, os.Interrupt)
	} else {
		signal.Notify(ignored, os.Interrupt)
	}
	go func() {
		for {
			select {
			case <-term:
				go p.stop(false)
			case <-ignored:
			}
		}
	}()
}

// watchHost ends the plugin when the host has gone.
func (p *process) watchHost() error {
	gone, err := hostGone()
	if err != nil {
		return err
	}
	go func() {
		gone()
		p.stop(true)
	}()
	return nil
}

// stop drains, and makes plugin.Serve return. It may be called more than once, and reports whether
// there ever was a server.
func (p *process) stop(orphaned bool) (served bool) {
	p.drain(orphaned)
	p.mu.Lock()
	s := p.server
	p.mu.Unlock()
	if s == nil {
		return false
	}
	// A graceful stop lets the answers go out. It waits for go-plugin's own streams too, which end only
	// with the host's connection.
	end := func() {
		p.door.close()
		s.Stop()
	}
	cut := time.AfterFunc(linger, end)
	defer cut.Stop()
	if p.orphaned() {
		end()
	}
	s.GracefulStop()
	return true
}

func (p *process) orphaned() bool {
	select {
	case <-p.orphan:
		return true
	default:
		return false
	}
}

// drain returns when what was sent is settled, or the grace is over. The first call does the work; the
// others wait for it, and hurry it if the host has gone meanwhile.
func (p *process) drain(orphaned bool) {
	if orphaned {
		p.orphanOnce.Do(func() { close(p.orphan) })
	}
	p.stopOnce.Do(func() {
		time.AfterFunc(2*p.grace+overtime, func() { p.exit(1) })
		p.calls.refuse()

		first := time.NewTimer(p.grace)
		defer first.Stop()
		select {
		case <-p.calls.idle:
		case <-first.C:
		case <-p.orphan: // nobody waits for answers any more
		}
		p.calls.giveUp()
		ctx, cancel := context.WithTimeout(context.Background(), p.grace)
		defer cancel()
		p.calls.wait(ctx)
		if d, ok := shared.As[Drainer](p.calls); ok {
			if err := p.guard(func() error { return d.Drain(ctx) }); err != nil {
				p.log.Warn("calls were left behind", "error", shared.ErrorOf(err, shared.OutcomeAmbiguous, shared.BasisProved))
			}
		}
	})
}

// closeProvider closes r, if it can be closed.
func (p *process) closeProvider(r shared.Recognizer) error {
	closer, ok := shared.As[io.Closer](r)
	if !ok {
		return nil
	}
	err := p.guard(closer.Close)
	if err != nil {
		p.log.Error("the provider did not close well", "error", shared.ErrorOf(err, shared.OutcomeNotSent, shared.BasisProved))
	}
	return err
}

// guard makes a panic in f an error, as in a call: what comes after f must still be done.
func (p *process) guard(f func() error) (err error) {
	defer func() {
		if v := recover(); v != nil {
			p.panicked(v, debug.Stack())
			err = &shared.Error{Code: shared.CodePanic, Outcome: shared.OutcomeAmbiguous, Basis: shared.BasisProved}
		}
	}()
	return f()
}

// panicked logs a panic of the provider: the stack, and of what was thrown only what cannot be
// personal.
func (p *process) panicked(value any, stack []byte) {
	what := fmt.Sprintf("%T", value)
	if e, ok := value.(runtime.Error); ok {
		what = e.Error()
	}
	p.log.Error("the provider panicked", "panic", what, "stack", string(stack))
}

package host

import (
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/go-plugin"
	"github.com/hashicorp/go-plugin/runner"
	"google.golang.org/grpc"

	"github.com/seed-6b91b535/idrec/shared"
	"github.com/seed-6b91b535/idrec/shared/rpc"
)

// killGrace is how long a killed process may take to be gone before nobody waits for it any more: one
// that hangs in the kernel cannot be ended.
const killGrace = 2 * time.Second

// recognizer is what the client half is.
type recognizer interface {
	shared.Recognizer
	shared.Configurer
	shared.Checker
	shared.Accountant
	shared.Recaller
}

// instance is one process of a plugin, from its start to its end. Each has a go-plugin client of its
// own, since that cannot be used twice.
type instance struct {
	recognizer

	proc    *process
	client  *plugin.Client
	dir     *socketFolder
	lane    *rpc.Lane // nil: pictures go through the connection
	desc    *shared.Description
	started time.Time
	endOnce sync.Once
	lost    atomic.Bool // it lives, and is of no use any more

	// Guarded by Plugin.mu.
	calls    int           // that are being worked on
	draining bool          // it gets no more calls
	idle     chan struct{} // closed when draining and no call is left
}

// start starts a process and waits for its first answer. The error is typed, and then nothing is left
// of the process.
func start(ctx context.Context, o Options, b *binary) (*instance, error) {
	dir, err := socketDir(o.SocketDir)
	if err != nil {
		return nil, err
	}
	said := &clues{}
	logs := func() *logReader { return &logReader{log: o.Logger, raw: o.Stderr, clues: said} }
	cert, err := rpc.NewCertificate()
	if err != nil {
		dir.remove()
		return nil, fault(shared.CodePluginFailed, "no key for the plugin's connection could be made", err)
	}
	i := &instance{dir: dir, started: time.Now(), idle: make(chan struct{})}
	env := append(environment(os.Environ(), o.Env), rpc.EnvClientCert+"="+cert.PEM())
	i.proc = newProcess(b, o.Args, env, logs(), said)
	i.lane, i.proc.lane = newLane(o.Logger)
	defer closeFiles(i.proc.lane)
	encrypt := cert.ClientConfig()
	i.client = plugin.NewClient(&plugin.ClientConfig{
		HandshakeConfig:  rpc.Handshake,
		VersionedPlugins: (&rpc.Plugin{Lane: i.lane}).Versions(),
		AllowedProtocols: []plugin.Protocol{plugin.ProtocolGRPC},
		TLSConfig:        encrypt,
		SkipHostEnv:      true,
		StartTimeout:     o.StartTimeout,
		UnixSocketConfig: &plugin.UnixSocketConfig{TempDir: dir.path},
		// It writes environment and addresses at its lower levels; what matters becomes a typed error.
		Logger: hclog.New(&hclog.LoggerOptions{Level: hclog.Off}),
		// What a plugin without package sdk/serve prints to its os.Stderr comes this way.
		SyncStdout:      io.Discard,
		SyncStderr:      logs(),
		GRPCDialOptions: append(rpc.DialOptions(), grpc.WithTransportCredentials(rpc.Credentials(encrypt))),
		RunnerFunc: func(_ hclog.Logger, cmd *exec.Cmd, _ string) (runner.Runner, error) {
			i.proc.env = append(append(i.proc.env, cmd.Env...), rpc.EnvLogLevel+"="+o.Logger.GetLevel().String())
			return i.proc, nil
		},
	})

	timed, cancel := context.WithTimeout(ctx, o.StartTimeout)
	defer cancel()
	connected := make(chan error, 1)
	go func() { connected <- i.connect(timed) }()
	select {
	case err = <-connected:
	case <-timed.Done():
		// go-plugin's start takes no context, but it ends when the process does.
		i.proc.kill()
		select {
		case err = <-connected:
		case <-time.After(killGrace):
			err = timed.Err()
		}
	}
	if err != nil {
		<-i.end(atOnce())
		return nil, startFault(ctx, timed, o.StartTimeout, i.proc, err)
	}
	go func() {
		<-i.proc.exited
		i.end(atOnce())
	}()
	return i, nil
}

// connect starts the process and asks it what it is.
func (i *instance) connect(ctx context.Context) error {
	conn, err := i.client.Client()
	if err != nil {
		return err
	}
	raw, err := conn.Dispense(rpc.PluginName)
	if err != nil {
		return err
	}
	i.recognizer = raw.(recognizer) //nolint:forcetypeassert // it is ours, from VersionedPlugins
	i.desc, err = i.Describe(ctx)
	return err
}

// gone reports whether the process has ended, or is of no use any more.
func (i *instance) gone() bool {
	if i.lost.Load() {
		return true
	}
	select {
	case <-i.proc.exited:
		return true
	default:
		return false
	}
}

// alive reports whether the process answers at all within the limit.
func (i *instance) alive(limit time.Duration) bool {
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	_, err := i.Describe(ctx)
	// Any other error came from there.
	return !errors.Is(err, shared.CodeDeadlineExceeded) && !errors.Is(err, shared.CodePluginUnavailable)
}

// settleGrace is how long a process that is of no use any more gets to settle what is paid: a little
// more than package sdk/serve takes for it.
const settleGrace = 6 * time.Second

// abandon gives the process up: it learns that its host has gone, as far as it is concerned, and is
// killed if that does not end it within the grace.
func (i *instance) abandon(grace time.Duration) {
	if i.lost.Swap(true) {
		return
	}
	i.proc.letGo()
	go func() {
		select {
		case <-i.proc.exited:
		case <-time.After(grace):
		}
		i.end(atOnce())
	}()
}

// end asks the process to end, kills it with its children when ctx is done, and removes what belongs to
// it. It returns a channel that is closed afterwards. Only the first call counts.
func (i *instance) end(ctx context.Context) <-chan struct{} {
	done := make(chan struct{})
	go func() {
		defer close(done)
		i.endOnce.Do(func() { i.endNow(ctx) })
	}()
	return done
}

func (i *instance) endNow(ctx context.Context) {
	if ctx.Err() != nil {
		i.proc.kill()
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		i.client.Kill() // asks it to end, waits, and closes the connection
		if i.proc.PID() != 0 {
			<-i.proc.read
		}
	}()
	select {
	case <-ended:
	case <-ctx.Done():
		i.proc.kill()
		select {
		case <-ended:
		case <-time.After(killGrace):
		}
	}
	i.lane.Close()
	i.dir.remove()
}

// newLane makes the lane for the pictures of one process, and the file that it inherits. Both are nil where
// the system gives none.
func newLane(log hclog.Logger) (*rpc.Lane, *os.File) {
	if !inherits {
		return nil, nil
	}
	lane, file, err := rpc.NewLane(func(why string) {
		log.Info("pictures go through the plugin's encrypted connection from now on", "why", why)
	})
	if err != nil {
		log.Debug("pictures go through the plugin's encrypted connection", "error", err)
		return nil, nil
	}
	return lane, file
}

// atOnce is the context in which nothing is waited for.
func atOnce() context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	return ctx
}

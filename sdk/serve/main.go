package serve

import (
	"os"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/go-plugin"

	"github.com/seed-6b91b535/idrec/shared"
	"github.com/seed-6b91b535/idrec/shared/rpc"
)

// DefaultGrace is how long calls that are sent may take to be answered and recorded after the host has
// gone: more than a vendor needs for nearly every answer, and short enough that nobody wonders about a
// process that stays.
const DefaultGrace = 5 * time.Second

// An Option of [Main].
type Option func(*config)

type config struct {
	grace time.Duration
}

// WithGrace sets how long the plugin stays to settle what is paid once its host has gone: new calls
// are refused, calls in flight are told to give up, and those that cannot (since they are sent) get
// this long. In a stop that the host asks for, calls in flight get it once to end by themselves, and
// once more after being told to give up. Zero or less means [DefaultGrace].
func WithGrace(d time.Duration) Option { return func(c *config) { c.grace = d } }

// Main serves r until the host ends it, and never returns. It belongs at the top of main: what a
// package prints before, in its init, does reach a plain go-plugin host's handshake.
func Main(r shared.Recognizer, opts ...Option) {
	os.Exit(run(r, opts))
}

func run(r shared.Recognizer, opts []Option) int {
	log := Logger()
	var attach *attachment
	if os.Getenv(rpc.Handshake.MagicCookieKey) != rpc.Handshake.MagicCookieValue {
		file := os.Getenv(rpc.EnvAttach)
		if file == "" {
			byHand(os.Stderr, r)
			return 1
		}
		var err error
		if attach, err = attachable(file, log); err != nil {
			log.Error("the plugin cannot be made ready to be attached to", "error", err)
			return 1
		}
		defer attach.remove()
	}
	c := config{}
	for _, o := range opts {
		o(&c)
	}
	if c.grace <= 0 {
		c.grace = DefaultGrace
	}
	showName() // before noDump, after which the file is the administrator's
	if err := noDump(); err != nil {
		log.Warn("core dumps stay possible", "error", err)
	}
	encrypt, cert, err := encryption(os.Getenv(rpc.EnvClientCert))
	if attach != nil {
		attach.plugin = cert
	}
	if err != nil {
		log.Error("the connection cannot be encrypted as the host asks", "error", err)
		return 1
	}
	out, err := takeStdout(cert, attach)
	if err != nil {
		log.Error("standard output cannot be taken", "error", err)
		return 1
	}

	socketDir := os.Getenv(envSocketDir) // before the provider can change it
	p := newProcess(r, c.grace, log)
	p.door = newDoor(rpc.Credentials(encrypt))
	p.catchSignals(attach != nil)
	if err := p.watchHost(); err != nil {
		log.Error("the host cannot be watched", "error", err)
		return 1
	}
	lane, err := rpc.InheritedLane()
	if err != nil {
		log.Debug("pictures come through the connection", "error", err)
	}
	plugin.Serve(&plugin.ServeConfig{
		HandshakeConfig:  rpc.Handshake,
		VersionedPlugins: (&rpc.Plugin{Impl: p.calls, Panicked: p.panicked, Lane: lane}).Versions(),
		GRPCServer:       p.grpcServer(out),
		TLSProvider:      provider(encrypt),
		Logger:           quiet(log),
	})
	removeSocketDir(socketDir)
	code := 0
	if !p.stop(false) {
		code = 1 // go-plugin has logged why
	}
	if p.closeProvider(r) != nil {
		code = 1
	}
	return code
}

// quiet is the logger for go-plugin itself: what it says below an error is of use only to who debugs
// it.
func quiet(log hclog.Logger) hclog.Logger {
	if log.IsTrace() {
		return log.Named("go-plugin")
	}
	return newLogger(hclog.Error).Named("go-plugin")
}

package host

import (
	"io"
	"time"

	"github.com/hashicorp/go-hclog"
)

// The defaults of [Options].
const (
	DefaultStartTimeout = 10 * time.Second
	// DefaultStopTimeout leaves a plugin of package sdk/serve its grace twice: for calls in flight to
	// end, and for those that cannot be given up.
	DefaultStopTimeout = 12 * time.Second
	// DefaultMaxCalls is far above what a vendor lets through at once, and keeps the pictures that are on
	// their way to a plugin below what a small machine has.
	DefaultMaxCalls = 64
	// DefaultMaxWaiting is a batch or two: who hands over more at once should be told, not kept.
	DefaultMaxWaiting = 1024
	// DefaultLiveness is longer than a machine that is short of CPU or memory lets a healthy plugin wait.
	DefaultLiveness = 10 * time.Second
)

// Options says which plugin to run, and how. Name or Path is required.
type Options struct {
	// Name is the provider's: the file idrec-plugin-NAME is looked for beside the host's own program,
	// then in Dirs, see [Find].
	Name string
	// Path names the file itself; Name is then not looked at.
	Path string
	// Args are handed to the program: a plugin may be an interpreter with a script.
	// What is checked (SHA256, Lock) is the file that is run, and not what its arguments name; a script
	// that begins with #! is checked itself.
	Args []string
	// Dirs are folders to look in, as absolute paths.
	Dirs []string
	// SHA256 is the hex digest that the file must have; empty: any.
	SHA256 string
	// Lock names a lock file, see [Lock]: the plugin must stand in it, with the digest of its file, its
	// version and its protocol; empty: any.
	Lock string
	// Logger gets what the plugin logs, and decides how much it logs; nil: nothing.
	Logger hclog.Logger
	// Stderr gets what the plugin writes to standard error, line by line and as it is; nil: nobody.
	Stderr io.Writer
	// StartTimeout bounds the time from the start to the first answer; zero: [DefaultStartTimeout].
	StartTimeout time.Duration
	// StopTimeout bounds [Plugin.Close]; zero: [DefaultStopTimeout].
	StopTimeout time.Duration
	// Env names further variables of the host's environment that the plugin gets, or sets one, as
	// NAME=VALUE. Without it a plugin gets what programs need to run at all: the search path, the home
	// and temporary folders, the language and time zone, and the settings for proxies and certificate
	// authorities. Secrets do not belong here: use [Plugin.Configure].
	Env []string
	// Restart starts a plugin that has ended anew at the next call, with its last configuration. Starts
	// that fail, and plugins that end soon, are tried again after a growing pause, in which calls are
	// answered with [shared.CodePluginUnavailable].
	Restart bool
	// Liveness is how long, with Restart, a plugin that has calls may give no sign of life before it is
	// taken for hung and replaced; zero: [DefaultLiveness]; negative: for ever, as somebody wants who
	// stops it in a debugger.
	Liveness time.Duration
	// MaxCalls bounds the calls of Recognize that the plugin is given at once; zero: [DefaultMaxCalls].
	MaxCalls int
	// MaxWaiting bounds the calls that wait for their turn. One more is answered at once with
	// [shared.CodeOverloaded], not sent; zero: [DefaultMaxWaiting]; negative: none waits.
	MaxWaiting int
	// SocketDir is where the folder of the plugin's socket is made; empty: a place that fits is looked
	// for. Its path must be short, since the name of a socket has about 100 characters at most.
	SocketDir string
}

func (o Options) withDefaults() Options {
	if o.StartTimeout <= 0 {
		o.StartTimeout = DefaultStartTimeout
	}
	if o.StopTimeout <= 0 {
		o.StopTimeout = DefaultStopTimeout
	}
	if o.MaxCalls <= 0 {
		o.MaxCalls = DefaultMaxCalls
	}
	if o.MaxWaiting == 0 {
		o.MaxWaiting = DefaultMaxWaiting
	}
	if o.Liveness == 0 {
		o.Liveness = DefaultLiveness
	}
	if o.Logger == nil {
		o.Logger = hclog.New(&hclog.LoggerOptions{Level: hclog.Off})
	}
	return o
}

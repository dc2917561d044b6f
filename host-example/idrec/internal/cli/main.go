// Package cli holds the commands of idrec.
package cli

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/seed-6b91b535/idrec/host-example/idrec/internal/exit"
	"github.com/seed-6b91b535/idrec/host-example/idrec/internal/messages"
	"github.com/seed-6b91b535/idrec/sdk/ledger/open"
)

// app is one run of the program.
type app struct {
	World
	release  string
	args     []string
	config   string
	logLevel string
	language string

	log   *slog.Logger
	stop  *stop
	abort <-chan struct{}

	// openPlugin starts a plugin; nil is openProcess. Tests put a recognizer of their own here.
	openPlugin func(ctx context.Context, p *pluginFlags) (process, error)
	// now is the clock of what is told of progress; nil is time.Now.
	now func() time.Time
	// onNetwork reports whether a folder lies on another machine's disk; nil is sqlite.OnNetwork.
	onNetwork func(dir string) bool
	// openLedger opens the record of calls; nil is open.Open.
	openLedger func(ctx context.Context, o open.Options) (*open.Opened, error)
}

// stop remembers which signal ended the run.
type stop struct{ code int }

// Main runs the program and returns its exit code.
func Main(args []string, version string, w World) (code int) {
	return (&app{World: w, release: version}).main(args)
}

func (a *app) main(args []string) (code int) {
	a.args, a.stop, a.log = args, &stop{}, slog.New(slog.DiscardHandler)
	defer func() {
		if p := recover(); p != nil {
			// What it says may hold what was read; its type does not.
			a.tellf("a defect of idrec (%s): report it with the command that you ran", fmt.Sprintf("%T", p))
			code = exit.Defect
		}
	}()
	ctx, end := a.signals()
	defer end()
	root := a.root()
	root.SetArgs(args)
	err := root.ExecuteContext(ctx)
	if err == nil {
		return exit.OK
	}
	if done, ok := errors.AsType[codeOnly](err); ok {
		return int(done)
	}
	if ctx.Err() != nil && errors.Is(err, context.Canceled) {
		a.tellf("interrupted before anything was sent")
		return a.stop.code
	}
	text, code := sentence(err)
	a.tellOf(text)
	return code
}

// signals: the first one asks to stop, the second to stop waiting.
func (a *app) signals() (context.Context, func()) {
	ctx, cancel := context.WithCancel(context.Background())
	abort := make(chan struct{})
	a.abort = abort
	got := make(chan os.Signal, 4)
	signal.Notify(got, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	// With somebody listening, a closed pipe is an error of the write and not the end of the process.
	pipe := make(chan os.Signal, 1)
	notifyPipe(pipe)
	quit, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		for n := 0; ; n++ {
			select {
			case s := <-got:
				switch n {
				case 0:
					a.stop.code = exit.Terminated
					if s == os.Interrupt {
						a.stop.code = exit.Interrupted
					}
					cancel()
				case 1:
					close(abort)
				}
			case <-quit:
				return
			}
		}
	}()
	return ctx, func() {
		signal.Stop(got)
		signal.Stop(pipe)
		close(quit)
		<-ended
		cancel()
	}
}

func (a *app) root() *cobra.Command {
	root := &cobra.Command{
		Use:   "idrec",
		Short: "Read pictures of Chinese resident identity cards",
		Long: `idrec reads pictures of Chinese resident identity cards through a plugin.

Start with "idrec demo": it needs no account. Every picture that a vendor answers for costs money;
idrec asks for none twice unless an option with "unsafe" in its name says so.`,
		Args: noArgs, RunE: help, SilenceErrors: true, SilenceUsage: true, DisableFlagsInUseLine: true,
		CompletionOptions: cobra.CompletionOptions{HiddenDefaultCmd: true},
		Version:           a.release,
	}
	root.SetVersionTemplate("idrec {{.Version}}\n")
	root.SetIn(a.In)
	root.SetOut(a.Out)
	root.SetErr(a.Err)
	root.SetHelpFunc(func(c *cobra.Command, _ []string) { _ = a.print(a.helpOf(c)) })
	root.SetHelpCommand(a.helpCommand())
	root.SetUsageFunc(func(c *cobra.Command) error { return a.print(a.helpOf(c)) })
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error {
		return exit.Errorf(exit.Usage, "%s: see --help", flagError(err))
	})
	f := root.PersistentFlags()
	f.StringVar(&a.config, "config", "", "configuration `FILE` in YAML; else IDREC_CONFIG, else idrec/config.yaml in your configuration folder")
	f.StringVar(&a.language, "language", "", "what people are spoken to in: en or zh; else "+messages.Variable+", else that of the locale")
	f.StringVar(&a.logLevel, "log-level", "warn", "what is logged to standard error: debug, info, warn or error")
	root.PersistentPreRunE = func(*cobra.Command, []string) error {
		if _, ok := messages.Parse(a.language); !ok && a.language != "" {
			return exit.Errorf(exit.Usage, "unknown language: use en or zh")
		}
		var level slog.Level
		if err := level.UnmarshalText([]byte(a.logLevel)); err != nil {
			return exit.Errorf(exit.Usage, "unknown log level: use debug, info, warn or error")
		}
		a.log = a.logger(level)
		return nil
	}
	for _, c := range []*cobra.Command{
		a.recognize(), a.demo(), a.sandbox(), a.ledger(), a.account(), a.usage(), a.reconcile(), a.plugins(), a.configuration(), a.errors(), a.doctor(), a.sign(), a.number(), a.specimen(), a.version(),
	} {
		root.AddCommand(c)
	}
	return root
}

// noArgs refuses arguments without repeating them: they may be names of people, or secrets.
func noArgs(c *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	if !c.HasSubCommands() {
		return exit.Errorf(exit.Usage, "%s takes no arguments: see --help", c.CommandPath())
	}
	c.SuggestionsMinimumDistance = 2 // letters, as cobra has it
	if near := c.SuggestionsFor(args[0]); len(near) > 0 {
		return exit.Errorf(exit.Usage, "unknown command: did you mean %s?", strings.Join(near, ", "))
	}
	return exit.Errorf(exit.Usage, "unknown command: see %s --help", c.CommandPath())
}

// help is what a command does that only has commands below it.
func help(c *cobra.Command, _ []string) error { return c.Help() }

// do wraps a command's work.
func do(f func(ctx context.Context, args []string) error) func(*cobra.Command, []string) error {
	return func(c *cobra.Command, args []string) error {
		if err := f(c.Context(), args); err != nil {
			return ran{err}
		}
		return nil
	}
}

func (a *app) version() *cobra.Command {
	return &cobra.Command{
		Use: "version", Short: "Print the version", Args: noArgs,
		RunE: do(func(context.Context, []string) error { return a.print("idrec " + a.release + "\n") }),
	}
}

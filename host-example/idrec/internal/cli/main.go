// Package cli holds the commands of idrec.
package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/seed-6b91b535/idrec/host-example/idrec/internal/exit"
	"github.com/seed-6b91b535/idrec/sdk/ledger/open"
	"github.com/seed-6b91b535/idrec/shared"
)

// app is one run of the program.
type app struct {
	World
	release  string
	config   string
	logLevel string

	log   *slog.Logger
	stop  *stop
	abort <-chan struct{}

	// openPlugin starts a plugin; nil is openProcess. Tests put a recognizer of their own here.
	openPlugin func(ctx context.Context, p *pluginFlags) (process, error)
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
	a.stop, a.log = &stop{}, slog.New(slog.DiscardHandler)
	defer func() {
		if p := recover(); p != nil {
			// What it says may hold what was read; its type does not.
			fmt.Fprintf(a.Err, "idrec: a defect of idrec (%T): report it with the command that you ran\n", p)
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
		fmt.Fprintln(a.Err, "idrec: interrupted before anything was sent")
		return a.stop.code
	}
	text, code := say(err)
	fmt.Fprintf(a.Err, "idrec: %s\n", text)
	return code
}

// codeOnly ends the program with a code, everything being said already.
type codeOnly int

func (c codeOnly) Error() string { return fmt.Sprintf("exit %d", int(c)) }

// ran marks an error of a command, as opposed to one of the command line.
type ran struct{ error }

func (r ran) Unwrap() error { return r.error }

// say makes one line for the user, and the exit code.
func say(err error) (string, int) {
	var x *exit.Error
	var s *shared.Error
	var r ran
	switch {
	case errors.As(err, &x):
		return oneLine(x.Message), x.Code
	case errors.As(err, &s):
		info, _ := s.Code.Info()
		return oneLine(exit.Advise(s.Error(), info.Do)), exit.Of(s)
	case errors.As(err, &r):
		// Texts of untyped errors may name files.
		return fmt.Sprintf("a defect of idrec (%T): report it with the command that you ran", r.error), exit.Defect
	}
	return oneLine(err.Error()), exit.Usage // cobra's: unknown command, wrong number of arguments
}

func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }

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
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error {
		return exit.Errorf(exit.Usage, "%s: see --help", flagError(err))
	})
	f := root.PersistentFlags()
	f.StringVar(&a.config, "config", "", "configuration `FILE` in YAML; else IDREC_CONFIG, else idrec/config.yaml in your configuration folder")
	f.StringVar(&a.logLevel, "log-level", "warn", "what is logged to standard error: debug, info, warn or error")
	root.PersistentPreRunE = func(*cobra.Command, []string) error {
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
		return exit.Errorf(exit.Usage, "unknown command: did you mean %s?", strings.Join(near, " or "))
	}
	return exit.Errorf(exit.Usage, "unknown command: see %s --help", c.CommandPath())
}

// help is what a command does that only has commands below it.
func help(c *cobra.Command, _ []string) error { return c.Help() }

// flagError is the parser's text without the value that was given, which may be a secret or a name.
func flagError(err error) string {
	text := err.Error()
	if strings.HasPrefix(text, "unknown shorthand flag") {
		text, _, _ = strings.Cut(text, " in -")
	}
	if strings.HasPrefix(text, "bad flag syntax") {
		return "malformed flag"
	}
	if strings.Contains(text, "invalid argument ") {
		if k := strings.Index(text, " flag"); k > 0 {
			if j := strings.LastIndex(text[:k], "\" for \""); j > 0 {
				return "invalid value for " + text[j+len("\" for "):k]
			}
		}
		return "invalid value of a flag"
	}
	return text
}

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

// print writes to standard output.
func (a *app) print(text string) error {
	if _, err := io.WriteString(a.Out, text); err != nil {
		return exit.Errorf(exit.Later, "standard output is closed or full")
	}
	return nil
}

package cli

import (
	"io"
	"log/slog"
	"os"

	"golang.org/x/term"
)

// World is what the program meets outside: streams, environment, terminal.
type World struct {
	In       io.Reader
	Out, Err io.Writer
	Lookup   func(name string) (string, bool)
	// OutTerminal and ErrTerminal say whether somebody looks at the stream; Width is that of Out in
	// columns, 0 for none.
	OutTerminal, ErrTerminal bool
	Width                    int
	// Program is what the program was called by, for commands to paste.
	Program string
	// UILanguage is the language of the system, where that is not in the environment.
	UILanguage string
	// OutClosed: the program was started without a standard output.
	OutClosed bool
	// OutGone reports whether nobody reads Out any more.
	OutGone func() bool
}

// System is the world that the process was started in.
func System() World {
	w := World{
		In: os.Stdin, Out: os.Stdout, Err: os.Stderr, Lookup: os.LookupEnv,
		OutTerminal: term.IsTerminal(int(os.Stdout.Fd())), ErrTerminal: term.IsTerminal(int(os.Stderr.Fd())),
		Program: os.Args[0], UILanguage: uiLanguage(), OutClosed: outClosed(), OutGone: outGone,
	}
	if w.OutTerminal {
		if width, _, err := term.GetSize(int(os.Stdout.Fd())); err == nil {
			w.Width = width
		}
	}
	return w
}

// logger writes to standard error: text for people, JSON for engines.
func (w World) logger(level slog.Level) *slog.Logger {
	o := &slog.HandlerOptions{Level: level}
	if w.ErrTerminal {
		return slog.New(slog.NewTextHandler(w.Err, o))
	}
	return slog.New(slog.NewJSONHandler(w.Err, o))
}

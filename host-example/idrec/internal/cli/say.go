package cli

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/seed-6b91b535/idrec/host-example/idrec/internal/exit"
	"github.com/seed-6b91b535/idrec/host-example/idrec/internal/messages"
	"github.com/seed-6b91b535/idrec/shared"
)

// All that people read goes through this file, so that it is said in their language.

// lang is the language of whoever looks.
func (a *app) lang() messages.Language {
	if l, ok := messages.Parse(a.language); ok {
		return l
	}
	return messages.Detect(a.Lookup, a.UILanguage)
}

// text is a text of the catalogue in that language.
func (a *app) text(english string) string { return a.lang().Text(english) }

// heard is what a plugin or the ledger says, in that language where the catalogue has it.
func (a *app) heard(english string) string {
	text, _ := a.lang().Heard(english)
	return text
}

// format is [fmt.Sprintf] with a format of the catalogue.
func (a *app) format(format string, args ...any) string { return a.lang().Format(format, args...) }

// tellf writes a line to standard error.
func (a *app) tellf(format string, args ...any) {
	a.tellOf(messages.Of(format, args...))
}

// tellOf likewise, of a message that is made already.
func (a *app) tellOf(m messages.Localizer) {
	fmt.Fprintf(a.Err, "idrec: %s\n", oneLine(m.In(a.lang())))
}

// say writes a line of the catalogue to standard output.
func (a *app) say(format string, args ...any) error {
	return a.print(a.format(format, args...) + "\n")
}

// print writes what needs no translation, or has it, to standard output.
func (a *app) print(text string) error {
	if _, err := io.WriteString(a.Out, text); err != nil {
		return exit.Errorf(exit.Later, "standard output is closed or full")
	}
	return nil
}

// codeOnly ends the program with a code, everything being said already.
type codeOnly int

func (c codeOnly) Error() string { return fmt.Sprintf("exit %d", int(c)) }

// ran marks an error of a command, as opposed to one of the command line.
type ran struct{ error }

func (r ran) Unwrap() error { return r.error }

// sentence is what an error says to the user, and its exit code.
func sentence(err error) (messages.Localizer, int) {
	var x *exit.Error
	var s *shared.Error
	var r ran
	switch {
	case errors.As(err, &x):
		return x.Message, x.Code
	case errors.As(err, &s):
		return exit.Failure(s), exit.Of(s)
	case errors.As(err, &r):
		// Texts of untyped errors may name files.
		return messages.Of("a defect of idrec (%s): report it with the command that you ran", fmt.Sprintf("%T", r.error)), exit.Defect
	}
	return messages.Word(err.Error()), exit.Usage // cobra's: unknown command, wrong number of arguments
}

func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }

// Package exit holds the exit codes of the program, the order in which they weigh, and the error that
// carries one.
package exit

import (
	"errors"
	"strings"

	"github.com/seed-6b91b535/idrec/host-example/idrec/internal/messages"
	"github.com/seed-6b91b535/idrec/shared"
)

// The exit codes, those of sysexits.h where it has one. 99 is never used: some engines read it as
// "skipped".
const (
	OK          = 0
	Usage       = 64  // the command line
	Failed      = 65  // items failed for good, are unclear, or are unusable pictures
	NoInput     = 66  // nothing to do
	Plugin      = 69  // the plugin cannot start
	Defect      = 70  // a defect of the program
	Later       = 75  // something may succeed later: run again
	Refused     = 77  // the credentials were refused
	Config      = 78  // a setting
	Interrupted = 130 // by SIGINT, state saved
	Terminated  = 143 // by SIGTERM, state saved
)

// weights orders the codes: what somebody must mend before a run can succeed at all comes first, then
// what goes away by itself, then what no run will mend.
var weights = map[int]int{
	Terminated: 9, Interrupted: 9, Usage: 8, Refused: 7, Config: 6, Plugin: 5, Defect: 4, NoInput: 3, Later: 2, Failed: 1, OK: 0,
}

// Heavier returns the code that weighs more.
func Heavier(a, b int) int {
	if weights[b] > weights[a] {
		return b
	}
	return a
}

// Error ends the program with a code and one line for the user.
type Error struct {
	Code    int
	Message messages.Message // one line: what happened and what to do
}

// Error returns the message in English.
func (e *Error) Error() string { return e.Message.String() }

// Errorf makes an [Error] of a format of the catalogue.
func Errorf(code int, format string, args ...any) error {
	return &Error{Code: code, Message: messages.Of(format, args...)}
}

// Of returns the code that err ends the program with: that of an [Error], that of the table of codes
// for a [shared.Error], and [Defect] for anything else.
func Of(err error) int {
	if err == nil {
		return OK
	}
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Code
	}
	if s, ok := errors.AsType[*shared.Error](err); ok {
		return OfClass(s.Code, s.Class())
	}
	return Defect
}

// OfClass returns the code for an item that failed with c in the class given, which is not the code's
// own where the item may have been billed.
func OfClass(c shared.Code, class shared.Class) int {
	info, known := c.Info()
	switch {
	case class == shared.ClassUnclear:
		return Failed
	case known:
		return info.Exit
	}
	// From a newer plugin: only the class says what it is.
	switch class {
	case shared.ClassInput, shared.ClassUnclear:
		return Failed
	case shared.ClassConfiguration:
		return Config
	case shared.ClassPaused, shared.ClassTransient:
		return Later
	case shared.ClassInternal:
	}
	return Defect
}

// Advise puts what to do behind what happened, unless that says it already.
func Advise(what, do string) string {
	if do == "" || strings.Contains(what, do) {
		return what
	}
	return what + ": " + do
}

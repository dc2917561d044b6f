package shared

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"
)

// MaxVendorText is how much of a vendor's text an [Error] keeps, in bytes.
const MaxVendorText = 1024

// Error is the error of every recognizer and every layer. It crosses the process boundary and arrives
// equal, but for Err. Its texts hold nothing personal and no secret, so it is safe to print anywhere.
//
// errors.Is works with a [Code], with a [Class], and with context.Canceled and
// context.DeadlineExceeded for the codes of those names; errors.As with *Error.
type Error struct {
	Code Code
	// Message says what happened and what to do, in one line.
	Message string
	// VendorCode and VendorText are the provider's own, the text capped at [MaxVendorText] bytes. The
	// text may name this machine's IP address (10006); it is kept out of Error().
	VendorCode string
	VendorText string

	Outcome  Outcome
	Basis    Basis
	Attempts int
	CallID   string
	// RequestKey is the keyed digest by which the record of calls knows this picture, if it got so far.
	RequestKey string
	// RetryAfter is how long to wait before the same request has a chance; zero is unknown.
	RetryAfter time.Duration
	// ClockSkew is this machine's clock minus the vendor's, where it was measured.
	ClockSkew time.Duration
	// Price is what is or may be spent for this call; zero for a call that cost nothing.
	Price Money

	// Err is the local cause, for errors.Is and As on this side of the boundary. It is never printed:
	// errors of the network hold URLs, those of files hold paths.
	Err error
}

// Error returns the message, the code and the outcome in one line.
func (e *Error) Error() string {
	if e == nil {
		return "<nil>"
	}
	var b strings.Builder
	msg := e.Message
	if msg == "" {
		info, _ := e.Code.Info()
		msg = info.Meaning
	}
	b.WriteString(msg)
	b.WriteString(" (")
	b.WriteString(string(e.Code))
	if e.VendorCode != "" {
		fmt.Fprintf(&b, ", vendor code %s", e.VendorCode)
	}
	if e.Outcome != "" {
		fmt.Fprintf(&b, ", %s", e.Outcome)
	}
	b.WriteString(")")
	return b.String()
}

// Unwrap returns the local cause.
func (e *Error) Unwrap() error {
	if e == nil {
		return nil
	}
	return e.Err
}

// Is reports whether target is e's code or class, or the context error that the code stands for.
func (e *Error) Is(target error) bool {
	if e == nil {
		return false
	}
	switch t := target.(type) {
	case Code:
		return e.Code == t
	case Class:
		return e.Class() == t
	}
	return target == context.Canceled && e.Code == CodeCanceled ||
		target == context.DeadlineExceeded && e.Code == CodeDeadlineExceeded
}

// Class returns the class of the error. An outcome that may have been billed makes any code unclear,
// so that nothing is sent again by mistake.
func (e *Error) Class() Class {
	if e.Outcome.MayBeBilled() && e.Outcome != "" {
		return ClassUnclear
	}
	return e.Code.Class()
}

// Retryable reports whether the same request may go through later without being changed.
func (e *Error) Retryable() bool {
	info, _ := e.Code.Info()
	return info.Retryable && e.Class() != ClassUnclear
}

// Format writes what Error returns, whatever the verb.
func (e *Error) Format(s fmt.State, _ rune) { _, _ = s.Write([]byte(e.Error())) }

// LogValue is what package log/slog writes.
func (e *Error) LogValue() slog.Value {
	return slog.GroupValue(slog.String("code", string(e.Code)), slog.String("class", string(e.Class())),
		slog.String("outcome", string(e.Outcome)), slog.String("vendor_code", e.VendorCode), slog.String("call_id", e.CallID))
}

// CapVendorText cuts a vendor's text to [MaxVendorText] bytes at a character's boundary, and replaces
// what is no UTF-8.
func CapVendorText(s string) string {
	if len(s) > MaxVendorText {
		// A character cut in half at the end would be replaced, so step back to its start.
		n := MaxVendorText
		for n > 0 && s[n]&0xC0 == 0x80 {
			n--
		}
		s = s[:n]
	}
	s = strings.ToValidUTF8(s, "\uFFFD")
	if len(s) > MaxVendorText { // replacement made it longer
		return CapVendorText(s)
	}
	return s
}

// ErrorOf returns the *Error in err's chain. Any other error becomes one with the code that fits:
// canceled and deadline_exceeded for the context's, internal otherwise, in each case with the outcome
// given, since only the caller knows how far the call had come.
func ErrorOf(err error, outcome Outcome, basis Basis) *Error {
	if err == nil {
		return nil
	}
	var e *Error
	if errors.As(err, &e) && e != nil {
		return e
	}
	e = &Error{Code: CodeInternal, Outcome: outcome, Basis: basis, Err: err}
	if outcome.MayBeBilled() {
		e.Code = CodeOutcomeUnknown
		return e
	}
	switch {
	case errors.Is(err, context.Canceled):
		e.Code = CodeCanceled
	case errors.Is(err, context.DeadlineExceeded):
		e.Code = CodeDeadlineExceeded
	}
	return e
}

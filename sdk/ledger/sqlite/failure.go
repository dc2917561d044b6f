package sqlite

import (
	"context"
	"errors"
	"io/fs"
	"syscall"

	sqlite3 "github.com/ncruces/go-sqlite3"

	"github.com/seed-6b91b535/idrec/shared"
)

// failure is an error of the file, in words that hold no path. The cause, which may, is for errors.Is and
// As only.
type failure struct {
	text  string
	cause error
}

func (f *failure) Error() string { return "ledger: " + f.text }
func (f *failure) Unwrap() error { return f.cause }

var errClosed = errors.New("ledger: closed")

const textDamaged = "its file is damaged: restore a copy, or save what it still holds with the salvage command and start a new one"

// wrap puts an error into words. Refusals and the caller's own cancellation stay what they are.
func wrap(ctx context.Context, err error) error {
	var refused *shared.Error
	var known *failure
	switch {
	case err == nil:
		return nil
	case errors.As(err, &refused), errors.Is(err, errClosed), errors.As(err, &known):
		return err
	case ctx.Err() != nil && (errors.Is(err, sqlite3.INTERRUPT) || errors.Is(err, sqlite3.BUSY) || errors.Is(err, ctx.Err())):
		return context.Cause(ctx)
	}
	return &failure{text(err), err}
}

func text(err error) string {
	switch {
	case errors.Is(err, sqlite3.FULL), errors.Is(err, syscall.ENOSPC), quota(err):
		return "the disk is full: make room"
	case damaged(err):
		return textDamaged
	case forbidden(err):
		return "its file or folder may not be written by this user: see to the permissions, or name another file"
	case errors.Is(err, sqlite3.BUSY):
		return "another process kept it locked for too long"
	case errors.Is(err, sqlite3.NOMEM):
		return "not enough memory"
	}
	return "the disk reports an error"
}

func damaged(err error) bool {
	return errors.Is(err, sqlite3.CORRUPT) || errors.Is(err, sqlite3.NOTADB) || errors.Is(err, sqlite3.IOERR_DATA) ||
		errors.Is(err, sqlite3.IOERR_CORRUPTFS) || errors.Is(err, sqlite3.IOERR_SHORT_READ) || errors.Is(err, sqlite3.FORMAT)
}

func forbidden(err error) bool {
	return errors.Is(err, fs.ErrPermission) || errors.Is(err, sqlite3.READONLY) || errors.Is(err, sqlite3.PERM) || errors.Is(err, syscall.EROFS)
}

// refusal is what Open returns: an error with a code for the user.
func refusal(err error) error {
	if known, ok := errors.AsType[*shared.Error](err); ok {
		return known
	}
	e := &shared.Error{Code: shared.CodeLedgerUnavailable, Outcome: shared.OutcomeNotSent, Basis: shared.BasisProved, Err: err}
	if f, ok := errors.AsType[*failure](err); ok {
		e.Message = "the ledger cannot be used: " + f.text
	}
	if forbidden(err) {
		e.Code = shared.CodeConfigurationInvalid
	}
	return e
}

func misconfigured(message string) *shared.Error {
	return &shared.Error{Code: shared.CodeConfigurationInvalid, Message: message, Outcome: shared.OutcomeNotSent, Basis: shared.BasisProved}
}

package postgres

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/seed-6b91b535/idrec/shared"
)

// The conditions of PostgreSQL's appendix A (SQLSTATE) that are told apart here.
const (
	stateUniqueViolation = "23505"
	stateReadOnly        = "25006"
	stateSerialization   = "40001"
	stateDeadlock        = "40P01"
	stateNoConnection    = "53300"
	stateCanceled        = "57014" // by statement_timeout, here
	stateStarting        = "57P03"
	stateNoDatabase      = "3D000"
	statePrivilege       = "42501"

	stateNoStatement        = "26000"
	stateDuplicateStatement = "42P05"
)

// failure is an error of the database, in words that hold neither an address nor a user nor a value.
// The cause, which may, is for errors.Is and As only.
type failure struct {
	text  string
	cause error
}

func (f *failure) Error() string { return "ledger: " + f.text }
func (f *failure) Unwrap() error { return f.cause }

var (
	errClosed   = errors.New("ledger: closed")
	errStandby  = &failure{text: "the database is read-only: it is a standby, or set to be"}
	errAsync    = &failure{text: "the database session lost its settings: a proxy hands connections round"}
	errOwner    = &failure{text: "the connection that holds this process's lock was lost"}
	errUnsynced = &failure{text: "the database did not wait for its standby"}
)

// wrap puts an error into words. Refusals and the caller's own cancellation stay what they are.
func wrap(ctx context.Context, err error) error {
	var refused *shared.Error
	var known *failure
	switch {
	case err == nil:
		return nil
	case errors.As(err, &refused), errors.Is(err, errClosed), errors.As(err, &known):
		return err
	case ctx.Err() != nil:
		return context.Cause(ctx)
	}
	return &failure{text(err), err}
}

func text(err error) string {
	var network net.Error
	if pg, ok := errors.AsType[*pgconn.PgError](err); ok {
		switch pg.Code {
		case stateReadOnly:
			return errStandby.text
		case stateNoConnection:
			return "the database has no connection left: raise max_connections or lower pool_max_conns"
		case stateCanceled:
			return "the database took too long"
		case stateStarting:
			return "the database is starting or stopping"
		case stateNoDatabase:
			return "there is no such database: create it"
		case statePrivilege:
			return "the database user may not do what the ledger needs: make it the owner of the schema"
		}
		if class(pg) == "28" {
			return "the database refuses the user or the password"
		}
		return "the database reports the condition " + pg.Code
	}
	switch {
	case untrusted(err):
		return "the database's certificate is not trusted"
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &network) && network.Timeout():
		return "the database did not answer in time"
	}
	return "the database cannot be reached"
}

func untrusted(err error) bool {
	var certificate *tls.CertificateVerificationError
	var authority x509.UnknownAuthorityError
	var name x509.HostnameError
	return errors.As(err, &certificate) || errors.As(err, &authority) || errors.As(err, &name)
}

// definite reports whether the server itself refused a statement, so that its transaction is known not to
// be committed. A FATAL or PANIC proves nothing: it may have come after the commit.
func definite(err error) bool {
	if _, refused := errors.AsType[*shared.Error](err); refused {
		return true
	}
	pg, ok := errors.AsType[*pgconn.PgError](err)
	return ok && severity(pg) == "ERROR"
}

func severity(pg *pgconn.PgError) string {
	if pg.SeverityUnlocalized != "" {
		return pg.SeverityUnlocalized
	}
	return pg.Severity
}

// passing reports whether another attempt may succeed within moments, after a failure that did or did not
// break the connection.
func passing(err error, broken bool) bool {
	var pg *pgconn.PgError
	var connecting *pgconn.ConnectError
	switch {
	case errors.Is(err, errOwner), errors.Is(err, errUnsynced):
		return true
	case errors.As(err, &pg):
		switch pg.Code {
		case stateSerialization, stateDeadlock, stateNoConnection, stateStarting:
			return true
		}
		// Other FATALs end a connection that worked: the server stops, or its administrator ended it.
		return severity(pg) != "ERROR" && class(pg) == "57"
	case errors.As(err, &connecting):
		return !untrusted(err)
	}
	return broken
}

// class is the class of a condition, its first two characters.
func class(pg *pgconn.PgError) string { return pg.Code[:min(2, len(pg.Code))] }

// refusal is what Open returns: an error with a code for the user.
func refusal(err error) error {
	if err == nil {
		return nil
	}
	if known, ok := errors.AsType[*shared.Error](err); ok {
		return known
	}
	e := &shared.Error{Code: shared.CodeLedgerUnavailable, Outcome: shared.OutcomeNotSent, Basis: shared.BasisProved, Err: err}
	if f, ok := errors.AsType[*failure](err); ok {
		e.Message = "the ledger cannot be used: " + f.text
	}
	pg, ok := errors.AsType[*pgconn.PgError](err)
	if untrusted(err) || ok && (pg.Code == stateNoDatabase || pg.Code == statePrivilege || class(pg) == "28") {
		e.Code = shared.CodeConfigurationInvalid
	}
	return e
}

func misconfigured(message string) *shared.Error {
	return &shared.Error{Code: shared.CodeConfigurationInvalid, Message: message, Outcome: shared.OutcomeNotSent, Basis: shared.BasisProved}
}

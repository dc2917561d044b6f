package pgtest

import (
	"context"
	"net/url"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"
)

var shared struct {
	mu     sync.Mutex
	server *Server
	err    error
}

// Shared returns the server that all tests of a package use, started at the first call. The package's
// TestMain ends it with [CloseShared]. Where PostgreSQL is missing the test is skipped, see [Need].
func Shared(tb testing.TB) *Server {
	tb.Helper()
	Need(tb)
	shared.mu.Lock()
	defer shared.mu.Unlock()
	if shared.server == nil && shared.err == nil {
		shared.server, shared.err = New(Options{})
	}
	if shared.err != nil {
		tb.Fatal(shared.err)
	}
	return shared.server
}

// CloseShared ends the server of [Shared], if there is one, and removes what is left of this package.
func CloseShared() {
	shared.mu.Lock()
	defer shared.mu.Unlock()
	if shared.server != nil {
		_ = shared.server.Close()
		shared.server = nil
	}
	removeTemplate()
}

// Own starts a server for one test, and removes it at the test's end.
func Own(tb testing.TB, opts Options) *Server {
	tb.Helper()
	Need(tb)
	s, err := New(opts)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := s.Close(); err != nil {
			tb.Error(err)
		}
	})
	return s
}

// NewDatabase makes a database on the server that dsn names, and returns its own address. It is removed
// with the server.
func NewDatabase(tb testing.TB, dsn, name string) string {
	tb.Helper()
	c, err := pgx.Connect(tb.Context(), dsn)
	if err != nil {
		tb.Fatal(err)
	}
	defer func() { _ = c.Close(context.Background()) }()
	if _, err := c.Exec(tb.Context(), "create database "+pgx.Identifier{name}.Sanitize()); err != nil {
		tb.Fatal(err)
	}
	u, err := url.Parse(dsn)
	if err != nil {
		tb.Fatal(err)
	}
	u.Path = "/" + name
	return u.String()
}

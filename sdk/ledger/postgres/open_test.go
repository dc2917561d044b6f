package postgres_test

import (
	"context"
	"errors"
	"net"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/seed-6b91b535/idrec/sdk/ledger/postgres"
	"github.com/seed-6b91b535/idrec/sdk/ledger/postgres/pgtest"
	"github.com/seed-6b91b535/idrec/sdk/ledger/seal"
	"github.com/seed-6b91b535/idrec/shared"
)

// exec runs statements as the superuser.
func exec(t *testing.T, dsn string, statements ...string) {
	t.Helper()
	c, err := pgx.Connect(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close(context.Background()) }()
	for _, sql := range statements {
		if _, err := c.Exec(t.Context(), sql); err != nil {
			t.Fatalf("%s: %v", sql, err)
		}
	}
}

// refused opens a store that must be refused, with a code and words.
func refused(t *testing.T, dsn string, keys *seal.Ring, opts postgres.Options, code shared.Code, words string) {
	t.Helper()
	if opts.Timeout == 0 {
		opts.Timeout = generous
	}
	s, err := postgres.Open(t.Context(), dsn, keys, opts)
	if err == nil {
		_ = s.Close()
		t.Fatalf("opened; want it refused: %s", words)
	}
	var e *shared.Error
	if !errors.As(err, &e) || e.Code != code || e.Outcome != shared.OutcomeNotSent || !strings.Contains(err.Error(), words) {
		t.Errorf("refused with %v (%v), want %s: %s", err, cause(err), code, words)
	}
	for _, secret := range []string{"secret", "127.0.0.1", "/tmp", "idrec@", "\n"} {
		if strings.Contains(err.Error(), secret) {
			t.Errorf("the error says %q: %v", secret, err)
		}
	}
}

func TestAddressThatIsNoneIsRefusedWithoutBeingQuoted(t *testing.T) {
	t.Parallel()
	for _, dsn := range []string{"postgres://u:secret@[", "postgres://u:secret@h/d?sslmode=secret", "host=h password=secret port=secret"} {
		refused(t, dsn, ring, postgres.Options{}, shared.CodeConfigurationInvalid, "not one of PostgreSQL")
	}
}

func TestUnreachableDatabaseIsSaidSoonAndWithoutThePassword(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	start := time.Now()
	_ = l.Close()
	refused(t, "postgres://u:secret@"+address+"/d?sslmode=disable", ring, postgres.Options{Timeout: 3 * time.Second}, shared.CodeLedgerUnavailable, "cannot be reached")
	// One that takes the connection and says nothing.
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = silent.Close() }()
	refused(t, "postgres://u:secret@"+silent.Addr().String()+"/d?sslmode=disable", ring, postgres.Options{Timeout: 200 * time.Millisecond}, shared.CodeLedgerUnavailable, "in time")
	if took := time.Since(start); took > 5*time.Second {
		t.Errorf("it took %v", took)
	}
}

func TestWhatTheUserHasToChangeIsConfiguration(t *testing.T) {
	t.Parallel()
	s := pgtest.Shared(t)
	dsn := s.DSN()
	refused(t, strings.Replace(dsn, s.Password(), "secret", 1), ring, postgres.Options{}, shared.CodeConfigurationInvalid, "refuses the user or the password")
	refused(t, strings.Replace(dsn, "/postgres?", "/nowhere?", 1), ring, postgres.Options{}, shared.CodeConfigurationInvalid, "no such database")

	name := schema()
	exec(t, dsn, "create role "+name+" login password 'secret'", "alter role "+name+" set default_transaction_read_only = on")
	asRole := strings.Replace(dsn, "idrec:"+s.Password(), name+":secret", 1)
	refused(t, asRole, ring, postgres.Options{Schema: name}, shared.CodeLedgerUnavailable, "read-only")
	exec(t, dsn, "alter role "+name+" reset default_transaction_read_only")
	refused(t, asRole, ring, postgres.Options{Schema: name}, shared.CodeConfigurationInvalid, "may not do")
	// A schema of its own is all that it needs.
	exec(t, dsn, "create schema "+name+" authorization "+name)
	open(t, asRole, postgres.Options{Schema: name})
}

func TestOtherKeysAndNewerVersionsAreRefused(t *testing.T) {
	t.Parallel()
	dsn, opts := pgtest.Shared(t).DSN(), postgres.Options{Schema: schema()}
	first := open(t, dsn, opts)
	refused(t, dsn, mustParse(seal.Generate()), opts, shared.CodeConfigurationInvalid, "key")

	// A rotated ring opens it, wraps the key of the digests anew, and digests stay the same.
	rotated := mustParse(append(append(seal.Generate(), '\n'), text...))
	second, err := postgres.Open(t.Context(), dsn, rotated, opts)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = second.Close() }()
	if a, b := first.Digester().Sum("k", "x"), second.Digester().Sum("k", "x"); a != b {
		t.Error("rotation changed the digests")
	}
	refused(t, dsn, ring, opts, shared.CodeConfigurationInvalid, "key")

	exec(t, dsn, "update "+opts.Schema+".meta set version = 9, compatible = 1")
	third, err := postgres.Open(t.Context(), dsn, rotated, opts)
	if err != nil {
		t.Fatalf("a newer schema that this version may use: %v", err)
	}
	_ = third.Close()
	exec(t, dsn, "update "+opts.Schema+".meta set compatible = 2")
	refused(t, dsn, rotated, opts, shared.CodeConfigurationInvalid, "newer version")
}

func TestProcessesThatMigrateAtOnceMakeOneSchema(t *testing.T) {
	t.Parallel()
	dsn, opts := pgtest.Shared(t).DSN(), postgres.Options{Schema: schema()}
	var wg sync.WaitGroup
	sums := make(chan string, 6)
	for range 6 {
		wg.Go(func() {
			s, err := postgres.Open(t.Context(), dsn, ring, opts)
			if err != nil {
				t.Errorf("Open: %v: %v", err, cause(err))
				return
			}
			sums <- s.Digester().Sum("k", "x")
			_ = s.Close()
		})
	}
	wg.Wait()
	close(sums)
	seen := map[string]bool{}
	for s := range sums {
		seen[s] = true
	}
	if len(seen) != 1 {
		t.Errorf("%d records were made", len(seen))
	}
}

func TestSessionsAreSafeWhateverTheRoleSays(t *testing.T) {
	t.Parallel()
	srv := pgtest.Shared(t)
	dsn, name := srv.DSN(), schema()
	exec(t, dsn, "create role "+name+" login superuser password 'secret'",
		"alter role "+name+" set synchronous_commit = off",
		"alter role "+name+" set default_transaction_isolation = 'serializable'",
		"alter role "+name+" set statement_timeout = 0",
		"alter role "+name+" set search_path = pg_catalog")
	s := open(t, strings.Replace(dsn, "idrec:"+srv.Password(), name+":secret", 1), postgres.Options{Schema: name, Timeout: 3 * time.Second})
	for setting, want := range map[string]string{
		"synchronous_commit": "on", "default_transaction_isolation": "read committed", "statement_timeout": "2700ms",
		"idle_in_transaction_session_timeout": "10s",
	} {
		if got, err := s.Ask(t.Context(), "select current_setting($1)", setting); got != want || err != nil {
			t.Errorf("%s is %q, %v; want %q", setting, got, err, want)
		}
	}
	exec(t, dsn, "alter role "+name+" set synchronous_commit = remote_apply")
	s = open(t, strings.Replace(dsn, "idrec:"+srv.Password(), name+":secret", 1), postgres.Options{Schema: name})
	if got, err := s.Ask(t.Context(), "show synchronous_commit"); got != "remote_apply" || err != nil {
		t.Errorf("what is safer than on was taken back to %q, %v", got, err)
	}
	if w := s.Warnings(); len(w) != 1 || !strings.Contains(w[0], "fsync") {
		t.Errorf("a server without fsync is warned of with %q", w)
	}
}

func TestPoolThatSharesSessionsIsRefusedAndOneThatDoesNotIsTaken(t *testing.T) {
	t.Parallel()
	s := pgtest.Shared(t)
	opts := postgres.Options{Schema: schema(), MaxConns: 2}
	for _, sessions := range []int{1, 2, 3, 5} {
		t.Run("transaction "+strconv.Itoa(sessions), func(t *testing.T) {
			t.Parallel()
			opts := opts
			if sessions == 1 {
				opts.Timeout = 3 * time.Second // it has to pass
			}
			refused(t, pgtest.NewPool(t, s, sessions, false).DSN(s), ring, opts, shared.CodeConfigurationInvalid, "transaction pooling")
		})
	}
	t.Run("session", func(t *testing.T) {
		t.Parallel()
		st := open(t, pgtest.NewPool(t, s, 8, true).DSN(s), opts)
		if _, _, err := st.Begin(t.Context(), intent("k", "c")); err != nil {
			t.Error(err)
		}
	})
}

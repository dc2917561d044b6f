package postgres_test

import (
	"os"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/seed-6b91b535/idrec/sdk/ledger"
	"github.com/seed-6b91b535/idrec/sdk/ledger/ledgertest"
	"github.com/seed-6b91b535/idrec/sdk/ledger/postgres"
	"github.com/seed-6b91b535/idrec/sdk/ledger/postgres/pgtest"
	"github.com/seed-6b91b535/idrec/sdk/ledger/seal"
	"github.com/seed-6b91b535/idrec/shared"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.Cleanup(func(code int) {
		pgtest.CloseShared()
		os.Exit(code)
	}))
}

var lastSchema atomic.Int64

// schema returns the name of a schema that no other test uses.
func schema() string { return "t" + strconv.FormatInt(lastSchema.Add(1), 10) }

var (
	text = seal.Generate()
	ring = mustParse(text)
)

func mustParse(text []byte) *seal.Ring {
	r, err := seal.Parse(text)
	if err != nil {
		panic(err)
	}
	return r
}

// generous is a timeout for what is not about timeouts, on a machine with too much to do.
const generous = 30 * time.Second

// open opens a store that is closed with the test.
func open(t *testing.T, dsn string, opts postgres.Options) *postgres.Store {
	t.Helper()
	if opts.Timeout == 0 {
		opts.Timeout = generous
	}
	s, err := postgres.Open(t.Context(), dsn, ring, opts)
	if err != nil {
		t.Fatalf("Open: %v: %v", err, cause(err))
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func cause(err error) error {
	for err != nil {
		u, ok := err.(interface{ Unwrap() error })
		if !ok || u.Unwrap() == nil {
			return err
		}
		err = u.Unwrap()
	}
	return nil
}

func TestPostgresPassesTheSuite(t *testing.T) {
	t.Parallel()
	dsn := pgtest.Shared(t).DSN()
	ledgertest.Run(t, func(t *testing.T) func() ledger.Store {
		opts := postgres.Options{Schema: schema(), MaxConns: 2}
		return func() ledger.Store { return open(t, dsn, opts) }
	})
}

// A process that lost its session, and with it its lock, can come back and end a call that was deleted in
// doubt meanwhile.
func TestCallDeletedInDoubtThatEndsAfterAllIsCountedOnce(t *testing.T) {
	t.Parallel()
	srv := pgtest.Shared(t)
	opts := postgres.Options{Schema: schema()}
	s, other := open(t, srv.DSN(), opts), open(t, srv.DSN(), opts)
	in := intent("k", "c")
	in.Run = "r"
	begin(t, s, in)
	exec(t, srv.DSN(), "update "+opts.Schema+".call set owner = 1")
	if n, err := other.Forget(t.Context(), ledger.Filter{CallID: "c"}, false, in.At); n != 1 || err != nil {
		t.Fatal(n, err)
	}
	_, total, err := other.Tally(t.Context(), in.At)
	if want := (shared.Tally{Ambiguous: 1, Suspected: price}); total != want || err != nil {
		t.Errorf("after the deletion the books have %+v, %v", total, err)
	}
	// Another call, that was never begun, leaves the line of the deleted one alone.
	if err := s.Settle(t.Context(), billed(intent("l", "unannounced"))); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := s.Settle(t.Context(), billed(in)); err != nil {
			t.Fatal(err)
		}
	}
	_, total, err = other.Tally(t.Context(), in.At)
	if want := (shared.Tally{Billed: 2, Spent: 2 * price}); total != want || err != nil {
		t.Errorf("the books have %+v, %v", total, err)
	}
	again := intent("m", "d")
	again.Run, again.RunLimit.Calls = "r", 2
	begin(t, other, again)
	// The answer was paid for.
	if e, err := other.Lookup(t.Context(), "k", ""); err != nil || string(e.Answer) != "answer of c" {
		t.Errorf("its answer is %+v, %v", e, err)
	}
}

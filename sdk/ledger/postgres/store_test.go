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

package pgtest_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/jackc/pgx/v5"
	"go.uber.org/goleak"

	"github.com/seed-6b91b535/idrec/sdk/ledger/postgres/pgtest"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.Cleanup(func(code int) {
		pgtest.CloseShared()
		os.Exit(code)
	}))
}

func connect(t *testing.T, dsn string) *pgx.Conn {
	t.Helper()
	c, err := pgx.Connect(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close(context.Background()) })
	return c
}

func TestKilledServerKeepsWhatWasCommittedAndStartsAgain(t *testing.T) {
	t.Parallel()
	s := pgtest.Own(t, pgtest.Options{TCP: true})
	c := connect(t, s.DSN())
	if _, err := c.Exec(t.Context(), "create table kept (n int); insert into kept values (7)"); err != nil {
		t.Fatal(err)
	}
	if err := s.Kill(); err != nil {
		t.Fatal(err)
	}
	if err := c.Ping(t.Context()); err == nil {
		t.Fatal("the server answers after it was killed")
	}
	if err := s.Start(); err != nil {
		t.Fatal(err)
	}
	for _, dsn := range []string{s.DSN(), s.DSNAt(s.Address())} {
		var n int
		if err := connect(t, dsn).QueryRow(t.Context(), "select n from kept").Scan(&n); err != nil || n != 7 {
			t.Errorf("after the crash the table holds %d, %v", n, err)
		}
	}
	dir := filepath.Dir(s.Dir())
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(dir); !os.IsNotExist(err) {
		t.Errorf("the cluster is left behind: %v", err)
	}
}

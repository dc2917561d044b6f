package postgres_test

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/seed-6b91b535/idrec/sdk/ledger"
	"github.com/seed-6b91b535/idrec/sdk/ledger/postgres"
	"github.com/seed-6b91b535/idrec/sdk/ledger/postgres/pgtest"
	"github.com/seed-6b91b535/idrec/shared"
)

// filesWith returns the files of a cluster that hold the bytes.
func filesWith(t *testing.T, dir string, canary []byte) (files []string, searched int64) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		searched += int64(len(b))
		if bytes.Contains(b, canary) {
			files = append(files, path)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return files, searched
}

// The server's files, its write-ahead log among them, hold nothing of a person; what is sealed is gone from
// the table after Forget.
func TestFilesHoldNothingPersonal(t *testing.T) {
	t.Parallel()
	srv := pgtest.Own(t, pgtest.Options{})
	opts := postgres.Options{Schema: schema()}
	s := open(t, srv.DSN(), opts)
	const canary = "CANARY"
	d := s.Digester()
	in := intent(d.Sum("request", canary), "c")
	in.Alias, in.Run, in.Subject, in.Purpose = d.Sum("alias", canary), d.Sum("run", canary), d.Sum("subject", canary), "purpose "+canary
	begin(t, s, in)
	end := billed(in)
	end.Answer = bytes.Repeat([]byte("answer "+canary), 100)
	if err := s.Settle(t.Context(), end); err != nil {
		t.Fatal(err)
	}
	if ok, err := s.Swap(t.Context(), "account", 0, []byte("pause "+canary)); !ok || err != nil {
		t.Fatal(ok, err)
	}
	exec(t, srv.DSN(), "checkpoint")
	if files, searched := filesWith(t, srv.Dir(), []byte(canary)); len(files) > 0 || searched < 10<<20 {
		t.Errorf("%d bytes were searched; these hold what is personal: %q", searched, files)
	}
	if n, err := s.Forget(t.Context(), ledger.Filter{Key: in.Key}, true, in.At); n != 1 || err != nil {
		t.Fatalf("Forget: %d, %v (%v)", n, err, cause(err))
	}
	left, err := s.Ask(t.Context(), "select (answer is null and purpose is null and subject = '')::text from call")
	if err != nil || left != "true" {
		t.Errorf("something is left of what was forgotten: %s, %v", left, err)
	}
	if e, err := s.Lookup(t.Context(), in.Key, ""); err != nil || e.Forgotten.IsZero() || e.Outcome != shared.OutcomeBilled {
		t.Errorf("the tombstone is %+v, %v", e, err)
	}
}

// A row whose sealed bytes were exchanged with another's is not believed.
func TestAnswerOfAnotherCallIsNotBelieved(t *testing.T) {
	t.Parallel()
	dsn, opts := pgtest.Shared(t).DSN(), postgres.Options{Schema: schema()}
	s := open(t, dsn, opts)
	for _, c := range []string{"a", "b"} {
		in := intent("key "+c, c)
		begin(t, s, in)
		if err := s.Settle(t.Context(), billed(in)); err != nil {
			t.Fatal(err)
		}
	}
	exec(t, dsn, "update "+opts.Schema+".call set answer = (select answer from "+opts.Schema+".call where call_id = 'a') where call_id = 'b'")
	if e, err := s.Lookup(t.Context(), "key b", ""); err == nil {
		t.Errorf("the exchanged answer is given: %q", e.Answer)
	}
	if _, began, err := s.Begin(t.Context(), intent("key b", "c")); began || err == nil {
		t.Errorf("a picture whose answer cannot be read is paid again: %v, %v", began, err)
	}
}

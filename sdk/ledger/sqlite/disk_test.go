package sqlite

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/seed-6b91b535/idrec/sdk/ledger"
	"github.com/seed-6b91b535/idrec/shared"
)

// On a disk that fails nothing is begun, the error is one clear line, and what is on record is still
// answered. When the disk is well again, everything goes on and nothing was written half.
func TestFailingDiskBeginsNothing(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		about string
		kind  opKind
		err   error
		want  string
	}{
		{"full at a write", opWrite, syscall.ENOSPC, "disk is full"},
		{"full at a sync", opSync, syscall.ENOSPC, "disk is full"},
		{"over quota", opWrite, syscall.EDQUOT, "disk is full"},
		{"failing at a write", opWrite, syscall.EIO, "disk reports an error"},
		{"failing at a sync", opSync, syscall.EIO, "disk reports an error"},
	} {
		t.Run(c.about, func(t *testing.T) {
			t.Parallel()
			disk, vfs := newShim(t)
			s, err := Open(t.Context(), filepath.Join(t.TempDir(), "canary.db"), newKeys(t), disk.options(vfs))
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = s.Close() }()
			settled(t, s, "k", "c")
			open := newIntent("open", "open")
			if _, began, err := s.Begin(t.Context(), open); err != nil || !began {
				t.Fatal(began, err)
			}
			for after := range int64(4) { // at each of the first steps of a transaction
				var n atomic.Int64
				disk.set(func(s *shim) {
					s.fail = func(kind opKind, _ string) error {
						if kind == c.kind && n.Add(1) > after {
							return c.err
						}
						return nil
					}
				})
				failed := 0
				for i := range 10 {
					id := fmt.Sprint("f", after, i)
					_, began, err := s.Begin(t.Context(), newIntent(id, id))
					if err == nil {
						continue
					}
					failed++
					var typed *shared.Error
					if began || errors.As(err, &typed) || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "canary") {
						t.Fatalf("began %v, %v", began, err)
					}
				}
				if failed == 0 {
					t.Fatal("the disk did not fail")
				}
				if err := s.Settle(t.Context(), billed(open)); err == nil {
					t.Error("an outcome that was not written was acknowledged")
				}
				if e, err := s.Lookup(t.Context(), "k", ""); err != nil || len(e.Answer) == 0 {
					t.Errorf("the record does not answer while the disk fails: %+v, %v", e, err)
				}
			}
			disk.set(func(s *shim) { s.fail = nil })
			if err := s.Settle(t.Context(), billed(open)); err != nil {
				t.Fatal(err)
			}
			// The books are those of the calls that are on record, whichever of them came through.
			var records []ledger.Record
			for r, err := range s.Records(t.Context(), ledger.Filter{}) {
				if err != nil {
					t.Fatal(err)
				}
				records = append(records, r)
			}
			calls := int64(0)
			usage, err := s.Usage(t.Context(), "", "")
			for _, u := range usage {
				calls += u.Calls
			}
			if err != nil || calls != int64(len(records)) {
				t.Errorf("%d calls are booked and %d on record, %v", calls, len(records), err)
			}
		})
	}
}

func TestFullDiskAtOpenIsUnavailable(t *testing.T) {
	t.Parallel()
	disk, vfs := newShim(t)
	disk.set(func(s *shim) { s.fail = func(opKind, string) error { return syscall.ENOSPC } })
	dir := t.TempDir()
	_, err := Open(t.Context(), filepath.Join(dir, "canary.db"), newKeys(t), disk.options(vfs))
	wantRefusal(t, err, shared.CodeLedgerUnavailable, "disk is full")
	if left, err := filepath.Glob(filepath.Join(dir, "*")); err != nil || len(left) != 0 {
		t.Errorf("left behind are %v, %v", left, err)
	}
}

// Writes that wait for the same sync share the next one.
func TestWaitingWritesShareASync(t *testing.T) {
	t.Parallel()
	disk, vfs := newShim(t)
	s, err := Open(t.Context(), filepath.Join(t.TempDir(), "ledger.db"), newKeys(t), disk.options(vfs))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	const calls = 100
	var syncs atomic.Int64
	disk.set(func(sh *shim) {
		sh.fail = func(kind opKind, _ string) error {
			if kind == opSync && syncs.Add(1) == 1 {
				// The first transaction, of one call or a few, takes until most others wait.
				awaitWaiting(s, calls/2)
			}
			return nil
		}
	})
	var wg sync.WaitGroup
	for i := range calls {
		wg.Go(func() {
			id := fmt.Sprint(i)
			if _, began, err := s.Begin(context.Background(), newIntent(id, id)); err != nil || !began {
				t.Error(began, err)
			}
		})
	}
	wg.Wait()
	if n := syncs.Load(); n > 4 {
		t.Errorf("%d syncs for %d writes", n, calls)
	}
}

// One write that cannot be made does not fail those that share its transaction.
func TestFailingWriteFailsAlone(t *testing.T) {
	t.Parallel()
	s := mustOpen(t, filepath.Join(t.TempDir(), "ledger.db"), newKeys(t))
	const calls = 20
	held, hold := make(chan struct{}), make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		_ = s.writer.do(context.Background(), func(*conn) error { close(held); <-hold; return nil })
	})
	<-held // the next transaction is for all others
	bad := errors.New("bad")
	for i := range calls {
		wg.Go(func() {
			err := s.writer.do(context.Background(), func(c *conn) error {
				if err := c.exec(`INSERT INTO alias (alias, key) VALUES (?, x'')`, []byte(fmt.Sprint(i))); err != nil || i != 7 {
					return err
				}
				return bad
			})
			if (i == 7) != errors.Is(err, bad) {
				t.Errorf("write %d: %v", i, err)
			}
		})
	}
	awaitWaiting(s, calls)
	close(hold)
	wg.Wait()
	err := s.read(t.Context(), func(c *conn) error {
		n, err := c.number(`SELECT count(*) FROM alias`)
		if n != calls-1 {
			t.Errorf("%d were written, want %d", n, calls-1)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

// Whoever gives up while another process holds the file has written nothing.
func TestGivingUpBeforeTheLockWritesNothing(t *testing.T) {
	t.Parallel()
	path, keys := filepath.Join(t.TempDir(), "ledger.db"), newKeys(t)
	s := mustOpen(t, path, keys)
	other, err := dial(t.Context(), path, filesVFS)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = other.close() }()
	if err := other.exec("BEGIN IMMEDIATE"); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() {
		_, _, err := s.Begin(ctx, newIntent("k", "c"))
		done <- err
	}()
	awaitWaiting(s, 1)
	cancel()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	if e, err := s.Lookup(t.Context(), "k", ""); err != nil || e.State != shared.RecallUnknown {
		t.Errorf("reading is held up, or it was written: %+v, %v", e, err)
	}
	if err := other.exec("COMMIT"); err != nil {
		t.Fatal(err)
	}
	settled(t, s, "k2", "c2")
	if e, err := s.Lookup(t.Context(), "k", ""); err != nil || e.State != shared.RecallUnknown {
		t.Errorf("it was written afterwards: %+v, %v", e, err)
	}
}

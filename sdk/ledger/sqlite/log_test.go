package sqlite

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"

	sqlite3 "github.com/ncruces/go-sqlite3"

	"github.com/seed-6b91b535/idrec/sdk/ledger"
	"github.com/seed-6b91b535/idrec/sdk/ledger/seal"
	"github.com/seed-6b91b535/idrec/shared"
)

// gate lets a test hold the syncs of a log, and end them in an order and with an error of its choice.
type gate struct {
	on    atomic.Bool
	begun chan chan error // a sync that began, and ends with what it is sent
	syncs atomic.Int64
	fail  atomic.Bool  // each sync that is not held
	again atomic.Int64 // frames that were written by the log, which writes only those that are there
}

type gatedLog struct {
	logFile

	gate *gate
}

func (l gatedLog) Sync() error {
	l.gate.syncs.Add(1)
	if l.gate.on.Load() {
		end := make(chan error)
		l.gate.begun <- end
		if err := <-end; err != nil {
			return err
		}
	} else if l.gate.fail.Load() {
		return syscall.EIO
	}
	return l.logFile.Sync()
}

func (l gatedLog) WriteAt(p []byte, off int64) (int, error) {
	if len(p) == frameHead+pageSize {
		l.gate.again.Add(1)
	}
	return l.logFile.WriteAt(p, off)
}

func openGated(t *testing.T, path string, keys *seal.Ring) (*Store, *gate) {
	t.Helper()
	if !ownErrors {
		t.Skip("each commit is synced before others see it")
	}
	g := &gate{begun: make(chan chan error)}
	s, err := Open(t.Context(), path, keys, Options{openLog: func(path string) (logFile, error) {
		f, err := openOSLog(path)
		return gatedLog{f, g}, err
	}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s, g
}

// beginning begins a call, and sends what it is told.
func beginning(ctx context.Context, s *Store, key string) chan error {
	told := make(chan error, 1)
	go func() {
		_, began, err := s.Begin(ctx, newIntent(key, "call of "+key))
		if err == nil && !began {
			err = errors.New("it was not begun")
		}
		told <- err
	}()
	return told
}

func notYet[T any](t *testing.T, told chan T, what string) {
	t.Helper()
	for range 100 {
		runtime.Gosched()
	}
	select {
	case got := <-told:
		t.Errorf("%s: %v", what, got)
	default:
	}
}

// A write that comes during a sync begins its own. Nobody is told before his sync, nor before those of the writes
// before his.
func TestSyncsOverlap(t *testing.T) {
	t.Parallel()
	s, g := openGated(t, filepath.Join(memoryDir(t), "ledger.db"), newKeys(t))
	settled(t, s, "k", "c")
	g.on.Store(true)
	first := beginning(t.Context(), s, "1")
	one := <-g.begun
	second := beginning(t.Context(), s, "2")
	two := <-g.begun // while the first is under way
	notYet(t, first, "the first was told before its sync")
	two <- nil
	notYet(t, second, "the second was told before the first is durable")
	one <- nil
	if err := errors.Join(<-first, <-second); err != nil {
		t.Error(err)
	}
	// No more than so many at a time.
	ends := make([]chan error, unsyncedAtMost)
	tolds := make([]chan error, unsyncedAtMost)
	for i := range ends {
		tolds[i] = beginning(t.Context(), s, strings.Repeat("x", i+1))
		ends[i] = <-g.begun
	}
	late := beginning(t.Context(), s, "late")
	awaitWaiting(s, 1)
	notYet(t, g.begun, "one sync too many")
	if e, err := s.Lookup(t.Context(), "late", ""); err != nil || e.State != shared.RecallUnknown {
		t.Errorf("it was committed while %d commits are without a sync: %+v, %v", unsyncedAtMost, e, err)
	}
	for _, end := range ends {
		end <- nil
	}
	(<-g.begun) <- nil
	for _, told := range tolds {
		if err := <-told; err != nil {
			t.Error(err)
		}
	}
	if err := <-late; err != nil {
		t.Error(err)
	}
	g.on.Store(false)
}

// Whoever gives up during the sync returns; what he wrote is there.
func TestGivingUpDuringASync(t *testing.T) {
	t.Parallel()
	s, g := openGated(t, filepath.Join(memoryDir(t), "ledger.db"), newKeys(t))
	settled(t, s, "k", "c")
	g.on.Store(true)
	ctx, cancel := context.WithCancel(t.Context())
	told := beginning(ctx, s, "1")
	end := <-g.begun
	cancel()
	if err := <-told; !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	closed := make(chan error, 1)
	go func() { closed <- s.Close() }()
	notYet(t, closed, "the store was closed during a sync")
	g.on.Store(false)
	end <- nil
	if err := <-closed; err != nil {
		t.Error(err)
	}
	s = mustOpen(t, s.path, s.keys)
	if e, err := s.Lookup(t.Context(), "1", ""); err != nil || e.State != shared.RecallInDoubt {
		t.Errorf("%+v, %v", e, err)
	}
}

// All who wait for a sync that fails are told, also those whose own went well, and the log is not brought home until
// it was written again, which the next write does.
func TestFailedSyncFailsAllWhoWait(t *testing.T) {
	t.Parallel()
	s, g := openGated(t, filepath.Join(memoryDir(t), "ledger.db"), newKeys(t))
	settled(t, s, "k", "c")
	before, err := os.ReadFile(s.path)
	if err != nil {
		t.Fatal(err)
	}
	g.on.Store(true)
	first := beginning(t.Context(), s, "1")
	one := <-g.begun
	second := beginning(t.Context(), s, "2")
	two := <-g.begun
	two <- nil
	one <- syscall.ENOSPC
	for _, told := range []chan error{first, second} {
		if err := <-told; err == nil || !strings.Contains(err.Error(), "disk is full") {
			t.Errorf("told %v", err)
		}
	}
	g.on.Store(false)
	// Syncs go well again, and say nothing of what is lost.
	if err := s.emptyLog(t.Context()); err == nil || !strings.Contains(err.Error(), "disk is full") {
		t.Errorf("bringing home: %v", err)
	}
	if now, err := os.ReadFile(s.path); err != nil || !bytes.Equal(now, before) {
		t.Errorf("the log was brought home, %v", err)
	}
	if e, err := s.Lookup(t.Context(), "k", ""); err != nil || len(e.Answer) == 0 {
		t.Errorf("what is on record does not answer: %+v, %v", e, err)
	}
	settled(t, s, "k2", "c2")
	if err := s.emptyLog(t.Context()); err != nil {
		t.Error(err)
	}
	settled(t, s, "k3", "c3")
}

// A log that is not known to be durable is not brought home at the end either.
func TestClosingAfterAFailedSync(t *testing.T) {
	t.Parallel()
	s, g := openGated(t, filepath.Join(memoryDir(t), "ledger.db"), newKeys(t))
	settled(t, s, "k", "c")
	before, err := os.ReadFile(s.path)
	if err != nil {
		t.Fatal(err)
	}
	g.fail.Store(true)
	if err := <-beginning(t.Context(), s, "1"); err == nil {
		t.Error("a sync that failed was acknowledged")
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if now, err := os.ReadFile(s.path); err != nil || !bytes.Equal(now, before) {
		t.Errorf("the log was brought home, %v", err)
	}
	s = mustOpen(t, s.path, s.keys)
	if e, err := s.Lookup(t.Context(), "k", ""); err != nil || len(e.Answer) == 0 {
		t.Errorf("%+v, %v", e, err)
	}
	settled(t, s, "k2", "c2")
}

// A log that cannot be written again as it was refuses every write.
func TestLogThatChangedAfterAFailedSync(t *testing.T) {
	t.Parallel()
	s, g := openGated(t, filepath.Join(memoryDir(t), "ledger.db"), newKeys(t))
	settled(t, s, "k", "c")
	g.fail.Store(true)
	if err := <-beginning(t.Context(), s, "1"); err == nil {
		t.Error("a sync that failed was acknowledged")
	}
	g.fail.Store(false)
	wal, err := os.OpenFile(s.path+"-wal", os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = wal.Close() }()
	var b [1]byte
	if _, err := wal.ReadAt(b[:], 2000); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		if _, err := wal.WriteAt([]byte{b[0] ^ 1}, 2000); err != nil {
			t.Fatal(err)
		}
		if err := <-beginning(t.Context(), s, "2"); err == nil || !strings.Contains(err.Error(), "stop all processes") {
			t.Errorf("told %v", err)
		}
	}
	if _, err := wal.WriteAt(b[:], 2000); err != nil {
		t.Fatal(err)
	}
	settled(t, s, "k2", "c2")
}

// A sync of another process may have failed, of which whoever opens the log later is not told: he writes it again
// before he writes behind it, and brings nothing of it home before that.
func TestInheritedLogIsWrittenAgain(t *testing.T) {
	t.Parallel()
	path, keys := filepath.Join(memoryDir(t), "ledger.db"), newKeys(t)
	s, g := openGated(t, path, keys)
	settled(t, s, "k", "c")
	g.fail.Store(true)
	if err := <-beginning(t.Context(), s, "1"); err == nil {
		t.Error("a sync that failed was acknowledged")
	}
	younger, yg := openGated(t, path, keys)
	for range 3 {
		if e, err := younger.Lookup(t.Context(), "k", ""); err != nil || len(e.Answer) == 0 {
			t.Errorf("%+v, %v", e, err)
		}
	}
	if n := yg.syncs.Load(); n != 1 {
		t.Errorf("%d syncs for three answers, want 1", n)
	}
	if err := younger.checkpoint.run(t.Context(), sqlite3.CHECKPOINT_PASSIVE); !errors.Is(err, inherited) {
		t.Errorf("brought home: %v", err)
	}
	there := int64(frames(younger.log.head()))
	settled(t, younger, "k2", "c2")
	if n := yg.again.Load(); n != there {
		t.Errorf("%d frames were written again of %d", n, there)
	}
	settled(t, younger, "k3", "c3")
	if n := yg.again.Load(); n != there {
		t.Errorf("written again twice")
	}
	if err := younger.emptyLog(t.Context()); err != nil {
		t.Error(err)
	}
	g.fail.Store(false)
	settled(t, s, "k4", "c4")
}

// Who only reads a log that others wrote leaves it where it is.
func TestInheritedLogIsLeftByItsReaders(t *testing.T) {
	t.Parallel()
	path, keys := filepath.Join(memoryDir(t), "ledger.db"), newKeys(t)
	s, _ := openGated(t, path, keys)
	settled(t, s, "k", "c")
	crashed := filepath.Join(memoryDir(t), "crashed.db")
	copyFiles(t, path, crashed)
	size := func() int64 {
		info, err := os.Stat(crashed + "-wal")
		if err != nil {
			t.Fatal(err)
		}
		return info.Size()
	}
	before := size()
	for _, write := range []bool{false, true} {
		reader, _ := openGated(t, crashed, keys)
		if e, err := reader.Lookup(t.Context(), "k", ""); err != nil || len(e.Answer) == 0 {
			t.Errorf("%+v, %v", e, err)
		}
		if write {
			settled(t, reader, "k2", "c2")
		}
		if err := reader.Close(); err != nil {
			t.Error(err)
		}
		if !write && size() != before {
			t.Errorf("the log has %d bytes, had %d", size(), before)
		}
	}
	if _, err := os.Stat(crashed + "-wal"); !errors.Is(err, os.ErrNotExist) {
		t.Error("who wrote it again did not bring it home:", err)
	}
}

// What another process committed and did not sync is synced by whoever answers with it, once, and by whoever
// writes behind it, before he does.
func TestAnotherProcessSyncsWhatItActsOn(t *testing.T) {
	t.Parallel()
	path, keys := filepath.Join(memoryDir(t), "ledger.db"), newKeys(t)
	s, g := openGated(t, path, keys)
	other, og := openGated(t, path, keys)
	settled(t, other, "o", "o")
	in := newIntent("k", "c")
	if _, _, err := s.Begin(t.Context(), in); err != nil {
		t.Fatal(err)
	}
	g.on.Store(true)
	told := make(chan error, 1)
	go func() { told <- s.Settle(t.Context(), billed(in)) }()
	end := <-g.begun
	before := og.syncs.Load()
	for range 3 {
		e, err := other.Lookup(t.Context(), "k", "")
		if err != nil || e.State != shared.RecallSettled {
			t.Errorf("%+v, %v", e, err)
		}
	}
	if n := og.syncs.Load() - before; n != 1 {
		t.Errorf("%d syncs for three answers, want 1", n)
	}
	end <- nil
	if err := <-told; err != nil {
		t.Error(err)
	}

	first := beginning(t.Context(), s, "1")
	end = <-g.begun
	og.on.Store(true)
	second := beginning(t.Context(), other, "2")
	early := <-og.begun
	if e, err := s.Lookup(t.Context(), "2", ""); err != nil || e.State != shared.RecallUnknown {
		t.Errorf("it was committed behind what is not durable: %+v, %v", e, err)
	}
	early <- nil
	(<-og.begun) <- nil
	if err := <-second; err != nil {
		t.Error(err)
	}
	notYet(t, first, "the first was told before its own sync")
	end <- nil
	if err := <-first; err != nil {
		t.Error(err)
	}
	g.on.Store(false)
	og.on.Store(false)
}

// The log has room before it is needed, and what it has is no part of the ledger.
func TestLogHasRoomInAdvance(t *testing.T) {
	t.Parallel()
	s, _ := openGated(t, filepath.Join(memoryDir(t), "ledger.db"), newKeys(t))
	settled(t, s, "k", "c")
	sizes := map[int64]bool{}
	for i := range 40 {
		id := strings.Repeat("x", i+1)
		settled(t, s, id, id)
		info, err := os.Stat(s.path + "-wal")
		if err != nil {
			t.Fatal(err)
		}
		sizes[info.Size()] = true
	}
	if len(sizes) > 5 {
		t.Errorf("the log had %d sizes in 80 writes", len(sizes))
	}
	crashed := filepath.Join(memoryDir(t), "crashed.db")
	copyFiles(t, s.path, crashed)
	found, _ := salvage(t, crashed, s.keys)
	after := mustOpen(t, crashed, s.keys)
	n := int64(0)
	for _, err := range after.Records(t.Context(), ledger.Filter{}) {
		if err != nil {
			t.Fatal(err)
		}
		n++
	}
	if n != 41 || found.Calls != n || found.Answers != n {
		t.Errorf("%d records, salvaged %+v", n, found)
	}
}

// A checkpoint syncs the log as well on an opening that is older than it.
func TestCheckpointAsksTheOldestOpening(t *testing.T) {
	t.Parallel()
	s, g := openGated(t, filepath.Join(memoryDir(t), "ledger.db"), newKeys(t))
	other := mustOpen(t, s.path, s.keys)
	settled(t, s, "k", "c")
	settled(t, other, "k2", "c2")
	g.fail.Store(true)
	if err := s.checkpoint.run(t.Context(), sqlite3.CHECKPOINT_PASSIVE); !errors.Is(err, syscall.EIO) {
		t.Errorf("got %v", err)
	}
	g.fail.Store(false)
}

// Writes that are made alone, since one of them cannot be made, stop as well at a sync that fails: behind the end of
// the log lie no more commits than are allowed.
func TestWritesMadeAloneStopAtAFailedSync(t *testing.T) {
	t.Parallel()
	s, g := openGated(t, filepath.Join(memoryDir(t), "ledger.db"), newKeys(t))
	settled(t, s, "k", "c")
	held, hold := make(chan struct{}), make(chan struct{})
	go func() { _ = s.writer.do(context.Background(), func(*conn) error { close(held); <-hold; return nil }) }()
	<-held // the next transaction is for all others
	const writes = 10
	bad := errors.New("bad")
	told := make(chan error, writes)
	for i := range writes {
		go func() {
			told <- s.writer.do(context.Background(), func(c *conn) error {
				if err := c.exec(`INSERT INTO alias (alias, key) VALUES (?, x'')`, []byte{byte(i)}); err != nil || i != 0 {
					return err
				}
				return bad
			})
		}()
	}
	awaitWaiting(s, writes)
	g.fail.Store(true)
	close(hold)
	for range writes {
		if err := <-told; err == nil {
			t.Error("a sync that failed was acknowledged")
		}
	}
	g.fail.Store(false)
	err := s.read(t.Context(), func(c *conn) error {
		n, err := c.number(`SELECT count(*) FROM alias`)
		if n > unsyncedAtMost {
			t.Errorf("%d commits without a sync", n)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

package sqlite

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"os"
	"sync"
	"sync/atomic"
)

// unsyncedAtMost is how many commits of the log may wait for their syncs, those of all processes together. What the
// power takes away lies among them, so behind the end of a log lie at most so many commits; see [pages.readLog].
const unsyncedAtMost = 2

// logFile is one opening of the log. The system tells each of them of its own that something that was written to
// the file did not reach the disk, at its next sync and once; see [ownErrors].
type logFile interface {
	io.ReaderAt
	io.WriterAt
	Stat() (os.FileInfo, error)
	Sync() error // of all that was written to the file before, by whom ever
	Close() error
}

// log makes commits durable. SQLite itself only writes them (synchronous=NORMAL), so that the next ones are made
// while those before are synced, several syncs at the same time. Its order of syncs keeps the ledger whole when the
// power fails: the head of a log that is begun anew is synced before what follows it, the log before it is brought
// home, the ledger before its log is begun anew. What is left to do here is to answer nobody whose commit is not
// durable.
//
// # Several processes
//
// What another process committed and did not sync, this one sees. Whoever builds on it in a transaction lies behind
// it in the log, so that his own sync covers it too; the writer syncs it before its own transaction, so that no
// more commits than [unsyncedAtMost] are without a sync. Who only reads it and acts on it outside of the ledger
// waits for a sync, see [log.seen].
//
// # A sync that fails
//
// Nothing that was not durable before is taken to be so afterwards, whatever later syncs say: the system takes
// pages that it could not write for written. All who wait are told; nothing is committed nor brought home until
// the log was written again (see [log.repair]).
type log struct {
	path   string
	places chan logFile // the openings that no sync uses
	all    []logFile
	last   *flight                 // of the writer
	failed atomic.Pointer[failure] // the sync that failed, until the log was written again; at first [inherited]
	wg     sync.WaitGroup
	index  *os.File // the index of the log (-shm)

	durable atomic.Pointer[indexHead] // the state of the log that is known to be durable

	mu     sync.Mutex // of what follows
	look   logFile    // for those who have no place
	looked *indexHead // the state of an inherited log that was synced for a look-up
	closed bool
}

// inherited stands for what is not known of a log that others wrote: a sync of theirs may have failed, of which
// an opening that is younger is not told. It is the reader's own after his first transaction, which writes it
// again; until then nothing of it is brought home.
var inherited = &failure{"its log is not known to be durable yet", nil}

// flight is a sync under way.
type flight struct {
	done chan struct{}
	err  error // once it is done
}

// indexHead is the head of the log's index (https://sqlite.org/walformat.html): each commit changes it.
type indexHead [48]byte

// openLog opens the log of a ledger that is open, so that it is there.
func openLog(path string, open func(string) (logFile, error)) (l *log, err error) {
	l = &log{path: path + "-wal", places: make(chan logFile, unsyncedAtMost)}
	defer func() {
		if err != nil {
			_ = l.close()
		}
	}()
	if l.index, err = os.Open(path + "-shm"); err != nil {
		return nil, err
	}
	for range unsyncedAtMost + 1 {
		f, err := open(l.path)
		if err != nil {
			return nil, err
		}
		l.all = append(l.all, f)
	}
	l.look = l.all[0]
	for _, f := range l.all[1:] {
		l.places <- f
	}
	if now := l.head(); now == nil || frames(now) > 0 {
		l.failed.Store(inherited)
	}
	return l, nil
}

// frames is how many committed frames the log has.
func frames(now *indexHead) uint32 { return binary.NativeEndian.Uint32(now[16:]) }

// close waits for the syncs that are under way.
func (l *log) close() (err error) {
	if l == nil {
		return nil
	}
	l.wg.Wait()
	l.mu.Lock()
	defer l.mu.Unlock()
	l.closed = true
	for _, f := range l.all {
		err = errors.Join(err, f.Close())
	}
	if l.index != nil {
		err = errors.Join(err, l.index.Close())
	}
	return err
}

// head reads the state of the log, nil where it is just being changed.
func (l *log) head() *indexHead {
	// There are two copies, written one after the other.
	var b [2 * len(indexHead{})]byte
	if _, err := l.index.ReadAt(b[:], 0); err != nil || !bytes.Equal(b[:len(b)/2], b[len(b)/2:]) {
		return nil
	}
	return (*indexHead)(b[:len(b)/2])
}

// sync syncs with an opening, and remembers if that failed.
func (l *log) sync(f logFile) error {
	if err := f.Sync(); err != nil {
		l.failed.Store(&failure{text(err), err})
		return err
	}
	return nil
}

// place waits until fewer than [unsyncedAtMost] commits are without a sync. What it returns goes back with [log.fly]
// or [log.back].
func (l *log) place() logFile {
	if l == nil {
		return nil
	}
	return <-l.places
}

func (l *log) back(place logFile) {
	if l != nil {
		l.places <- place
	}
}

// fly makes durable what was committed, beside the caller, who is the writer, and calls landed. Where nothing was
// committed it waits for what is under way.
//
// A commit is durable no sooner than those before it: what one sync is told of a failed write, another one that
// runs at the same time may not be told yet.
func (l *log) fly(place logFile, committed bool, landed func(error)) {
	if l == nil { // the commit was synced
		landed(nil)
		return
	}
	before, f := l.last, &flight{done: make(chan struct{})}
	l.last = f
	now := l.head()
	l.wg.Go(func() {
		if committed {
			f.err = l.sync(place)
		}
		l.places <- place
		if before != nil {
			<-before.done
			if f.err == nil {
				f.err = before.err
			}
		}
		if f.err == nil && committed && now != nil {
			l.durable.Store(now)
		}
		close(f.done)
		landed(f.err)
	})
}

// landed waits for the syncs that are under way.
func (l *log) landed() {
	if l != nil && l.last != nil {
		<-l.last.done
	}
}

// begun is called by the writer, who has a place, at the begin of a transaction; foreign says that somebody else may
// have committed since the one before. After an error there must be none.
func (l *log) begun(place logFile, foreign bool) error {
	err := error(nil)
	switch {
	case l.failed.Load() != nil:
		err = l.repair()
	case foreign:
		err = l.catchUp(place)
	}
	if err == nil {
		l.room(place)
	}
	return err
}

// now makes durable all that is in the log.
func (l *log) now() error {
	if l == nil {
		return nil
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return errClosed
	}
	switch failed := l.failed.Load(); failed {
	case nil:
		return l.catchUp(l.look)
	case inherited:
		l.lookedUp()
		return failed
	default:
		return failed
	}
}

// lookedUp syncs an inherited log, which is as much as who only reads it can do.
func (l *log) lookedUp() {
	if now := l.head(); now == nil || l.looked == nil || *l.looked != *now {
		if l.look.Sync() == nil {
			l.looked = now
		}
	}
}

// catchUp syncs with an opening, unless all that is in the log is known to be durable.
func (l *log) catchUp(f logFile) error {
	now := l.head()
	if known := l.durable.Load(); now != nil && known != nil && *known == *now {
		return nil
	}
	err := l.sync(f)
	if err == nil && now != nil {
		l.durable.Store(now)
	}
	return err
}

// seen makes durable what the caller has read, before he acts on it outside of the ledger: an answer that he passes
// on, an alias or a subject that he need not write. Without it, a loss of power could turn an answer that somebody
// works with into a call in doubt. Where nothing was written since the last sync it costs nothing.
//
// Other reads need no sync. What is in flight, in doubt or unknown is waited for, refused or asked again within the
// transaction of Begin, as are budgets and CallIDs, and that transaction lies behind what it read. That an owner is
// gone, the system says and not the log. Reports and registers are of a moment in any case.
//
// On a disk that fails the answer is given all the same: it is right, and to hold it back would pay nothing less.
func (s *Store) seen() { _ = s.log.now() }

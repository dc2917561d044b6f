package sqlite

import (
	"context"
	"errors"
	"os"
	"slices"
	"sync"
	"time"

	sqlite3 "github.com/ncruces/go-sqlite3"
)

const (
	// gatherAtMost is how long a transaction waits for as many writes as the one before it had: whoever
	// had to wait for the same sync comes back at the same time. One that is alone never waits.
	gatherAtMost = 200 * time.Microsecond
	// gatherAgain is after how many transactions it is tried again, once it was in vain: those who do something
	// else between their writes do not come back together.
	gatherAgain = 16
	// batchAtMost bounds the writes of one transaction.
	batchAtMost = 256
)

// writer is the one connection of a store that writes. What waits at the same time shares a transaction,
// and so a sync. While that runs, the next transaction is made.
type writer struct {
	path       string
	files      map[string]os.FileInfo // the ledger and its log, as they were opened
	conn       *conn
	log        *log
	checkpoint *checkpointer
	pages      int   // of the log, after the last commit
	committed  bool  // since it was set to false, something was
	version    int64 // of the data; another process's commit changes it
	patient    bool  // waits for a lock although nothing is queued

	mu     sync.Mutex
	queue  []*write
	closed bool
	more   chan struct{} // something was queued, or the writer was closed
	over   chan struct{}
	err    error // of closing
}

// write is one caller's part of a transaction. It may run more than once, and only the last run counts.
type write struct {
	run  func(*conn) error
	done chan error
}

func newWriter(path string, c *conn, log *log, checkpoint *checkpointer) *writer {
	w := &writer{path: path, conn: c, log: log, checkpoint: checkpoint, more: make(chan struct{}, 1), over: make(chan struct{})}
	w.files = map[string]os.FileInfo{}
	c.WALHook(func(_ *sqlite3.Conn, _ string, pages int) error { w.pages, w.committed = pages, true; return nil })
	_ = c.BusyHandler(func(ctx context.Context, count int) bool {
		n, _ := w.waiting()
		return (n > 0 || w.patient) && wait(ctx, count) // else nobody wants it any more
	})
	go w.loop()
	return w
}

// do runs f in a transaction and returns when that is durable. After an error that is not f's own nobody
// knows whether it was made, unless it is ctx's and f had not been begun.
func (w *writer) do(ctx context.Context, f func(*conn) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	op := &write{run: f, done: make(chan error, 1)}
	w.mu.Lock()
	if w.closed {
		w.mu.Unlock()
		return errClosed
	}
	w.queue = append(w.queue, op)
	w.mu.Unlock()
	w.wake()
	select {
	case err := <-op.done:
		return wrap(ctx, err)
	case <-ctx.Done():
		w.mu.Lock()
		defer w.mu.Unlock()
		w.queue = slices.DeleteFunc(w.queue, func(o *write) bool { return o == op })
		return context.Cause(ctx)
	}
}

func (w *writer) wake() {
	select {
	case w.more <- struct{}{}:
	default:
	}
}

func (w *writer) close() error {
	w.mu.Lock()
	w.closed = true
	w.mu.Unlock()
	w.wake()
	<-w.over
	return w.err
}

// waiting returns how many writes are queued.
func (w *writer) waiting() (n int, closed bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.queue), w.closed
}

func (w *writer) take() []*write {
	w.mu.Lock()
	defer w.mu.Unlock()
	n := min(len(w.queue), batchAtMost)
	batch := slices.Clone(w.queue[:n])
	w.queue = slices.Delete(w.queue, 0, n)
	return batch
}

func (w *writer) loop() {
	defer close(w.over)
	last, vain := 0, 0
	for {
		n, closed := w.waiting()
		switch {
		case n == 0 && closed:
			w.err = w.end()
			return
		case n == 0:
			<-w.more
			continue
		case n < last && !closed && vain == 0:
			if !w.gather(last) {
				vain = gatherAgain
			}
		}
		vain = max(0, vain-1)
		last = w.batch()
		w.checkpoint.after(w.pages)
	}
}

// gather waits for as many writes, and reports whether they came.
func (w *writer) gather(want int) bool {
	t := time.NewTimer(gatherAtMost)
	defer t.Stop()
	for {
		select {
		case <-w.more:
			if n, closed := w.waiting(); n >= want || closed {
				return true
			}
		case <-t.C:
			return false
		}
	}
}

// end closes the connection. The last one that closes brings the log home, unless it is not known to be durable.
func (w *writer) end() error {
	w.log.landed()
	switch err := w.log.now(); {
	case err == nil:
	case errors.Is(err, inherited): // it wrote nothing
		_, _ = w.conn.Config(sqlite3.DBCONFIG_NO_CKPT_ON_CLOSE, true)
	default:
		place := w.log.place()
		if w.lock(place) != nil {
			_, _ = w.conn.Config(sqlite3.DBCONFIG_NO_CKPT_ON_CLOSE, true)
		}
		w.rollback()
		w.log.back(place)
	}
	return errors.Join(w.log.close(), w.conn.close())
}

// batch makes one transaction of what waits, and returns how many writes it had. It does not wait for the sync,
// after which the callers are told.
func (w *writer) batch() int {
	// A place and the lock first, which other processes may hold for a while: what comes meanwhile, or is
	// given up, is still free to do so.
	place := w.log.place()
	if err := w.lock(place); err != nil {
		w.rollback()
		w.log.back(place)
		if errors.Is(err, sqlite3.BUSY) {
			return 0 // nobody wanted it any more
		}
		batch := w.take()
		tell(batch, err)
		return len(batch)
	}
	batch := w.take()
	w.committed = false
	err := w.run(batch)
	if err == nil {
		err = w.conn.exec("COMMIT")
	}
	if err == nil {
		w.log.fly(place, w.committed, func(err error) { tell(batch, err) })
		return len(batch)
	}
	w.rollback()
	w.log.back(place)
	if len(batch) == 1 {
		tell(batch, err)
		return 1
	}
	// One of them, or what they share: each gets its own error.
	w.patient = true
	defer func() { w.patient = false }()
	for _, op := range batch {
		w.alone(op)
	}
	return 1
}

// alone makes a transaction of one write, and waits for its sync.
func (w *writer) alone(op *write) {
	place := w.log.place()
	w.committed = false
	err := w.lock(place)
	if err == nil {
		err = op.run(w.conn)
	}
	if err == nil {
		err = w.conn.exec("COMMIT")
	}
	if err != nil {
		w.rollback()
		w.log.back(place)
		op.done <- err
		return
	}
	w.log.fly(place, w.committed, func(err error) { op.done <- err })
	w.log.landed()
}

func tell(batch []*write, err error) {
	for _, op := range batch {
		op.done <- err
	}
}

func (w *writer) run(batch []*write) error {
	for _, op := range batch {
		if err := op.run(w.conn); err != nil {
			return err
		}
	}
	return nil
}

// lock begins a transaction. It fails where the file is not the one any more that was opened, and where what lies
// before the transaction cannot be made durable.
func (w *writer) lock(place logFile) error {
	for _, name := range []string{w.path, w.path + "-wal"} { // both are there as long as a connection is
		now, err := os.Stat(name)
		if w.files[name] == nil {
			w.files[name] = now
		}
		if err != nil || !os.SameFile(now, w.files[name]) {
			return &failure{"its file was moved or removed while it was in use: put it back and start again", err}
		}
	}
	if err := w.conn.exec("BEGIN IMMEDIATE"); err != nil || w.log == nil {
		return err
	}
	version, err := w.conn.number("PRAGMA data_version")
	if err == nil {
		err = w.log.begun(place, version != w.version)
	}
	if err == nil {
		w.version = version
	}
	return err
}

func (w *writer) rollback() {
	if !w.conn.GetAutocommit() {
		_ = w.conn.exec("ROLLBACK")
	}
}

// immediately runs f in a transaction of its own.
func (c *conn) immediately(f func() error) error {
	if err := c.exec("BEGIN IMMEDIATE"); err != nil {
		return err
	}
	err := f()
	if err == nil {
		err = c.exec("COMMIT")
	}
	if err != nil && !c.GetAutocommit() {
		_ = c.exec("ROLLBACK")
	}
	return err
}

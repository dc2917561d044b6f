package sqlite

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/seed-6b91b535/idrec/sdk/ledger"
	"github.com/seed-6b91b535/idrec/sdk/ledger/seal"
)

// Store is a [ledger.Store] in a file. Its methods return a *shared.Error only for what the caller may not
// do; any other error says in one line what is the matter with the file, without its path.
type Store struct {
	keys     *seal.Ring
	digester *ledger.Digester
	path     string
	vfs      string
	warnings []string
	owner    *owner

	readers    *readers
	log        *log // nil where each commit is synced before others see it
	writer     *writer
	checkpoint *checkpointer
	waiters    waiters
	answered   answered

	closing sync.Once
	closed  chan struct{}
}

var _ ledger.Store = (*Store)(nil)

func (s *Store) start(c *conn, open func(string) (logFile, error)) (err error) {
	if open != nil {
		if s.log, err = openLog(s.path, open); err != nil {
			return err
		}
		// SQLite writes the commits, and the log syncs them.
		if err = c.Exec("PRAGMA synchronous = NORMAL"); err != nil {
			return errors.Join(err, s.log.close())
		}
	}
	s.closed = make(chan struct{})
	s.answered.timer = time.AfterFunc(time.Hour, s.flushLater)
	s.answered.timer.Stop()
	s.checkpoint = newCheckpointer(s.path, s.vfs, s.log)
	s.writer = newWriter(s.path, c, s.log, s.checkpoint)
	return nil
}

// Digester returns the digester of the record.
func (s *Store) Digester() *ledger.Digester { return s.digester }

// Durable reports true.
func (s *Store) Durable() bool { return true }

// Warnings says what weakens the promise here, in words for people; nil is nothing.
func (s *Store) Warnings() []string { return s.warnings }

// Close ends the ownership; see [ledger.Store]. Writes that are under way are finished.
func (s *Store) Close() (err error) {
	s.closing.Do(func() {
		s.answered.timer.Stop()
		ctx, cancel := context.WithTimeout(context.Background(), closeAtMost)
		defer cancel()
		err = s.flush(ctx)
		close(s.closed)
		// The last connection that closes brings the log home, so the readers close first.
		err = errors.Join(err, s.readers.close(), s.checkpoint.close(), s.writer.close(), s.owner.close())
	})
	return wrap(context.Background(), err)
}

// closeAtMost bounds the last write of a statistic.
const closeAtMost = time.Second

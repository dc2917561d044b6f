package postgres

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
)

const (
	// heartbeat is how often the owner's connection is asked whether it still works; the lock is lost
	// with it, and a break that nobody reports would go unnoticed.
	heartbeat = 5 * time.Second
	// ownAgainAtMost bounds the wait between tries to take a new lock.
	ownAgainAtMost = 500 * time.Millisecond
)

// adoptSQL takes along the calls that are open under former locks.
const adoptSQL = `update call set owner = $1 where outcome is null and owner = any($2)`

// owner is the ownership: the lock that is held at present, and those that were lost.
type owner struct {
	mu      sync.Mutex
	lock    int64   // the number of the lock that is held
	former  []int64 // those that were held before
	lost    func()  // ends the connection that holds the lock
	held    bool
	changed chan struct{} // closed when held becomes true
}

// own becomes an owner and stays it until Close.
func (s *Store) own(ctx context.Context) error {
	s.owner.changed = make(chan struct{})
	c, err := s.takeLock(ctx)
	if err != nil {
		return err
	}
	s.wg.Go(func() { s.keepOwning(c) })
	s.wg.Go(s.announce)
	s.wg.Go(s.keepFlushing)
	return nil
}

// takeLock takes a new lock on a connection of its own, hears from there what other processes announce,
// and takes along the calls that are open under locks that were lost.
func (s *Store) takeLock(ctx context.Context) (*pgx.Conn, error) {
	c, err := s.connect(ctx)
	if err != nil {
		return nil, err
	}
	limited, cancel := context.WithTimeout(ctx, s.limit)
	defer cancel()
	lock := randomNumber()
	if err := s.lockOn(limited, c, lock); err != nil {
		_ = c.Close(context.WithoutCancel(ctx))
		return nil, err
	}
	o := &s.owner
	o.mu.Lock()
	defer o.mu.Unlock()
	o.lock, o.held = lock, true
	close(o.changed)
	return c, nil
}

func (s *Store) lockOn(ctx context.Context, c *pgx.Conn, lock int64) error {
	var taken bool
	if err := c.QueryRow(ctx, `select pg_try_advisory_lock($1)`, lock).Scan(&taken); err != nil {
		return err
	}
	if !taken {
		return errors.New("the number of the lock is somebody else's")
	}
	if _, err := c.Exec(ctx, `listen `+pgx.Identifier{s.channel()}.Sanitize()); err != nil {
		return err
	}
	_, err := c.Exec(ctx, adoptSQL, lock, s.owner.past())
	return err
}

// past returns the locks that were lost.
func (o *owner) past() []int64 {
	o.mu.Lock()
	defer o.mu.Unlock()
	return append([]int64{}, o.former...)
}

// all returns every lock that this process holds or held: calls under them are its own.
func (o *owner) all() []int64 {
	o.mu.Lock()
	defer o.mu.Unlock()
	locks := append([]int64{}, o.former...)
	if o.held {
		locks = append(locks, o.lock)
	}
	return locks
}

// latest returns the lock that was taken last, whether or not it is still held.
func (o *owner) latest() int64 {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.lock
}

// current returns the lock that is held, once one is.
func (o *owner) current(ctx context.Context) (int64, error) {
	for {
		o.mu.Lock()
		lock, held, changed := o.lock, o.held, o.changed
		o.mu.Unlock()
		if held {
			return lock, nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return 0, errOwner
		}
	}
}

// disown gives up a lock that was found not to be held.
func (o *owner) disown(lock int64) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if !o.held || o.lock != lock {
		return
	}
	o.held, o.changed = false, make(chan struct{})
	o.former = append(o.former, lock)
	if o.lost != nil {
		o.lost()
	}
}

// keepOwning hears what is announced until the connection is lost, and then takes a new lock.
func (s *Store) keepOwning(c *pgx.Conn) {
	for {
		ctx, cancel := context.WithCancel(s.ctx)
		s.owner.mu.Lock()
		lock := s.owner.lock
		s.owner.lost = cancel
		s.owner.mu.Unlock()
		s.listen(ctx, c)
		s.owner.disown(lock)
		cancel()
		s.release(c)
		for wait := againFirst; ; wait = min(2*wait, ownAgainAtMost) {
			if s.ctx.Err() != nil {
				return
			}
			var err error
			if c, err = s.takeLock(s.ctx); err == nil {
				break
			}
			t := time.NewTimer(wait)
			select {
			case <-t.C:
			case <-s.ctx.Done():
				t.Stop()
			}
		}
	}
}

// release closes the connection that held the lock, and gives the lock up first where it can, since a
// server notices the end of a connection a moment later.
func (s *Store) release(c *pgx.Conn) {
	ctx, cancel := context.WithTimeout(context.Background(), s.limit)
	defer cancel()
	if !c.IsClosed() {
		_, _ = c.Exec(ctx, `select pg_advisory_unlock_all()`, pgx.QueryExecModeSimpleProtocol)
	}
	_ = c.Close(ctx)
}

// listen returns when the connection is lost or ctx done.
func (s *Store) listen(ctx context.Context, c *pgx.Conn) {
	for ctx.Err() == nil {
		limited, cancel := context.WithTimeout(ctx, heartbeat)
		n, err := c.WaitForNotification(limited)
		quiet := limited.Err() != nil && ctx.Err() == nil
		cancel()
		switch {
		case err == nil:
			s.waiters.wake(n.Payload)
		case !quiet || c.IsClosed():
			return
		default:
			asking, cancel := context.WithTimeout(ctx, s.limit)
			err = c.Ping(asking)
			cancel()
			if err != nil {
				return
			}
		}
	}
}

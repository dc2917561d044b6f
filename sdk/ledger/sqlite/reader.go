package sqlite

import (
	"context"
	"errors"
	"slices"
	"sync"

	sqlite3 "github.com/ncruces/go-sqlite3"
)

// readers are the connections that look things up. They see what is committed, and wait for no writer.
type readers struct {
	places chan struct{}

	mu     sync.Mutex
	idle   []*conn
	closed bool
}

func newReaders(n int) *readers { return &readers{places: make(chan struct{}, n)} }

// read runs f with a connection. What f reads in one statement is of one moment.
func (s *Store) read(ctx context.Context, f func(*conn) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	r := s.readers
	select {
	case r.places <- struct{}{}:
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	defer func() { <-r.places }()
	c, err := r.get()
	if err != nil {
		return err
	}
	if c == nil {
		if c, err = dial(ctx, s.path, s.vfs); err != nil {
			return wrap(ctx, err)
		}
		// One that is in use when the store closes may be the last one, and does not know whether the log is
		// durable.
		_, _ = c.Config(sqlite3.DBCONFIG_NO_CKPT_ON_CLOSE, s.log != nil)
	}
	end := c.interruptible(ctx)
	err = f(c)
	end()
	return wrap(ctx, errors.Join(err, r.put(c)))
}

// get returns an idle connection, or nil where one has to be made.
func (r *readers) get() (*conn, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return nil, errClosed
	}
	if len(r.idle) == 0 {
		return nil, nil
	}
	c := r.idle[len(r.idle)-1]
	r.idle = slices.Delete(r.idle, len(r.idle)-1, len(r.idle))
	return c, nil
}

func (r *readers) put(c *conn) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return c.close()
	}
	r.idle = append(r.idle, c)
	return nil
}

// close closes the idle connections, and those in use when they come back.
func (r *readers) close() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.closed = true
	var err error
	for _, c := range r.idle {
		err = errors.Join(err, c.close())
	}
	r.idle = nil
	return err
}

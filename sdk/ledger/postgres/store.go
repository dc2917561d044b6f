package postgres

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/seed-6b91b535/idrec/sdk/ledger"
	"github.com/seed-6b91b535/idrec/sdk/ledger/seal"
)

const (
	// DefaultSchema is the schema that holds the tables.
	DefaultSchema = "idrec"
	// DefaultTimeout bounds one operation.
	DefaultTimeout = 5 * time.Second
	// DefaultMaxConns is the size of the pool: a call holds a connection for milliseconds, twice.
	DefaultMaxConns = 8
	// againFirst is the wait before an operation is tried again; it doubles up to againAtMost.
	againFirst  = 10 * time.Millisecond
	againAtMost = 500 * time.Millisecond
)

// Options are the options of [Open]; the zero value is the default.
type Options struct {
	// Schema holds the tables; one database can hold several ledgers. Default: [DefaultSchema].
	Schema string
	// Timeout bounds one operation with everything in it: a place in the pool, the connection, the wait
	// for a call of the same picture that is just being begun, tries after a connection was lost.
	// Default: [DefaultTimeout].
	Timeout time.Duration
	// MaxConns bounds the pool, besides the one connection that holds the owner's lock. pool_max_conns in
	// the address takes precedence. Default: [DefaultMaxConns].
	MaxConns int
}

// Store is a [ledger.Store] in a PostgreSQL database.
//
// Its methods return a *shared.Error only for what the caller may not do; see [ledger.Store]. Any other
// error says in one line what is the matter with the database, without its address.
type Store struct {
	schema   string
	limit    time.Duration
	keys     *seal.Ring
	pool     *pgxpool.Pool
	config   *pgx.ConnConfig // of the owner's connection
	digester *ledger.Digester
	backends int64 // how many sessions the server takes at most
	warnings []string

	owner     owner
	unsettled unsettled
	waiters   waiters
	news      news
	answered  answered

	ctx  context.Context // ends with Close
	stop context.CancelFunc
	wg   sync.WaitGroup
}

var _ ledger.Store = (*Store)(nil)

// Digester returns the digester of the record.
func (s *Store) Digester() *ledger.Digester { return s.digester }

// Durable reports true.
func (s *Store) Durable() bool { return true }

// Warnings says what weakens the promise here, in words for people; nil is nothing.
func (s *Store) Warnings() []string { return s.warnings }

// Close ends the ownership; see [ledger.Store].
func (s *Store) Close() error {
	if s.ctx.Err() != nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), s.limit)
	defer cancel()
	err := s.flush(ctx)
	s.stop()
	s.wg.Wait()
	s.pool.Close()
	return err
}

// do runs f with a connection of the pool until it succeeds, fails for good, or the time is over. f must
// be safe to run again after a failure that left its effect unknown.
func (s *Store) do(ctx context.Context, f func(context.Context, *pgx.Conn) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	limited, cancel := context.WithTimeout(ctx, s.limit)
	defer cancel()
	stop := context.AfterFunc(s.ctx, cancel)
	defer stop()
	var last error
	for wait := againFirst; ; wait = min(2*wait, againAtMost) {
		if s.ctx.Err() != nil {
			return errClosed
		}
		broken, err := s.once(limited, f)
		switch {
		case err == nil:
			return nil
		case s.ctx.Err() != nil:
			return errClosed
		case !passing(err, broken):
			return wrap(ctx, err)
		case limited.Err() == nil || last == nil:
			last = err
		}
		t := time.NewTimer(wait)
		select {
		case <-t.C:
		case <-limited.Done():
			t.Stop()
			if s.ctx.Err() != nil {
				return errClosed
			}
			return wrap(ctx, last)
		}
	}
}

func (s *Store) once(ctx context.Context, f func(context.Context, *pgx.Conn) error) (broken bool, err error) {
	c, err := s.pool.Acquire(ctx)
	if err != nil {
		return false, err
	}
	err = f(ctx, c.Conn())
	broken = c.Conn().IsClosed()
	c.Release()
	if broken && ctx.Err() == nil {
		// What ended this connection has most likely ended the others.
		s.pool.Reset()
	}
	return broken, err
}

// lockKey names an advisory lock. Two names with the same number only wait for each other.
func (s *Store) lockKey(kind, name string) int64 {
	h := sha256.New()
	for _, part := range []string{s.schema, kind, name} {
		var size [8]byte
		binary.BigEndian.PutUint64(size[:], uint64(len(part)))
		_, _ = h.Write(size[:])
		_, _ = h.Write([]byte(part))
	}
	return int64(binary.BigEndian.Uint64(h.Sum(nil)))
}

// randomNumber returns a number that nobody else has, by chance.
func randomNumber() int64 {
	var b [8]byte
	_, _ = rand.Read(b[:]) // never fails, see crypto/rand
	return int64(binary.BigEndian.Uint64(b[:]))
}

// shards is over how many rows a sum is spread. It is small because whoever adds up reads them all.
const shards = 8

func shard(c *pgx.Conn) int16 { return int16(c.PgConn().PID() % shards) }

// ended reads a batch's results to the end and returns the first error.
func ended(results pgx.BatchResults, errs ...error) error {
	closing := results.Close()
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return closing
}

// undo ends a transaction that is not to be committed. A connection that cannot do it is dropped by the
// pool.
func undo(ctx context.Context, c *pgx.Conn) {
	if !c.IsClosed() && c.PgConn().TxStatus() != 'I' {
		_, _ = c.Exec(ctx, "rollback", pgx.QueryExecModeSimpleProtocol)
	}
}

// noRows reports that a query had no row.
func noRows(err error) bool { return errors.Is(err, pgx.ErrNoRows) }

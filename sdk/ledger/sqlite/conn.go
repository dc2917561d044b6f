package sqlite

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"time"

	sqlite3 "github.com/ncruces/go-sqlite3"
)

const (
	// busyFirst is the wait for a lock that another process holds; it doubles up to busyAtMost, which is
	// of the order of a sync, the time for which a lock is held.
	busyFirst  = 100 * time.Microsecond
	busyAtMost = 2 * time.Millisecond
)

// conn is a connection with its prepared statements. It serves one goroutine at a time.
type conn struct {
	*sqlite3.Conn

	statements map[string]*sqlite3.Stmt
}

// dial opens the file, which must exist.
func dial(ctx context.Context, path, vfs string) (*conn, error) {
	name := url.URL{Scheme: "file", Path: filepath.ToSlash(path), OmitHost: true}
	if filepath.VolumeName(path) != "" {
		name.Path = "/" + name.Path // as in file:/C:/…
	}
	// SQLite's own files are made with the mode of the ledger's.
	query := url.Values{"modeof": {path}, "vfs": {vfs}}
	name.RawQuery = query.Encode()
	raw, err := sqlite3.OpenFlags(name.String(), sqlite3.OPEN_READWRITE|sqlite3.OPEN_URI)
	if err != nil {
		return nil, err
	}
	c := &conn{Conn: raw, statements: map[string]*sqlite3.Stmt{}}
	defer c.interruptible(ctx)()
	err = errors.Join(
		c.BusyHandler(wait),
		// FULL: in WAL mode, NORMAL would lose acknowledged writes when the power fails. The writer goes back to
		// it where [log] syncs.
		// No page leaves the cache before its transaction is committed: see [framesFile].
		c.Exec(`PRAGMA synchronous = FULL; PRAGMA fullfsync = ON; PRAGMA checkpoint_fullfsync = ON;
			PRAGMA secure_delete = ON; PRAGMA temp_store = MEMORY; PRAGMA trusted_schema = OFF; PRAGMA wal_autocheckpoint = 0;
			PRAGMA cache_spill = OFF`),
	)
	if err != nil {
		_ = c.close()
		return nil, err
	}
	return c, nil
}

// wait waits between attempts to get a lock.
func wait(ctx context.Context, count int) bool {
	t := time.NewTimer(min(busyFirst<<min(count, 10), busyAtMost))
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// interruptible makes what follows end with ctx; the function that it returns ends that.
func (c *conn) interruptible(ctx context.Context) func() {
	c.SetInterrupt(ctx)
	return func() { c.SetInterrupt(context.Background()) }
}

func (c *conn) close() error {
	for _, s := range c.statements {
		_ = s.Close()
	}
	// The last to close brings the log home.
	return errors.Join(c.unverified(), c.Close())
}

// unverified ends the verification of checksums on this connection; it goes on to write them. A
// connection has to, before it brings the log home: the driver (v0.37.0) panics in a checkpoint that finds the
// log changed by another connection, on a file whose checksums are verified (vfsUnfetch without a mapper).
// Nothing is read from the file then, only written.
func (c *conn) unverified() error { return c.Exec("PRAGMA checksum_verification = OFF") }

func (c *conn) prepare(sql string, args []any) (*sqlite3.Stmt, error) {
	s := c.statements[sql]
	if s == nil {
		var err error
		if s, _, err = c.Prepare(sql); err != nil {
			return nil, err
		}
		c.statements[sql] = s
	}
	for i, a := range args {
		var err error
		switch v := a.(type) {
		case nil:
			err = s.BindNull(i + 1)
		case []byte:
			err = s.BindBlob(i+1, v)
		case string:
			err = s.BindText(i+1, v)
		case int64:
			err = s.BindInt64(i+1, v)
		case bool:
			err = s.BindBool(i+1, v)
		default:
			panic(fmt.Sprintf("sqlite: an argument of type %T", a))
		}
		if err != nil {
			return nil, err
		}
	}
	return s, nil
}

// exec runs one statement.
func (c *conn) exec(sql string, args ...any) error {
	s, err := c.prepare(sql, args)
	if err != nil {
		return err
	}
	err = s.Exec()
	_ = s.ClearBindings() // what was bound may be large
	return err
}

// query calls row for each row until it returns false.
func (c *conn) query(row func(*sqlite3.Stmt) bool, sql string, args ...any) error {
	s, err := c.prepare(sql, args)
	if err != nil {
		return err
	}
	for s.Step() {
		if !row(s) {
			break
		}
	}
	err = s.Err()
	return errors.Join(err, s.Reset())
}

// number returns the integer that a query has in its first row, 0 where it has none.
func (c *conn) number(sql string, args ...any) (n int64, err error) {
	err = c.query(func(s *sqlite3.Stmt) bool { n = s.ColumnInt64(0); return false }, sql, args...)
	return n, err
}

// blob returns a copy of the blob that a query has in its first row, nil where it has none.
func (c *conn) blob(sql string, args ...any) (b []byte, err error) {
	err = c.query(func(s *sqlite3.Stmt) bool { b = s.ColumnBlob(0, []byte{}); return false }, sql, args...)
	return b, err
}

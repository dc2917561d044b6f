package sqlite

import (
	"context"
	"time"

	sqlite3 "github.com/ncruces/go-sqlite3"

	"github.com/seed-6b91b535/idrec/sdk/ledger"
	"github.com/seed-6b91b535/idrec/shared"
)

// The purposes for which something is sealed; see package seal.
const (
	sealAnswer   = "answer"
	sealPurpose  = "purpose"
	sealRegister = "register"
)

// columns are what [row] reads; held holds the call's sealed part.
const columns = `c.seq, c.call_id, c.key, c.owner, c.begun, c.ended, c.price, c.outcome, c.basis, c.decided, c.has_result, c.forgotten, h.answer`

// row is a call as a query finds it.
type row struct {
	ledger.Entry

	seq    int64
	owner  int64
	sealed []byte // the answer
}

func readRow(q *sqlite3.Stmt) row {
	r := row{seq: q.ColumnInt64(0), owner: q.ColumnInt64(3), sealed: q.ColumnBlob(12, nil)}
	r.CallID, r.Key = string(q.ColumnRawBlob(1)), string(q.ColumnRawBlob(2))
	r.Begun, r.Ended, r.Forgotten = readTime(q, 4), readTime(q, 5), readTime(q, 11)
	r.Price, r.Outcome, r.Basis = shared.Money(q.ColumnInt64(6)), shared.Outcome(q.ColumnText(7)), shared.Basis(q.ColumnText(8))
	r.Decided, r.HasResult = q.ColumnBool(9), q.ColumnBool(10)
	r.State = shared.RecallSettled
	if q.ColumnType(7) == sqlite3.NULL {
		r.State = shared.RecallInFlight // unless its owner is gone
	}
	return r
}

func readTime(q *sqlite3.Stmt, column int) time.Time {
	if q.ColumnType(column) == sqlite3.NULL {
		return time.Time{}
	}
	return time.UnixMicro(q.ColumnInt64(column)).UTC()
}

// moment is a time as it is stored.
func moment(t time.Time) int64 { return t.UnixMicro() }

// calls runs a query for rows, and tells of those that are open whether their owner lives.
//
// A call is in doubt only if its owner was gone before it was read as open: the owner may have settled it
// between the reading and its end. So the rows are read again after an owner was found to be gone.
func (s *Store) calls(c *conn, sql string, args ...any) ([]row, error) {
	for {
		var rows []row
		err := c.query(func(q *sqlite3.Stmt) bool { rows = append(rows, readRow(q)); return true }, sql, args...)
		if err != nil {
			return nil, err
		}
		again, err := s.judge(rows)
		if err != nil || !again {
			return rows, err
		}
	}
}

// judge fills in State and Own. It reports whether the rows have to be read again.
func (s *Store) judge(rows []row) (again bool, err error) {
	alive := map[int64]bool{s.owner.id: true}
	for i := range rows {
		r := &rows[i]
		r.Own = r.owner == s.owner.id
		if r.State != shared.RecallInFlight || alive[r.owner] {
			continue
		}
		if s.owner.knownDead(r.owner) {
			r.State = shared.RecallInDoubt
			continue
		}
		lives, err := s.owner.look(r.owner)
		if err != nil {
			return false, err
		}
		alive[r.owner] = lives
		again = again || !lives
	}
	return again, nil
}

// entry opens the answer of a row.
func (s *Store) entry(r row) (ledger.Entry, error) {
	e := r.Entry
	if r.sealed == nil {
		return e, nil
	}
	var err error
	if e.Answer, err = s.keys.Open(sealAnswer, e.CallID, r.sealed); err != nil {
		// It was paid, so it must not count as nothing.
		return ledger.Entry{}, &failure{"a stored answer cannot be opened: " + err.Error(), err}
	}
	return e, nil
}

const findSQL = `SELECT ` + columns + ` FROM call c LEFT JOIN held h ON h.seq = c.seq WHERE c.key = ? AND ` + mayBeBilled + ` ORDER BY c.seq`

// find returns the row that answers a key; ok is false where there is none. For the order see
// [ledger.Calls].
func (s *Store) find(c *conn, key string) (best row, ok bool, spent ledger.Limit, err error) {
	rows, err := s.calls(c, findSQL, []byte(key))
	if err != nil {
		return row{}, false, ledger.Limit{}, err
	}
	rank := func(r row) int {
		switch {
		case r.State == shared.RecallInFlight:
			return 4
		case r.Outcome != shared.OutcomeBilled || !r.HasResult:
			return 1
		case r.Forgotten.IsZero():
			return 3
		}
		return 2
	}
	for _, r := range rows {
		if !ok || rank(r) >= rank(best) {
			best, ok = r, true
		}
		spent.Calls++
		spent.Yuan += r.Price
	}
	return best, ok, spent, nil
}

const oneSQL = `SELECT ` + columns + ` FROM call c LEFT JOIN held h ON h.seq = c.seq WHERE c.call_id = ?`

// one returns the row of a CallID.
func (s *Store) one(c *conn, callID string) (r row, ok bool, err error) {
	rows, err := s.calls(c, oneSQL, []byte(callID))
	if err != nil || len(rows) == 0 {
		return row{}, false, err
	}
	return rows[0], true, nil
}

const aliasSQL = `SELECT key FROM alias WHERE alias = ?`

// aliasTaken reports whether an alias is bound to another key.
func aliasTaken(c *conn, alias, key string) (bool, error) {
	if alias == "" {
		return false, nil
	}
	bound, err := c.blob(aliasSQL, []byte(alias))
	return bound != nil && string(bound) != key, err
}

// Lookup is documented at [ledger.Calls].
func (s *Store) Lookup(ctx context.Context, key, alias string) (ledger.Entry, error) {
	e := ledger.Entry{State: shared.RecallUnknown, Key: key}
	err := s.read(ctx, func(c *conn) error {
		taken, err := aliasTaken(c, alias, key)
		if err != nil {
			return err
		}
		if taken {
			return ledger.KeyReused(ledger.Intent{Key: key})
		}
		r, ok, _, err := s.find(c, key)
		if err != nil || !ok {
			return err
		}
		e, err = s.entry(r)
		return err
	})
	return s.told(e, err)
}

// told returns an entry for the caller to act on.
func (s *Store) told(e ledger.Entry, err error) (ledger.Entry, error) {
	if err != nil {
		return ledger.Entry{}, err
	}
	if e.State == shared.RecallSettled {
		s.seen()
	}
	return e, nil
}

// Call is documented at [ledger.Calls].
func (s *Store) Call(ctx context.Context, callID string) (ledger.Entry, error) {
	e := ledger.Entry{State: shared.RecallUnknown, CallID: callID}
	err := s.read(ctx, func(c *conn) error {
		r, ok, err := s.one(c, callID)
		if err != nil || !ok {
			return err
		}
		e, err = s.entry(r)
		return err
	})
	return s.told(e, err)
}

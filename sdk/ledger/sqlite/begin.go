package sqlite

import (
	"context"

	sqlite3 "github.com/ncruces/go-sqlite3"

	"github.com/seed-6b91b535/idrec/sdk/ledger"
	"github.com/seed-6b91b535/idrec/shared"
)

// Begin is documented at [ledger.Calls].
func (s *Store) Begin(ctx context.Context, in ledger.Intent) (ledger.Entry, bool, error) {
	// Not the results themselves: a caller who gives up returns while they may still be written.
	var e ledger.Entry
	var began bool
	var refused error
	err := s.writer.do(ctx, func(c *conn) error {
		e, began, refused = ledger.Entry{}, false, nil
		var err error
		var used int64
		if used, refused, err = s.refuse(c, in, &e); err != nil || refused != nil || e.State != "" {
			return err
		}
		began = true
		if err := remove(c, used); err != nil {
			return err
		}
		e = ledger.Entry{State: shared.RecallInFlight, Key: in.Key, CallID: in.CallID, Own: true, Price: in.Price, Begun: in.At}
		return s.insert(c, in, e)
	})
	switch {
	case err != nil:
		return ledger.Entry{}, false, err
	case refused != nil:
		return ledger.Entry{}, false, refused
	}
	return e, began, nil
}

// refuse says why a call may not be begun: by a refusal, or by the entry e that answers its key. used is the
// number of the call that had its CallID before, and was not billed; 0 where none had.
func (s *Store) refuse(c *conn, in ledger.Intent, e *ledger.Entry) (used int64, refused, err error) {
	taken, err := aliasTaken(c, in.Alias, in.Key)
	if err != nil {
		return 0, nil, err
	}
	if taken {
		return 0, ledger.KeyReused(in), nil
	}
	best, ok, spent, err := s.find(c, in.Key)
	if err != nil {
		return 0, nil, err
	}
	if ok && !in.Passes(best.Entry) {
		*e, err = s.entry(best)
		return 0, nil, err
	}
	old, ok, err := s.one(c, in.CallID)
	if err != nil {
		return 0, nil, err
	}
	if ok && (old.Answers() || old.State == shared.RecallInFlight) {
		return 0, ledger.CallReused(in), nil
	}
	over, err := overBudget(c, in, spent)
	if err != nil || over != nil {
		return 0, over, err
	}
	return old.seq, nil, nil
}

// overBudget returns the refusal of an intent that would exceed a limit, nil if it would not. spent is what its
// picture has cost.
func overBudget(c *conn, in ledger.Intent, spent ledger.Limit) (refused, err error) {
	for _, l := range []struct {
		scope ledger.Scope
		limit ledger.Limit
		spent func() (ledger.Limit, error)
	}{
		{ledger.ScopeRun, in.RunLimit, func() (ledger.Limit, error) { return spentByRun(c, in.Run) }},
		{ledger.ScopeDay, in.DayLimit, func() (ledger.Limit, error) { return spentOnDay(c, ledger.Day(in.At)) }},
		{ledger.ScopeKey, in.KeyLimit, func() (ledger.Limit, error) { return spent, nil }},
	} {
		if l.limit == (ledger.Limit{}) {
			continue
		}
		sum, err := l.spent()
		if err != nil {
			return nil, err
		}
		if over := ledger.OverBudget(in, l.scope, l.limit, sum); over != nil {
			return over, nil
		}
	}
	return nil, nil
}

func spentByRun(c *conn, run string) (sum ledger.Limit, err error) {
	if run == "" {
		return sum, nil
	}
	err = c.query(func(q *sqlite3.Stmt) bool { sum = readSum(q); return false }, `SELECT calls, price FROM spend WHERE run = ?`, []byte(run))
	return sum, err
}

func spentOnDay(c *conn, day string) (sum ledger.Limit, err error) {
	err = c.query(func(q *sqlite3.Stmt) bool { sum = readSum(q); return false },
		`SELECT sum(calls), sum(price) FROM books WHERE day = ? AND outcome NOT IN ('not_sent', 'rejected', 'free')`, day)
	return sum, err
}

func readSum(q *sqlite3.Stmt) ledger.Limit {
	return ledger.Limit{Calls: q.ColumnInt64(0), Yuan: shared.Money(q.ColumnInt64(1))}
}

// remove makes room for a call that is made again, after the one with the number seq, which has its CallID and
// was not billed; the books keep the first.
func remove(c *conn, seq int64) error {
	if seq == 0 {
		return nil
	}
	if err := c.exec(`DELETE FROM held WHERE seq = ?`, seq); err != nil {
		return err
	}
	return c.exec(`DELETE FROM call WHERE seq = ?`, seq)
}

const insertSQL = `INSERT INTO call (call_id, key, owner, day, begun, ended, price, outcome, basis, has_result, run, subject, provider, product, attempt)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`

// insert records a call that is begun, or one that ended without having been begun.
func (s *Store) insert(c *conn, in ledger.Intent, e ledger.Entry) error {
	var ended, outcome any
	if e.State == shared.RecallSettled {
		ended, outcome = moment(e.Ended), string(e.Outcome)
	}
	err := c.exec(insertSQL, []byte(in.CallID), []byte(in.Key), s.owner.id, ledger.Day(in.At), moment(e.Begun), ended, int64(e.Price), outcome, string(e.Basis),
		e.HasResult, []byte(in.Run), []byte(in.Subject), in.Provider, in.Product, int64(in.Attempt))
	if err != nil {
		return err
	}
	var answer, purpose any
	if len(e.Answer) > 0 {
		answer = s.keys.Seal(sealAnswer, in.CallID, e.Answer)
	}
	if in.Purpose != "" {
		purpose = s.keys.Seal(sealPurpose, in.CallID, []byte(in.Purpose))
	}
	if answer != nil || purpose != nil {
		if err := c.exec(`INSERT INTO held (seq, answer, purpose) VALUES (?, ?, ?)`, c.LastInsertRowID(), answer, purpose); err != nil {
			return err
		}
	}
	if in.Alias != "" && e.State == shared.RecallInFlight {
		if err := c.exec(bindSQL, []byte(in.Alias), []byte(in.Key)); err != nil {
			return err
		}
	}
	return book(c, line{ledger.Day(in.At), in.Provider, in.Product, string(e.Outcome), string(e.Basis), in.Run}, +1, e.Price)
}

const bindSQL = `INSERT INTO alias (alias, key) VALUES (?, ?) ON CONFLICT (alias) DO NOTHING`

// Bind is documented at [ledger.Calls].
func (s *Store) Bind(ctx context.Context, alias, key string) error {
	if alias == "" {
		return ctx.Err()
	}
	// Most often it is bound already, and nothing has to be written.
	bound := false
	err := s.read(ctx, func(c *conn) error {
		have, err := c.blob(aliasSQL, []byte(alias))
		bound = string(have) == key && have != nil
		return err
	})
	if err != nil {
		return err
	}
	if bound {
		s.seen()
		return nil
	}
	taken := false
	err = s.writer.do(ctx, func(c *conn) (err error) {
		if taken, err = aliasTaken(c, alias, key); err != nil || taken {
			return err
		}
		return c.exec(bindSQL, []byte(alias), []byte(key))
	})
	if err == nil && taken {
		return ledger.KeyReused(ledger.Intent{Key: key})
	}
	return err
}

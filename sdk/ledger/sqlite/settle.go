package sqlite

import (
	"context"

	sqlite3 "github.com/ncruces/go-sqlite3"

	"github.com/seed-6b91b535/idrec/sdk/ledger"
	"github.com/seed-6b91b535/idrec/shared"
)

// Settle is documented at [ledger.Calls].
func (s *Store) Settle(ctx context.Context, e ledger.Settlement) error {
	end := ledger.Entry{
		State: shared.RecallSettled, Outcome: e.Outcome, Basis: e.Basis, Begun: e.Intent.At, Ended: e.At, Answer: e.Answer, HasResult: e.HasResult,
	}
	if e.Outcome.MayBeBilled() {
		end.Price = e.Price
	}
	err := s.writer.do(ctx, func(c *conn) error {
		old, ok, err := s.one(c, e.Intent.CallID)
		switch {
		case err != nil:
			return err
		case !ok:
			return s.insert(c, e.Intent, end)
		case old.State == shared.RecallSettled && (!old.Decided || end.Unclear()):
			return nil
		}
		if !old.Forgotten.IsZero() {
			end.Answer = nil
		}
		return s.end(c, old, end)
	})
	if err == nil {
		s.waiters.tell(e.Intent.CallID)
	}
	return err
}

const endSQL = `UPDATE call SET ended = ?, price = ?, outcome = ?, basis = ?, decided = ?, has_result = ? WHERE seq = ? RETURNING day, provider, product, run`

// end gives a call an outcome, or another one, and moves it in the books.
func (s *Store) end(c *conn, old row, end ledger.Entry) error {
	was := line{outcome: string(old.Outcome), basis: string(old.Basis)}
	err := c.query(func(q *sqlite3.Stmt) bool {
		was.day, was.provider, was.product, was.run = q.ColumnText(0), q.ColumnText(1), q.ColumnText(2), string(q.ColumnRawBlob(3))
		return true
	}, endSQL, moment(end.Ended), int64(end.Price), string(end.Outcome), string(end.Basis), end.Decided, end.HasResult, old.seq)
	if err != nil {
		return err
	}
	is := was
	is.outcome, is.basis = string(end.Outcome), string(end.Basis)
	if err := book(c, was, -1, old.Price); err != nil {
		return err
	}
	if err := book(c, is, +1, end.Price); err != nil {
		return err
	}
	switch {
	case len(end.Answer) > 0:
		return c.exec(`INSERT INTO held (seq, answer) VALUES (?, ?) ON CONFLICT (seq) DO UPDATE SET answer = excluded.answer`,
			old.seq, s.keys.Seal(sealAnswer, old.CallID, end.Answer))
	case old.sealed != nil:
		return c.exec(`UPDATE held SET answer = NULL WHERE seq = ?`, old.seq)
	}
	return nil
}

// line is where a call stands in the books.
type line struct{ day, provider, product, outcome, basis, run string }

const (
	bookSQL = `INSERT INTO books (day, provider, product, outcome, basis, calls, price) VALUES (?, ?, ?, ?, ?, ?, ?)
  ON CONFLICT (day, provider, product, outcome, basis) DO UPDATE SET calls = calls + excluded.calls, price = price + excluded.price`
	spendSQL = `INSERT INTO spend (run, calls, price) VALUES (?, ?, ?)
  ON CONFLICT (run) DO UPDATE SET calls = calls + excluded.calls, price = price + excluded.price`
)

// book adds a call to the books, or takes it away.
func book(c *conn, l line, sign int64, price shared.Money) error {
	money := sign * int64(price)
	if err := c.exec(bookSQL, l.day, l.provider, l.product, l.outcome, l.basis, sign, money); err != nil {
		return err
	}
	if l.run == "" || (l.outcome != "" && !shared.Outcome(l.outcome).MayBeBilled()) {
		return nil
	}
	return c.exec(spendSQL, []byte(l.run), sign, money)
}

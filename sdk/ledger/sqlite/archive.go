package sqlite

import (
	"context"
	"errors"
	"iter"
	"slices"
	"strconv"
	"strings"
	"time"

	sqlite3 "github.com/ncruces/go-sqlite3"

	"github.com/seed-6b91b535/idrec/sdk/ledger"
	"github.com/seed-6b91b535/idrec/shared"
)

const (
	// page is how many records are read at once.
	page = 200
	// chunk is how many calls are forgotten in one transaction: calls that begin meanwhile wait for it, some
	// milliseconds.
	chunk = 50
)

// where writes a filter as SQL's condition on c. Whether the owner of an open call lives is for the
// caller to see.
func where(f ledger.Filter) (string, []any) {
	conditions, args := []string{"true"}, []any(nil)
	for _, c := range []struct{ condition, value string }{
		{"c.key = ?", f.Key}, {"c.call_id = ?", f.CallID}, {"c.subject = ? AND c.subject <> x''", f.Subject}, {"c.run = ?", f.Run},
	} {
		if c.value != "" {
			conditions, args = append(conditions, c.condition), append(args, []byte(c.value))
		}
	}
	for _, c := range []struct {
		condition string
		at        time.Time
	}{{"c.begun >= ?", f.From}, {"c.begun < ?", f.To}, {"c.ended IS NOT NULL AND c.ended < ?", f.EndedBefore}} {
		if !c.at.IsZero() {
			conditions, args = append(conditions, c.condition), append(args, moment(c.at))
		}
	}
	if f.Unclear {
		conditions = append(conditions, unclear)
	}
	if f.Held {
		conditions = append(conditions, "c.forgotten IS NULL")
	}
	return strings.Join(conditions, " AND "), args
}

const recordColumns = columns + `, c.provider, c.product, c.run, c.subject, c.attempt, h.purpose`

// record is a call of the archive with its sealed parts.
type record struct {
	row

	provider, product, run, subject string
	attempt                         int
	purpose                         []byte // sealed
}

func (s *Store) open(r record) (ledger.Record, error) {
	e, err := s.entry(r.row)
	if err != nil {
		return ledger.Record{}, err
	}
	out := ledger.Record{Entry: e, Provider: r.provider, Product: r.product, Run: r.run, Subject: r.subject, Attempt: r.attempt}
	if r.purpose == nil {
		return out, nil
	}
	purpose, err := s.keys.Open(sealPurpose, e.CallID, r.purpose)
	if err != nil {
		return ledger.Record{}, &failure{"a stored purpose cannot be opened: " + err.Error(), err}
	}
	out.Purpose = string(purpose)
	return out, nil
}

// records reads the calls that f lets through, as [Store.calls] does.
func (s *Store) records(c *conn, sql string, args ...any) ([]record, error) {
	for {
		var found []record
		err := c.query(func(q *sqlite3.Stmt) bool {
			found = append(found, record{
				row: readRow(q), provider: q.ColumnText(13), product: q.ColumnText(14), run: string(q.ColumnRawBlob(15)), subject: string(q.ColumnRawBlob(16)),
				attempt: q.ColumnInt(17), purpose: q.ColumnBlob(18, nil),
			})
			return true
		}, sql, args...)
		if err != nil {
			return nil, err
		}
		rows := make([]row, len(found))
		for i, r := range found {
			rows[i] = r.row
		}
		again, err := s.judge(rows)
		if err != nil {
			return nil, err
		}
		for i := range found {
			found[i].row = rows[i]
		}
		if !again {
			return found, nil
		}
	}
}

// Records is documented at [ledger.Archive].
func (s *Store) Records(ctx context.Context, f ledger.Filter) iter.Seq2[ledger.Record, error] {
	condition, args := where(f)
	sql := `SELECT ` + recordColumns + ` FROM call c LEFT JOIN held h ON h.seq = c.seq WHERE ` + condition + ` AND c.seq > ? ORDER BY c.seq LIMIT ` + strconv.Itoa(page)
	return func(yield func(ledger.Record, error) bool) {
		for last := int64(0); ; {
			var found []record
			err := s.read(ctx, func(c *conn) (err error) {
				found, err = s.records(c, sql, append(slices.Clip(args), last)...)
				return err
			})
			if err != nil {
				yield(ledger.Record{}, err)
				return
			}
			for _, r := range found {
				last = r.seq
				if f.Unclear && !r.Unclear() {
					continue // in flight
				}
				out, err := s.open(r)
				if !yield(out, err) || err != nil {
					return
				}
			}
			if len(found) < page {
				return
			}
		}
	}
}

// Decide is documented at [ledger.Archive].
func (s *Store) Decide(ctx context.Context, callID string, billed bool, at time.Time) (ledger.Record, error) {
	var out record
	var refused error
	err := s.writer.do(ctx, func(c *conn) error {
		refused = nil
		old, ok, err := s.one(c, callID)
		switch {
		case err != nil:
			return err
		case !ok:
			refused = ledger.NotUnclear(callID, ledger.Entry{})
			return nil
		case old.Decided && (old.Outcome == shared.OutcomeBilled) == billed:
		case !old.Unclear():
			refused = ledger.NotUnclear(callID, old.Entry)
			return nil
		default:
			end := ledger.Entry{Outcome: ledger.DecidedOutcome(billed), Basis: shared.BasisAssumed, Ended: at, Decided: true}
			if billed {
				end.Price = old.Price
			}
			if err := s.end(c, old, end); err != nil {
				return err
			}
		}
		found, err := s.records(c, `SELECT `+recordColumns+` FROM call c LEFT JOIN held h ON h.seq = c.seq WHERE c.seq = ?`, old.seq)
		if err == nil {
			out = found[0]
		}
		return err
	})
	switch {
	case err != nil:
		return ledger.Record{}, err
	case refused != nil:
		return ledger.Record{}, refused
	}
	s.waiters.tell(callID)
	return s.open(out)
}

// Forget is documented at [ledger.Archive]. The deleted bytes are overwritten in the file (secure_delete),
// and the log is brought home and emptied; what a disk keeps of overwritten blocks is beyond it.
func (s *Store) Forget(ctx context.Context, f ledger.Filter, tombstone bool, at time.Time) (int64, error) {
	n := int64(0)
	for last := int64(0); ; {
		// Outside of the transaction, so that a long search holds up no call.
		seqs, err := s.forgettable(ctx, f, tombstone, last)
		if err != nil {
			return n, err
		}
		if len(seqs) == 0 {
			break
		}
		last = seqs[len(seqs)-1]
		some := int64(0)
		err = s.writer.do(ctx, func(c *conn) (err error) {
			some, err = s.forget(c, seqs, f, tombstone, at)
			return err
		})
		if err != nil {
			return n, err
		}
		n += some
	}
	if n == 0 {
		return 0, nil
	}
	return n, s.emptyLog(ctx)
}

// forgettable finds the next calls to forget after the one with the number last.
func (s *Store) forgettable(ctx context.Context, f ledger.Filter, tombstone bool, last int64) (seqs []int64, err error) {
	f.Held = f.Held || tombstone
	condition, args := where(f)
	from := "call c"
	if f.Held && f.Key == "" && f.CallID == "" && f.Subject == "" && !f.Unclear && !f.EndedBefore.IsZero() {
		// The purge by age, which must not read through the tombstones of years each time. What was
		// forgotten leaves this index; there is no number to go on from, since the calls did not end in
		// the order in which they were begun.
		from, last = "call c INDEXED BY call_ended", 0
	}
	sql := `SELECT c.seq FROM ` + from + ` WHERE ` + condition + ` AND c.seq > ?`
	if last > 0 || from == "call c" {
		sql += ` ORDER BY c.seq`
	}
	err = s.read(ctx, func(c *conn) error {
		seqs = nil
		return c.query(func(q *sqlite3.Stmt) bool { seqs = append(seqs, q.ColumnInt64(0)); return true },
			sql+` LIMIT `+strconv.Itoa(chunk), append(args, last)...)
	})
	return seqs, err
}

// forget forgets those of the calls that still are as they were found and are not in flight.
func (s *Store) forget(c *conn, seqs []int64, f ledger.Filter, tombstone bool, at time.Time) (n int64, err error) {
	f.Held = f.Held || tombstone
	condition, args := where(f)
	sql := `SELECT ` + columns + ` FROM call c LEFT JOIN held h ON h.seq = c.seq WHERE c.seq = ? AND ` + condition
	for _, seq := range seqs {
		found, err := s.calls(c, sql, append([]any{seq}, args...)...)
		switch {
		case err != nil:
			return n, err
		case len(found) == 0 || found[0].State == shared.RecallInFlight:
			continue
		}
		n++
		if tombstone {
			err = c.exec(`UPDATE call SET forgotten = ?, subject = x'' WHERE seq = ?`, moment(at), seq)
		} else {
			err = c.exec(`DELETE FROM call WHERE seq = ?`, seq)
		}
		if err != nil {
			return n, err
		}
		if err := c.exec(`DELETE FROM held WHERE seq = ?`, seq); err != nil {
			return n, err
		}
		if err := c.exec(`DELETE FROM alias WHERE key = ?1 AND NOT EXISTS (SELECT 1 FROM call WHERE key = ?1 AND forgotten IS NULL)`, []byte(found[0].Key)); err != nil {
			return n, err
		}
	}
	return n, nil
}

// emptyLog brings the log home and cuts it to nothing, so that it keeps no older state of a page. It
// waits for those who are just reading.
func (s *Store) emptyLog(ctx context.Context) error {
	if s.log != nil && s.log.failed.Load() == inherited { // the first transaction makes it durable
		if err := s.writer.do(ctx, func(*conn) error { return nil }); err != nil {
			return err
		}
	}
	for {
		err := s.checkpoint.run(ctx, sqlite3.CHECKPOINT_TRUNCATE)
		if err == nil || !errors.Is(err, sqlite3.BUSY) || ctx.Err() != nil {
			return wrap(ctx, err)
		}
	}
}

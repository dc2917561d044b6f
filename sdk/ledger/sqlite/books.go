package sqlite

import (
	"context"
	"errors"
	"sync"
	"time"

	sqlite3 "github.com/ncruces/go-sqlite3"

	"github.com/seed-6b91b535/idrec/sdk/ledger"
	"github.com/seed-6b91b535/idrec/shared"
)

// answeredAfter is how long the count of answers from the record may wait to be written.
const answeredAfter = time.Second

// answered are the counts that wait to be written.
type answered struct {
	mu    sync.Mutex
	days  map[string]savings
	timer *time.Timer
}

type savings struct {
	calls int64
	saved shared.Money
}

// Answered is documented at [ledger.Books]. It is written within a second, so that an answer from the
// record costs no sync.
func (s *Store) Answered(ctx context.Context, at time.Time, saved shared.Money) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	a := &s.answered
	a.mu.Lock()
	defer a.mu.Unlock()
	select {
	case <-s.closed:
		return errClosed
	default:
	}
	a.add(ledger.Day(at), savings{1, saved})
	return nil
}

func (a *answered) add(day string, more savings) {
	if len(a.days) == 0 {
		a.days = map[string]savings{}
		a.timer.Reset(answeredAfter)
	}
	sum := a.days[day]
	a.days[day] = savings{sum.calls + more.calls, sum.saved + more.saved}
}

func (s *Store) flushLater() {
	ctx, cancel := context.WithTimeout(context.Background(), closeAtMost)
	defer cancel()
	_ = s.flush(ctx) // what could not be written waits for the next time
}

// flush writes the counts that wait.
func (s *Store) flush(ctx context.Context) error {
	a := &s.answered
	a.mu.Lock()
	days := a.days
	a.days = nil
	a.mu.Unlock()
	if len(days) == 0 {
		return nil
	}
	err := s.writer.do(ctx, func(c *conn) error {
		for day, sum := range days {
			if err := c.exec(`INSERT INTO answered (day, calls, saved) VALUES (?, ?, ?)
  ON CONFLICT (day) DO UPDATE SET calls = calls + excluded.calls, saved = saved + excluded.saved`, day, sum.calls, int64(sum.saved)); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil && !errors.Is(err, errClosed) {
		a.mu.Lock()
		defer a.mu.Unlock()
		for day, sum := range days {
			a.add(day, sum)
		}
	}
	return err
}

// Tally is documented at [ledger.Books].
func (s *Store) Tally(ctx context.Context, at time.Time) (day, total shared.Tally, err error) {
	if err := s.flush(ctx); err != nil {
		return day, total, err
	}
	today := ledger.Day(at)
	err = s.read(ctx, func(c *conn) error {
		// One moment for all of it.
		if err := c.exec("BEGIN"); err != nil {
			return err
		}
		defer func() { _ = c.exec("ROLLBACK") }()
		day, total = shared.Tally{}, shared.Tally{}
		each := func(on string, add func(*shared.Tally)) {
			add(&total)
			if on == today {
				add(&day)
			}
		}
		if err := s.tallyBooks(c, each); err != nil {
			return err
		}
		return c.query(func(q *sqlite3.Stmt) bool {
			each(q.ColumnText(0), func(t *shared.Tally) {
				t.Answered += q.ColumnInt64(1)
				t.Saved += shared.Money(q.ColumnInt64(2))
			})
			return true
		}, `SELECT day, calls, saved FROM answered`)
	})
	if err != nil {
		return shared.Tally{}, shared.Tally{}, err
	}
	return day, total, nil
}

func (s *Store) tallyBooks(c *conn, each func(day string, add func(*shared.Tally))) error {
	err := c.query(func(q *sqlite3.Stmt) bool {
		calls, price := q.ColumnInt64(2), shared.Money(q.ColumnInt64(3))
		each(q.ColumnText(0), func(t *shared.Tally) {
			switch shared.Outcome(q.ColumnText(1)) {
			case shared.OutcomeBilled:
				t.Billed += calls
				t.Spent += price
			case shared.OutcomeRejected:
				t.Rejected += calls
			case shared.OutcomeNotSent:
				t.NotSent += calls
			case shared.OutcomeFree:
			default:
				// Among them those in flight, which are taken away below.
				t.Ambiguous += calls
				t.Suspected += price
			}
		})
		return true
	}, `SELECT day, outcome, sum(calls), sum(price) FROM books GROUP BY day, outcome`)
	if err != nil {
		return err
	}
	open, err := s.calls(c, `SELECT `+columns+` FROM call c LEFT JOIN held h ON h.seq = c.seq WHERE c.outcome IS NULL`)
	if err != nil {
		return err
	}
	for _, r := range open {
		if r.State == shared.RecallInFlight {
			each(ledger.Day(r.Begun), func(t *shared.Tally) {
				t.Ambiguous--
				t.Suspected -= r.Price
			})
		}
	}
	return nil
}

// Usage is documented at [ledger.Archive].
func (s *Store) Usage(ctx context.Context, from, to string) ([]ledger.Usage, error) {
	var lines []ledger.Usage
	err := s.read(ctx, func(c *conn) error {
		lines = nil
		return c.query(func(q *sqlite3.Stmt) bool {
			lines = append(lines, ledger.Usage{
				Day: q.ColumnText(0), Provider: q.ColumnText(1), Product: q.ColumnText(2), Outcome: shared.Outcome(q.ColumnText(3)),
				Basis: shared.Basis(q.ColumnText(4)), Calls: q.ColumnInt64(5), Price: shared.Money(q.ColumnInt64(6)),
			})
			return true
		}, `SELECT day, provider, product, outcome, basis, calls, price FROM books
  WHERE calls <> 0 AND day >= ? AND (? = '' OR day <= ?) ORDER BY day, provider, product, outcome, basis`, from, to, to)
	})
	return lines, err
}

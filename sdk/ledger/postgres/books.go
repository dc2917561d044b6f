package postgres

import (
	"context"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/seed-6b91b535/idrec/sdk/ledger"
	"github.com/seed-6b91b535/idrec/shared"
)

// answeredInterval is how often the counts of answered calls are written. They are a statistic: what a
// crash loses of it costs nobody anything.
const answeredInterval = time.Second

// answered are the counts that were not written yet, by day.
type answered struct {
	mu   sync.Mutex
	days map[string]*savings
	more chan struct{} // of capacity 1
}

type savings struct {
	calls int64
	saved shared.Money
}

// Answered is documented at [ledger.Books].
func (s *Store) Answered(ctx context.Context, at time.Time, saved shared.Money) error {
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case s.ctx.Err() != nil:
		return errClosed
	}
	s.answered.add(ledger.Day(at), savings{1, saved})
	return nil
}

func (a *answered) add(day string, more savings) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.days == nil {
		a.days = map[string]*savings{}
	}
	if a.days[day] == nil {
		a.days[day] = &savings{}
	}
	a.days[day].calls += more.calls
	a.days[day].saved += more.saved
	select {
	case a.more <- struct{}{}:
	default:
	}
}

// keepFlushing writes the counts until Close.
func (s *Store) keepFlushing() {
	for {
		select {
		case <-s.answered.more:
		case <-s.ctx.Done():
			return
		}
		t := time.NewTimer(answeredInterval)
		select {
		case <-t.C:
			_ = s.flush(s.ctx)
		case <-s.ctx.Done():
			t.Stop()
			return
		}
	}
}

// flush writes the counts; those that cannot be written are kept.
func (s *Store) flush(ctx context.Context) error {
	a := &s.answered
	a.mu.Lock()
	days := a.days
	a.days = nil
	a.mu.Unlock()
	if len(days) == 0 {
		return nil
	}
	err := s.do(ctx, func(ctx context.Context, c *pgx.Conn) error {
		var b pgx.Batch // one transaction
		b.Queue(`select set_config('synchronous_commit', 'off', true)`)
		for day, n := range days {
			b.Queue(addAnsweredSQL, day, shard(c), n.calls, int64(n.saved))
		}
		return c.SendBatch(ctx, &b).Close()
	})
	if err != nil {
		for day, n := range days {
			a.add(day, *n)
		}
	}
	return err
}

const (
	booksSQL = `select day = $1, outcome, sum(calls)::bigint, sum(price)::bigint from books group by 1, 2`
	// doubtSQL sums the open calls whose owner is gone.
	doubtSQL       = `select c.day = $1, count(*), sum(c.price)::bigint from call c, ` + aliveSQL + ` where c.outcome is null and not a.alive group by 1`
	addAnsweredSQL = `insert into answered (day, shard, calls, saved) values ($1, $2, $3, $4)
 on conflict (day, shard) do update set calls = answered.calls + excluded.calls, saved = answered.saved + excluded.saved`
	answeredSQL = `select day = $1, sum(calls)::bigint, sum(saved)::bigint from answered group by 1`
)

// Tally is documented at [ledger.Books].
func (s *Store) Tally(ctx context.Context, at time.Time) (day, total shared.Tally, err error) {
	if err := s.flush(ctx); err != nil {
		return day, total, err
	}
	err = s.do(ctx, func(ctx context.Context, c *pgx.Conn) error {
		day, total = shared.Tally{}, shared.Tally{}
		// One transaction with one view, since a call that is settled meanwhile would be seen twice or not at all.
		return pgx.BeginTxFunc(ctx, c, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}, func(tx pgx.Tx) error {
			var ofDay bool
			var outcome shared.Outcome
			var calls, money int64
			name := ledger.Day(at)
			add := func(f func(*shared.Tally)) {
				f(&total)
				if ofDay {
					f(&day)
				}
			}
			rows, _ := tx.Query(ctx, booksSQL, name)
			if _, err := pgx.ForEachRow(rows, []any{&ofDay, &outcome, &calls, &money}, func() error {
				add(func(t *shared.Tally) { count(t, outcome, calls, money) })
				return nil
			}); err != nil {
				return err
			}
			rows, _ = tx.Query(ctx, doubtSQL, name, s.owner.all())
			if _, err := pgx.ForEachRow(rows, []any{&ofDay, &calls, &money}, func() error {
				add(func(t *shared.Tally) { count(t, "", calls, money) })
				return nil
			}); err != nil {
				return err
			}
			rows, _ = tx.Query(ctx, answeredSQL, name)
			_, err := pgx.ForEachRow(rows, []any{&ofDay, &calls, &money}, func() error {
				add(func(t *shared.Tally) { t.Answered, t.Saved = t.Answered+calls, t.Saved+shared.Money(money) })
				return nil
			})
			return err
		})
	})
	return day, total, err
}

// count adds calls that ended with an outcome; an empty one is in doubt.
func count(t *shared.Tally, o shared.Outcome, calls, money int64) {
	switch o {
	case shared.OutcomeBilled:
		t.Billed += calls
		t.Spent += shared.Money(money)
	case shared.OutcomeRejected:
		t.Rejected += calls
	case shared.OutcomeNotSent:
		t.NotSent += calls
	case shared.OutcomeFree:
	default: // ambiguous, in doubt, and what a newer version may say
		t.Ambiguous += calls
		t.Suspected += shared.Money(money)
	}
}

package postgres

import (
	"context"
	"iter"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/seed-6b91b535/idrec/sdk/ledger"
	"github.com/seed-6b91b535/idrec/shared"
)

const (
	// page is how many records are read at once.
	page = 200
	// chunk is how many calls are forgotten in one transaction, so that others are not held up.
	chunk = 500
)

// planned has the server plan a query of the archive for its own arguments: a plan for any dates and
// subjects would read the whole table.
const planned = pgx.QueryExecModeDescribeExec

// recordColumns are what [Store.records] reads besides [entryColumns].
const recordColumns = `c.seq, c.provider, c.product, c.run, c.subject, c.purpose, c.attempt`

type archiveRow struct {
	row
	seq               int64
	provider, product string
	run, subject      []byte
	purpose           []byte
	attempt           int64
}

func (r *archiveRow) targets() []any {
	return append(r.row.targets(), &r.seq, &r.provider, &r.product, &r.run, &r.subject, &r.purpose, &r.attempt)
}

func (s *Store) record(r *archiveRow) (ledger.Record, error) {
	e, err := s.entry(&r.row)
	if err != nil {
		return ledger.Record{}, err
	}
	out := ledger.Record{Entry: e, Provider: r.provider, Product: r.product, Run: string(r.run), Subject: string(r.subject), Attempt: int(r.attempt)}
	if r.purpose != nil {
		purpose, err := s.keys.Open(sealPurpose, e.CallID, r.purpose)
		if err != nil {
			return ledger.Record{}, &failure{"a stored purpose cannot be opened with this key", err}
		}
		out.Purpose = string(purpose)
	}
	return out, nil
}

// where writes a filter as SQL's condition on c, beside [aliveSQL], and the arguments from
// $3 on; $1 is the seq after which to begin, and $2 this process's locks.
func where(f ledger.Filter) (string, []any) {
	conditions := []string{"c.seq > $1"}
	var args []any
	add := func(condition string, arg any) {
		args = append(args, arg)
		conditions = append(conditions, strings.ReplaceAll(condition, "?", "$"+strconv.Itoa(len(args)+2)))
	}
	for _, c := range []struct{ condition, value string }{
		{"c.key = ?", f.Key}, {"c.call_id = ?", f.CallID}, {"c.subject = ? and c.subject <> ''", f.Subject}, {"c.run = ?", f.Run},
	} {
		if c.value != "" {
			add(c.condition, []byte(c.value))
		}
	}
	for _, c := range []struct {
		condition string
		at        time.Time
	}{{"c.begun >= ?", f.From}, {"c.begun < ?", f.To}, {"c.outcome is not null and c.ended < ?", f.EndedBefore}} {
		if !c.at.IsZero() {
			add(c.condition, c.at)
		}
	}
	if f.Unclear {
		conditions = append(conditions, "(c.outcome is null or c.outcome not in ('billed', 'rejected', 'not_sent', 'free'))", "not a.alive")
	}
	if f.Held {
		conditions = append(conditions, "c.forgotten is null")
	}
	return strings.Join(conditions, " and "), args
}

func recordsSQL(condition string) string {
	return limited(`select `+entryColumns+`, `+recordColumns+` from call c, `+aliveSQL+` where `+condition+` order by c.seq`, page)
}

// Records is documented at [ledger.Archive].
func (s *Store) Records(ctx context.Context, f ledger.Filter) iter.Seq2[ledger.Record, error] {
	return func(yield func(ledger.Record, error) bool) {
		condition, args := where(f)
		sql := recordsSQL(condition)
		for last := int64(0); ; {
			var rows []*archiveRow
			err := s.do(ctx, func(ctx context.Context, c *pgx.Conn) error {
				found, _ := c.Query(ctx, sql, append([]any{planned, last, s.owner.all()}, args...)...)
				var err error
				rows, err = pgx.CollectRows(found, func(r pgx.CollectableRow) (*archiveRow, error) {
					out := &archiveRow{}
					return out, r.Scan(out.targets()...)
				})
				return err
			})
			if err != nil {
				yield(ledger.Record{}, err)
				return
			}
			for _, r := range rows {
				record, err := s.record(r)
				if !yield(record, err) || err != nil {
					return
				}
				last = r.seq
			}
			if len(rows) < page {
				return
			}
		}
	}
}

// oneSQL finds a call by its id, for the archive.
var oneSQL = `select ` + entryColumns + `, ` + recordColumns + ` from call c, ` + aliveSQL + ` where c.call_id = $1 for update of c`

// decideSQL writes a decision on the call $1 and corrects the books.
var decideSQL = `with old as (
  select seq, outcome, basis, price from call where call_id = $1
), done as (
  update call c set outcome = $2, basis = $3, price = case when $4 then c.price else 0 end, answer = null, ended = $6, decided = true
  from old where c.seq = old.seq
  returning c.day, c.provider, c.product, c.run, c.outcome, c.basis, c.price, old.outcome as old_outcome, old.basis as old_basis, old.price as old_price
), change as (
  select day, provider, product, run, outcome, basis, 1 as calls, price from done
  union all
  select day, provider, product, run, old_outcome, old_basis, -1, -old_price from done where old_outcome is not null
)` + bookSQL("$5") + ` select count(*) from done`

// Decide is documented at [ledger.Archive].
func (s *Store) Decide(ctx context.Context, callID string, billed bool, at time.Time) (ledger.Record, error) {
	var record ledger.Record
	err := s.do(ctx, func(ctx context.Context, c *pgx.Conn) error {
		return pgx.BeginTxFunc(ctx, c, pgx.TxOptions{IsoLevel: pgx.ReadCommitted}, func(tx pgx.Tx) error {
			read := func() (err error) {
				r := &archiveRow{}
				if err := tx.QueryRow(ctx, oneSQL, []byte(callID), s.owner.all()).Scan(r.targets()...); err != nil {
					return err
				}
				record, err = s.record(r)
				return err
			}
			switch err := read(); {
			case noRows(err):
				return ledger.NotUnclear(callID, ledger.Entry{})
			case err != nil:
				return err
			case record.Decided && (record.Outcome == shared.OutcomeBilled) == billed:
				return nil
			case record.Decided || !record.Unclear():
				return ledger.NotUnclear(callID, record.Entry)
			}
			if _, err := tx.Exec(ctx, decideSQL, []byte(callID), string(ledger.DecidedOutcome(billed)), string(shared.BasisAssumed), billed, shard(c), at); err != nil {
				return err
			}
			return read()
		})
	})
	if err != nil {
		return ledger.Record{}, err
	}
	s.tell(callID)
	return record, nil
}

// buryBooksSQL books the calls that are deleted without an outcome.
var buryBooksSQL = `with change as (
  select day, provider, product, run, '' as outcome, '' as basis, 1 as calls, price from call where seq = any($1) and outcome is null
)` + bookSQL("$2") + ` select 1`

const (
	tombstoneSQL = `update call set answer = null, subject = '', purpose = null, forgotten = $2 where seq = any($1)`
	deleteSQL    = `delete from call where seq = any($1)`
	// unaliasSQL deletes the aliases of keys of which nothing is held any more.
	unaliasSQL = `delete from alias a where a.key = any($1) and not exists (select from call c where c.key = a.key and c.forgotten is null)`
)

// doomedSQL finds and locks some calls to forget, with those that were forgotten before or without them.
// Those that are found leave the set, so there is no order, and the planner is free to use the index on
// what the filter is about.
func doomedSQL(condition string, tombs bool) string {
	condition += " and (c.outcome is not null or not a.alive) and c.forgotten is "
	if tombs {
		condition += "not "
	}
	return limited(`select c.seq, c.key from call c, `+aliveSQL+` where `+condition+`null`, chunk) + ` for update of c`
}

// Forget is documented at [ledger.Archive]. PostgreSQL overwrites nothing in place: what was deleted stays in
// the server's files, sealed, until its space is used again, and in its write-ahead log and backups for as
// long as they are kept.
func (s *Store) Forget(ctx context.Context, f ledger.Filter, tombstone bool, at time.Time) (int64, error) {
	n, err := s.forget(ctx, f, tombstone, false, at)
	if err != nil || tombstone {
		return n, err
	}
	tombs, err := s.forget(ctx, f, false, true, at)
	return n + tombs, err
}

func (s *Store) forget(ctx context.Context, f ledger.Filter, tombstone, tombs bool, at time.Time) (n int64, err error) {
	condition, args := where(f)
	find := doomedSQL(condition, tombs)
	for {
		var seqs []int64
		err := s.do(ctx, func(ctx context.Context, c *pgx.Conn) error {
			return pgx.BeginTxFunc(ctx, c, pgx.TxOptions{IsoLevel: pgx.ReadCommitted}, func(tx pgx.Tx) (err error) {
				var keys [][]byte
				if seqs, keys, err = doomed(ctx, tx, find, append([]any{planned, int64(0), s.owner.all()}, args...)); err != nil || len(seqs) == 0 {
					return err
				}
				var b pgx.Batch
				if tombstone {
					b.Queue(tombstoneSQL, seqs, at)
				} else {
					b.Queue(buryBooksSQL, seqs, shard(c))
					b.Queue(deleteSQL, seqs)
				}
				b.Queue(unaliasSQL, keys)
				return tx.SendBatch(ctx, &b).Close()
			})
		})
		if err != nil || len(seqs) == 0 {
			return n, err
		}
		n += int64(len(seqs))
	}
}

func doomed(ctx context.Context, tx pgx.Tx, sql string, args []any) (seqs []int64, keys [][]byte, err error) {
	rows, _ := tx.Query(ctx, sql, args...)
	var seq int64
	var key []byte
	_, err = pgx.ForEachRow(rows, []any{&seq, &key}, func() error {
		seqs, keys = append(seqs, seq), append(keys, key)
		key = nil
		return nil
	})
	return seqs, keys, err
}

const usageSQL = `select day, provider, product, outcome, basis, sum(calls)::bigint, sum(price)::bigint from (
  select day, provider, product, outcome, basis, calls, price from books where day >= $1 and ($2 = '' or day <= $2)
  union all
  select day, provider, product, '', '', 1, price from call where outcome is null and day >= $1 and ($2 = '' or day <= $2)
) u group by 1, 2, 3, 4, 5 having sum(calls) <> 0 order by 1, 2, 3, 4, 5`

// Usage is documented at [ledger.Archive].
func (s *Store) Usage(ctx context.Context, from, to string) ([]ledger.Usage, error) {
	var out []ledger.Usage
	err := s.do(ctx, func(ctx context.Context, c *pgx.Conn) error {
		rows, _ := c.Query(ctx, usageSQL, from, to)
		var err error
		out, err = pgx.CollectRows(rows, func(r pgx.CollectableRow) (u ledger.Usage, err error) {
			var price int64
			err = r.Scan(&u.Day, &u.Provider, &u.Product, &u.Outcome, &u.Basis, &u.Calls, &price)
			u.Price = shared.Money(price)
			return u, err
		})
		return err
	})
	return out, err
}

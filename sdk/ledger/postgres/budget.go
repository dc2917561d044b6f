package postgres

import (
	"github.com/jackc/pgx/v5"

	"github.com/seed-6b91b535/idrec/sdk/ledger"
	"github.com/seed-6b91b535/idrec/shared"
)

// Budgets are counted exactly, and calls within one do not stand in a row for the sync of each other's
// commit, as they would with a lock on a counter.
//
// A call that is begun holds its budget's lock until its commit, and reads what is spent and reserved
// under it. Far from the limit the lock is shared: whatever other calls hold it at the same time are not
// seen yet, but there are at most as many as the server has sessions, and each costs at most the budget's
// ceiling, the highest reservation that was ever made within it. So where
//
//	spent + sessions × ceiling ≤ limit
//
// holds for each of them, all of them together stay within the limit. Near the limit, or where a call
// would raise the ceiling, the lock is exclusive: the call waits for those before it and sees them all.
type budget struct {
	scope ledger.Scope
	limit ledger.Limit
	name  string // of the scope's ceiling and lock
	sql   string // spent and reserved of argument: calls, price
	arg   any

	exclusive bool
	ceiling   *int64
	spent     ledger.Limit
}

const (
	runSpentSQL = `select (select price from ceiling where scope = $2),
 (select coalesce(sum(calls), 0)::bigint from spend where run = $1) + (select count(*) from call where outcome is null and run = $1),
 (select coalesce(sum(price), 0)::bigint from spend where run = $1) + (select coalesce(sum(price), 0)::bigint from call where outcome is null and run = $1)`
	daySpentSQL = `select (select price from ceiling where scope = $2),
 (select coalesce(sum(calls), 0)::bigint from books where day = $1 and outcome not in ('not_sent', 'rejected', 'free')) + (select count(*) from call where outcome is null and day = $1),
 (select coalesce(sum(price), 0)::bigint from books where day = $1 and outcome not in ('not_sent', 'rejected', 'free')) + (select coalesce(sum(price), 0)::bigint from call where outcome is null and day = $1)`
	// A picture's calls are begun under its own lock already.
	keySpentSQL = `select null::bigint, count(*), coalesce(sum(price), 0)::bigint from call
 where key = $1 and call_id <> $2 and (outcome is null or outcome not in ('not_sent', 'rejected', 'free'))`
	raiseSQL = `insert into ceiling (scope, price) values ($1, $2) on conflict (scope) do update set price = greatest(ceiling.price, excluded.price)`
)

// budgets returns those of an intent that bound something, in the order in which they are locked.
func (s *Store) budgets(in ledger.Intent) []*budget {
	var bs []*budget
	if in.RunLimit != (ledger.Limit{}) && in.Run != "" {
		bs = append(bs, &budget{scope: ledger.ScopeRun, limit: in.RunLimit, name: "run " + in.Run, sql: runSpentSQL, arg: []byte(in.Run)})
	}
	if in.DayLimit != (ledger.Limit{}) {
		day := ledger.Day(in.At)
		bs = append(bs, &budget{scope: ledger.ScopeDay, limit: in.DayLimit, name: "day " + day, sql: daySpentSQL, arg: day})
	}
	for _, b := range bs {
		// A limit that is near from the start needs no look first.
		b.exclusive = !b.far(s.backends, int64(in.Price))
	}
	return bs
}

// far reports whether the limit is farther away than all the calls that could be begun at this moment.
func (b *budget) far(backends, ceiling int64) bool {
	return (b.limit.Calls == 0 || b.spent.Calls+backends <= b.limit.Calls) &&
		(b.limit.Yuan == 0 || int64(b.spent.Yuan)+backends*ceiling <= int64(b.limit.Yuan))
}

// decided reports whether the lock that is held is enough to judge by what was read.
func (b *budget) decided(backends int64, in ledger.Intent) bool {
	return b.exclusive || b.ceiling != nil && *b.ceiling >= int64(in.Price) && b.far(backends, *b.ceiling)
}

// raises reports whether the intent raises the ceiling.
func (b *budget) raises(in ledger.Intent) bool {
	return b.ceiling == nil || *b.ceiling < int64(in.Price)
}

// lock queues the lock of the budget.
func (b *budget) lock(s *Store, batch *pgx.Batch) {
	sql := `select pg_advisory_xact_lock_shared($1)`
	if b.exclusive {
		sql = `select pg_advisory_xact_lock($1)`
	}
	batch.Queue(sql, s.lockKey("budget", b.name))
}

func (b *budget) read(results pgx.BatchResults) error {
	var calls, price int64
	if err := results.QueryRow().Scan(&b.ceiling, &calls, &price); err != nil {
		return err
	}
	b.spent = ledger.Limit{Calls: calls, Yuan: shared.Money(price)}
	return nil
}

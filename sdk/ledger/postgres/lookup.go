package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/seed-6b91b535/idrec/sdk/ledger"
	"github.com/seed-6b91b535/idrec/shared"
)

// The purposes for which something is sealed; see package seal.
const (
	sealAnswer   = "answer"
	sealPurpose  = "purpose"
	sealRegister = "register"
)

// aliveSQL is a table of one column, which tells of an open call in c whether its owner lives: the call is
// one of this process's own ($2), or somebody holds its lock, so that it cannot be had even shared.
const aliveSQL = `lateral (select case when c.outcome is null then c.owner = any($2) or not pg_try_advisory_xact_lock_shared(c.owner) else false end as alive) a`

// entryColumns are what [row] reads.
const entryColumns = `c.call_id, c.key, c.owner = any($2), a.alive, c.outcome, c.basis, c.price, c.answer, c.has_result, c.begun, c.ended, c.forgotten, c.decided`

// findSQL finds what the record answers for the key $1, without the call $3. Calls that were not billed
// answer nothing. For the order see [ledger.Calls].
const findSQL = `select ` + entryColumns + ` from call c, ` + aliveSQL + `
 where c.key = $1 and c.call_id <> $3 and (c.outcome is null or c.outcome not in ('not_sent', 'rejected', 'free'))
 order by case when a.alive then 4 when c.outcome is distinct from 'billed' or not c.has_result then 1 when c.forgotten is null then 3 else 2 end desc,
 c.seq desc limit 1`

const callSQL = `select ` + entryColumns + ` from call c, ` + aliveSQL + ` where c.call_id = $1`

// row is a call as a query finds it.
type row struct {
	callID, key        []byte
	own, alive         bool
	outcome            *string // nil: open
	basis              string
	price              int64
	answer             []byte
	hasResult, decided bool
	begun              time.Time
	ended, forgotten   *time.Time
}

func (r *row) targets() []any {
	return []any{&r.callID, &r.key, &r.own, &r.alive, &r.outcome, &r.basis, &r.price, &r.answer, &r.hasResult, &r.begun, &r.ended, &r.forgotten, &r.decided}
}

// entry makes the entry of a row that was found, and opens its answer.
func (s *Store) entry(r *row) (ledger.Entry, error) {
	e := ledger.Entry{
		State: shared.RecallSettled, Key: string(r.key), CallID: string(r.callID), Own: r.own, Basis: shared.Basis(r.basis),
		Price: shared.Money(r.price), HasResult: r.hasResult, Begun: r.begun, Decided: r.decided,
	}
	if r.ended != nil {
		e.Ended = *r.ended
	}
	if r.forgotten != nil {
		e.Forgotten = *r.forgotten
	}
	switch {
	case r.outcome != nil:
		e.Outcome = shared.Outcome(*r.outcome)
	case r.alive:
		e.State = shared.RecallInFlight
	default:
		e.State = shared.RecallInDoubt
	}
	if r.answer != nil {
		plain, err := s.keys.Open(sealAnswer, e.CallID, r.answer)
		if err != nil {
			// Another key of the ring or a damaged page: it was paid, so it must not count as nothing.
			return ledger.Entry{}, &failure{"a stored answer cannot be opened with this key", err}
		}
		e.Answer = plain
	}
	return e, nil
}

// Lookup is documented at [ledger.Calls].
func (s *Store) Lookup(ctx context.Context, key, alias string) (ledger.Entry, error) {
	var r row
	var bound []byte
	err := s.do(ctx, func(ctx context.Context, c *pgx.Conn) error {
		r, bound = row{}, nil
		var b pgx.Batch
		b.Queue(boundSQL, aliasArgument(alias))
		b.Queue(findSQL, []byte(key), s.owner.all(), []byte{})
		results := c.SendBatch(ctx, &b)
		err := results.QueryRow().Scan(&bound)
		if err == nil || noRows(err) {
			err = results.QueryRow().Scan(r.targets()...)
		}
		if noRows(err) {
			err = nil
		}
		return ended(results, err)
	})
	switch {
	case err != nil:
		return ledger.Entry{}, err
	case bound != nil && string(bound) != key:
		return ledger.Entry{}, ledger.KeyReused(ledger.Intent{Key: key})
	case r.callID == nil:
		return ledger.Entry{State: shared.RecallUnknown, Key: key}, nil
	}
	return s.entry(&r)
}

// aliasArgument is nil for an empty alias, which is bound to nothing.
func aliasArgument(alias string) []byte {
	if alias == "" {
		return nil
	}
	return []byte(alias)
}

// Call is documented at [ledger.Calls].
func (s *Store) Call(ctx context.Context, callID string) (ledger.Entry, error) {
	var r row
	err := s.do(ctx, func(ctx context.Context, c *pgx.Conn) error {
		r = row{}
		return c.QueryRow(ctx, callSQL, []byte(callID), s.owner.all()).Scan(r.targets()...)
	})
	if noRows(err) {
		return ledger.Entry{State: shared.RecallUnknown, CallID: callID}, nil
	}
	if err != nil {
		return ledger.Entry{}, err
	}
	return s.entry(&r)
}

const boundSQL = `select key from alias where alias = $1`

// Bind is documented at [ledger.Calls].
func (s *Store) Bind(ctx context.Context, alias, key string) error {
	if alias == "" {
		return ctx.Err()
	}
	var bound []byte
	err := s.do(ctx, func(ctx context.Context, c *pgx.Conn) error {
		var b pgx.Batch // one transaction
		b.Queue(`select pg_advisory_xact_lock($1)`, s.lockKey("alias", alias))
		b.Queue(aliasSQL, []byte(alias), []byte(key))
		b.Queue(boundSQL, []byte(alias))
		results := c.SendBatch(ctx, &b)
		_, err := results.Exec()
		if err == nil {
			_, err = results.Exec()
		}
		if err == nil {
			err = results.QueryRow().Scan(&bound)
		}
		return ended(results, err)
	})
	if err == nil && string(bound) != key {
		return ledger.KeyReused(ledger.Intent{Key: key})
	}
	return err
}

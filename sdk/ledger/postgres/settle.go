package postgres

import (
	"context"
	"slices"

	"github.com/jackc/pgx/v5"

	"github.com/seed-6b91b535/idrec/sdk/ledger"
	"github.com/seed-6b91b535/idrec/shared"
)

// bookSQL adds the lines in "change" to the sums, in the shard that the given parameter is.
func bookSQL(shard string) string {
	return `, book as (
  insert into books (day, provider, product, outcome, basis, shard, calls, price)
  select day, provider, product, outcome, basis, ` + shard + `::smallint, sum(calls), sum(price) from change group by day, provider, product, outcome, basis
  on conflict (day, provider, product, outcome, basis, shard) do update set calls = books.calls + excluded.calls, price = books.price + excluded.price
), run as (
  insert into spend (run, shard, calls, price)
  select run, ` + shard + `::smallint, sum(calls), sum(price) from change where run <> '' and outcome not in ('not_sent', 'rejected', 'free') group by run
  on conflict (run, shard) do update set calls = spend.calls + excluded.calls, price = spend.price + excluded.price
)`
}

var (
	// settleSQL ends a call that is open; where the end is clear ($9), one too that was only decided by
	// hand. Its books are in the same statement, so that it is one transaction in one round trip.
	settleSQL = `with old as (
  select seq, outcome, basis, price from call where call_id = $1 and (outcome is null or decided and $9) for update
), done as (
  update call c set outcome = $2, basis = $3, price = $4, answer = case when forgotten is null then $6::bytea end, has_result = $7, ended = $8, decided = false
  from old where c.seq = old.seq
  returning c.day, c.provider, c.product, c.run, c.outcome, c.basis, c.price, old.outcome as old_outcome, old.basis as old_basis, old.price as old_price
), change as (
  select day, provider, product, run, outcome, basis, 1 as calls, price from done
  union all
  select day, provider, product, run, old_outcome, old_basis, -1, -old_price from done where old_outcome is not null
)` + bookSQL("$5") + ` select count(*) from done`
	// recordSQL records a call that was never begun, with its end; or one that was begun ($20, for the price
	// $21) and deleted in doubt, which it takes out of what the books have of such calls. Where they have none, the
	// record lost the call in another way, with a database that was set back.
	recordSQL = `with done as (
  insert into call (call_id, outcome, basis, price, answer, has_result, ended, key, owner, token, day, begun, run, subject, purpose, provider, product, attempt)
  values ($1, $2, $3, $4, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19)
  on conflict (call_id) do nothing returning day, provider, product, run, outcome, basis, price
), change as (
  select day, provider, product, run, outcome, basis, 1 as calls, price from done
  union all
  select day, provider, product, run, '', '', -1, -$21::bigint from done where $20::boolean and (select sum(b.calls) > 0 from books b
   where b.day = done.day and b.provider = done.provider and b.product = done.product and b.outcome = '' and b.basis = '')
)` + bookSQL("$5") + ` select count(*) from done`
)

// confirmEndSQL writes an end again that is on record, so that its commit is known to be durable.
const confirmEndSQL = `update call set has_result = has_result where call_id = $1`

// Settle is documented at [ledger.Calls].
func (s *Store) Settle(ctx context.Context, e ledger.Settlement) error {
	in := e.Intent
	price := int64(0)
	if e.Outcome.MayBeBilled() {
		price = int64(e.Price)
	}
	var answer []byte
	if e.Answer != nil {
		answer = s.keys.Seal(sealAnswer, in.CallID, e.Answer)
	}
	ending := ledger.Entry{State: shared.RecallSettled, Outcome: e.Outcome}
	known := !ending.Unclear()
	err := s.do(ctx, func(ctx context.Context, c *pgx.Conn) error {
		unconfirmed(c) // of what came before
		end := []any{[]byte(in.CallID), word(e.Outcome), word(e.Basis), price, shard(c), answer, e.HasResult, e.At}
		settled := append(slices.Clone(end), known)
		var done int64
		if err := c.QueryRow(ctx, settleSQL, settled...).Scan(&done); err != nil {
			return err
		}
		if done == 0 {
			// Settled already, or never begun. One that is just being begun is waited for by the insert, and
			// then ended by the next round.
			whole := append(slices.Clone(end), []byte(in.Key), s.owner.latest(), randomNumber(), ledger.Day(in.At), in.At,
				[]byte(in.Run), []byte(in.Subject), s.sealedPurpose(in), word(in.Provider), word(in.Product), int64(in.Attempt),
				s.unsettled.has(in.CallID), int64(in.Price))
			if err := c.QueryRow(ctx, recordSQL, whole...).Scan(&done); err != nil {
				return err
			}
			if done == 0 {
				if err := c.QueryRow(ctx, settleSQL, settled...).Scan(&done); err != nil {
					return err
				}
			}
		}
		if done == 0 {
			// It is on record, by a try whose answer was lost perhaps.
			if _, err := c.Exec(ctx, confirmEndSQL, []byte(in.CallID)); err != nil {
				return err
			}
		}
		if unconfirmed(c) {
			return errUnsynced
		}
		return nil
	})
	if err == nil {
		s.unsettled.remove(in.CallID)
		s.tell(in.CallID)
	}
	return err
}

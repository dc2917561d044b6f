package postgres

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/seed-6b91b535/idrec/sdk/ledger"
	"github.com/seed-6b91b535/idrec/shared"
)

const (
	// stateSQL reads what a call depends on besides its key: whether the session still has its settings,
	// whether this process's lock $1 was lost (nobody holds it, so it can be had), what the alias $2 is
	// bound to, and what the call id $3 was used for.
	stateSQL = `select current_setting('synchronous_commit'), pg_try_advisory_xact_lock_shared($1), (select key from alias where alias = $2),
 c.outcome, c.token from (select 1) one left join call c on c.call_id = $3`
	insertSQL = `insert into call (call_id, key, owner, token, day, begun, price, run, subject, purpose, provider, product, attempt)
 values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)`
	// confirmSQL writes an intent again that is on record, so that its commit is known to be durable.
	confirmSQL = `update call set owner = $2 where call_id = $1`
	replaceSQL = `delete from call where call_id = $1 and outcome in ('not_sent', 'rejected', 'free')`
	aliasSQL   = `insert into alias (alias, key) values ($1, $2) on conflict (alias) do nothing`
)

// begin is one Begin with all its tries.
type begin struct {
	s       *Store
	in      ledger.Intent
	token   int64
	budgets []*budget // of run and day
	ofKey   budget
	// unsure: the answer to a commit was lost. While its transaction may still run it holds the lock of
	// the key, so that the next try waits for it and then sees what became of it.
	unsure bool

	// What the last look found.
	lock  int64 // this process's
	bound []byte
	found *row
	used  *usedID

	began bool
	entry ledger.Entry
}

// usedID is a call that has the id already.
type usedID struct {
	outcome *string
	token   int64
}

// Begin is documented at [ledger.Calls].
func (s *Store) Begin(ctx context.Context, in ledger.Intent) (ledger.Entry, bool, error) {
	b := &begin{s: s, in: in, token: randomNumber(), budgets: s.budgets(in), ofKey: budget{scope: ledger.ScopeKey, limit: in.KeyLimit}}
	err := s.do(ctx, func(ctx context.Context, c *pgx.Conn) error {
		err := b.try(ctx, c)
		undo(ctx, c)
		return err
	})
	var refused *shared.Error
	if b.unsure && !b.began && (err == nil || errors.As(err, &refused)) {
		// An earlier try may have left the intent on record, and it would be in flight for as long as we live.
		if failed := s.Settle(ctx, ledger.Settlement{Intent: in, At: in.At, Outcome: shared.OutcomeNotSent, Basis: shared.BasisProved}); failed != nil {
			return ledger.Entry{}, false, failed
		}
	}
	if err != nil {
		return ledger.Entry{}, false, err
	}
	if b.began {
		s.unsettled.add(in.CallID)
	}
	return b.entry, b.began, nil
}

// try makes one transaction, or two where the first finds a budget nearly spent.
func (b *begin) try(ctx context.Context, c *pgx.Conn) error {
	var err error
	if b.lock, err = b.s.owner.current(ctx); err != nil {
		return err
	}
	for {
		if err := b.look(ctx, c); err != nil {
			return err
		}
		if b.decided() {
			break
		}
		undo(ctx, c)
	}
	passes, err := b.judge()
	if err != nil || !passes {
		return err
	}
	return b.write(ctx, c)
}

// decided reports whether the locks are enough to judge, and asks for more where they are not.
func (b *begin) decided() bool {
	enough := true
	for _, g := range b.budgets {
		if !g.decided(b.s.backends, b.in) {
			g.exclusive, enough = true, false
		}
	}
	return enough
}

// look begins the transaction, takes its locks in one order for all (key, alias, run, day), and reads. One
// round trip; each statement sees what was committed before it.
func (b *begin) look(ctx context.Context, c *pgx.Conn) error {
	s, in := b.s, b.in
	var batch pgx.Batch
	batch.Queue(`begin isolation level read committed read write`)
	batch.Queue(`select pg_advisory_xact_lock($1)`, s.lockKey("key", in.Key))
	if in.Alias != "" {
		batch.Queue(`select pg_advisory_xact_lock($1)`, s.lockKey("alias", in.Alias))
	}
	for _, g := range b.budgets {
		g.lock(s, &batch)
	}
	locks := batch.Len()
	// A call that an earlier try may have recorded does not stand in its own way.
	self := []byte{}
	if b.unsure {
		self = []byte(in.CallID)
	}
	batch.Queue(stateSQL, b.lock, aliasArgument(in.Alias), []byte(in.CallID))
	batch.Queue(findSQL, []byte(in.Key), s.owner.all(), self)
	for _, g := range b.budgets {
		batch.Queue(g.sql, g.arg, []byte(g.name))
	}
	batch.Queue(keySpentSQL, []byte(in.Key), self)
	results := c.SendBatch(ctx, &batch)
	return ended(results, b.read(results, locks))
}

func (b *begin) read(results pgx.BatchResults, locks int) error {
	for range locks {
		if _, err := results.Exec(); err != nil {
			return err
		}
	}
	var synchronous string
	var lost bool
	var outcome *string
	var token *int64
	b.bound = nil
	if err := results.QueryRow().Scan(&synchronous, &lost, &b.bound, &outcome, &token); err != nil {
		return err
	}
	b.found = &row{}
	switch err := results.QueryRow().Scan(b.found.targets()...); {
	case noRows(err):
		b.found = nil
	case err != nil:
		return err
	}
	for _, g := range b.budgets {
		if err := g.read(results); err != nil {
			return err
		}
	}
	if err := b.ofKey.read(results); err != nil {
		return err
	}
	if b.used = nil; token != nil {
		b.used = &usedID{outcome, *token}
	}
	switch {
	case synchronous != "on" && synchronous != "remote_apply":
		return errAsync
	case lost:
		b.s.owner.disown(b.lock)
		return errOwner
	}
	return nil
}

// recorded reports whether an earlier try is on record.
func (b *begin) recorded() bool {
	return b.used != nil && b.used.token == b.token && b.used.outcome == nil
}

// judge decides by what the last look found.
func (b *begin) judge() (passes bool, err error) {
	if b.bound != nil && string(b.bound) != b.in.Key {
		return false, ledger.KeyReused(b.in)
	}
	if b.found != nil {
		if b.entry, err = b.s.entry(b.found); err != nil || !b.in.Passes(b.entry) {
			return false, err
		}
	}
	if b.recorded() {
		return true, nil // its budgets were judged, and hold it already
	}
	if b.used != nil && (b.used.outcome == nil || shared.Outcome(*b.used.outcome).MayBeBilled()) {
		return false, ledger.CallReused(b.in)
	}
	if b.in.Run == "" {
		if err := ledger.OverBudget(b.in, ledger.ScopeRun, b.in.RunLimit, ledger.Limit{}); err != nil {
			return false, err
		}
	}
	for _, g := range append(b.budgets, &b.ofKey) {
		if err := ledger.OverBudget(b.in, g.scope, g.limit, g.spent); err != nil {
			return false, err
		}
	}
	return true, nil
}

// write records the intent and commits, in one round trip.
func (b *begin) write(ctx context.Context, c *pgx.Conn) error {
	in := b.in
	var batch pgx.Batch
	for _, g := range b.budgets {
		if g.exclusive && g.raises(in) {
			batch.Queue(raiseSQL, []byte(g.name), int64(in.Price))
		}
	}
	if in.Alias != "" && b.bound == nil {
		batch.Queue(aliasSQL, []byte(in.Alias), []byte(in.Key))
	}
	if b.recorded() {
		batch.Queue(confirmSQL, []byte(in.CallID), b.lock)
	} else {
		if b.used != nil {
			batch.Queue(replaceSQL, []byte(in.CallID))
		}
		batch.Queue(insertSQL, []byte(in.CallID), []byte(in.Key), b.lock, b.token, ledger.Day(in.At), in.At, int64(in.Price),
			[]byte(in.Run), []byte(in.Subject), b.s.sealedPurpose(in), word(in.Provider), word(in.Product), int64(in.Attempt))
	}
	batch.Queue(`commit`)
	unconfirmed(c) // of what came before
	err := commit(c.SendBatch(ctx, &batch), batch.Len())
	switch {
	case err == nil && unconfirmed(c):
		b.unsure = true
		return errUnsynced
	case err == nil:
		b.began = true
		b.entry = ledger.Entry{State: shared.RecallInFlight, Key: in.Key, CallID: in.CallID, Own: true, Price: in.Price, Begun: in.At}
		return nil
	case usedUp(err):
		return ledger.CallReused(in)
	case !definite(err) && !pgconn.SafeToRetry(err):
		b.unsure = true
	}
	return err
}

// commit reads the results of statements that end with a commit, and fails unless it was made.
func commit(results pgx.BatchResults, statements int) error {
	var tag pgconn.CommandTag
	var err error
	for range statements {
		if tag, err = results.Exec(); err != nil {
			return ended(results, err)
		}
	}
	if tag.String() != "COMMIT" {
		return ended(results, errors.New("the transaction was not committed"))
	}
	// What is wrong with the connection from here on does not undo it.
	_ = results.Close()
	return nil
}

// usedUp reports that another call with the same id was begun at this moment, for another key.
func usedUp(err error) bool {
	var pg *pgconn.PgError
	return errors.As(err, &pg) && pg.Code == stateUniqueViolation && pg.ConstraintName == "call_id_once"
}

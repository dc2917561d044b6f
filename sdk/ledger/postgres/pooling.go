package postgres

import (
	"context"
	"crypto/rand"
	"errors"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// poolingRounds is how often a session is looked for again; proxies differ in which connection they hand
// out next.
const poolingRounds = 4

// notPooled makes sure that c is one session of the server and not a place in a pool that is given another
// session for each transaction: locks and settings would then be somebody else's. While another connection
// holds a transaction open, a pool has to give c another session than before.
// A pool of a single session has none to give, so that an answer that does not come says the same.
func notPooled(ctx context.Context, c *pgx.Conn, connect func(context.Context) (*pgx.Conn, error)) error {
	same, err := sameSession(ctx, c, connect)
	switch {
	case err != nil && ctx.Err() == nil && !errors.Is(err, errStandby):
		return err
	case err != nil || !same:
		return pooled()
	}
	return nil
}

func pooled() error {
	return misconfigured("the ledger's database is behind a proxy that shares sessions (transaction pooling), where locks do not hold: " +
		"give the server's own address, or set the proxy to session pooling")
}

// otherSession reports whether err says that a connection was given another session than it had: a statement
// that it prepared is not there, or is there before it was prepared.
func otherSession(err error) bool {
	pg, ok := errors.AsType[*pgconn.PgError](err)
	return ok && (pg.Code == stateNoStatement || pg.Code == stateDuplicateStatement)
}

func sameSession(ctx context.Context, c *pgx.Conn, connect func(context.Context) (*pgx.Conn, error)) (bool, error) {
	other, err := connect(ctx)
	if err != nil {
		return false, err
	}
	defer func() { _ = other.Close(context.WithoutCancel(ctx)) }()
	mark := rand.Text()
	var first, pid uint32
	var kept, set string
	if err := c.QueryRow(ctx, `select pg_backend_pid()::bigint, set_config('idrec.session', $1, false)`, pgx.QueryExecModeSimpleProtocol, mark).Scan(&first, &set); err != nil {
		return false, err
	}
	for round := range poolingRounds {
		// A proxy that hands out its sessions in turn could fall into step with the rounds.
		for range round {
			if _, err := other.Exec(ctx, "select 1", pgx.QueryExecModeSimpleProtocol); err != nil {
				return false, err
			}
		}
		if _, err := other.Exec(ctx, "begin", pgx.QueryExecModeSimpleProtocol); err != nil {
			return false, err
		}
		if _, err := other.Exec(ctx, "select 1", pgx.QueryExecModeSimpleProtocol); err != nil {
			return false, err
		}
		err := c.QueryRow(ctx, `select pg_backend_pid()::bigint, coalesce(current_setting('idrec.session', true), '')`, pgx.QueryExecModeSimpleProtocol).Scan(&pid, &kept)
		if err != nil {
			return false, err
		}
		if pid != first || kept != mark {
			return false, nil
		}
		if _, err := other.Exec(ctx, "rollback", pgx.QueryExecModeSimpleProtocol); err != nil {
			return false, err
		}
	}
	return true, nil
}

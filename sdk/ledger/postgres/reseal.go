package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/seed-6b91b535/idrec/sdk/ledger"
)

const (
	// sealedSQL reads what is sealed of some calls.
	sealedSQL    = `select seq, call_id, answer, purpose from call where seq > $1 and (answer is not null or purpose is not null) order by seq`
	sealedOneSQL = `select seq, call_id, answer, purpose from call where seq = $1`
	// resealSQL writes a call's sealed values anew, unless they were settled, forgotten or sealed anew
	// meanwhile.
	resealSQL         = `update call set answer = $4, purpose = $5 where seq = $1 and answer is not distinct from $2 and purpose is not distinct from $3`
	registersSQL      = `select name, value from register`
	resealRegisterSQL = `update register set value = $3 where name = $1 and value = $2`
)

// sealedCall is what is sealed of a call.
type sealedCall struct {
	seq             int64
	callID          []byte
	answer, purpose []byte
}

func sealedCallOf(r pgx.CollectableRow) (v sealedCall, err error) {
	return v, r.Scan(&v.seq, &v.callID, &v.answer, &v.purpose)
}

var _ ledger.Resealer = (*Store)(nil)

// Reseal is documented at [ledger.Resealer]. As with Forget, what was sealed before stays in the server's
// files until their space is used again.
func (s *Store) Reseal(ctx context.Context) (int64, error) {
	sql := limited(sealedSQL, page)
	n := int64(0)
	for last := int64(0); ; {
		var calls []sealedCall
		err := s.do(ctx, func(ctx context.Context, c *pgx.Conn) (err error) {
			rows, _ := c.Query(ctx, sql, last)
			calls, err = pgx.CollectRows(rows, sealedCallOf)
			return err
		})
		if err != nil {
			return n, err
		}
		for _, v := range calls {
			last = v.seq
			done, err := s.resealCall(ctx, v)
			n += done
			if err != nil {
				return n, err
			}
		}
		if len(calls) < page {
			break
		}
	}
	registers, err := s.resealRegisters(ctx)
	return n + registers, err
}

// again returns a value sealed anew, or the same one, and whether an older key had sealed it.
func (s *Store) again(purpose, id string, value []byte) ([]byte, bool, error) {
	if value == nil || !s.keys.Stale(value) {
		return value, false, nil
	}
	plain, err := s.keys.Open(purpose, id, value)
	if err != nil {
		return nil, false, &failure{"a stored value cannot be opened with this key", err}
	}
	return s.keys.Seal(purpose, id, plain), true, nil
}

// resealCall seals what a call holds anew. What ends or is forgotten meanwhile is looked at again.
func (s *Store) resealCall(ctx context.Context, v sealedCall) (int64, error) {
	for {
		answer, one, err := s.again(sealAnswer, string(v.callID), v.answer)
		if err != nil {
			return 0, err
		}
		purpose, two, err := s.again(sealPurpose, string(v.callID), v.purpose)
		if err != nil || !one && !two {
			return 0, err
		}
		written, gone := false, false
		err = s.do(ctx, func(ctx context.Context, c *pgx.Conn) error {
			tag, err := c.Exec(ctx, resealSQL, v.seq, v.answer, v.purpose, answer, purpose)
			if written = err == nil && tag.RowsAffected() > 0; err != nil || written {
				return err
			}
			rows, _ := c.Query(ctx, sealedOneSQL, v.seq)
			now, err := pgx.CollectOneRow(rows, sealedCallOf)
			if gone = noRows(err); gone {
				return nil
			}
			if err == nil {
				v = now
			}
			return err
		})
		switch {
		case err != nil || gone:
			return 0, err
		case written && one && two:
			return 2, nil
		case written:
			return 1, nil
		}
	}
}

func (s *Store) resealRegisters(ctx context.Context) (int64, error) {
	type register struct{ name, value []byte }
	var all []register
	err := s.do(ctx, func(ctx context.Context, c *pgx.Conn) (err error) {
		rows, _ := c.Query(ctx, registersSQL)
		all, err = pgx.CollectRows(rows, func(r pgx.CollectableRow) (v register, err error) {
			return v, r.Scan(&v.name, &v.value)
		})
		return err
	})
	n := int64(0)
	for _, v := range all {
		value, stale, sErr := s.again(sealRegister, string(v.name), v.value)
		if sErr != nil {
			return n, sErr
		}
		if !stale {
			continue
		}
		// One that was written meanwhile was sealed by whoever wrote it. Its revision stays: what it says is the same.
		if err := s.do(ctx, func(ctx context.Context, c *pgx.Conn) error {
			_, err := c.Exec(ctx, resealRegisterSQL, v.name, v.value, value)
			return err
		}); err != nil {
			return n, err
		}
		n++
	}
	return n, err
}

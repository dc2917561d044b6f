package postgres

import (
	"bytes"
	"context"

	"github.com/jackc/pgx/v5"
)

const (
	loadSQL     = `select value, revision from register where name = $1`
	swapNewSQL  = `insert into register (name, value, revision) values ($1, $2, 1) on conflict (name) do nothing`
	swapNextSQL = `update register set value = $2, revision = revision + 1 where name = $1 and revision = $3`
)

// Load is documented at [ledger.Registers].
func (s *Store) Load(ctx context.Context, name string) (value []byte, revision int64, err error) {
	sealed, revision, err := s.load(ctx, name)
	if err != nil || revision == 0 {
		return nil, 0, err
	}
	if value, err = s.keys.Open(sealRegister, name, sealed); err != nil {
		return nil, 0, &failure{"a stored value cannot be opened with this key", err}
	}
	return value, revision, nil
}

func (s *Store) load(ctx context.Context, name string) (sealed []byte, revision int64, err error) {
	err = s.do(ctx, func(ctx context.Context, c *pgx.Conn) error {
		err := c.QueryRow(ctx, loadSQL, []byte(name)).Scan(&sealed, &revision)
		if noRows(err) {
			sealed, revision = nil, 0
			return nil
		}
		return err
	})
	return sealed, revision, err
}

// Swap is documented at [ledger.Registers].
func (s *Store) Swap(ctx context.Context, name string, revision int64, value []byte) (swapped bool, err error) {
	sealed := s.keys.Seal(sealRegister, name, value)
	tries := 0
	err = s.do(ctx, func(ctx context.Context, c *pgx.Conn) error {
		tries++
		args := []any{[]byte(name), sealed}
		sql := swapNewSQL
		if revision != 0 {
			sql, args = swapNextSQL, append(args, revision)
		}
		tag, err := c.Exec(ctx, sql, args...)
		swapped = err == nil && tag.RowsAffected() == 1
		return err
	})
	if err != nil || swapped || tries == 1 {
		return swapped, err
	}
	// An earlier try may have done it and lost the answer. What is sealed is never the same twice.
	now, _, err := s.load(ctx, name)
	return err == nil && bytes.Equal(now, sealed), err
}

package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"
)

// concernSQL writes nothing where every call of the key has a subject, as most often.
const concernSQL = `update call set subject = $2 where key = $1 and subject = '' and forgotten is null
 and (outcome is null or outcome not in ('not_sent', 'rejected', 'free'))`

// Concern is documented at [ledger.Calls].
func (s *Store) Concern(ctx context.Context, key, subject string) error {
	if subject == "" {
		return ctx.Err()
	}
	return s.do(ctx, func(ctx context.Context, c *pgx.Conn) error {
		_, err := c.Exec(ctx, concernSQL, []byte(key), []byte(subject))
		return err
	})
}

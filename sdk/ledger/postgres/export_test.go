package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"
)

// Ask runs a query that returns one text, in a session of the pool.
func (s *Store) Ask(ctx context.Context, sql string, args ...any) (answer string, err error) {
	err = s.do(ctx, func(ctx context.Context, c *pgx.Conn) error { return c.QueryRow(ctx, sql, args...).Scan(&answer) })
	return answer, err
}

// Lock is the lock by which this process's calls are known at present.
func (s *Store) Lock() int64 { return s.owner.latest() }

// Migrations are the steps of the schema: version and what is still compatible.
func Migrations() (versions, compatible []int) {
	for _, m := range migrations {
		versions, compatible = append(versions, m.version), append(compatible, m.compatible)
	}
	return versions, compatible
}

// Statements are the statements that touch the schema, by name.
func Statements() map[string]string { return statements() }

package postgres

import (
	"context"
	"embed"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"
)

//go:embed schema/*.sql
var schemaFiles embed.FS

// migration is one step of the schema.
//
// A rollout runs two versions of the program against one database, and a rollback goes to the version
// before. So a step only adds (a table, an index, a column with a default): what the version before reads
// and writes stays as it is. What nobody uses any more is removed one version later at the earliest. A
// step's compatible says how old a program may be that goes on with the schema after it; a test holds it
// below the step's own version, and runs the statements of the versions before against the newest schema.
type migration struct {
	version    int
	compatible int // the version of the oldest program that still works
	file       string
}

var migrations = []migration{
	{version: 1, compatible: 1, file: "schema/0001.sql"},
}

// schemaVersion is what this program brings a database to.
var schemaVersion = migrations[len(migrations)-1].version

const versionSQL = `select version, compatible from meta`

const metaTable = `CREATE TABLE IF NOT EXISTS meta (
  one         boolean PRIMARY KEY DEFAULT true CHECK (one),
  version     integer NOT NULL,
  compatible  integer NOT NULL,
  digest_key  bytea -- wrapped; null until the first process has made it
)`

// migrate brings the schema to this program's version, or says that it is too new.
func (s *Store) migrate(ctx context.Context, c *pgx.Conn) error {
	version, err := s.version(ctx, c)
	if err != nil || version >= schemaVersion {
		return err
	}
	return pgx.BeginTxFunc(ctx, c, pgx.TxOptions{IsoLevel: pgx.ReadCommitted}, func(tx pgx.Tx) error {
		// Building an index takes its time.
		if _, err := tx.Exec(ctx, `set local statement_timeout = 0`); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `select pg_advisory_xact_lock($1)`, s.lockKey("migrate", "")); err != nil {
			return err
		}
		if version, err = s.version(ctx, c); err != nil || version >= schemaVersion {
			return err // somebody was faster
		}
		if version == 0 {
			if err := s.found(ctx, tx); err != nil {
				return err
			}
		}
		for _, m := range migrations {
			if m.version <= version {
				continue
			}
			sql, err := schemaFiles.ReadFile(m.file)
			if err != nil {
				return err
			}
			if _, err := tx.Exec(ctx, string(sql)); err != nil {
				return err
			}
			if _, err := tx.Exec(ctx, `insert into meta (version, compatible) values ($1, $2) on conflict (one) do update set version = excluded.version, compatible = excluded.compatible`,
				m.version, m.compatible); err != nil {
				return err
			}
		}
		return nil
	})
}

// found makes the schema and the table that knows its version.
func (s *Store) found(ctx context.Context, tx pgx.Tx) error {
	var exists bool
	if err := tx.QueryRow(ctx, `select exists (select from pg_namespace where nspname = $1)`, s.schema).Scan(&exists); err != nil {
		return err
	}
	if !exists {
		if _, err := tx.Exec(ctx, `create schema `+pgx.Identifier{s.schema}.Sanitize()); err != nil {
			return err
		}
	}
	_, err := tx.Exec(ctx, metaTable)
	return err
}

// version returns the schema's version, 0 where there is none, and refuses one that is too new.
func (s *Store) version(ctx context.Context, c *pgx.Conn) (int, error) {
	var exists bool
	// The catalogue is read itself: to_regclass answers from a cache, which inside of a transaction does not
	// hear of what others have made.
	if err := c.QueryRow(ctx, `select exists (select from pg_class c join pg_namespace n on n.oid = c.relnamespace where n.nspname = $1 and c.relname = 'meta')`, s.schema).Scan(&exists); err != nil || !exists {
		return 0, err
	}
	var version, compatible int
	err := c.QueryRow(ctx, versionSQL).Scan(&version, &compatible)
	switch {
	case err != nil:
		return 0, fmt.Errorf("reading the version of the schema: %w", err)
	case schemaVersion < compatible:
		return 0, misconfigured(fmt.Sprintf("the ledger was written by a newer version (schema %d, this program knows %d): update the program", version, schemaVersion))
	case !slices.ContainsFunc(migrations, func(m migration) bool { return m.version == version }) && version < schemaVersion:
		return 0, misconfigured("the ledger's schema has a version that no program has made: it is damaged or of another program")
	}
	return version, nil
}

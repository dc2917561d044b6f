package sqlite

import (
	"context"

	sqlite3 "github.com/ncruces/go-sqlite3"
)

const loadSQL = `SELECT value, revision FROM register WHERE name = ?`

// Load is documented at [ledger.Registers].
func (s *Store) Load(ctx context.Context, name string) (value []byte, revision int64, err error) {
	var sealed []byte
	err = s.read(ctx, func(c *conn) error {
		sealed, revision = nil, 0
		return c.query(func(q *sqlite3.Stmt) bool {
			sealed, revision = q.ColumnBlob(0, nil), q.ColumnInt64(1)
			return false
		}, loadSQL, []byte(name))
	})
	if err != nil || revision == 0 {
		return nil, 0, err
	}
	if value, err = s.keys.Open(sealRegister, name, sealed); err != nil {
		return nil, 0, &failure{"a register cannot be opened: " + err.Error(), err}
	}
	return value, revision, nil
}

// Swap is documented at [ledger.Registers].
func (s *Store) Swap(ctx context.Context, name string, revision int64, value []byte) (bool, error) {
	swapped := false
	err := s.writer.do(ctx, func(c *conn) error {
		swapped = false
		now, err := c.number(`SELECT revision FROM register WHERE name = ?`, []byte(name))
		if err != nil || now != revision {
			return err
		}
		swapped = true
		return c.exec(`INSERT INTO register (name, value, revision) VALUES (?, ?, ?)
  ON CONFLICT (name) DO UPDATE SET value = excluded.value, revision = excluded.revision`,
			[]byte(name), s.keys.Seal(sealRegister, name, value), revision+1)
	})
	if err != nil {
		return false, err
	}
	return swapped, nil
}

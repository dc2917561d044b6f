package sqlite

import (
	"context"

	sqlite3 "github.com/ncruces/go-sqlite3"

	"github.com/seed-6b91b535/idrec/sdk/ledger"
)

var _ ledger.Resealer = (*Store)(nil)

// Reseal is documented at [ledger.Resealer].
func (s *Store) Reseal(ctx context.Context) (int64, error) {
	calls, err := s.resealCalls(ctx)
	if err != nil {
		return calls, err
	}
	registers, err := s.resealRegisters(ctx)
	if err != nil || calls+registers == 0 {
		return calls + registers, err
	}
	return calls + registers, s.emptyLog(ctx)
}

// sealed is one sealed value of the file.
type sealed struct {
	purpose, id string
	value       []byte
}

// again seals a value anew if an older key sealed it, and reports whether it did.
func (s *Store) again(v *sealed) (bool, error) {
	if v.value == nil || !s.keys.Stale(v.value) {
		return false, nil
	}
	plain, err := s.keys.Open(v.purpose, v.id, v.value)
	if err != nil {
		return false, &failure{"a stored value cannot be opened: " + err.Error(), err}
	}
	v.value = s.keys.Seal(v.purpose, v.id, plain)
	return true, nil
}

func (s *Store) resealCalls(ctx context.Context) (int64, error) {
	const heldSQL = `SELECT h.seq, c.call_id, h.answer, h.purpose FROM held h JOIN call c ON c.seq = h.seq WHERE `
	n := int64(0)
	for last := int64(0); ; {
		// Outside of the transaction, what has to be done.
		var stale []int64
		read := 0
		err := s.read(ctx, func(c *conn) error {
			stale, read = nil, 0
			return c.query(func(q *sqlite3.Stmt) bool {
				read++
				last = q.ColumnInt64(0)
				for column := 2; column <= 3; column++ {
					if b := q.ColumnRawBlob(column); b != nil && s.keys.Stale(b) {
						stale = append(stale, last)
						break
					}
				}
				return true
			}, heldSQL+`h.seq > ? ORDER BY h.seq LIMIT 200`, last)
		})
		if err != nil {
			return n, err
		}
		if read == 0 {
			return n, nil
		}
		if len(stale) == 0 {
			continue
		}
		some := int64(0)
		err = s.writer.do(ctx, func(c *conn) error {
			some = 0
			for _, seq := range stale {
				var answer, purpose sealed
				err := c.query(func(q *sqlite3.Stmt) bool {
					id := string(q.ColumnRawBlob(1))
					answer, purpose = sealed{sealAnswer, id, q.ColumnBlob(2, nil)}, sealed{sealPurpose, id, q.ColumnBlob(3, nil)}
					return false
				}, heldSQL+`h.seq = ?`, seq)
				if err != nil {
					return err
				}
				for _, v := range []*sealed{&answer, &purpose} {
					done, err := s.again(v)
					if err != nil {
						return err
					}
					if done {
						some++
					}
				}
				if err := c.exec(`UPDATE held SET answer = ?, purpose = ? WHERE seq = ?`, orNull(answer.value), orNull(purpose.value), seq); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return n, err
		}
		n += some
	}
}

func (s *Store) resealRegisters(ctx context.Context) (int64, error) {
	n := int64(0)
	err := s.writer.do(ctx, func(c *conn) error {
		n = 0
		var all []sealed
		err := c.query(func(q *sqlite3.Stmt) bool {
			all = append(all, sealed{sealRegister, string(q.ColumnRawBlob(0)), q.ColumnBlob(1, nil)})
			return true
		}, `SELECT name, value FROM register`)
		if err != nil {
			return err
		}
		for _, v := range all {
			done, err := s.again(&v)
			if err != nil {
				return err
			}
			if !done {
				continue
			}
			n++
			// Its revision stays: what it says is the same.
			if err := c.exec(`UPDATE register SET value = ? WHERE name = ?`, v.value, []byte(v.id)); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return 0, err
	}
	return n, nil
}

// orNull returns nil as SQL's NULL and not as an empty blob.
func orNull(b []byte) any {
	if b == nil {
		return nil
	}
	return b
}

package sqlite

import "context"

// nobody is the condition on the calls that answer a key and say nothing of whose document it is.
const nobody = `c.key = ? AND c.subject = x'' AND c.forgotten IS NULL AND ` + mayBeBilled

// Concern is documented at [ledger.Calls].
func (s *Store) Concern(ctx context.Context, key, subject string) error {
	if subject == "" {
		return ctx.Err()
	}
	// Most often it is on record already, and nothing has to be written.
	open := int64(0)
	err := s.read(ctx, func(c *conn) (err error) {
		open, err = c.number(`SELECT count(*) FROM call c WHERE `+nobody, []byte(key))
		return err
	})
	if err != nil {
		return err
	}
	if open == 0 {
		s.seen()
		return nil
	}
	return s.writer.do(ctx, func(c *conn) error {
		return c.exec(`UPDATE call AS c SET subject = ? WHERE `+nobody, []byte(subject), []byte(key))
	})
}

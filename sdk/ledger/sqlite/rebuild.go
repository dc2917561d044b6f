package sqlite

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/seed-6b91b535/idrec/sdk/ledger"
	"github.com/seed-6b91b535/idrec/sdk/ledger/seal"
)

// Rebuild makes a new ledger at path to of what the damaged one at path from still holds, as [Salvage]
// finds it, so that its pictures are known and not paid again. A call of which the outcome is not sure any
// more is in doubt in the new ledger. Callers' own keys, registers and the count of answers from the record
// are not kept, and what was spent is added up from the calls.
//
// The error is of the kind of [Open]'s; the new file must not be there yet, and is not there after an error.
func Rebuild(ctx context.Context, from, to string, keys *seal.Ring) (Salvaged, error) {
	found, err := rebuild(ctx, from, to, keys)
	if err != nil {
		return found, refusal(wrap(ctx, err))
	}
	return found, nil
}

// rebuildStep is how many calls are written in one transaction.
const rebuildStep = 1000

func rebuild(ctx context.Context, from, to string, keys *seal.Ring) (found Salvaged, err error) {
	if _, err := os.Stat(to); !errors.Is(err, fs.ErrNotExist) {
		return found, misconfigured("the new ledger's file is there already: name another one")
	}
	old, err := newSalvager(from, keys)
	if err != nil {
		return found, err
	}
	defer func() { _ = old.pages.close() }()
	digestKey, err := old.digestKey(ctx)
	if err != nil {
		return found, err
	}
	opts := Options{}.withDefaults()
	if err := os.MkdirAll(filepath.Dir(to), 0o700); err != nil {
		return found, err
	}
	if err := create(ctx, to, keys, digestKey, opts); err != nil {
		return found, err
	}
	s, err := open(ctx, to, keys, opts)
	if err == nil {
		err = errors.Join(s.take(ctx, old), s.Close())
	}
	if err != nil {
		for _, end := range []string{"", "-wal", "-shm"} {
			_ = os.Remove(to + end)
		}
	}
	return old.found, err
}

// take writes the calls of a damaged ledger.
func (s *Store) take(ctx context.Context, old *salvager) error {
	var step []foundCall
	write := func() error {
		err := s.writer.do(ctx, func(c *conn) error {
			for _, f := range step {
				if err := adopt(c, f); err != nil {
					return err
				}
			}
			return nil
		})
		step = nil
		return err
	}
	err := old.calls(ctx, func(f foundCall) error {
		if step = append(step, f); len(step) < rebuildStep {
			return nil
		}
		return write()
	})
	if err != nil {
		return err
	}
	return write()
}

const adoptSQL = `INSERT INTO call (seq, call_id, key, owner, day, begun, ended, price, outcome, basis, decided, has_result, run, subject, provider, product, attempt, forgotten)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`

// adopt writes a call as it was, with its sealed parts.
func adopt(c *conn, f foundCall) error {
	var ended, outcome any
	// An answer that opens proves its CallID, and that the call ended.
	if f.Outcome != "" && (!f.Unsure || f.sealedAnswer != nil) {
		outcome = string(f.Outcome)
		if f.Ended != nil {
			ended = moment(*f.Ended)
		}
	} else {
		f.Outcome, f.Basis, f.decided, f.hasResult = "", "", false, false
	}
	day := ledger.Day(f.Begun)
	before := c.TotalChanges()
	err := c.exec(adoptSQL, f.seq, []byte(f.CallID), []byte(f.Key), f.owner, day, moment(f.Begun), ended, int64(f.Price), outcome, string(f.Basis), f.decided, f.hasResult,
		[]byte(f.Run), []byte(f.Subject), f.Provider, f.Product, f.attempt, f.forgotten)
	if err != nil || c.TotalChanges() == before {
		return err
	}
	if f.sealedAnswer != nil || f.sealedPurpose != nil {
		if err := c.exec(`INSERT INTO held (seq, answer, purpose) VALUES (?, ?, ?)`, f.seq, orNull(f.sealedAnswer), orNull(f.sealedPurpose)); err != nil {
			return err
		}
	}
	return book(c, line{day, f.Provider, f.Product, string(f.Outcome), string(f.Basis), f.Run}, +1, f.Price)
}

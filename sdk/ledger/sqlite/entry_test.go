package sqlite

import (
	"path/filepath"
	"testing"

	sqlite3 "github.com/ncruces/go-sqlite3"

	"github.com/seed-6b91b535/idrec/shared"
)

// An owner that settles and ends between the reading of its open call and the look at its lock has not
// left the call in doubt.
func TestOwnerThatEndsWhileItIsReadLeavesNoDoubt(t *testing.T) {
	t.Parallel()
	path, keys := filepath.Join(memoryDir(t), "ledger.db"), newKeys(t)
	s := mustOpen(t, path, keys)
	other, err := Open(t.Context(), path, keys, Options{})
	if err != nil {
		t.Fatal(err)
	}
	in := newIntent("k", "c")
	if _, began, err := other.Begin(t.Context(), in); err != nil || !began {
		t.Fatal(began, err)
	}
	err = s.read(t.Context(), func(c *conn) error {
		var rows []row
		if err := c.query(func(q *sqlite3.Stmt) bool { rows = append(rows, readRow(q)); return true }, oneSQL, []byte("c")); err != nil {
			return err
		}
		if err := other.Settle(t.Context(), billed(in)); err != nil {
			return err
		}
		if err := other.Close(); err != nil {
			return err
		}
		again, err := s.judge(rows)
		if err != nil || !again || rows[0].State == shared.RecallInDoubt {
			t.Errorf("again %v, %s, %v: what was read before its owner ended counts", again, rows[0].State, err)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if e, err := s.Lookup(t.Context(), "k", ""); err != nil || e.State != shared.RecallSettled {
		t.Errorf("the call is %s, %v", e.State, err)
	}
}

func TestOwnersAreDifferentAndSeen(t *testing.T) {
	t.Parallel()
	path := filepath.Join(memoryDir(t), "ledger.db")
	mustOpen(t, path, newKeys(t))
	a, err := newOwner(path)
	if err != nil {
		t.Fatal(err)
	}
	b, err := newOwner(path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = b.close() }()
	if a.id == b.id || a.id < lockBase || a.id >= lockBase+lockSpan {
		t.Errorf("owners %d and %d", a.id, b.id)
	}
	if alive, err := b.look(a.id); !alive || err != nil || b.knownDead(a.id) {
		t.Errorf("a living owner is seen as %v, %v", alive, err)
	}
	if ok, err := lock(b.file, a.id); ok || err != nil {
		t.Errorf("a lock that is held was taken: %v, %v", ok, err)
	}
	if err := a.close(); err != nil {
		t.Fatal(err)
	}
	if alive, err := b.look(a.id); alive || err != nil || !b.knownDead(a.id) {
		t.Errorf("an owner that is gone is seen as %v, %v", alive, err)
	}
}

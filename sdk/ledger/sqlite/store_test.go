package sqlite

import (
	"path/filepath"
	"testing"

	"github.com/seed-6b91b535/idrec/sdk/ledger"
	"github.com/seed-6b91b535/idrec/sdk/ledger/ledgertest"
	"github.com/seed-6b91b535/idrec/sdk/ledger/seal"
)

func newKeys(t testing.TB) *seal.Ring {
	t.Helper()
	r, err := seal.Parse(seal.Generate())
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func mustOpen(t testing.TB, path string, keys *seal.Ring) *Store {
	t.Helper()
	s, err := Open(t.Context(), path, keys, Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	})
	return s
}

// Each owner opens the file for itself: other connections, other locks.
func TestPassesTheSuite(t *testing.T) {
	t.Parallel()
	ledgertest.Run(t, func(t *testing.T) func() ledger.Store {
		path, keys := filepath.Join(memoryDir(t), "ledger.db"), newKeys(t)
		return func() ledger.Store { return mustOpen(t, path, keys) }
	})
}

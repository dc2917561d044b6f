package sqlite

import (
	"os"
	"testing"
	"time"

	"github.com/seed-6b91b535/idrec/sdk/ledger"
	"github.com/seed-6b91b535/idrec/shared"
)

var noon = time.Date(2026, 3, 4, 4, 0, 0, 0, time.UTC)

func newIntent(key, callID string) ledger.Intent {
	return ledger.Intent{Key: key, CallID: callID, At: noon, Price: 50, Provider: "fake", Product: "card"}
}

func billed(in ledger.Intent) ledger.Settlement {
	return ledger.Settlement{Intent: in, At: in.At.Add(time.Second), Outcome: shared.OutcomeBilled, Basis: shared.BasisDocumented, Price: in.Price,
		Answer: []byte(`{"answer":"` + in.CallID + `"}`), HasResult: true}
}

// memoryDir returns a folder for tests that are not about the disk: in memory, where there is such a place, so
// that they do not wait for syncs.
func memoryDir(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("/dev/shm", "idrec-test-*") //nolint:usetesting // it is for another place
	if err != nil {
		return t.TempDir()
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	return dir
}

// settled begins a call and settles it as billed.
func settled(t testing.TB, s *Store, key, callID string) {
	t.Helper()
	in := newIntent(key, callID)
	if _, began, err := s.Begin(t.Context(), in); err != nil || !began {
		t.Fatalf("Begin: %v, %v", began, err)
	}
	if err := s.Settle(t.Context(), billed(in)); err != nil {
		t.Fatalf("Settle: %v", err)
	}
}

// awaitWaiting returns when as many writes are queued.
func awaitWaiting(s *Store, want int) {
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for range tick.C {
		if n, _ := s.writer.waiting(); n >= want {
			return
		}
	}
}

package cli

import (
	"crypto/sha256"
	"encoding/hex"
	"os"
	"path/filepath"

	"github.com/seed-6b91b535/idrec/sdk/ledger/open"
	"github.com/seed-6b91b535/idrec/sdk/ledger/sqlite"
)

// statePlace is the file of the state: where --state says; else beside that of --out; but where that is on
// a network share, whose locks and syncs cannot be relied on, in the user's state folder on this machine,
// by a digest of the name of the file of --out. One that is there already is gone on with.
func (w *work) statePlace() string {
	beside := w.r.out + ".state"
	onNetwork := w.onNetwork
	if onNetwork == nil {
		onNetwork = sqlite.OnNetwork
	}
	if w.r.state != "" || !onNetwork(filepath.Dir(w.r.out)) {
		return w.r.state
	}
	if _, err := os.Stat(beside); err == nil {
		return beside
	}
	out, err := filepath.Abs(w.r.out)
	if err != nil {
		return beside
	}
	ledger, err := open.DefaultFile(w.Lookup)
	if err != nil {
		return beside
	}
	folder := filepath.Join(filepath.Dir(ledger), "runs")
	if os.MkdirAll(folder, 0o700) != nil {
		return beside
	}
	sum := sha256.Sum256([]byte(out))
	return filepath.Join(folder, hex.EncodeToString(sum[:16])+".state")
}

package serve

import (
	"os"
	"path/filepath"
	"testing"
)

func TestOnlyTheSocketsOwnEmptyFoldersAreRemoved(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		above, dir, file         string
		aboveRemains, dirRemains bool
	}{
		{"idrec-1", "plugin-dir2", "", false, false},
		{"tmp", "plugin-dir2", "", true, false},
		{"idrec-1", "sockets", "", true, true},
		{"idrec-1", "plugin-dir2", "in use", true, true},
	} {
		above := filepath.Join(t.TempDir(), c.above)
		dir := filepath.Join(above, c.dir)
		if err := os.MkdirAll(dir, 0o700); err != nil {
			t.Fatal(err)
		}
		if c.file != "" {
			if err := os.WriteFile(filepath.Join(dir, c.file), nil, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		removeSocketDir(dir)
		_, errAbove := os.Stat(above)
		_, errDir := os.Stat(dir)
		if (errAbove == nil) != c.aboveRemains || (errDir == nil) != c.dirRemains {
			t.Errorf("%+v: %v, %v", c, errAbove, errDir)
		}
	}
	removeSocketDir("")
}

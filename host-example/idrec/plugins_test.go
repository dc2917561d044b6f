//go:build linux

package main_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestOnlyLockedPluginsRun(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 0, nil)
	// A plugin of one's own, to be exchanged.
	mine := w.path("mine")
	if err := os.Mkdir(mine, 0o755); err != nil {
		t.Fatal(err)
	}
	program, err := os.ReadFile(filepath.Join(w.bin, "idrec-plugin-wapi"))
	if err != nil {
		t.Fatal(err)
	}
	plugin := filepath.Join(mine, "idrec-plugin-wapi")
	if err := os.WriteFile(plugin, program, 0o755); err != nil {
		t.Fatal(err)
	}
	picture := w.card("a.jpg", 1)
	w.want(78, "idrec plugins lock", "plugins", "verify", "--lock", "idrec.lock")
	w.want(0, "", "plugins", "lock", plugin)
	if lock := w.read("idrec.lock"); !strings.Contains(lock, `"name": "wapi"`) || !strings.Contains(lock, `"protocol": 1`) {
		t.Error(lock)
	}
	w.want(0, "", "plugins", "verify", plugin, "--lock", "idrec.lock")
	w.want(0, "", "recognize", picture, "--plugin", plugin, "--lock", "idrec.lock")
	if err := os.WriteFile(plugin, append(program, 0), 0o755); err != nil {
		t.Fatal(err)
	}
	w.want(69, "lock file", "plugins", "verify", plugin, "--lock", "idrec.lock")
	w.want(69, "lock file", "recognize", picture, "--plugin", plugin, "--lock", "idrec.lock")
}

func TestOurPluginConforms(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 0, nil)
	picture := w.card("a.jpg", 1)
	w.want(0, "", "plugins", "conform", "wapi", "--may-cost", "--picture", picture)
	w.want(69, "does not conform", "plugins", "conform", "/bin/true")
}

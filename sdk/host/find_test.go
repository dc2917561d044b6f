package host

import (
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/seed-6b91b535/idrec/shared"
)

func touch(t *testing.T, dir string, names ...string) {
	t.Helper()
	for _, n := range names {
		if err := os.WriteFile(filepath.Join(dir, n), []byte("x"), 0o700); err != nil {
			t.Fatal(err)
		}
	}
}

func TestPluginsAreFoundBesideTheHostThenInItsFolders(t *testing.T) {
	t.Parallel()
	self, one, two := t.TempDir(), t.TempDir(), t.TempDir()
	beside := func() (string, error) { return self, nil }
	touch(t, self, BinaryName("wapi"))
	touch(t, one, BinaryName("wapi"), BinaryName("local"), "other", binaryPrefix, BinaryName("UPPER"))
	touch(t, two, BinaryName("local"), BinaryName("third"))
	if err := os.Mkdir(filepath.Join(two, BinaryName("folder")), 0o700); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"wapi": self, "local": one, "third": two} {
		if got, err := find(name, []string{one, two}, beside); err != nil || got != filepath.Join(want, BinaryName(name)) {
			t.Errorf("%s: %s, %v", name, got, err)
		}
	}
	got, err := list([]string{one, filepath.Join(one, "absent"), two}, beside)
	want := []Found{
		{"wapi", filepath.Join(self, BinaryName("wapi"))},
		{"local", filepath.Join(one, BinaryName("local"))},
		{"third", filepath.Join(two, BinaryName("third"))},
	}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Error(got, err)
	}
}

// A folder of somebody else's files may hold a program with the right name.
func TestTheWorkingFolderIsNeverLookedIn(t *testing.T) {
	dir := t.TempDir()
	touch(t, dir, BinaryName("wapi"))
	t.Chdir(dir)
	if got, err := Find("wapi", nil); !errors.Is(err, shared.CodePluginNotFound) {
		t.Error(got, err)
	}
	for _, relative := range []string{".", "", "plugins", "../x"} {
		if got, err := Find("wapi", []string{relative}); !errors.Is(err, shared.CodeConfigurationInvalid) {
			t.Error(relative, got, err)
		}
		if got, err := List([]string{relative}); !errors.Is(err, shared.CodeConfigurationInvalid) {
			t.Error(relative, got, err)
		}
	}
}

func TestANameIsNoPath(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	touch(t, dir, "evil")
	for _, name := range []string{"", "../evil", "a/b", `a\b`, "A", "-a", "a-", "a--b", ".", "a.exe", strings.Repeat("x", 300)} {
		if got, err := Find(name, []string{filepath.Join(dir, "sub")}); !errors.Is(err, shared.CodePluginNotFound) {
			t.Error(name, got, err)
		}
	}
}

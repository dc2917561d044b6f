package sqlite

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/seed-6b91b535/idrec/sdk/ledger"
	"github.com/seed-6b91b535/idrec/shared"
)

func wantRefusal(t *testing.T, err error, code shared.Code, message string) {
	t.Helper()
	var e *shared.Error
	if !errors.As(err, &e) || e.Code != code || e.Outcome != shared.OutcomeNotSent || !strings.Contains(e.Message, message) {
		t.Errorf("got %v, want %s with %q", err, code, message)
		return
	}
	if text := err.Error(); strings.Contains(text, "canary") || strings.Contains(text, "/") && !strings.Contains(text, "postgres://") || strings.Contains(text, "\n") {
		t.Errorf("the error names a path, or has several lines: %s", text)
	}
}

func TestUnusablePlaceIsOneClearRefusal(t *testing.T) {
	t.Parallel()
	write := func(content string) func(string) error {
		return func(path string) error { return os.WriteFile(path, []byte(content), 0o600) }
	}
	for _, c := range []struct {
		about, message string
		code           shared.Code
		make           func(path string) error
	}{
		{"a folder", "name a file", shared.CodeConfigurationInvalid, func(path string) error { return os.Mkdir(path, 0o700) }},
		{"empty", "empty", shared.CodeConfigurationInvalid, write("")},
		{"another file", "damaged", shared.CodeLedgerUnavailable, write(strings.Repeat("canary", 1000))},
		{"a short file", "damaged", shared.CodeLedgerUnavailable, write("canary")},
		{"log without its file", "-wal", shared.CodeConfigurationInvalid, func(path string) error { return os.WriteFile(path+"-wal", []byte("x"), 0o600) }},
		{"another program's database", "another program's", shared.CodeConfigurationInvalid, func(path string) error {
			if err := os.WriteFile(path, nil, 0o600); err != nil {
				return err
			}
			c, err := dial(t.Context(), path, filesVFS)
			if err != nil {
				return err
			}
			return errors.Join(c.Exec("CREATE TABLE canary (x)"), c.close())
		}},
	} {
		path := filepath.Join(t.TempDir(), "canary.db")
		if err := c.make(path); err != nil {
			t.Fatal(err)
		}
		before, _ := os.ReadFile(path)
		_, err := Open(t.Context(), path, newKeys(t), Options{})
		wantRefusal(t, err, c.code, c.message)
		if after, _ := os.ReadFile(path); string(before) != string(after) {
			t.Errorf("%s: the file was changed", c.about)
		}
	}
	file := filepath.Join(t.TempDir(), "canary")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := Open(t.Context(), filepath.Join(file, "ledger.db"), newKeys(t), Options{})
	wantRefusal(t, err, shared.CodeLedgerUnavailable, "")
}

func TestAnotherKeyIsRefused(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "canary.db")
	mustOpen(t, path, newKeys(t))
	_, err := Open(t.Context(), path, newKeys(t), Options{})
	wantRefusal(t, err, shared.CodeConfigurationInvalid, "not the key of this ledger")
}

func TestNetworkDiskIsRefusedAndThrowAwayDiskWarnedOf(t *testing.T) {
	t.Parallel()
	keys := newKeys(t)
	open := func(d disk) (*Store, error) {
		return Open(t.Context(), filepath.Join(t.TempDir(), "canary.db"), keys, Options{diskOf: func(string) disk { return d }})
	}
	_, err := open(diskNetwork)
	wantRefusal(t, err, shared.CodeConfigurationInvalid, "network")
	for d, want := range map[disk]string{diskMemory: "memory", diskLocal: "temporary"} { // t.TempDir is a temporary folder
		s, err := open(d)
		if err != nil {
			t.Fatal(err)
		}
		if w := s.Warnings(); len(w) != 1 || !strings.Contains(w[0], want) {
			t.Errorf("disk %d: warned of %q", d, w)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
	if w, err := judge(diskLocal, false); w != "" || err != nil {
		t.Errorf("a local disk: %q, %v", w, err)
	}
	if w, err := judge(diskUnknown, false); w == "" || err != nil {
		t.Errorf("an unknown file system: %q, %v", w, err)
	}
}

func TestFilesAreTheUsersOwn(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("access lists are inherited from the folder")
	}
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "new", "folder")
	path := filepath.Join(dir, "ledger.db")
	s := mustOpen(t, path, newKeys(t))
	settled(t, s, "k", "c")
	files, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		info, err := f.Info()
		if err != nil {
			t.Fatal(err)
		}
		// The index of the log (-shm) holds page numbers only, and lies in a folder that is closed to others.
		if mode := info.Mode().Perm(); mode != 0o600 && !strings.HasSuffix(f.Name(), "-shm") {
			t.Errorf("%s has the mode %03o", f.Name(), mode)
		}
	}
	if len(files) != 3 {
		t.Errorf("beside the ledger lie %v", files)
	}
	if info, err := os.Stat(dir); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("the folder has the mode %v, %v", info.Mode(), err)
	}
}

func TestManyMakeOneFile(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path, keys := filepath.Join(dir, "ledger.db"), newKeys(t)
	var mu sync.Mutex
	sums := map[string]bool{}
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			s, err := Open(context.Background(), path, keys, Options{})
			if err != nil {
				t.Error(err)
				return
			}
			mu.Lock()
			sums[s.Digester().Sum("k")] = true
			mu.Unlock()
			if err := s.Close(); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if len(sums) != 1 {
		t.Errorf("%d digest keys were made", len(sums))
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) != 1 {
		t.Errorf("in the folder lie %v, %v", left, err)
	}
}

// A schema of a later version is made from the present one, by one of many that open it, and is then
// refused by the present one.
func TestSchemaMigratesForwardOnly(t *testing.T) {
	t.Parallel()
	path, keys := filepath.Join(t.TempDir(), "ledger.db"), newKeys(t)
	old := mustOpen(t, path, keys)
	settled(t, old, "k", "c")
	newer := append(append([]string(nil), migrations...), `ALTER TABLE call ADD COLUMN later INTEGER NOT NULL DEFAULT 7; CREATE TABLE later (x)`)
	var wg sync.WaitGroup
	for i := range 4 {
		wg.Go(func() {
			s, err := Open(context.Background(), path, keys, Options{migrations: newer})
			if err != nil {
				t.Error(err)
				return
			}
			settled(t, s, fmt.Sprint("k", i), fmt.Sprint("c", i))
			if err := s.Close(); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	// Who was there before goes on.
	settled(t, old, "k later", "c later")
	for i := range 4 {
		if e, err := old.Lookup(t.Context(), fmt.Sprint("k", i), ""); err != nil || !e.HasResult {
			t.Errorf("what the newer version wrote: %+v, %v", e, err)
		}
	}
	_, err := Open(t.Context(), path, keys, Options{})
	wantRefusal(t, err, shared.CodeConfigurationInvalid, "newer version")
}

func TestFileThatIsMovedAwayTakesNoMoreCalls(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("an open file cannot be moved there")
	}
	t.Parallel()
	path := filepath.Join(t.TempDir(), "canary.db")
	s := mustOpen(t, path, newKeys(t))
	settled(t, s, "k", "c")
	for i, name := range []string{path, path + "-wal"} {
		if err := os.Rename(name, name+".old"); err != nil {
			t.Fatal(err)
		}
		id := fmt.Sprint(i)
		_, began, err := s.Begin(t.Context(), newIntent(id, id))
		if began || err == nil || !strings.Contains(err.Error(), "moved") || strings.Contains(err.Error(), "canary") {
			t.Errorf("began %v, %v", began, err)
		}
		if err := os.Rename(name+".old", name); err != nil {
			t.Fatal(err)
		}
		settled(t, s, id, id)
	}
}

// A process that may not write is told so, with what to do. The test runs itself as another user where it
// is root.
func TestFileThatMayNotBeWrittenIsRefused(t *testing.T) {
	if runtime.GOOS == "windows" || os.Getuid() == 0 && os.Getenv(asNobody) == "" {
		asUser(t)
		return
	}
	dir := t.TempDir()
	path, keys := filepath.Join(dir, "canary.db"), newKeys(t)
	s, err := Open(t.Context(), path, keys, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	refused := func(about string) {
		t.Helper()
		if _, err := Open(t.Context(), path, keys, Options{}); err == nil {
			t.Errorf("%s: opened", about)
		} else {
			wantRefusal(t, err, shared.CodeConfigurationInvalid, "may not be written")
		}
	}
	chmod := func(name string, mode os.FileMode) {
		t.Helper()
		if err := os.Chmod(name, mode); err != nil {
			t.Fatal(err)
		}
	}
	chmod(path, 0o400)
	refused("a read-only file")
	chmod(path, 0o000)
	refused("an unreadable file")
	chmod(path, 0o600)
	chmod(dir, 0o500)
	refused("a read-only folder")
	if err := os.Remove(path); err == nil {
		t.Error("the folder is not read-only")
	}
	chmod(dir, 0o700)
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	chmod(dir, 0o500)
	refused("a read-only folder without a ledger")
	chmod(dir, 0o700)
}

var _ ledger.Store = (*Store)(nil)

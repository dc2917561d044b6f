package seal_test

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/seed-6b91b535/idrec/sdk/ledger/seal"
	"github.com/seed-6b91b535/idrec/shared"
)

func TestFileIsMadeOnceAndReadAgain(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "new", "folder", "ledger.key")
	r, created, err := seal.LoadFile(path)
	if err != nil || !created {
		t.Fatal(created, err)
	}
	again, created, err := seal.LoadFile(path)
	if err != nil || created || again.Fingerprint() != r.Fingerprint() {
		t.Errorf("the second time: created %v, %v", created, err)
	}
	if runtime.GOOS != "windows" {
		for p, want := range map[string]os.FileMode{path: 0o600, filepath.Dir(path): 0o700} {
			if info, err := os.Stat(p); err != nil || info.Mode().Perm() != want {
				t.Errorf("mode %v, %v, want %v", info.Mode(), err, want)
			}
		}
	}
	if left, err := os.ReadDir(filepath.Dir(path)); err != nil || len(left) != 1 {
		t.Errorf("beside the key lie %v, %v", left, err)
	}
}

func TestFileMadeByManyIsOne(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "ledger.key")
	var mu sync.Mutex
	fingerprints, made := map[string]bool{}, 0
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			r, created, err := seal.LoadFile(path)
			if err != nil {
				t.Error(err)
				return
			}
			mu.Lock()
			defer mu.Unlock()
			fingerprints[r.Fingerprint()] = true
			if created {
				made++
			}
		})
	}
	wg.Wait()
	if len(fingerprints) != 1 || made != 1 {
		t.Errorf("%d rings, made %d times", len(fingerprints), made)
	}
}

func TestRotatedFileHasANewKeyInFront(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "ledger.key")
	r, _, err := seal.LoadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	sealed := r.Seal("p", "id", []byte("x"))
	var wg sync.WaitGroup
	for range 5 { // none may lose another's key
		wg.Go(func() {
			rotated, err := seal.RotateFile(path)
			if err != nil {
				t.Error(err)
				return
			}
			mine := rotated.Seal("p", "id", []byte("y"))
			now, _, err := seal.LoadFile(path)
			if err != nil {
				t.Error(err)
				return
			}
			if plain, err := now.Open("p", "id", mine); err != nil || string(plain) != "y" {
				t.Errorf("a key that was used is lost: %q, %v", plain, err)
			}
		})
	}
	wg.Wait()
	now, _, err := seal.LoadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if plain, err := now.Open("p", "id", sealed); err != nil || string(plain) != "x" || !now.Stale(sealed) {
		t.Errorf("the first key is lost, or still active: %q, %v", plain, err)
	}
	text, err := os.ReadFile(path)
	if err != nil || strings.Count(string(text), "idrec-key-1:") != 6 {
		t.Errorf("after 5 rotations: %v", err)
	}
	if info, err := os.Stat(path); err != nil || runtime.GOOS != "windows" && info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
}

func TestUnusableFileIsOneClearRefusal(t *testing.T) {
	t.Parallel()
	good := string(seal.Generate())
	for _, c := range []struct {
		about, message string
		unix           bool
		make           func(path string) error
	}{
		{"a folder", "not a file", false, func(path string) error { return os.Mkdir(path, 0o700) }},
		{"empty", "empty", false, func(path string) error { return os.WriteFile(path, nil, 0o600) }},
		{"another file", "form", false, func(path string) error { return os.WriteFile(path, []byte("hello"), 0o600) }},
		{"a huge file", "64 KiB", false, func(path string) error { return os.WriteFile(path, make([]byte, 1<<20), 0o600) }},
		{"open to the group", "chmod 600", true, func(path string) error { return os.WriteFile(path, []byte(good), 0o640) }},
		{"open to the world", "chmod 600", true, func(path string) error { return os.WriteFile(path, []byte(good), 0o604) }},
		{"under a file", "key file", false, func(path string) error { return os.WriteFile(filepath.Dir(path), []byte(good), 0o600) }},
	} {
		if c.unix && runtime.GOOS == "windows" {
			continue
		}
		dir := filepath.Join(t.TempDir(), "canary")
		path := filepath.Join(dir, "canary.key")
		if c.about != "under a file" {
			if err := os.Mkdir(dir, 0o700); err != nil {
				t.Fatal(err)
			}
		}
		if err := c.make(path); err != nil {
			t.Fatal(err)
		}
		_, _, err := seal.LoadFile(path)
		var e *shared.Error
		if !errors.As(err, &e) || e.Code != shared.CodeConfigurationInvalid || !strings.Contains(e.Message, c.message) || strings.Contains(err.Error(), "canary") {
			t.Errorf("%s: %v", c.about, err)
		}
		if c.about == "open to the group" {
			if _, err := seal.RotateFile(path); !errors.Is(err, shared.CodeConfigurationInvalid) {
				t.Errorf("rotation of a refused file: %v", err)
			}
		}
	}
}

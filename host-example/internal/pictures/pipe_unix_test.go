//go:build unix

package pictures_test

import (
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/seed-6b91b535/idrec/host-example/internal/pictures"
)

func TestANamedPipeIsNotWaitedFor(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := syscall.Mkfifo(filepath.Join(dir, "p.jpg"), 0o600); err != nil {
		t.Skip(err)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = root.Close() }()
	ended := make(chan error, 1)
	go func() {
		_, err := pictures.Open(root, "p.jpg")
		ended <- err
	}()
	select {
	case err := <-ended:
		if !errors.Is(err, pictures.ErrNotRegular) {
			t.Error(err)
		}
	case <-time.After(10 * time.Second):
		t.Fatal("it waits for the pipe's writer")
	}
}

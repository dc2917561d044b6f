package source_test

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed-6b91b535/idrec/host-example/idrec/internal/exit"
	"github.com/seed-6b91b535/idrec/host-example/idrec/internal/source"
)

// share is the machine's disk, until it fails.
type share struct {
	fail  atomic.Pointer[error]
	after int // so many listings
	hang  chan struct{}
}

func (s *share) err(op, name string) error {
	if s.hang != nil {
		<-s.hang
	}
	if e := s.fail.Load(); e != nil {
		return &fs.PathError{Op: op, Path: name, Err: *e}
	}
	return nil
}

func (s *share) Open(name string) (fs.File, error) {
	if err := s.err("open", name); err != nil {
		return nil, err
	}
	return os.Open(name)
}

func (s *share) Stat(name string) (fs.FileInfo, error) {
	if err := s.err("stat", name); err != nil {
		return nil, err
	}
	return os.Stat(name)
}

func (s *share) ReadDir(name string) ([]fs.DirEntry, error) {
	if s.after--; s.after == 0 {
		lost := error(syscall.EIO)
		s.fail.Store(&lost)
	}
	if err := s.err("readdir", name); err != nil {
		return nil, err
	}
	return os.ReadDir(name)
}

func TestAShareThatIsLostWhileItIsListedIsLater(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("its errors have other numbers")
	}
	dir := tree(t, "李秀英/1.jpg", "b/2.jpg", "c/3.jpg")
	for after := 1; after <= 4; after++ {
		_, _, err := source.Expand(source.Inputs{Args: []string{dir}, Disk: &share{after: after}})
		if exit.Of(err) != exit.Later || strings.Contains(err.Error(), "李秀英") || strings.Contains(err.Error(), dir) {
			t.Errorf("lost at listing %d: exit %d, %v", after, exit.Of(err), err)
		}
	}
	if items, _, err := source.Expand(source.Inputs{Args: []string{dir}, Disk: &share{after: 5}}); err != nil || len(items) != 3 {
		t.Error(len(items), err)
	}
}

func TestARootIsReachableAsLongAsItIsTheOneThatItWas(t *testing.T) {
	t.Parallel()
	dir := tree(t, "scans/1.jpg")
	scans := filepath.Join(dir, "scans")
	disk := &share{}
	for _, args := range [][]string{{scans}, {filepath.Join(scans, "1.jpg")}, {filepath.Join(scans, "*.jpg")}} {
		items, _, err := source.Expand(source.Inputs{Args: args, Disk: disk})
		if err != nil || len(items) != 1 {
			t.Fatal(err)
		}
		root := items[0].Root
		if !root.Reachable(t.Context()) {
			t.Error("it is there")
		}
		for _, e := range []error{syscall.EIO, syscall.EACCES, fs.ErrNotExist} {
			disk.fail.Store(&e)
			if root.Reachable(t.Context()) {
				t.Errorf("reachable with %v", e)
			}
		}
		disk.fail.Store(nil)
		// Taken off, and what lies below it is there instead.
		if err := os.Rename(scans, scans+".away"); err != nil {
			t.Fatal(err)
		}
		if err := os.Mkdir(scans, 0o700); err != nil {
			t.Fatal(err)
		}
		if root.Reachable(t.Context()) {
			t.Error("another folder of the same name passes for it")
		}
		if err := errors.Join(os.Remove(scans), os.Rename(scans+".away", scans)); err != nil {
			t.Fatal(err)
		}
		// A picture that is gone says nothing of the folder.
		if err := os.Rename(filepath.Join(scans, "1.jpg"), filepath.Join(dir, "1.jpg")); err != nil {
			t.Fatal(err)
		}
		if !root.Reachable(t.Context()) {
			t.Error("an empty folder is there")
		}
		if err := os.Rename(filepath.Join(dir, "1.jpg"), filepath.Join(scans, "1.jpg")); err != nil {
			t.Fatal(err)
		}
	}
}

func TestARootThatDoesNotAnswerIsNotReachable(t *testing.T) {
	t.Parallel()
	dir := tree(t, "1.jpg")
	disk := &share{}
	items, _, err := source.Expand(source.Inputs{Args: []string{dir}, Disk: disk})
	if err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		disk.hang = make(chan struct{})
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if items[0].Root.Reachable(ctx) {
			t.Error("it hangs, and is said to be there")
		}
		close(disk.hang)
		synctest.Wait()
	})
}

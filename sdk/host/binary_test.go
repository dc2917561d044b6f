//go:build unix

package host

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/seed-6b91b535/idrec/shared"
)

// What is run is what was checked, whoever exchanges the file in between.
func TestAFileThatIsExchangedAfterTheCheckIsNotRun(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "plugin")
	program, err := os.ReadFile("/bin/true")
	if err != nil {
		t.Skip("no program to copy")
	}
	syscall.ForkLock.RLock() // a process that is started meanwhile would hold the file open for writing
	err = os.WriteFile(path, program, 0o700)
	syscall.ForkLock.RUnlock()
	if err != nil {
		t.Fatal(err)
	}
	sum, err := Sum(path)
	if err != nil {
		t.Fatal(err)
	}
	b, err := openBinary(path, sum)
	if err != nil {
		t.Fatal(err)
	}
	defer b.close()
	other := filepath.Join(dir, "other")
	if err := os.WriteFile(other, []byte("#!/bin/sh\nexit 7\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(other, path); err != nil {
		t.Fatal(err)
	}
	if b.unchanged() {
		t.Error("the exchange is not seen")
	}
	cmd := &exec.Cmd{Path: path, Args: []string{path}, ExtraFiles: []*os.File{b.file}}
	if err := b.program(cmd); err != nil {
		// Where an open file cannot be run.
		if !errors.Is(err, shared.CodePluginRefused) {
			t.Error(err)
		}
		return
	}
	if err := cmd.Run(); err != nil {
		t.Error("the other file was run:", err)
	}
}

func TestAFolderThatEverybodyMayWriteToIsWarnedOf(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "plugin")
	if err := os.WriteFile(path, []byte("#!/bin/sh\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, 0o700); err != nil {
		t.Fatal(err)
	}
	sum, err := Sum(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		mode os.FileMode
		pin  string
		want bool
	}{{0o700, "", false}, {0o777, "", true}, {0o777 | os.ModeSticky, "", false}, {0o777, sum, false}} {
		if err := os.Chmod(dir, c.mode); err != nil {
			t.Fatal(err)
		}
		b, err := openBinary(path, c.pin)
		if err != nil {
			t.Fatal(err)
		}
		if got := b.replaceable(); got != c.want {
			t.Errorf("%v, pinned %v: %v", c.mode, c.pin != "", got)
		}
		b.close()
	}
}

func TestEnvironmentIsAListOfWhatIsAllowed(t *testing.T) {
	t.Parallel()
	got := environment([]string{"PATH=/bin", "LC_ALL=C", "AWS_SECRET=x", "IDREC_WAPI_SECRET=x", "MINE=1", "nothing", "=C:=x"}, []string{"MINE", "SET=a=b", "ABSENT"})
	want := []string{"PATH=/bin", "LC_ALL=C", "MINE=1", "SET=a=b"}
	if len(got) != len(want) {
		t.Fatal(got)
	}
	for i := range want {
		if got[i] != want[i] {
			t.Error(got)
		}
	}
}

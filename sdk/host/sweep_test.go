//go:build linux

package host_test

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/seed-6b91b535/idrec/sdk/host"
)

// Where host and plugin are killed at once nobody is left to remove the socket and its folders. The next
// host does, and touches nothing of a living one, or of somebody else.
func TestWhatKilledHostsLeaveIsSwept(t *testing.T) {
	t.Parallel()
	sockets := mkdirTemp(t)
	folders := func() (names []string) {
		entries, err := os.ReadDir(sockets)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			names = append(names, e.Name())
		}
		return names
	}
	_, living := startHost(t, "serve", "TMPDIR="+sockets)
	alive := folders()
	cmd, pid := startHost(t, "serve", "TMPDIR="+sockets)
	if err := syscall.Kill(pid, syscall.SIGSTOP); err != nil { // or it would remove them before it is killed
		t.Fatal(err)
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait()
	eventually(t, patience, "the plugin is gone", gone(pid))
	if len(alive) != 1 || len(folders()) != 2 {
		t.Fatal(alive, folders())
	}
	// One that looks like ours and holds a file, an empty one, and one with another name.
	kept, other, empty := filepath.Join(sockets, "idrec-1", "plugin-dir2"), filepath.Join(sockets, "idrec-mine"), filepath.Join(sockets, "idrec-3")
	for _, dir := range []string{kept, other, empty} {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	write(t, filepath.Join(kept, "a file"), nil, 0o600)

	_, err := tryOpen(t, "ends", func(o *host.Options) { o.SocketDir = sockets })
	if err == nil {
		t.Fatal("it did not end")
	}
	if exists(empty)() || !exists(filepath.Join(kept, "a file"))() || !exists(other)() || len(folders()) != 3 || !exists(filepath.Join(sockets, alive[0]))() {
		t.Error(folders())
	}
	if gone(living)() {
		t.Error("the plugin of the living host is gone")
	}
}

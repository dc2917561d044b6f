//go:build linux && !race

package serve_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/seed-6b91b535/idrec/shared/rpc"
)

// An abort under an unlimited core size leaves no file of a plugin that is served here, and leaves one of
// the same program without.
func TestAnAbortLeavesNoCoreDump(t *testing.T) {
	t.Parallel()
	pattern, err := os.ReadFile("/proc/sys/kernel/core_pattern")
	if err != nil || bytes.ContainsAny(pattern, "|/") {
		t.Skip("this system does not write core dumps into the working folder")
	}
	for role, left := range map[string]bool{"aborts": false, "aborts without": true} {
		cmd := pluginCommand(role, rpc.Handshake.MagicCookieKey+"="+rpc.Handshake.MagicCookieValue, "GOTRACEBACK=crash")
		cmd.Dir = t.TempDir()
		// ulimit belongs to the shell that becomes the program.
		sh := exec.Command("/bin/sh", "-c", `ulimit -c unlimited && exec "$0"`, cmd.Path)
		sh.Env, sh.Dir = cmd.Env, cmd.Dir
		err := sh.Run()
		if exit, ok := err.(*exec.ExitError); !ok || exit.Sys().(syscall.WaitStatus).Signal() != syscall.SIGABRT { //nolint:errorlint // it is the command's own
			if !left {
				t.Fatal(role, err)
			}
			t.Skip("an unlimited core size is not allowed here")
		}
		files, _ := filepath.Glob(filepath.Join(cmd.Dir, "core*"))
		if (len(files) > 0) != left {
			if left {
				t.Skip("this system writes no core dumps")
			}
			t.Errorf("%s: %v", role, files)
		}
	}
}

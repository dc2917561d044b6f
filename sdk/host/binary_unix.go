//go:build unix

package host

import (
	"io/fs"
	"syscall"

	"github.com/seed-6b91b535/idrec/shared"
)

// openAtOnce keeps the opening of a named pipe from waiting for somebody who writes to it.
const openAtOnce = syscall.O_NONBLOCK

func checkMode(m fs.FileMode) error {
	if m&0o111 == 0 {
		return fault(shared.CodePluginFailed, "the plugin's file is not executable: set its permission with chmod +x", nil)
	}
	if m&0o002 != 0 {
		return fault(shared.CodePluginRefused, "everybody on this machine may write to the plugin's file: take that right away with chmod o-w", nil)
	}
	return nil
}

// untouched reports whether nobody wrote to the file in between. Everybody who may write may set the
// time of the last write; the time of the last change is the kernel's.
func untouched(was, now fs.FileInfo) bool {
	a, ok1 := was.Sys().(*syscall.Stat_t)
	b, ok2 := now.Sys().(*syscall.Stat_t)
	return ok1 && ok2 && changed(a) == changed(b) && was.Size() == now.Size() && was.ModTime().Equal(now.ModTime())
}

// writable reports whether a folder's permissions let everybody exchange the files in it.
func writable(m fs.FileMode) bool { return m&0o002 != 0 && m&fs.ModeSticky == 0 }

// exposed reports whether a file's permissions let everybody read it.
func exposed(m fs.FileMode) bool { return m&0o004 != 0 }

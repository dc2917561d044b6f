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

// writable reports whether a folder's permissions let everybody exchange the files in it.
func writable(m fs.FileMode) bool { return m&0o002 != 0 && m&fs.ModeSticky == 0 }

// exposed reports whether a file's permissions let everybody read it.
func exposed(m fs.FileMode) bool { return m&0o004 != 0 }

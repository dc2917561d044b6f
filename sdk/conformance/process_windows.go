package conformance

import (
	"os/exec"
	"syscall"
)

// inherits: Windows cannot give a process open files by number.
const inherits = false

func isolate(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{CreationFlags: syscall.CREATE_NEW_PROCESS_GROUP, HideWindow: true}
}

func kill(cmd *exec.Cmd) { _ = cmd.Process.Kill() }

// groupLives cannot tell.
func groupLives(int) bool { return false }

// heeded has nothing to do: there is no such signal.
func heeded() (undo func()) { return func() {} }

func signal(int, string) error { return skip("this system has no such signal") }

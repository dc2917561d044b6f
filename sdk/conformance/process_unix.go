//go:build unix

package conformance

import (
	"os"
	"os/exec"
	"syscall"
)

// inherits: a plugin can be given open files.
const inherits = true

func isolate(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} }

// kill ends the plugin and its children.
func kill(cmd *exec.Cmd) { _ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }

// groupLives reports whether a process of the plugin's group is left.
func groupLives(pid int) bool { return syscall.Kill(-pid, 0) == nil }

// signal sends a signal by its name.
func signal(pid int, name string) error {
	s, ok := map[string]syscall.Signal{
		"KILL": syscall.SIGKILL, "STOP": syscall.SIGSTOP, "CONT": syscall.SIGCONT,
		"HUP": syscall.SIGHUP, "INT": syscall.SIGINT, "TERM": syscall.SIGTERM,
	}[name]
	if !ok {
		return os.ErrInvalid
	}
	return syscall.Kill(pid, s)
}

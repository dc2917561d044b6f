//go:build unix

package conformance

import (
	"os"
	"os/exec"
	ossignal "os/signal"
	"sync"
	"syscall"
)

// inherits: a plugin can be given open files.
const inherits = true

func isolate(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} }

// kill ends the plugin and its children.
func kill(cmd *exec.Cmd) { _ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }

// groupLives reports whether a process of the plugin's group is left.
func groupLives(pid int) bool { return syscall.Kill(-pid, 0) == nil }

// ignored are the signals of a terminal that this process was started to ignore, as nohup and a shell's & have it.
var ignored = sync.OnceValue(func() (out []os.Signal) {
	for _, s := range []os.Signal{syscall.SIGHUP, syscall.SIGINT} {
		if ossignal.Ignored(s) {
			out = append(out, s)
		}
	}
	return out
})

// heeded lets what is started until undo take a terminal's signals as it does by itself: it would inherit that they
// are ignored, and pass for a plugin that ignores them.
func heeded() (undo func()) {
	c := make(chan os.Signal, 1)
	for _, s := range ignored() {
		ossignal.Notify(c, s)
	}
	return func() { ossignal.Stop(c) }
}

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

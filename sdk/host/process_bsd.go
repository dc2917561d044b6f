//go:build unix && !linux

package host

import (
	"os/exec"
	"syscall"

	"golang.org/x/sys/unix"
)

// inherits: a plugin can be given open files.
const inherits = true

// isolate gives the plugin a process group of its own: signals of the host's terminal do not reach it,
// and its children can be killed with it.
func isolate(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} }

// spawn starts cmd. ended is closed when it has ended and its group was killed.
func (p *process) spawn(cmd *exec.Cmd) (ended <-chan struct{}, err error) {
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	p.runs(cmd)
	done := make(chan struct{})
	go func() {
		_ = cmd.Wait() // its state is in cmd.ProcessState
		p.mu.Lock()
		defer p.mu.Unlock()
		killGroup(cmd)
		p.reaped = true
		close(done)
	}()
	return done, nil
}

func killGroup(cmd *exec.Cmd) { _ = unix.Kill(-cmd.Process.Pid, unix.SIGKILL) }

// program runs the file by its path: there is no way to run an open file.
func (b *binary) program(*exec.Cmd) error { return b.mustBeUnchanged() }

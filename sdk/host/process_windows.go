package host

import (
	"os/exec"
	"syscall"
)

// inherits: Windows cannot give a process open files by number.
const inherits = false

// isolate keeps the console's Ctrl-C from the plugin.
func isolate(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{CreationFlags: syscall.CREATE_NEW_PROCESS_GROUP, HideWindow: true}
}

// spawn starts cmd. ended is closed when it has ended.
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
		p.reaped = true
		close(done)
	}()
	return done, nil
}

func killGroup(cmd *exec.Cmd) { _ = cmd.Process.Kill() }

// program runs the file by its path: there is no way to run an open file.
func (b *binary) program(*exec.Cmd) error { return b.mustBeUnchanged() }

package host

import (
	"errors"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"syscall"

	"golang.org/x/sys/unix"
)

// inherits: a plugin can be given open files.
const inherits = true

// isolate gives the plugin a process group of its own: signals of the host's terminal do not reach it,
// and its children can be killed with it.
//
// SIGTERM at the host's death is for plugins that know nothing of the lifeline; one of package
// sdk/serve settles what is paid first at either.
func isolate(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGTERM}
}

// spawn starts cmd. ended is closed when it has ended, its group was killed, and it was waited for.
//
// The kernel takes the end of the thread that started a process for the death of the parent, so one
// thread does nothing else until the plugin has ended.
func (p *process) spawn(cmd *exec.Cmd) (ended <-chan struct{}, err error) {
	started, done := make(chan error), make(chan struct{})
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		if err := cmd.Start(); err != nil {
			started <- err
			return
		}
		p.runs(cmd)
		started <- nil
		// Seen, but not yet waited for: until then the group's number cannot be given to another.
		for errors.Is(unix.Waitid(unix.P_PID, cmd.Process.Pid, nil, unix.WEXITED|unix.WNOWAIT, nil), unix.EINTR) {
		}
		p.mu.Lock()
		defer p.mu.Unlock()
		killGroup(cmd)
		_ = cmd.Wait() // its state is in cmd.ProcessState
		p.reaped = true
		close(done)
	}()
	return done, <-started
}

// changed is when the file was changed last.
func changed(s *syscall.Stat_t) syscall.Timespec { return s.Ctim }

func killGroup(cmd *exec.Cmd) { _ = unix.Kill(-cmd.Process.Pid, unix.SIGKILL) }

// program makes cmd run the file that was opened and checked, not what its path names by now. The
// plugin inherits the descriptor, since the numbers of ours may be taken there.
//
// A script is run by its path unless it is pinned: its interpreter would be told the name of the
// descriptor, and many scripts look for their other files beside themselves.
func (b *binary) program(cmd *exec.Cmd) error {
	if b.script && b.pin == "" {
		return nil
	}
	if _, err := os.Stat("/proc/self/fd"); err != nil {
		return b.mustBeUnchanged()
	}
	cmd.ExtraFiles = append(cmd.ExtraFiles, b.file)
	cmd.Path = "/proc/self/fd/" + strconv.Itoa(firstInherited+len(cmd.ExtraFiles)-1)
	return nil
}

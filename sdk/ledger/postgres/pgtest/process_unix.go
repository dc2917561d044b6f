//go:build unix

package pgtest

import (
	"errors"
	"os"
	"os/exec"
	"os/user"
	"strconv"
	"syscall"
)

// servant is who the server runs as where this process is root, since PostgreSQL refuses to be root.
func servant() (uid, gid int) {
	for _, name := range []string{"postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, errU := strconv.Atoi(u.Uid)
		gid, errG := strconv.Atoi(u.Gid)
		if errU == nil && errG == nil {
			return uid, gid
		}
	}
	return 65534, 65534 // nobody's number where nobody has no name
}

func own(paths ...string) error {
	if os.Geteuid() != 0 {
		return nil
	}
	uid, gid := servant()
	for _, p := range paths {
		if err := os.Chown(p, uid, gid); err != nil {
			return err
		}
	}
	return nil
}

// become makes a command run as the servant, in a process group of its own, so that the terminal's
// interrupt is for the tests alone.
func become(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if os.Geteuid() == 0 {
		uid, gid := servant()
		cmd.SysProcAttr.Credential = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
	}
}

func kill(pid int)    { _ = syscall.Kill(pid, syscall.SIGKILL) }
func suspend(pid int) { _ = syscall.Kill(pid, syscall.SIGSTOP) }
func resume(pid int)  { _ = syscall.Kill(pid, syscall.SIGCONT) }

// ended reports whether a process is gone, or waits only to be noticed.
func ended(pid int) bool {
	return errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) || zombie(pid)
}

//go:build unix

package cli

import "golang.org/x/sys/unix"

// outClosed: when a program is started with its standard output closed, Go's runtime opens the null
// device in its place, for reading and writing. A shell that sends output there opens it for writing
// only, so the two can be told apart, and records are not lost to nobody's wish.
func outClosed() bool {
	flags, err := unix.FcntlInt(1, unix.F_GETFL, 0)
	if err != nil {
		return true
	}
	var out, null unix.Stat_t
	if unix.Fstat(1, &out) != nil || unix.Stat("/dev/null", &null) != nil {
		return false
	}
	return flags&unix.O_ACCMODE == unix.O_RDWR && out.Rdev == null.Rdev && out.Mode&unix.S_IFMT == unix.S_IFCHR
}

// outGone: a pipe without a reader says so before anything is written.
func outGone() bool {
	fds := []unix.PollFd{{Fd: 1, Events: unix.POLLOUT}}
	n, err := unix.Poll(fds, 0)
	return err == nil && n > 0 && fds[0].Revents&(unix.POLLERR|unix.POLLNVAL) != 0
}

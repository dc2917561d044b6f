//go:build unix

package serve

import (
	"io"
	"os"

	"golang.org/x/sys/unix"
)

// divertStdout makes descriptor 1 the writing end of a pipe, so that code in other languages is
// covered too. It returns the host's pipe, which was descriptor 1, and the reading end.
func divertStdout() (host io.WriteCloser, provider io.Reader, err error) {
	fd, err := unix.FcntlInt(1, unix.F_DUPFD_CLOEXEC, 3)
	if err != nil {
		return nil, nil, err
	}
	r, w, err := os.Pipe()
	if err != nil {
		return nil, nil, err
	}
	defer func() { _ = w.Close() }()
	raw, err := w.SyscallConn()
	if err != nil {
		return nil, nil, err
	}
	var dupErr error
	if err := raw.Control(func(w uintptr) { dupErr = dup2(int(w), 1) }); err != nil {
		return nil, nil, err
	}
	if dupErr != nil {
		return nil, nil, dupErr
	}
	// The pipe is non-blocking, and os.Stdout writes without the poller: it would drop what a full pipe
	// does not take.
	if err := unix.SetNonblock(1, false); err != nil {
		return nil, nil, err
	}
	return os.NewFile(uintptr(fd), "host"), r, nil
}

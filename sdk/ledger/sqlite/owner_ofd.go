//go:build linux || darwin

package sqlite

import (
	"errors"
	"io"
	"os"

	"golang.org/x/sys/unix"
)

// Locks of open file descriptions: unlike those of POSIX they belong to one opening of the file, so that
// two stores in a process are two owners, and closing another descriptor of the file releases nothing.

func lock(f *os.File, at int64) (bool, error) {
	err := ofd(f, setLock, &unix.Flock_t{Type: unix.F_WRLCK, Whence: io.SeekStart, Start: at, Len: 1})
	if errors.Is(err, unix.EAGAIN) || errors.Is(err, unix.EACCES) {
		return false, nil
	}
	return err == nil, err
}

// isLocked reports whether another opening holds the lock.
func isLocked(f *os.File, at int64) (bool, error) {
	l := unix.Flock_t{Type: unix.F_WRLCK, Whence: io.SeekStart, Start: at, Len: 1}
	err := ofd(f, unix.F_GETLK, &l) // sees locks of both kinds
	return l.Type != unix.F_UNLCK, err
}

func ofd(f *os.File, command int, l *unix.Flock_t) error {
	for {
		err := unix.FcntlFlock(f.Fd(), command, l)
		if !errors.Is(err, unix.EINTR) {
			return err
		}
	}
}

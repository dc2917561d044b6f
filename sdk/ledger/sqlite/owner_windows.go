package sqlite

import (
	"errors"
	"os"

	"golang.org/x/sys/windows"
)

func lock(f *os.File, at int64) (bool, error) {
	return lockFile(f, at, windows.LOCKFILE_EXCLUSIVE_LOCK)
}

// isLocked reports whether somebody holds the lock, by taking it shared for a moment; askers do not
// disturb each other.
func isLocked(f *os.File, at int64) (bool, error) {
	got, err := lockFile(f, at, 0)
	if !got || err != nil {
		return !got, err
	}
	return false, windows.UnlockFileEx(windows.Handle(f.Fd()), 0, 1, 0, overlapped(at))
}

func lockFile(f *os.File, at int64, flags uint32) (bool, error) {
	err := windows.LockFileEx(windows.Handle(f.Fd()), flags|windows.LOCKFILE_FAIL_IMMEDIATELY, 0, 1, 0, overlapped(at))
	if errors.Is(err, windows.ERROR_LOCK_VIOLATION) || errors.Is(err, windows.ERROR_IO_PENDING) {
		return false, nil
	}
	return err == nil, err
}

func overlapped(at int64) *windows.Overlapped {
	return &windows.Overlapped{Offset: uint32(at), OffsetHigh: uint32(at >> 32)}
}

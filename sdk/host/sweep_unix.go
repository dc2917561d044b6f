//go:build unix

package host

import (
	"errors"
	"os"
	"syscall"
)

// lockFolder locks a folder for as long as this process lives, or the file is open; nil where it cannot be.
// To make one's own, the lock is waited for. ours is false where the folder is not there any more, or was
// not made by this user.
func lockFolder(path string, own bool) (lock *os.File, ours bool) {
	fd, err := syscall.Open(path, syscall.O_RDONLY|syscall.O_DIRECTORY|syscall.O_NOFOLLOW|syscall.O_CLOEXEC, 0)
	if err != nil {
		return nil, false
	}
	how := syscall.LOCK_EX
	if !own {
		how |= syscall.LOCK_NB
	}
	for err = syscall.EINTR; errors.Is(err, syscall.EINTR); {
		err = syscall.Flock(fd, how)
	}
	if err != nil {
		_ = syscall.Close(fd)
		return nil, false
	}
	var locked, there syscall.Stat_t
	lock = os.NewFile(uintptr(fd), "folder of sockets")
	ours = syscall.Fstat(fd, &locked) == nil && syscall.Lstat(path, &there) == nil &&
		locked.Dev == there.Dev && locked.Ino == there.Ino && (own || int(locked.Uid) == os.Geteuid())
	return lock, ours
}

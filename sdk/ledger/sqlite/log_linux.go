package sqlite

import (
	"os"

	"golang.org/x/sys/unix"
)

// ownErrors says that each opening of a file is told of its own of a write that failed later. Without that, a
// process whose sync failed could not keep others from taking the same log for durable, and each commit has to be
// synced before others see it. Linux does so (errseq_t, since 4.13); of macOS and Windows nothing is promised.
const ownErrors = true

type osLog struct{ *os.File }

func openOSLog(path string) (logFile, error) {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return nil, err
	}
	return osLog{f}, nil
}

// Sync is SQLite's own on Linux.
func (l osLog) Sync() error {
	for {
		if err := unix.Fdatasync(int(l.Fd())); err != unix.EINTR {
			return err
		}
	}
}

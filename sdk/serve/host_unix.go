//go:build unix

package serve

import (
	"os"
	"syscall"
	"time"
)

// parentPoll is how often the parent is looked at. It bounds how long a plugin outlives a plain
// go-plugin host that was killed.
const parentPoll = 500 * time.Millisecond

// parentGone watches for another parent than the one at the start: the kernel gives orphans a new one.
// It is not looked for 1, since a host may itself be process 1 of its container.
func parentGone() (wait func(), err error) {
	parent := os.Getppid()
	return func() {
		for os.Getppid() == parent {
			time.Sleep(parentPoll)
		}
	}, nil
}

func closeOnExec(fd int) { syscall.CloseOnExec(fd) }

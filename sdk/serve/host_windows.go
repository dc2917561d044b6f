package serve

import (
	"fmt"
	"os"
	"syscall"

	"golang.org/x/sys/windows"
)

// parentGone waits for the parent process to end; Windows does not give orphans a new parent.
func parentGone() (wait func(), err error) {
	h, err := windows.OpenProcess(windows.SYNCHRONIZE, false, uint32(os.Getppid()))
	if err != nil {
		return nil, fmt.Errorf("the parent process cannot be watched: %w", err)
	}
	return func() {
		defer windows.CloseHandle(h) //nolint:errcheck // the process ends with it
		_, _ = windows.WaitForSingleObject(h, windows.INFINITE)
	}, nil
}

func closeOnExec(fd int) { syscall.CloseOnExec(syscall.Handle(fd)) }

package serve

import (
	"io"
	"os"

	"golang.org/x/sys/windows"
)

// divertStdout replaces os.Stdout and the process's standard handle.
func divertStdout() (host io.WriteCloser, provider io.Reader, err error) {
	r, w, err := os.Pipe()
	if err != nil {
		return nil, nil, err
	}
	if err := windows.SetStdHandle(windows.STD_OUTPUT_HANDLE, windows.Handle(w.Fd())); err != nil {
		return nil, nil, err
	}
	host, os.Stdout = os.Stdout, w
	return host, r, nil
}

package serve

import (
	"errors"
	"fmt"
	"os"
	"strconv"

	"github.com/seed-6b91b535/idrec/shared/rpc"
)

// hostGone returns a function that blocks until the host has ended. A host of package sdk/host holds
// the other end of a pipe for this; for others the parent process is watched.
func hostGone() (wait func(), err error) {
	number := os.Getenv(rpc.EnvLifeline)
	if number == "" {
		return parentGone()
	}
	if err := os.Unsetenv(rpc.EnvLifeline); err != nil { // it is not meant for the provider's children
		return nil, err
	}
	fd, err := strconv.Atoi(number)
	if err != nil || fd < 3 {
		return nil, errors.New(rpc.EnvLifeline + " is not the number of a descriptor")
	}
	closeOnExec(fd)
	pipe := os.NewFile(uintptr(fd), "lifeline")
	if _, err := pipe.Stat(); err != nil {
		return nil, fmt.Errorf("%s names no open descriptor: %w", rpc.EnvLifeline, err)
	}
	return func() {
		defer func() { _ = pipe.Close() }()
		// Nobody writes to it, so whatever Read returns says that the other end has closed.
		_, _ = pipe.Read(make([]byte, 1))
	}, nil
}

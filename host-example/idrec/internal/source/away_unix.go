//go:build !windows

package source

import (
	"errors"
	"slices"
	"syscall"
)

// awayErrors are what the system says of a share or a disk that has gone.
var awayErrors = []syscall.Errno{
	syscall.EIO, syscall.ESTALE, syscall.ENETUNREACH, syscall.ENETDOWN, syscall.ENETRESET, syscall.EHOSTUNREACH, syscall.EHOSTDOWN,
	syscall.ETIMEDOUT, syscall.ENOTCONN, syscall.ECONNRESET, syscall.ECONNREFUSED, syscall.ECONNABORTED, syscall.ESHUTDOWN,
	syscall.ENODEV, syscall.ENXIO,
}

// away reports whether an error says that a share or a disk has gone, as opposed to one file.
func away(err error) bool {
	var no syscall.Errno
	return errors.As(err, &no) && slices.Contains(awayErrors, no)
}

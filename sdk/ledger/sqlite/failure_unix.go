//go:build unix

package sqlite

import (
	"errors"
	"syscall"
)

func quota(err error) bool { return errors.Is(err, syscall.EDQUOT) }

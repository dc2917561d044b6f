//go:build !linux && !darwin && !windows

package sqlite

import (
	"errors"
	"os"
)

// Elsewhere there are no locks that belong to an opening of a file.

func lock(*os.File, int64) (bool, error) { return false, errors.ErrUnsupported }

func isLocked(*os.File, int64) (bool, error) { return false, errors.ErrUnsupported }

//go:build !linux

package sqlite

import "os"

// ownErrors is documented in log_linux.go.
const ownErrors = false

func openOSLog(path string) (logFile, error) { return os.OpenFile(path, os.O_RDWR, 0) }

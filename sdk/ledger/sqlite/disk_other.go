//go:build !linux && !darwin && !windows

package sqlite

// diskOf knows nothing here.
func diskOf(string) (disk, error) { return diskUnknown, nil }

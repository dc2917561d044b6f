package sqlite

import (
	"path/filepath"
	"strings"

	"golang.org/x/sys/windows"
)

// diskOf asks the system for the kind of a folder's drive.
func diskOf(dir string) (disk, error) {
	volume := filepath.VolumeName(dir)
	if strings.HasPrefix(volume, `\\`) && !strings.HasPrefix(volume, `\\?\`) && !strings.HasPrefix(volume, `\\.\`) {
		return diskNetwork, nil // a share by its name
	}
	root, err := windows.UTF16PtrFromString(volume + `\`)
	if err != nil {
		return diskLocal, err
	}
	switch windows.GetDriveType(root) {
	case windows.DRIVE_REMOTE:
		return diskNetwork, nil
	case windows.DRIVE_RAMDISK:
		return diskMemory, nil
	}
	return diskLocal, nil
}

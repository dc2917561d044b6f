package sqlite

import "golang.org/x/sys/unix"

// diskOf asks the kernel for the file system of a folder.
func diskOf(dir string) (disk, error) {
	var fs unix.Statfs_t
	if err := unix.Statfs(dir, &fs); err != nil {
		return diskLocal, err
	}
	if fs.Flags&unix.MNT_LOCAL == 0 {
		return diskNetwork, nil
	}
	return diskLocal, nil
}

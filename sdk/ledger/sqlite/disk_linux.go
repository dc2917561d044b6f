package sqlite

import (
	"fmt"
	"os"
	"strings"

	"golang.org/x/sys/unix"
)

// diskOf asks the kernel for the file system of a folder.
func diskOf(dir string) (disk, error) {
	var fs unix.Statfs_t
	if err := unix.Statfs(dir, &fs); err != nil {
		return diskLocal, err
	}
	if fs.Type != unix.FUSE_SUPER_MAGIC {
		return diskOfMagic(fs.Type), nil
	}
	var st unix.Stat_t
	if err := unix.Stat(dir, &st); err != nil {
		return diskLocal, err
	}
	mounts, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		return diskUnknown, nil //nolint:nilerr // without /proc the rest cannot be told
	}
	return diskOfFUSE(mountType(string(mounts), st.Dev)), nil
}

// diskOfMagic knows the numbers of statfs(2).
func diskOfMagic(magic int64) disk {
	switch uint32(magic) {
	case unix.NFS_SUPER_MAGIC, unix.SMB_SUPER_MAGIC, unix.SMB2_SUPER_MAGIC, unix.CIFS_SUPER_MAGIC, unix.NCP_SUPER_MAGIC, unix.CODA_SUPER_MAGIC,
		unix.AFS_SUPER_MAGIC, unix.AFS_FS_MAGIC, unix.CEPH_SUPER_MAGIC, unix.V9FS_MAGIC, unix.OCFS2_SUPER_MAGIC,
		0x01161970, // GFS2
		0x0bd00bd0, // Lustre
		0x47504653, // GPFS
		0x013111a8, // IBRIX
		0xaad7aaea: // PanFS
		return diskNetwork
	case unix.TMPFS_MAGIC, unix.RAMFS_MAGIC, unix.OVERLAYFS_SUPER_MAGIC,
		0x61756673: // aufs
		return diskMemory
	}
	return diskLocal
}

// mountType returns the type of the file system with that device number, from the text of
// /proc/self/mountinfo (proc_pid_mountinfo(5)).
func mountType(mountinfo string, dev uint64) string {
	device := fmt.Sprintf("%d:%d", unix.Major(dev), unix.Minor(dev))
	for line := range strings.Lines(mountinfo) {
		front, back, _ := strings.Cut(line, " - ")
		fields := strings.Fields(front)
		if types := strings.Fields(back); len(fields) > 2 && fields[2] == device && len(types) > 0 {
			return types[0]
		}
	}
	return ""
}

// diskOfFUSE knows the common programs behind FUSE.
func diskOfFUSE(name string) disk {
	switch name {
	case "fuseblk":
		return diskLocal // NTFS or exFAT on a disk
	case "virtiofs":
		return diskNetwork // another machine's kernel, from a virtual machine
	}
	program := strings.TrimPrefix(name, "fuse.")
	for _, network := range []string{
		"sshfs", "glusterfs", "ceph", "s3fs", "gcsfuse", "rclone", "juicefs", "goofys", "davfs", "curlftpfs", "smbnetfs", "mfs", "moosefs",
		"seaweedfs", "blobfuse", "mount-s3", "osxfs", "grpcfuse", "quobyte", "beegfs",
	} {
		if strings.HasPrefix(program, network) {
			return diskNetwork
		}
	}
	return diskUnknown
}

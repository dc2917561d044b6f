package sqlite

import (
	"testing"

	"golang.org/x/sys/unix"
)

func TestKindOfDisk(t *testing.T) {
	t.Parallel()
	for magic, want := range map[int64]disk{
		unix.EXT4_SUPER_MAGIC: diskLocal, unix.XFS_SUPER_MAGIC: diskLocal, unix.BTRFS_SUPER_MAGIC: diskLocal,
		unix.NFS_SUPER_MAGIC: diskNetwork, unix.CIFS_SUPER_MAGIC: diskNetwork, unix.V9FS_MAGIC: diskNetwork,
		unix.SMB2_SUPER_MAGIC: diskNetwork,
		unix.TMPFS_MAGIC:      diskMemory, unix.OVERLAYFS_SUPER_MAGIC: diskMemory,
	} {
		if got := diskOfMagic(magic); got != want {
			t.Errorf("%#x is %d, want %d", magic, got, want)
		}
	}
	for name, want := range map[string]disk{
		"fuseblk": diskLocal, "fuse.sshfs": diskNetwork, "fuse.glusterfs": diskNetwork, "virtiofs": diskNetwork, "fuse.s3fs": diskNetwork,
		"fuse.gocryptfs": diskUnknown, "fuse": diskUnknown, "": diskUnknown,
	} {
		if got := diskOfFUSE(name); got != want {
			t.Errorf("%q is %d, want %d", name, got, want)
		}
	}
	const mounts = `25 30 0:23 / /sys rw,nosuid - sysfs sysfs rw
36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw,errors=continue
91 30 0:52 / /home/u/remote rw,nosuid,nodev,relatime shared:45 - fuse.sshfs u@host:/ rw,user_id=1000
broken line
`
	for dev, want := range map[uint64]string{unix.Mkdev(0, 52): "fuse.sshfs", unix.Mkdev(98, 0): "ext3", unix.Mkdev(1, 1): ""} {
		if got := mountType(mounts, dev); got != want {
			t.Errorf("the device %d is of type %q, want %q", dev, got, want)
		}
	}
	// The real one, whatever it is.
	if _, err := diskOf(t.TempDir()); err != nil {
		t.Error(err)
	}
	if d, err := diskOf("/proc/self/nowhere"); err == nil {
		t.Errorf("a folder that is not there lies on disk %d", d)
	}
}

func TestWhatIsNotKnownToLieOnANetworkDoesNot(t *testing.T) {
	t.Parallel()
	for _, dir := range []string{t.TempDir(), "/proc/self/nowhere", "."} {
		if OnNetwork(dir) {
			t.Errorf("%s lies on a network", dir)
		}
	}
}

package sqlite

import (
	"errors"
	"syscall"

	sqlite3 "github.com/ncruces/go-sqlite3"
	"github.com/ncruces/go-sqlite3/vfs"
)

// filesVFS is the name under which SQLite knows the system's files with our words for a full disk: the
// driver's own report each failed write as the same I/O error.
const filesVFS = "idrec-ledger"

func init() { vfs.Register(filesVFS, files{vfs.Find("").(vfs.VFSFilename)}) } //nolint:forcetypeassert // the system's is one

type files struct{ vfs.VFSFilename }

func (v files) OpenFilename(name *vfs.Filename, flags vfs.OpenFlag) (vfs.File, vfs.OpenFlag, error) {
	f, flags, err := v.VFSFilename.OpenFilename(name, flags)
	if err != nil {
		return nil, flags, err
	}
	opened := file{f.(systemFile)} //nolint:forcetypeassert // the system's files are all of this kind
	if flags&vfs.OPEN_WAL != 0 {
		return &framesFile{file: opened}, flags, nil
	}
	return opened, flags, nil
}

// systemFile is what the system's files can do.
type systemFile interface {
	vfs.FileLockState
	vfs.FileHasMoved
	vfs.FileSizeHint
	vfs.FilePersistWAL
	vfs.FilePowersafeOverwrite
	vfs.FileSharedMemory
	vfs.FileMemoryMapper
}

type file struct{ systemFile }

func (f file) WriteAt(p []byte, off int64) (int, error) {
	n, err := f.systemFile.WriteAt(p, off)
	return n, full(err)
}

func (f file) Truncate(size int64) error { return full(f.systemFile.Truncate(size)) }

func (f file) Sync(flags vfs.SyncFlag) error { return full(f.systemFile.Sync(flags)) }

func (f file) SizeHint(size int64) error { return full(f.systemFile.SizeHint(size)) }

func full(err error) error {
	if err != nil && (errors.Is(err, syscall.ENOSPC) || quota(err)) {
		return vfs.SystemError(err, sqlite3.FULL)
	}
	return err
}

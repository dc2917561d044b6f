package host

import (
	"os"
	"runtime"

	"github.com/seed-6b91b535/idrec/shared"
)

// maxSocketBase is how long the path may be in which the socket's folder is made. The name of a socket
// has 108 bytes on Linux and 104 on BSD and darwin, and go-plugin adds
// /idrec-0123456789/plugin-dir0123456789/plugin0123456789 and a zero.
const maxSocketBase = 104 - 56

// socketFolder is the folder of one process's socket. As long as its host lives, it is locked.
type socketFolder struct {
	path string
	lock *os.File // nil where a folder cannot be locked
}

// socketDir makes a folder that only this user can enter, for the plugin's socket.
func socketDir(wanted string) (*socketFolder, error) {
	bases := []string{wanted}
	if wanted == "" {
		bases = []string{os.TempDir()}
		if runtime.GOOS != "windows" {
			// Where the temporary folder has a long path, is missing, or is on a read-only file system.
			bases = append(bases, os.Getenv("XDG_RUNTIME_DIR"), "/tmp", "/dev/shm", "/run")
		}
	}
	var last error
	for _, base := range bases {
		if base == "" || runtime.GOOS != "windows" && len(base) > maxSocketBase {
			continue
		}
		sweepOnce(base)
		f, err := makeFolder(base)
		if err == nil {
			return f, nil
		}
		last = err
	}
	return nil, fault(shared.CodePluginFailed,
		"no folder for the plugin's socket: set TMPDIR to a short path of an existing, writable folder", last)
}

// makeFolder makes and locks a folder. Another host, which sweeps, may lock it first and take it away;
// that it does once.
func makeFolder(base string) (*socketFolder, error) {
	for range 3 {
		path, err := os.MkdirTemp(base, folderPrefix) // with 0700
		if err != nil {
			return nil, err
		}
		lock, _ := lockFolder(path, true)
		if _, err := os.Lstat(path); err == nil {
			return &socketFolder{path, lock}, nil
		}
		closeFiles(lock)
	}
	return nil, os.ErrNotExist
}

// remove removes the folder, which is no longer in use.
func (f *socketFolder) remove() {
	_ = os.RemoveAll(f.path)
	closeFiles(f.lock)
}

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

// socketDir makes a folder that only this user can enter, for the plugin's socket.
func socketDir(wanted string) (string, error) {
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
		dir, err := os.MkdirTemp(base, "idrec-") // with 0700
		if err == nil {
			return dir, nil
		}
		last = err
	}
	return "", fault(shared.CodePluginFailed,
		"no folder for the plugin's socket: set TMPDIR to a short path of an existing, writable folder", last)
}

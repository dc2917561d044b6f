package host

import (
	"os"
	"path/filepath"
	"regexp"
	"sync"
)

// folderPrefix is how the names of the folders begin that sockets lie in; package sdk/serve knows it too.
const folderPrefix = "idrec-"

// folderName is the whole name of such a folder, as os.MkdirTemp makes it.
var folderName = regexp.MustCompile(`^` + folderPrefix + `[0-9]+$`)

// maxSwept bounds what one host removes, so that its start is not held up for long by what others left.
const maxSwept = 100

// swept are the places that this process has swept.
var swept sync.Map

// sweepOnce removes, once for each place, the folders of hosts that were killed together with their
// plugins, so that nobody was left to do it.
func sweepOnce(base string) {
	if _, done := swept.LoadOrStore(base, true); !done {
		sweep(base)
	}
}

func sweep(base string) {
	dir, err := os.Open(base)
	if err != nil {
		return
	}
	names, _ := dir.Readdirnames(-1) // what could be read
	_ = dir.Close()
	left := maxSwept
	for _, name := range names {
		if !folderName.MatchString(name) {
			continue
		}
		path := filepath.Join(base, name)
		// A lock that can be had says that the host is dead: it ends with the process, however that ends.
		lock, dead := lockFolder(path, false)
		if dead {
			removeSockets(path, socketDepth)
			left--
		}
		closeFiles(lock)
		if left == 0 {
			return
		}
	}
}

// socketDepth is how deep a socket may lie: in go-plugin's folder, and in one that the plugin made there.
const socketDepth = 2

// removeSockets removes the folder and the sockets in it. If it holds anything else, that is somebody's,
// and stays, with the folder.
func removeSockets(path string, depth int) {
	entries, err := os.ReadDir(path)
	if err != nil {
		return
	}
	for _, e := range entries {
		inside := filepath.Join(path, e.Name())
		switch {
		case e.Type()&os.ModeSocket != 0:
			_ = os.Remove(inside)
		case e.IsDir() && depth > 0:
			removeSockets(inside, depth-1)
		}
	}
	_ = os.Remove(path) // only if it is empty
}

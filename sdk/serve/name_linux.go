package serve

import (
	"os"
	"path/filepath"
)

// showName gives the process the name of its file again: a host that runs the file by its descriptor
// leaves it the descriptor's number, which is what ps and top show.
func showName() { _ = os.WriteFile("/proc/self/comm", []byte(filepath.Base(os.Args[0])), 0o600) }

package host

import "io/fs"

// openAtOnce is nothing: named pipes have no names of files here.
const openAtOnce = 0

// checkMode has nothing to look at: Windows keeps access lists, which mode bits do not show.
func checkMode(fs.FileMode) error { return nil }

// untouched compares what there is; a file that runs cannot be written to.
func untouched(was, now fs.FileInfo) bool {
	return was.Size() == now.Size() && was.ModTime().Equal(now.ModTime())
}

// writable cannot tell.
func writable(fs.FileMode) bool { return false }

// exposed cannot tell either.
func exposed(fs.FileMode) bool { return false }

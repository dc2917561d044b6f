package source

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
)

// Root is a folder that was there when the pictures in it were listed. It is personal.
type Root struct {
	disk Disk
	name string // from the root of the system
	info fs.FileInfo
}

// Reachable reports whether the folder is still there: whether it can be looked into, and is the one that
// it was and not what lies below a share that was taken off. A system that does not answer before ctx
// ends says no.
func (r *Root) Reachable(ctx context.Context) bool {
	answer := make(chan bool, 1)
	go func() { answer <- r.look() }()
	select {
	case ok := <-answer:
		return ok
	case <-ctx.Done():
		return false
	}
}

func (r *Root) look() bool {
	now, err := r.disk.Stat(r.name)
	if err != nil {
		return false
	}
	// One that is not even the same as itself is from a file system that cannot tell.
	if os.SameFile(r.info, r.info) && !os.SameFile(r.info, now) {
		return false
	}
	f, err := r.disk.Open(r.name)
	if err != nil {
		return false
	}
	defer func() { _ = f.Close() }()
	folder, ok := f.(fs.ReadDirFile)
	if !ok {
		return true
	}
	_, err = folder.ReadDir(1)
	return err == nil || errors.Is(err, io.EOF)
}

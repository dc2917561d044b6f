package source

import (
	"errors"
	"io/fs"
	"os"

	"github.com/seed-6b91b535/idrec/host-example/idrec/internal/exit"
)

// Disk is where files lie. Unlike those of other file systems of package io/fs, its names are those of
// the system, from the root or from the working folder, and need not be UTF-8: shares hold names in the
// code page of the machine that wrote them.
type Disk interface {
	fs.StatFS
	fs.ReadDirFS
}

// system is the disk of this machine, with all that is mounted.
type system struct{}

func (system) Open(name string) (fs.File, error)          { return os.Open(name) }
func (system) Stat(name string) (fs.FileInfo, error)      { return os.Stat(name) }
func (system) ReadDir(name string) ([]fs.DirEntry, error) { return os.ReadDir(name) }

// notThere is the error for an input that cannot be looked at: one that is away goes on later, the
// others have to be seen to.
func notThere(n int, err error) error {
	switch {
	case away(err):
		return exit.Errorf(exit.Later, "input %d lies on a network share or a disk that does not answer: see to the connection, then run the same command again", n)
	case errors.Is(err, fs.ErrNotExist):
		return exit.Errorf(exit.NoInput, "input %d does not exist: check its name", n)
	}
	return exit.Errorf(exit.NoInput, "input %d cannot be looked at: check that it may be read", n)
}

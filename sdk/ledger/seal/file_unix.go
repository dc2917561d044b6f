//go:build unix

package seal

import (
	"fmt"
	"io/fs"
	"os"
)

func onlyOwner(info fs.FileInfo) error {
	if mode := info.Mode().Perm(); mode&0o077 != 0 {
		return refused(fmt.Sprintf("the ledger's key file is open to others than its owner (mode %03o): chmod 600", mode))
	}
	return nil
}

// syncDir makes the name of a new file durable.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer func() { _ = d.Close() }()
	return d.Sync()
}

package cli

import (
	"io"
	"io/fs"
	"os"

	"github.com/seed-6b91b535/idrec/sdk/picture"
)

// largestPicture bounds what is read of a file: the most pixels that are decoded, as a bitmap of four bytes each.
const largestPicture = 4*picture.DefaultMaxPixels + 1<<20

// openPicture opens an ordinary file. A pipe of the name of a picture would wait for somebody who writes to it.
func openPicture(path string) (*os.File, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fs.ErrInvalid
	}
	return os.Open(path)
}

// readPicture reads at most as much as a picture may have.
func readPicture(path string) ([]byte, error) {
	f, err := openPicture(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	data, err := io.ReadAll(io.LimitReader(f, largestPicture+1))
	if err == nil && len(data) > largestPicture {
		err = fs.ErrInvalid
	}
	return data, err
}

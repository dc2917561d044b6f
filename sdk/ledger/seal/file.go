package seal

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/gofrs/flock"
)

// fileAtMost bounds a key file: hundreds of keys with comments.
const fileAtMost = 64 << 10

const fileHead = "# The key of idrec's ledger. Keep it, and keep it secret: without it nothing in the ledger can be read,\n" +
	"# and every picture would be paid again. The first key seals, the others still open.\n"

// LoadFile reads the ring in a file. Where there is none it makes the file with one fresh key, and the
// missing folders above it for the owner alone; created says so. Several processes may do so at the same
// time and get the same ring. On Unix a file that others than its owner may read or write is refused. It
// fails with [shared.CodeConfigurationInvalid] and names no path.
func LoadFile(path string) (ring *Ring, created bool, err error) {
	text, err := read(path)
	if errors.Is(err, fs.ErrNotExist) {
		created, err = create(path)
		if err == nil {
			text, err = read(path)
		}
	}
	if err != nil {
		return nil, false, failed(err)
	}
	ring, err = Parse(text)
	return ring, created, err
}

// RotateFile puts a fresh key in front of those in the file and returns the new ring. Stores that are
// open keep the ring that they were opened with.
func RotateFile(path string) (*Ring, error) {
	// Of two rotations at the same time, one would lose the other's key.
	lock := flock.New(path+".lock", flock.SetPermissions(0o600))
	if err := lock.Lock(); err != nil {
		return nil, failed(err)
	}
	defer func() { _ = lock.Close() }()
	text, err := read(path)
	if err != nil {
		return nil, failed(err)
	}
	if _, err := Parse(text); err != nil {
		return nil, err
	}
	text = append(Generate(), bytes.TrimPrefix(text, []byte("\uFEFF"))...)
	temp, err := write(filepath.Dir(path), text)
	if err != nil {
		return nil, failed(err)
	}
	if err := os.Rename(temp, path); err != nil {
		_ = os.Remove(temp)
		return nil, failed(err)
	}
	if err := syncDir(filepath.Dir(path)); err != nil {
		return nil, failed(err)
	}
	return Parse(text)
}

// refused is a key file that is there and may not be used.
type refused string

func (r refused) Error() string { return string(r) }

// failed says why there is no ring, without the path that the cause holds.
func failed(err error) error {
	var r refused
	switch {
	case errors.As(err, &r):
		return configuration(string(r), nil)
	case errors.Is(err, fs.ErrNotExist):
		return configuration("the ledger's key file does not exist", err)
	case errors.Is(err, fs.ErrPermission):
		return configuration("the ledger's key file may not be read or made by this user: see to its permissions, or name another file", err)
	}
	return configuration("the ledger's key file cannot be read or made: see to its disk, or name another file", err)
}

func read(path string) ([]byte, error) {
	// Opening something that is not a file, such as a pipe, could wait for ever.
	switch info, err := os.Stat(path); {
	case err != nil:
		return nil, err
	case !info.Mode().IsRegular():
		return nil, refused("the ledger's key file is not a file: name another one")
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if err := onlyOwner(info); err != nil {
		return nil, err
	}
	text, err := io.ReadAll(io.LimitReader(f, fileAtMost+1))
	if len(text) > fileAtMost {
		return nil, refused(fmt.Sprintf("the ledger's key file has more than %d KiB: it is another file", fileAtMost>>10))
	}
	return text, err
}

// create makes the file whole or not at all. It reports false where another process was faster.
func create(path string) (bool, error) {
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return false, err
	}
	text := append([]byte(fileHead), Generate()...)
	temp, err := write(dir, text)
	if err != nil {
		return false, err
	}
	defer func() { _ = os.Remove(temp) }()
	// Unlike a rename, a link never replaces the file of somebody who was faster.
	err = os.Link(temp, path)
	switch {
	case errors.Is(err, fs.ErrExist):
		return false, nil
	case err != nil:
		// A file system without links, such as FAT.
		if err := createInPlace(path, text); errors.Is(err, fs.ErrExist) {
			return false, nil
		} else if err != nil {
			return false, err
		}
	}
	return true, syncDir(dir)
}

func createInPlace(path string, text []byte) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	if err := fill(f, text); err != nil {
		_ = os.Remove(path)
		return err
	}
	return nil
}

// write writes a new file, synced, and returns its name.
func write(dir string, text []byte) (string, error) {
	f, err := os.CreateTemp(dir, ".idrec-key-*") // 0600
	if err != nil {
		return "", err
	}
	if err := fill(f, text); err != nil {
		_ = os.Remove(f.Name())
		return "", err
	}
	return f.Name(), nil
}

func fill(f *os.File, text []byte) error {
	_, err := f.Write(text)
	if err == nil {
		err = f.Sync()
	}
	return errors.Join(err, f.Close())
}

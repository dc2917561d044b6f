// Package pictures lists and opens the pictures of a folder, for hosts that are given one.
package pictures

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// Entry is a file that has the name of a picture.
type Entry struct {
	Name string // from the folder
	Link bool   // what it leads to is not known yet
}

// Below lists what has the name of a picture in a folder and its subfolders, by name. Links to folders
// are not followed. A folder that cannot be read is an error: a part of a batch would be missing.
func Below(folder string) ([]Entry, error) {
	var out []Entry
	err := filepath.WalkDir(folder, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() || !named(path) {
			return nil
		}
		name, err := filepath.Rel(folder, path)
		if err != nil {
			return err
		}
		out = append(out, Entry{Name: name, Link: !d.Type().IsRegular()})
		return nil
	})
	return out, err
}

// named tells pictures by their names' endings, those of the formats that are read.
func named(path string) bool {
	switch strings.ToLower(filepath.Ext(path)) {
	case ".jpg", ".jpeg", ".png", ".bmp", ".gif", ".webp", ".tif", ".tiff":
		return true
	}
	return false
}

// ErrNotRegular is the error for what is no file with a content: a folder, a pipe, a device.
var ErrNotRegular = errors.New("not a regular file")

// Open opens a regular file below a folder. No link leads out of it, and a named pipe is not waited for.
func Open(folder *os.Root, name string) (*os.File, error) {
	// What was opened is asked what it is, not its name, which may be another's by then.
	file, err := folder.OpenFile(name, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	info, err := file.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = ErrNotRegular
	}
	if err != nil {
		_ = file.Close()
		return nil, err
	}
	return file, nil
}

package fetch

import (
	"context"
	"errors"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"

	"github.com/seed-6b91b535/idrec/host-example/internal/pictures"
	"github.com/seed-6b91b535/idrec/shared"
)

// Files reads file:// addresses below folders. Nothing leads out of them, no ".." and no symbolic link.
type Files struct {
	Roots []string // absolute
}

// Fetch reads the file, if it lies in one of the folders and is a regular one.
func (f Files) Fetch(_ context.Context, u *url.URL, limit int64) ([]byte, error) {
	if u.Host != "" && u.Host != "localhost" {
		return nil, refuse(shared.CodeURLInvalid, "a file:// address names a file of this machine, with three slashes", nil)
	}
	path := filepath.Clean(filepath.FromSlash(u.Path))
	for _, root := range f.Roots {
		name, err := filepath.Rel(root, path)
		if err != nil || !filepath.IsLocal(name) {
			continue
		}
		return readIn(root, name, limit)
	}
	return nil, refuse(shared.CodeURLRefused, "the file lies in no folder that this worker may read: allow the folder, or move the file", nil)
}

func readIn(root, name string, limit int64) ([]byte, error) {
	unreadable := func(err error) error {
		if errors.Is(err, pictures.ErrNotRegular) {
			return refuse(shared.CodePictureUnreadable, "the address names no regular file", err)
		}
		if errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrPermission) {
			return refuse(shared.CodePictureUnreadable, "the file is not there, or this worker may not read it", err)
		}
		return temporary("the file cannot be read at the moment", err)
	}
	dir, err := os.OpenRoot(root)
	if err != nil {
		return nil, temporary("a folder of the worker's configuration cannot be opened", err)
	}
	defer func() { _ = dir.Close() }()
	file, err := pictures.Open(dir, name)
	if err != nil {
		return nil, unreadable(err)
	}
	defer func() { _ = file.Close() }()
	data, err := readUpTo(file, limit)
	if err != nil {
		return nil, unreadable(err)
	}
	return data, nil
}

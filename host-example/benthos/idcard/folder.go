package idcard

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"

	"github.com/redpanda-data/benthos/v4/public/service"

	"github.com/seed-6b91b535/idrec/host-example/internal/pictures"
	"github.com/seed-6b91b535/idrec/shared"
)

const fieldFolders = "folders"

func folderSpec() *service.ConfigSpec {
	return service.NewConfigSpec().
		Categories("Local").
		Summary("Reads every picture of folders and their subfolders, once.").
		Description("Each message is a file whose name ends as pictures' names do, of which at most 32 MiB and a byte are taken into memory; `path` in its metadata is where it lies. " +
			"A file that cannot be read is a message too: it becomes a record with the error `picture_unreadable` at the processor `idcard_recognize`, and the others go on. " +
			"No link is followed out of a folder. A folder that is not there, or has no pictures, is said at the start.").
		Field(service.NewStringListField(fieldFolders).Description("The folders."))
}

func newFolders(c *service.ParsedConfig, _ *service.Resources) (service.Input, error) {
	var names []string
	if err := field(c.FieldStringList, fieldFolders, &names); err != nil {
		return nil, err
	}
	f := &folders{}
	for _, name := range names {
		entries, err := pictures.Below(name)
		if err != nil {
			return nil, noFolder("a folder is not there, or cannot be read as a whole: correct the field folders, or the permissions", err)
		}
		for _, e := range entries {
			f.left = append(f.left, place{name, e.Name})
		}
	}
	if len(f.left) == 0 {
		return nil, noFolder("there is no picture in the folders: correct the field folders", nil)
	}
	return service.AutoRetryNacks(f), nil
}

// noFolder has a text without the folder's name, which is personal.
func noFolder(message string, cause error) error {
	return &shared.Error{Code: shared.CodeConfigurationInvalid, Message: message, Outcome: shared.OutcomeNotSent, Basis: shared.BasisProved, Err: cause}
}

// place is a file.
type place struct{ folder, name string }

// folders is the input: pictures one after the other.
type folders struct{ left []place }

// Connect has nothing to do.
func (f *folders) Connect(context.Context) error { return nil }

// Close has nothing to do: no file is open between two messages.
func (f *folders) Close(context.Context) error { return nil }

// Read returns the next picture.
func (f *folders) Read(context.Context) (*service.Message, service.AckFunc, error) {
	if len(f.left) == 0 {
		return nil, nil, service.ErrEndOfInput
	}
	next := f.left[0]
	f.left = f.left[1:]
	content, err := next.read()
	m := service.NewMessage(content)
	if err != nil {
		m.SetError(unread{&shared.Error{Code: shared.CodePictureUnreadable, Outcome: shared.OutcomeNotSent, Basis: shared.BasisProved, Err: err}})
	}
	m.MetaSetMut("path", filepath.Join(next.folder, next.name))
	return m, func(context.Context, error) error { return nil }, nil
}

func (p place) read() (content []byte, err error) {
	root, err := os.OpenRoot(p.folder)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, root.Close()) }()
	file, err := pictures.Open(root, p.name)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	return io.ReadAll(io.LimitReader(file, shared.MaxImageBytes+1))
}

// unread marks a message whose picture could not be read, so that the processor does not take it for one
// that is empty. It holds the contract's error.
type unread struct{ error }

// Unwrap returns the contract's error.
func (u unread) Unwrap() error { return u.error }

package host

import (
	"bytes"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"github.com/seed-6b91b535/idrec/shared"
)

// binary is a plugin's file, held open so that what is checked is what is run.
type binary struct {
	path   string
	file   *os.File
	script bool // begins with #!
	pinned bool

	sumOnce sync.Once
	sum     string
	sumErr  error
}

// openBinary opens and checks the file. pin is the hex digest that it must have, or empty.
func openBinary(path, pin string) (*binary, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, fault(shared.CodePluginNotFound, "the plugin's path has no absolute form, since the working folder is gone: give an absolute path", err)
	}
	f, err := os.OpenFile(path, os.O_RDONLY|openAtOnce, 0)
	if err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return nil, fault(shared.CodePluginNotFound, "no file at the plugin's path: check the path", err)
		}
		return nil, fault(shared.CodePluginRefused, "the plugin's file cannot be opened for reading: check its permissions", err)
	}
	b := &binary{path: path, file: f, pinned: pin != ""}
	if err := b.check(pin); err != nil {
		b.close()
		return nil, err
	}
	return b, nil
}

func (b *binary) check(pin string) error {
	i, err := b.file.Stat()
	if err != nil {
		return fault(shared.CodePluginRefused, "the plugin's file cannot be examined", err)
	}
	if !i.Mode().IsRegular() {
		return fault(shared.CodePluginRefused, "the plugin's path names no regular file: give the path of a program", nil)
	}
	if err := checkMode(i.Mode()); err != nil {
		return err
	}
	head := make([]byte, 2)
	if _, err := b.file.ReadAt(head, 0); err != nil {
		return fault(shared.CodePluginFailed, "the plugin's file is empty or cannot be read: install it again", err)
	}
	b.script = bytes.Equal(head, []byte("#!"))
	if pin == "" {
		return nil
	}
	want, err := hex.DecodeString(strings.ToLower(pin))
	if err != nil || len(want) != sha256.Size {
		return fault(shared.CodeConfigurationInvalid, "the plugin's pinned SHA-256 is not 64 hex digits", nil)
	}
	sum, err := b.sha256()
	if err != nil {
		return fault(shared.CodePluginRefused, "the plugin's file cannot be read to the end", err)
	}
	if got, _ := hex.DecodeString(sum); subtle.ConstantTimeCompare(got, want) != 1 {
		return fault(shared.CodePluginRefused, "the plugin's file has not the pinned SHA-256: install the right version, or pin this one if you trust it", nil)
	}
	return nil
}

// sha256 returns the hex digest of the open file.
func (b *binary) sha256() (string, error) {
	b.sumOnce.Do(func() {
		h := sha256.New()
		// By offset, since the descriptor's own place is shared with the processes that have it.
		if _, err := io.Copy(h, io.NewSectionReader(b.file, 0, 1<<62)); err != nil {
			b.sumErr = err
			return
		}
		b.sum = hex.EncodeToString(h.Sum(nil))
	})
	return b.sum, b.sumErr
}

// unchanged reports whether the path still names the file that was opened.
func (b *binary) unchanged() bool {
	open, err := b.file.Stat()
	if err != nil {
		return false
	}
	named, err := os.Stat(b.path)
	return err == nil && os.SameFile(open, named)
}

// replaceable reports whether everybody may put another file in the place of one that is not pinned.
func (b *binary) replaceable() bool {
	dir, err := os.Stat(filepath.Dir(b.path))
	return err == nil && !b.pinned && writable(dir.Mode())
}

func (b *binary) close() { _ = b.file.Close() }

// Sum returns the hex SHA-256 of the file at path, for pinning it with [Options.SHA256].
func Sum(path string) (string, error) {
	b, err := openBinary(path, "")
	if err != nil {
		return "", err
	}
	defer b.close()
	sum, err := b.sha256()
	if err != nil {
		return "", fault(shared.CodePluginRefused, "the plugin's file cannot be read to the end", err)
	}
	return sum, nil
}

// mustBeUnchanged is the check before a file is run by its path.
func (b *binary) mustBeUnchanged() error {
	if b.unchanged() {
		return nil
	}
	return fault(shared.CodePluginRefused, "the plugin's file was exchanged while it was being checked: start again if that was meant", nil)
}

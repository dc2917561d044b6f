package host

import (
	"bytes"
	"crypto/sha256"
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
	script bool   // begins with #!
	pin    string // hex digest that the file must have; empty: any

	mu     sync.Mutex
	sum    string      // hex digest of the file as it was at summed
	summed fs.FileInfo // nil: never
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
	b := &binary{path: path, file: f, pin: strings.ToLower(pin)}
	if err := b.check(); err != nil {
		b.close()
		return nil, err
	}
	return b, nil
}

func (b *binary) check() error {
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
	if b.pin == "" {
		return nil
	}
	if !isDigest(b.pin) {
		return fault(shared.CodeConfigurationInvalid, "the plugin's pinned SHA-256 is not 64 hex digits", nil)
	}
	sum, err := b.sha256()
	if err != nil {
		return fault(shared.CodePluginRefused, "the plugin's file cannot be read to the end", err)
	}
	if sum != b.pin { // neither is a secret
		return fault(shared.CodePluginRefused, "the plugin's file has not the pinned SHA-256: install the right version, or pin this one if you trust it", nil)
	}
	return nil
}

// sha256 returns the hex digest of the open file. It is made anew when the file was written to since.
func (b *binary) sha256() (string, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	now, err := b.file.Stat()
	if err != nil {
		return "", err
	}
	if b.summed != nil && untouched(b.summed, now) {
		return b.sum, nil
	}
	h := sha256.New()
	// By offset, since the descriptor's own place is shared with the processes that have it.
	if _, err := io.Copy(h, io.NewSectionReader(b.file, 0, 1<<62)); err != nil {
		return "", err
	}
	b.sum, b.summed = hex.EncodeToString(h.Sum(nil)), now
	return b.sum, nil
}

// isDigest reports whether s is a SHA-256 in hex.
func isDigest(s string) bool {
	d, err := hex.DecodeString(s)
	return err == nil && len(d) == sha256.Size
}

// stillPinned is the check before each start: a file that does not run can be written to in its place,
// so the one that was checked at first may hold another program by the time it is started anew.
func (b *binary) stillPinned() error {
	if b.pin == "" {
		return nil
	}
	sum, err := b.sha256()
	if err != nil {
		return fault(shared.CodePluginRefused, "the plugin's file cannot be read to the end", err)
	}
	if sum != b.pin {
		return fault(shared.CodePluginRefused, "the plugin's file was written to since it was checked: install the pinned version again", nil)
	}
	return nil
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
	return err == nil && b.pin == "" && writable(dir.Mode())
}

func (b *binary) close() { _ = b.file.Close() }

// Sum returns the hex SHA-256 of the file at path, for pinning it with [Options.SHA256]. The file must
// be one that could be run.
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

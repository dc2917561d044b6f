package sqlite

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	sqlite3 "github.com/ncruces/go-sqlite3"

	"github.com/seed-6b91b535/idrec/sdk/ledger"
	"github.com/seed-6b91b535/idrec/sdk/ledger/seal"
)

const (
	digestKeySize = 32 // HMAC-SHA-256
	digestKeyName = "digest_key"
	// checksumSize is what each page reserves for its checksum (SQLite's Checksum VFS Shim).
	checksumSize = 8
)

// Options are the options of [Open]; the zero value is the default.
type Options struct {
	// Readers is how many look-ups run at the same time; each connection takes about 1 MiB. Default: 4.
	Readers int

	vfs        string                        // for tests
	diskOf     func(string) disk             // same
	openLog    func(string) (logFile, error) // same; nil: each commit is synced before others see it
	migrations []string                      // same
}

func (o Options) withDefaults() Options {
	if o.Readers <= 0 {
		o.Readers = 4
	}
	if o.vfs == "" {
		o.vfs = filesVFS
	}
	if o.openLog == nil && ownErrors {
		o.openLog = openOSLog
	}
	if o.migrations == nil {
		o.migrations = migrations
	}
	return o
}

// Open opens the record in the file at path, which must be on a local disk, and becomes an owner. A file
// that is not there is made, and missing folders above it, for this user alone.
//
// The error is a *[github.com/seed-6b91b535/idrec/shared.Error] without the path:
// [github.com/seed-6b91b535/idrec/shared.CodeConfigurationInvalid] where somebody has to change something
// (another file, its rights, another key, a newer version),
// [github.com/seed-6b91b535/idrec/shared.CodeLedgerUnavailable] where the file cannot be used now: the disk is
// full, or the file is damaged.
func Open(ctx context.Context, path string, keys *seal.Ring, opts Options) (*Store, error) {
	s, err := open(ctx, path, keys, opts.withDefaults())
	if err != nil {
		return nil, refusal(wrap(ctx, err))
	}
	return s, nil
}

func open(ctx context.Context, path string, keys *seal.Ring, opts Options) (*Store, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	warning, err := prepare(ctx, path, keys, opts)
	if err != nil {
		return nil, err
	}
	s := &Store{keys: keys, path: path, vfs: opts.vfs, readers: newReaders(opts.Readers)}
	if warning != "" {
		s.warnings = []string{warning}
	}
	if s.owner, err = newOwner(path); err != nil {
		return nil, err
	}
	c, err := dial(ctx, path, opts.vfs)
	if err == nil {
		if err = s.begin(ctx, c, opts.migrations); err == nil {
			err = s.start(c, opts.openLog)
		}
		if err != nil {
			err = errors.Join(err, c.close())
		}
	}
	if err != nil {
		_ = s.owner.close()
		return nil, err
	}
	return s, nil
}

// prepare sees to it that there is a ledger's file.
func prepare(ctx context.Context, path string, keys *seal.Ring, opts Options) (warning string, err error) {
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", err
	}
	if warning, err = place(dir, opts); err != nil {
		return "", err
	}
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		digestKey := make([]byte, digestKeySize)
		_, _ = rand.Read(digestKey) // never fails, see crypto/rand
		return warning, create(ctx, path, keys, digestKey, opts)
	case err != nil:
		return "", err
	case !info.Mode().IsRegular():
		return "", misconfigured("the ledger's name is that of a folder or a device: name a file")
	case info.Size() == 0:
		return "", misconfigured("the ledger's file is empty: restore a copy, or remove it to start a new one")
	}
	switch cut, err := isCut(path); {
	case err != nil:
		return "", err
	case cut:
		return "", &failure{textDamaged, nil}
	}
	return warning, nil
}

func place(dir string, opts Options) (warning string, err error) {
	// Where a link leads is what counts.
	if dir, err = filepath.EvalSymlinks(dir); err != nil {
		return "", err
	}
	var d disk
	if opts.diskOf != nil {
		d = opts.diskOf(dir)
	} else if d, err = diskOf(dir); err != nil {
		return "", err
	}
	return judge(d, isTemporary(dir))
}

func isTemporary(dir string) bool {
	for _, temp := range []string{os.TempDir(), "/tmp", "/var/tmp", "/dev/shm"} {
		if target, err := filepath.EvalSymlinks(temp); err == nil {
			temp = target
		}
		if rel, err := filepath.Rel(temp, dir); err == nil && rel != ".." && !strings.HasPrefix(rel, ".."+string(filepath.Separator)) {
			return true
		}
	}
	return false
}

// create makes the file whole or not at all: under another name first.
func create(ctx context.Context, path string, keys *seal.Ring, digestKey []byte, opts Options) error {
	// The log of a file that is gone would be taken for the new one's.
	if info, err := os.Stat(path + "-wal"); err == nil && info.Size() > 0 {
		return misconfigured("the ledger's file is gone and the end of its log is there (-wal): restore the file, or remove the log to start a new ledger")
	}
	dir := filepath.Dir(path)
	f, err := os.CreateTemp(dir, ".idrec-ledger-*") // 0600
	if err != nil {
		return err
	}
	temp := f.Name()
	defer func() {
		for _, end := range []string{"", "-wal", "-shm", "-journal"} {
			_ = os.Remove(temp + end)
		}
	}()
	if err := f.Close(); err != nil {
		return err
	}
	if err := fill(ctx, temp, keys, digestKey, opts); err != nil {
		return err
	}
	// Unlike a rename, a link never replaces the file of somebody who was faster.
	err = os.Link(temp, path)
	if err != nil && !errors.Is(err, fs.ErrExist) {
		// A file system without links, such as FAT.
		if _, err := os.Stat(path); err == nil {
			return nil
		}
		err = os.Rename(temp, path)
	}
	if err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return syncDir(dir)
}

// fill makes an empty ledger in an empty file.
func fill(ctx context.Context, path string, keys *seal.Ring, digestKey []byte, opts Options) (err error) {
	c, err := dial(ctx, path, opts.vfs)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, c.close()) }()
	if err := c.EnableChecksums("main"); err != nil {
		return err
	}
	if err := c.Exec(fmt.Sprintf("PRAGMA journal_mode = WAL; PRAGMA application_id = %d", applicationID)); err != nil {
		return err
	}
	if err := migrate(c, opts.migrations); err != nil {
		return err
	}
	return c.exec("INSERT INTO meta (name, value) VALUES (?, ?)", digestKeyName, keys.WrapDigestKey(digestKey))
}

// begin checks that the file is a ledger that this program and these keys can work with.
func (s *Store) begin(ctx context.Context, c *conn, steps []string) error {
	defer c.interruptible(ctx)()
	id, err := c.number("PRAGMA application_id")
	if err != nil {
		return err
	}
	version, err := c.number("PRAGMA user_version")
	if err != nil {
		return err
	}
	if id != applicationID {
		return misconfigured("the ledger's file is another program's database: name another file")
	}
	if version > int64(len(steps)) {
		return misconfigured("the ledger was written by a newer version: use that version")
	}
	if readOnly, _ := c.ReadOnly("main"); readOnly {
		return fs.ErrPermission
	}
	reserved, err := c.FileControl("main", sqlite3.FCNTL_RESERVE_BYTES)
	switch {
	case err != nil:
		return err
	case reserved != checksumSize:
		return &failure{textDamaged, nil} // nobody would verify the checksums
	}
	if version < int64(len(steps)) {
		if err := migrate(c, steps); err != nil {
			return err
		}
	}
	return s.unwrap(c)
}

func migrate(c *conn, steps []string) error {
	return c.immediately(func() error {
		// Another process may have been faster.
		version, err := c.number("PRAGMA user_version")
		if err != nil || version >= int64(len(steps)) {
			return err
		}
		for _, step := range steps[version:] {
			if err := c.Exec(step); err != nil {
				return err
			}
		}
		return c.Exec(fmt.Sprintf("PRAGMA user_version = %d", len(steps)))
	})
}

// unwrap opens the digest key, and seals it anew when the active key is another one now.
func (s *Store) unwrap(c *conn) error {
	const read = "SELECT value FROM meta WHERE name = ?"
	wrapped, err := c.blob(read, digestKeyName)
	if err != nil {
		return err
	}
	digestKey, err := s.keys.UnwrapDigestKey(wrapped)
	if err != nil {
		return err
	}
	if len(digestKey) != digestKeySize {
		return &failure{textDamaged, nil}
	}
	s.digester = ledger.NewDigester(digestKey)
	if !s.keys.Stale(wrapped) {
		return nil
	}
	return c.immediately(func() error {
		return c.exec("UPDATE meta SET value = ? WHERE name = ?", s.keys.WrapDigestKey(digestKey), digestKeyName)
	})
}

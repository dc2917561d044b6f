package sqlite

import (
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/ncruces/go-sqlite3/vfs"
)

// shim stands between SQLite and the system's files. It keeps what is written and synced in its order, and
// lets writes and syncs fail.
type shim struct {
	vfs.VFSFilename

	mu   sync.Mutex
	ops  []fileOp
	on   bool // ops are kept
	fail func(kind opKind, file string) error
	// during is called within each sync that is kept.
	during func()
}

type opKind int

const (
	opWrite opKind = iota
	opTruncate
	opSync // at its end
	opDelete
)

type fileOp struct {
	kind opKind
	file string // "" for the ledger's, "-wal" for its log
	at   int64  // or the size that was cut to, or of a sync, how many operations came before its begin
	data []byte
}

var shims sync.Map // name → *shim

// newShim registers a shim under a name of its own.
func newShim(t testing.TB) (s *shim, name string) {
	t.Helper()
	s = &shim{VFSFilename: vfs.Find("").(vfs.VFSFilename)}
	name = "shim-" + filepath.Base(t.TempDir()) + "-" + strings.ReplaceAll(t.Name(), "/", "-")
	if _, taken := shims.LoadOrStore(name, s); taken {
		t.Fatal("two shims in one test")
	}
	vfs.Register(name, files{s})
	t.Cleanup(func() { vfs.Unregister(name) })
	return s, name
}

func ending(name string) string {
	for _, end := range []string{"-wal", "-journal"} {
		if strings.HasSuffix(name, end) {
			return end
		}
	}
	return ""
}

func (s *shim) do(op fileOp, f func() error) error {
	s.mu.Lock()
	fail := s.fail
	s.mu.Unlock()
	if fail != nil {
		if err := fail(op.kind, op.file); err != nil {
			return err
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.on {
		op.data = slices.Clone(op.data)
		s.ops = append(s.ops, op)
	}
	return f()
}

func (s *shim) set(f func(*shim)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f(s)
}

func (s *shim) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.ops)
}

func (s *shim) OpenFilename(name *vfs.Filename, flags vfs.OpenFlag) (vfs.File, vfs.OpenFlag, error) {
	f, flags, err := s.VFSFilename.OpenFilename(name, flags)
	if err != nil {
		return nil, flags, err
	}
	return &shimFile{systemFile: f.(systemFile), shim: s, name: ending(name.String())}, flags, nil
}

func (s *shim) Delete(name string, syncDir bool) error {
	return full(s.do(fileOp{kind: opDelete, file: ending(name)}, func() error { return s.VFSFilename.Delete(name, syncDir) }))
}

type shimFile struct {
	systemFile

	shim *shim
	name string
}

func (f *shimFile) WriteAt(p []byte, off int64) (n int, err error) {
	err = f.shim.do(fileOp{opWrite, f.name, off, p}, func() error { n, err = f.systemFile.WriteAt(p, off); return err })
	return n, full(err)
}

func (f *shimFile) Truncate(size int64) error {
	return full(f.shim.do(fileOp{kind: opTruncate, file: f.name, at: size}, func() error { return f.systemFile.Truncate(size) }))
}

func (f *shimFile) Sync(flags vfs.SyncFlag) error {
	return full(f.shim.sync(f.name, func() error { return f.systemFile.Sync(flags) }))
}

// sync keeps a sync, which covers what came before its begin, and nothing that came during it.
func (s *shim) sync(file string, f func() error) error {
	s.mu.Lock()
	begin, during := len(s.ops), s.during
	if !s.on {
		during = nil
	}
	s.mu.Unlock()
	if during != nil {
		during()
	}
	return s.do(fileOp{kind: opSync, file: file, at: int64(begin)}, f)
}

// options are those of a ledger on the shim.
func (s *shim) options(name string) Options {
	o := Options{vfs: name}
	if ownErrors {
		o.openLog = func(path string) (logFile, error) {
			f, err := openOSLog(path)
			return shimLog{f, s}, err
		}
	}
	return o
}

type shimLog struct {
	logFile

	shim *shim
}

func (l shimLog) WriteAt(p []byte, off int64) (n int, err error) {
	err = l.shim.do(fileOp{opWrite, "-wal", off, p}, func() error { n, err = l.logFile.WriteAt(p, off); return err })
	return n, err
}

func (l shimLog) Sync() error { return l.shim.sync("-wal", l.logFile.Sync) }

package sqlite

import (
	"bytes"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
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
	// failures counts the syncs that failed: what they had to write is lost, and each opening is told of it once.
	failures int
}

type opKind int

const (
	opWrite opKind = iota
	opTruncate
	opSync // at its end
	opDelete
	opLost // a sync that failed; at is as of a sync
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
	if !s.on {
		return f()
	}
	// A disk is written page by page; of zeros, any part may be missing in one state or another.
	if len(bytes.Trim(op.data, "\x00")) == 0 {
		op.data = slices.Clone(op.data)
		s.ops = append(s.ops, op)
		return f()
	}
	for data, at := slices.Clone(op.data), op.at; len(data) > 0; {
		n := min(len(data), pageSize-int(at%pageSize))
		s.ops = append(s.ops, fileOp{op.kind, op.file, at, data[:n]})
		data, at = data[n:], at+int64(n)
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
	return &shimFile{systemFile: f.(systemFile), shim: s, name: ending(name.String()), told: s.lost()}, flags, nil
}

func (s *shim) Delete(name string, syncDir bool) error {
	return full(s.do(fileOp{kind: opDelete, file: ending(name)}, func() error { return s.VFSFilename.Delete(name, syncDir) }))
}

type shimFile struct {
	systemFile

	shim *shim
	name string
	told int // of the failures
}

func (f *shimFile) WriteAt(p []byte, off int64) (n int, err error) {
	err = f.shim.do(fileOp{opWrite, f.name, off, p}, func() error { n, err = f.systemFile.WriteAt(p, off); return err })
	return n, full(err)
}

func (f *shimFile) Truncate(size int64) error {
	return full(f.shim.do(fileOp{kind: opTruncate, file: f.name, at: size}, func() error { return f.systemFile.Truncate(size) }))
}

func (f *shimFile) Sync(flags vfs.SyncFlag) error {
	return full(f.shim.sync(f.name, &f.told, func() error { return f.systemFile.Sync(flags) }))
}

func (s *shim) lost() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.failures
}

// sync keeps a sync, which covers what came before its begin, and nothing that came during it. told is how many
// failures its opening of the file was told of.
func (s *shim) sync(file string, told *int, f func() error) error {
	s.mu.Lock()
	begin, during := len(s.ops), s.during
	if !s.on {
		during = nil
	}
	s.mu.Unlock()
	if during != nil {
		during()
	}
	s.mu.Lock()
	fail := s.fail
	s.mu.Unlock()
	var err error
	if fail != nil {
		err = fail(opSync, file)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	op := fileOp{kind: opSync, file: file, at: int64(begin)}
	if err != nil {
		s.failures++
		op.kind = opLost
	} else {
		err = f()
	}
	if s.on {
		s.ops = append(s.ops, op)
	}
	if err == nil && file == "-wal" && *told != s.failures {
		err = syscall.EIO // of before; what is new was written
	}
	*told = s.failures
	return err
}

// options are those of a ledger on the shim.
func (s *shim) options(name string) Options {
	o := Options{vfs: name}
	if ownErrors {
		o.openLog = func(path string) (logFile, error) {
			f, err := openOSLog(path)
			return &shimLog{logFile: f, shim: s, told: s.lost()}, err
		}
	}
	return o
}

type shimLog struct {
	logFile

	shim *shim
	told int
}

func (l *shimLog) WriteAt(p []byte, off int64) (n int, err error) {
	err = l.shim.do(fileOp{opWrite, "-wal", off, p}, func() error { n, err = l.logFile.WriteAt(p, off); return err })
	return n, err
}

func (l *shimLog) Sync() error { return l.shim.sync("-wal", &l.told, l.logFile.Sync) }

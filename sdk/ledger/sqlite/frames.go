package sqlite

import (
	"encoding/binary"

	"github.com/ncruces/go-sqlite3/vfs"
)

// framesFile is the log as SQLite writes it: each frame in two writes, its head and its page. What is written one
// behind the other is collected, and written at once with the frame that commits it: until then nobody but the
// writer itself reads it. An error is that of the write that ends the collecting.
//
// SQLite must not write frames before it commits (cache_spill is off): a transaction that is rolled back is not
// told of here, and what it left would be written later over what others have committed meanwhile.
type framesFile struct {
	file

	at      int64 // where what is pending belongs
	pending []byte
	commits bool // the frame of which the head came last commits
	// end is that of what was written since the log was begun anew. Heads before it are written anew, with no
	// page behind them.
	end int64
}

// pendingAtMost bounds what is collected.
const pendingAtMost = 64 * (frameHead + pageSize)

func (f *framesFile) WriteAt(p []byte, off int64) (int, error) {
	if len(f.pending) > 0 && (off != f.at+int64(len(f.pending)) || len(f.pending)+len(p) > pendingAtMost) {
		if err := f.flush(); err != nil {
			return 0, err
		}
	}
	switch {
	case off == 0:
		f.end = 0
		return f.direct(p, off)
	case len(p) == frameHead && off >= f.end:
		f.commits = binary.BigEndian.Uint32(p[4:]) > 0
	case len(p) != pageSize || len(f.pending) == 0 || f.commits:
		// The end of a transaction, or nothing that goes on.
		return f.direct(p, off)
	}
	f.collect(p, off)
	return len(p), nil
}

func (f *framesFile) direct(p []byte, off int64) (int, error) {
	f.collect(p, off)
	if err := f.flush(); err != nil {
		return 0, err
	}
	return len(p), nil
}

func (f *framesFile) collect(p []byte, off int64) {
	if len(f.pending) == 0 {
		f.at = off
	}
	f.pending = append(f.pending, p...)
	f.end = max(f.end, off+int64(len(p)))
}

func (f *framesFile) flush() error {
	if len(f.pending) == 0 {
		return nil
	}
	_, err := f.file.WriteAt(f.pending, f.at)
	f.pending, f.commits = f.pending[:0], false
	return err
}

func (f *framesFile) ReadAt(p []byte, off int64) (int, error) {
	if err := f.flush(); err != nil {
		return 0, err
	}
	return f.file.ReadAt(p, off)
}

func (f *framesFile) Truncate(size int64) error {
	if err := f.flush(); err != nil {
		return err
	}
	return f.file.Truncate(size)
}

func (f *framesFile) Size() (int64, error) {
	if err := f.flush(); err != nil {
		return 0, err
	}
	return f.file.Size()
}

func (f *framesFile) Sync(flags vfs.SyncFlag) error {
	if err := f.flush(); err != nil {
		return err
	}
	return f.file.Sync(flags)
}

// Close drops what is pending: it was never committed, and another's may stand in its place by now.
func (f *framesFile) Close() error { return f.file.Close() }

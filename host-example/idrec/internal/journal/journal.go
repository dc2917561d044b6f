package journal

import (
	"bytes"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"github.com/gofrs/flock"

	"github.com/seed-6b91b535/idrec/host-example/idrec/internal/exit"
)

const (
	version = 1
	// firstRow is how every state begins.
	firstRow = `{"idrec_state":`
)

const (
	// roomRecord is kept free for each record that is awaited; they have 2 to 3 KiB, with the vendor's
	// raw answer twice that.
	roomRecord = 16 << 10
	// roomRow likewise, for a row of the state.
	roomRow = 1 << 10
	// roomAhead is taken beyond need, so that not every item writes padding.
	roomAhead = 256 << 10
)

// Frame is what stands around the records in the output.
type Frame struct{ Header, Separator, Footer []byte }

// Options say what to open.
type Options struct {
	Out   string
	State string // empty: Out with .state behind it
	Frame Frame
	// Settings decide what a record looks like. A state that was begun with others is refused.
	Settings map[string]string
	// Items is how many are expected, so that memory is taken at the beginning.
	Items int
	// Sealed keeps the records from being read by anything but a later run with the same state: Out is
	// then what another file is made of. The key lies in the state.
	Sealed bool
	// Foot writes what stands between the last record and the frame's footer, made of the records; nil is
	// nothing. It is made anew whenever the output is completed.
	Foot func(w io.Writer, r *Records) error
	// Overwrite an Out that no state knows. It is replaced when the run has come to its end.
	Overwrite bool

	// For tests; nil is that of package os.
	open   func(name string, flag int) (file, error)
	rename func(from, to string) error
	remove func(name string) error
}

// file is what the journal needs of an open file.
type file interface {
	io.ReaderAt
	io.WriterAt
	io.Closer
	Truncate(size int64) error
	Sync() error
	Stat() (fs.FileInfo, error)
}

// Journal is one run's output and state. It is not safe for concurrent use.
type Journal struct {
	o       Options
	lock    *flock.Flock
	key     []byte
	run     string
	entries map[string]Entry // by digest of the identity
	stale   int              // records in the output that were replaced
	records int              // records in the output, replaced ones too

	state, part        file // part is nil until something is to be written
	stateEnd, partEnd  int64
	stateRoom, outRoom int64 // how far the files reach, padding included
	sealed             bool
	sealedAt           int64 // how long the sealed output is
}

// Open locks and reads the state, or begins one, and mends what an earlier process left half done.
func Open(o Options) (*Journal, error) {
	if o.State == "" {
		o.State = o.Out + ".state"
	}
	if o.open == nil {
		o.open = func(name string, flag int) (file, error) { return os.OpenFile(name, flag, 0o600) }
	}
	if o.rename == nil {
		o.rename = os.Rename
	}
	if o.remove == nil {
		o.remove = os.Remove
	}
	j := &Journal{o: o, entries: make(map[string]Entry, o.Items)}
	for _, f := range []struct{ flag, name string }{{"--out", o.Out}, {"--state", o.State}} {
		if info, err := os.Stat(filepath.Dir(f.name)); err != nil || !info.IsDir() {
			return nil, exit.Errorf(exit.Usage, "the folder of %s does not exist: make it first", f.flag)
		}
		info, err := os.Stat(f.name)
		switch {
		case err != nil:
		case info.IsDir():
			return nil, exit.Errorf(exit.Usage, "%s names a folder: give a file", f.flag)
		case !info.Mode().IsRegular():
			return nil, exit.Errorf(exit.Usage, "%s names a device, a pipe or the like, in whose place a file would be put: give a file", f.flag)
		}
	}
	j.lock = flock.New(o.State+".lock", flock.SetFlag(os.O_CREATE|os.O_RDWR), flock.SetPermissions(0o600))
	got, err := j.lock.TryLock()
	if err != nil {
		return nil, exit.Errorf(exit.Usage, "the state file cannot be locked: check that its folder may be written to")
	}
	if !got {
		return nil, exit.Errorf(exit.Later, "another idrec works with this state file: wait until it ends, or give another --state and --out")
	}
	if err := j.load(); err != nil {
		// Nothing is cut here: the files may not be ours.
		_ = j.closeFiles()
		_ = j.lock.Unlock()
		return nil, err
	}
	return j, nil
}

func (j *Journal) partName() string { return j.o.Out + ".part" }
func (j *Journal) nextName() string { return j.o.Out + ".next" }

func (j *Journal) load() error {
	st, err := j.o.open(j.o.State, os.O_RDWR)
	if errors.Is(err, fs.ErrNotExist) {
		return j.begin()
	}
	if err != nil {
		return exit.Errorf(exit.Usage, "the state file cannot be opened: check its permissions")
	}
	j.state = st
	info, err := st.Stat()
	if err != nil {
		return exit.Errorf(exit.Usage, "the state file cannot be read")
	}
	text := make([]byte, info.Size())
	if n, err := st.ReadAt(text, 0); n < len(text) || err != nil && !errors.Is(err, io.EOF) {
		return exit.Errorf(exit.Usage, "the state file cannot be read")
	}
	if notBegun(text) {
		_ = st.Close()
		j.state = nil
		if err := j.o.remove(j.o.State); err != nil {
			return exit.Errorf(exit.Usage, "the state file is empty and cannot be replaced: remove it")
		}
		return j.begin()
	}
	next, err := j.parse(text)
	if err != nil {
		return err
	}
	return j.mend(next)
}

// notBegun: the process ended before the first row was written, and nothing was asked yet.
func notBegun(text []byte) bool {
	return !bytes.Contains(text, []byte("\n")) && bytes.HasPrefix([]byte(firstRow), text[:min(len(text), len(firstRow))])
}

// parse reads a state. It reports whether the last seal is that of a rewrite.
func (j *Journal) parse(text []byte) (next bool, err error) {
	first, rest, whole := bytes.Cut(text, []byte("\n"))
	var h header
	if !whole || json.Unmarshal(first, &h) != nil || h.Version == 0 {
		return false, exit.Errorf(exit.Usage, "the file given as --state is no state of idrec: name another")
	}
	if h.Version != version {
		return false, exit.Errorf(exit.Usage, "the state file is of another version of idrec (%d, this one writes %d): finish that run with the idrec that began it", h.Version, version)
	}
	if j.key, err = hex.DecodeString(h.Key); err != nil || len(j.key) < 16 {
		return false, exit.Errorf(exit.Usage, "the state file is damaged: name another --state and --out")
	}
	j.run = h.Run
	for _, name := range slices.Sorted(maps.Keys(j.settings())) {
		if h.Settings[name] != j.settings()[name] {
			return false, exit.Errorf(exit.Usage, "the state file belongs to a run with another setting of %s: give that one again, or another --out and --state", name)
		}
	}
	return j.rows(rest, int64(len(first))+1), nil
}

// rows reads the log, and stops where it stops being one. It reports whether the last seal is that of
// a rewrite.
func (j *Journal) rows(text []byte, offset int64) (next bool) {
	j.stateEnd = offset
	var rewrite map[string]Entry // not nil between a rewrite and its seal
	for len(text) > 0 {
		line, rest, whole := bytes.Cut(text, []byte("\n"))
		var r row
		if !whole || json.Unmarshal(line, &r) != nil {
			break
		}
		offset += int64(len(line)) + 1
		text = rest
		switch {
		case r.Rewrite:
			rewrite = map[string]Entry{}
			continue
		case r.Seal > 0:
			if rewrite != nil {
				j.entries, rewrite = rewrite, nil
				j.records, j.stale = len(j.entries), 0
			}
			j.sealed, j.sealedAt, next = true, r.Seal, r.Next
		case r.Entry == nil || r.Item == "":
			return next
		case rewrite != nil:
			rewrite[r.Item] = *r.Entry
			continue
		default:
			j.set(r.Item, *r.Entry)
			j.sealed = false
		}
		j.stateEnd = offset
	}
	return next
}

func (j *Journal) set(item string, e Entry) {
	if _, known := j.entries[item]; known {
		j.stale++
	}
	j.records++
	j.entries[item] = e
}

// mend brings the files to what the state says of them.
func (j *Journal) mend(next bool) error {
	j.partEnd = int64(len(j.o.Frame.Header))
	for _, e := range j.entries {
		j.partEnd = max(j.partEnd, e.Offset+e.Length)
	}
	if err := j.state.Truncate(j.stateEnd); err != nil {
		return exit.Errorf(exit.Usage, "the state file cannot be written to: check its permissions")
	}
	j.stateRoom = j.stateEnd
	var err error
	switch {
	case !j.sealed:
		_ = j.o.remove(j.nextName()) // a rewrite that was not sealed
		return j.openPart()
	case next && exists(j.nextName()):
		if err = j.o.rename(j.nextName(), j.o.Out); err == nil {
			_ = j.o.remove(j.partName())
		}
	case next && exists(j.o.Out):
		_ = j.o.remove(j.partName())
	case size(j.partName()) == j.sealedAt:
		err = j.o.rename(j.partName(), j.o.Out)
	case exists(j.partName()): // it was about to grow again
		j.sealed = false
		return j.openPart()
	}
	if err != nil {
		return writeError(err, "--out")
	}
	if j.sealed && size(j.o.Out) != j.sealedAt {
		return exit.Errorf(exit.Usage, "the state file knows %d records, but the file of --out is not there or was changed since: put it back as it was, or give another --out and --state", len(j.entries))
	}
	return nil
}

func exists(name string) bool { return size(name) >= 0 }

// size is -1 for a file that is not there.
func size(name string) int64 {
	info, err := os.Stat(name)
	if err != nil {
		return -1
	}
	return info.Size()
}

// openPart opens the records so far and cuts what the state does not name.
func (j *Journal) openPart() error {
	p, err := j.o.open(j.partName(), os.O_RDWR)
	if err != nil && len(j.entries) == 0 && errors.Is(err, fs.ErrNotExist) {
		return j.createPart()
	}
	if err != nil {
		return exit.Errorf(exit.Usage, "the state file knows %d records, but the .part file beside --out cannot be opened: put it back, or give another --out and --state", len(j.entries))
	}
	j.part = p
	info, err := p.Stat()
	if err != nil || len(j.entries) > 0 && info.Size() < j.partEnd {
		return exit.Errorf(exit.Usage, "the .part file beside --out is shorter than its state says: put the whole one back, or give another --out and --state")
	}
	if len(j.entries) == 0 { // the header was not synced before the first record, and a loss of power may have taken it
		if _, err := p.WriteAt(j.o.Frame.Header, 0); err != nil {
			return noRoom()
		}
	}
	if err := p.Truncate(j.partEnd); err != nil {
		return exit.Errorf(exit.Usage, "the .part file beside --out cannot be written to: check its permissions")
	}
	j.outRoom = j.partEnd
	return nil
}

// begin makes a new state.
func (j *Journal) begin() error {
	if err := j.free(); err != nil {
		return err
	}
	j.key = make([]byte, 32)
	_, _ = rand.Read(j.key)
	j.run = rand.Text()
	text, err := json.Marshal(header{Version: version, Key: hex.EncodeToString(j.key), Run: j.run, Settings: j.settings()})
	if err != nil {
		return err
	}
	st, err := j.o.open(j.o.State, os.O_RDWR|os.O_CREATE|os.O_EXCL)
	if err == nil {
		j.state = st
		err = writeSynced(st, append(text, '\n'), 0)
	}
	if err != nil {
		j.discard()
		return writeError(err, "--state")
	}
	j.stateEnd = int64(len(text)) + 1
	j.stateRoom = j.stateEnd
	// Second, so that a .part file is never without its state.
	if err := j.createPart(); err != nil {
		j.discard()
		return err
	}
	syncFolder(j.o.State)
	return nil
}

// free refuses an output that is there already.
func (j *Journal) free() error {
	if exists(j.partName()) {
		return exit.Errorf(exit.Usage, "there is a .part file beside --out that belongs to another run: give that run's --state to go on with it, name another --out, or remove it")
	}
	if size(j.o.Out) > 0 && !j.o.Overwrite {
		return exit.Errorf(exit.Usage, "the file of --out exists, and no state file knows what is in it: name another, or give --overwrite to replace it")
	}
	return nil
}

// discard removes the state that begin made, so that a failed start leaves nothing.
func (j *Journal) discard() {
	if j.state != nil {
		_ = j.state.Close()
		j.state = nil
		_ = j.o.remove(j.o.State)
	}
}

func (j *Journal) createPart() error {
	p, err := j.o.open(j.partName(), os.O_RDWR|os.O_CREATE|os.O_EXCL)
	if err != nil {
		return writeError(err, "--out")
	}
	j.part = p
	if _, err := p.WriteAt(j.o.Frame.Header, 0); err != nil {
		_ = p.Close()
		j.part = nil
		_ = j.o.remove(j.partName())
		return writeError(err, "--out")
	}
	j.partEnd = int64(len(j.o.Frame.Header))
	j.outRoom = j.partEnd
	syncFolder(j.o.Out)
	return nil
}

func (j *Journal) settings() map[string]string {
	m := map[string]string{"--out": digest(j.key, "out="+filepath.Base(j.o.Out))}
	for name, v := range j.o.Settings {
		m[name] = digest(j.key, name+"="+v)
	}
	return m
}

// Run is a random name that stays the same whenever the run is taken up again.
func (j *Journal) Run() string { return j.run }

// Lookup returns what the state knows of an item.
func (j *Journal) Lookup(identity string) (Entry, bool) {
	e, ok := j.entries[digest(j.key, "item="+identity)]
	return e, ok
}

// Content returns the keyed digest of a picture, given the hex SHA-256 of its bytes; empty for none.
func (j *Journal) Content(sha256 string) string {
	if sha256 == "" {
		return ""
	}
	return digest(j.key, "content="+sha256)
}

// Len is how many items have a record.
func (j *Journal) Len() int { return len(j.entries) }

// Reserve makes sure that n more records can be written. Call it before anything is asked for.
func (j *Journal) Reserve(n int) error {
	if err := j.unseal(); err != nil {
		return err
	}
	if err := reserve(j.part, j.partEnd, &j.outRoom, int64(n)*roomRecord); err != nil {
		return noRoom()
	}
	if err := reserve(j.state, j.stateEnd, &j.stateRoom, int64(n)*roomRow); err != nil {
		return noRoom()
	}
	return nil
}

// reserve pads f to at least need bytes behind end. Empty lines are nothing to any reader of lines.
func reserve(f file, end int64, room *int64, need int64) error {
	if *room >= end+need {
		return nil
	}
	var err error
	for _, want := range []int64{end + need + roomAhead, end + need} {
		pad := bytes.Repeat([]byte("\n"), int(want-*room))
		if _, err = f.WriteAt(pad, *room); err == nil {
			*room = want
			return nil
		}
	}
	_ = f.Truncate(*room)
	return err
}

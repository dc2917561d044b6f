package sqlite

import (
	"bytes"
	"fmt"
	"hash/maphash"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	sqlite3 "github.com/ncruces/go-sqlite3"

	"github.com/seed-6b91b535/idrec/sdk/ledger"
	"github.com/seed-6b91b535/idrec/shared"
)

// sector is the unit that a disk writes whole. What a write does not touch stays (power-safe overwrite, as
// SQLite assumes it).
const sector = 512

// fact is what a caller was told, and from which operation of the disk on.
type fact struct {
	from int
	in   ledger.Intent
	// answered: the outcome was acknowledged; otherwise only the intent was.
	answered  bool
	forgotten bool
}

// TestPowerLossKeepsWhatWasAcknowledged runs calls on a recorded disk. At each of its operations the power
// fails: what was synced is there, and of what was written since any part may be, down to sectors. On each
// such disk the ledger is opened and run on: what was acknowledged is answered, and never begun again.
func TestPowerLossKeepsWhatWasAcknowledged(t *testing.T) {
	t.Parallel()
	powerLoss(t, 250, runCalls)
}

// The same with callers at the same time, whose syncs are under way while others write.
func TestPowerLossBesideSyncsUnderWay(t *testing.T) {
	t.Parallel()
	powerLoss(t, 250, func(t *testing.T, s *Store, disk *shim) []fact {
		t.Helper()
		overlapping := atomic.Int64{}
		disk.set(func(d *shim) {
			d.during = func() {
				before := disk.count()
				for range 300 { // until somebody writes, if anybody wants to
					if disk.count() > before {
						overlapping.Add(1)
						return
					}
					runtime.Gosched()
				}
			}
		})
		facts := runAtOnce(t, s, disk, true)
		if n := overlapping.Load(); ownErrors && n < 5 {
			t.Errorf("only %d syncs were under way while others wrote", n)
		}
		return facts
	})
}

// The same on a disk on which syncs fail, and with them is lost what they had to write, whatever later syncs say.
func TestPowerLossAfterSyncsThatFailed(t *testing.T) {
	t.Parallel()
	powerLoss(t, 80, func(t *testing.T, s *Store, disk *shim) []fact {
		t.Helper()
		syncs, failed := atomic.Int64{}, atomic.Int64{}
		disk.set(func(d *shim) {
			d.fail = func(kind opKind, _ string) error {
				if kind != opSync {
					return nil
				}
				// Some alone, some one after the other.
				if n := syncs.Add(1); n%13 == 5 || n%41 > 38 {
					failed.Add(1)
					return syscall.EIO
				}
				return nil
			}
		})
		facts := runAtOnce(t, s, disk, false)
		disk.set(func(d *shim) { d.fail = nil })
		if n := failed.Load(); n < 5 {
			t.Errorf("only %d syncs failed", n)
		}
		return facts
	})
}

// runAtOnce is [runCalls] with callers at the same time. Where the disk may fail, a write is made again.
func runAtOnce(t *testing.T, s *Store, disk *shim, sound bool) (facts []fact) {
	t.Helper()
	again := func(f func() error) {
		for range 50 {
			if err := f(); err == nil {
				return
			} else if sound {
				t.Error(err)
				return
			}
		}
		t.Error("the disk failed too often")
	}
	var mu sync.Mutex
	know := func(f fact) {
		f.from = disk.count()
		mu.Lock()
		defer mu.Unlock()
		facts = append(facts, f)
	}
	for part := range 3 {
		var wg sync.WaitGroup
		for caller := range 6 {
			wg.Go(func() {
				for i := range 3 {
					id := fmt.Sprint(part, caller, i)
					in := newIntent("key"+id, "call"+id)
					in.Run, in.Alias = "run", "alias"+id
					again(func() error {
						e, began, err := s.Begin(t.Context(), in)
						if err == nil && !began && e.CallID != in.CallID {
							t.Errorf("%+v", e)
						}
						return err
					})
					know(fact{in: in})
					if (caller+i)%5 == 4 {
						continue
					}
					end := billed(in)
					end.Answer = append(end.Answer, bytes.Repeat([]byte{'x'}, caller*900)...)
					again(func() error { return s.Settle(t.Context(), end) })
					know(fact{in: in, answered: true})
				}
			})
		}
		if part == 1 {
			wg.Go(func() { _ = s.checkpoint.run(t.Context(), sqlite3.CHECKPOINT_PASSIVE) })
		}
		wg.Wait()
		again(func() error { return s.emptyLog(t.Context()) })
	}
	return facts
}

// powerLoss tries at least so many disks of those that calls leave.
func powerLoss(t *testing.T, least int, calls func(*testing.T, *Store, *shim) []fact) {
	t.Helper()
	states := 1 // tried at each operation, in turn of those of [part]
	if os.Getenv("IDREC_SOAK") != "" {
		states = 200
	}
	dir, keys := memoryDir(t), newKeys(t)
	path := filepath.Join(dir, "ledger.db")
	disk, vfs := newShim(t)
	s, err := Open(t.Context(), path, keys, disk.options(vfs))
	if err != nil {
		t.Fatal(err)
	}
	base := map[string][]byte{}
	for _, end := range []string{"", "-wal"} {
		if base[end], err = os.ReadFile(path + end); err != nil {
			t.Fatal(err)
		}
	}
	disk.set(func(d *shim) { d.on = true })
	facts := calls(t, s, disk)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	disk.set(func(d *shim) { d.on = false })

	rng := rand.New(rand.NewPCG(1, 2))
	seed, seen := maphash.MakeSeed(), map[uint64]bool{}
	opened := 0
	step := max(1, len(disk.ops)/400)
	if racing {
		step, least = 15*step, least/15
	}
	n := -1
	for at := 0; at <= len(disk.ops); at += step {
		synced, loose := split(base, disk.ops[:at])
		for range states {
			n++
			files := apply(synced, loose, part(n, len(loose), rng), rng)
			var h maphash.Hash
			h.SetSeed(seed)
			for _, end := range []string{"", "-wal"} {
				_, _ = fmt.Fprintf(&h, "%d,", len(files[end]))
				_, _ = h.Write(files[end])
			}
			_, _ = fmt.Fprint(&h, known(facts, at))
			if sum := h.Sum64(); seen[sum] {
				continue
			} else {
				seen[sum] = true
			}
			opened++
			runOn(t, fmt.Sprintf("after operation %d of %d, state %d", at, len(disk.ops), n), dir, files, s, facts, at)
			if t.Failed() {
				return
			}
		}
	}
	t.Logf("%d operations, %d different disks", len(disk.ops), opened)
	if opened < least {
		t.Errorf("only %d disks for %d operations", opened, len(disk.ops))
	}
}

// runCalls makes calls and says what was acknowledged, and when.
func runCalls(t *testing.T, s *Store, disk *shim) (facts []fact) {
	t.Helper()
	call := func(i int, end bool) ledger.Intent {
		t.Helper()
		in := newIntent(fmt.Sprint("key", i), fmt.Sprint("call", i))
		in.Run, in.Purpose, in.Alias = "run", "purpose", fmt.Sprint("alias", i)
		if _, began, err := s.Begin(t.Context(), in); err != nil || !began {
			t.Fatal(began, err)
		}
		facts = append(facts, fact{from: disk.count(), in: in})
		if end {
			answer := billed(in)
			answer.Answer = append(answer.Answer, bytes.Repeat([]byte{'x'}, i*900)...) // some with overflow pages
			if err := s.Settle(t.Context(), answer); err != nil {
				t.Fatal(err)
			}
			facts = append(facts, fact{from: disk.count(), in: in, answered: true})
		}
		return in
	}
	for i := range 6 {
		call(i, i%3 != 2)
	}
	if err := s.emptyLog(t.Context()); err != nil {
		t.Fatal(err)
	}
	for i := range 4 {
		call(10+i%2*3+i, true)
	}
	gone := call(20, true)
	if _, err := s.Forget(t.Context(), ledger.Filter{Key: gone.Key}, true, noon.Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	facts = append(facts, fact{from: disk.count(), in: gone, forgotten: true})
	call(21, false)
	call(22, true)
	return facts
}

func known(facts []fact, at int) (n int) {
	for _, f := range facts {
		if f.from <= at {
			n++
		}
	}
	return n
}

// split returns the files as they were at their last syncs, and the operations since. A sync that failed loses what it
// had to write.
func split(base map[string][]byte, ops []fileOp) (synced map[string][]byte, loose []fileOp) {
	synced = map[string][]byte{}
	for end, content := range base {
		synced[end] = slices.Clone(content)
	}
	type numbered struct {
		fileOp

		n int64
	}
	var all []numbered
	for n, op := range ops {
		if op.kind != opSync && op.kind != opLost {
			all = append(all, numbered{op, int64(n)})
			continue
		}
		rest := all[:0:0]
		for _, l := range all {
			switch {
			case l.file != op.file || l.n >= op.at:
				rest = append(rest, l)
			case op.kind == opSync:
				do(synced, l.fileOp, nil)
			}
		}
		all = rest
	}
	for _, l := range all {
		loose = append(loose, l.fileOp)
	}
	return synced, loose
}

// part chooses which of the loose operations reach the disk: none, all, all but one, one alone, and by
// chance, the last torn.
func part(n, loose int, rng *rand.Rand) func(i int) (whole, torn bool) {
	one := 0
	if loose > 0 {
		one = rng.IntN(loose)
	}
	switch n % 9 {
	case 0:
		return func(int) (bool, bool) { return false, false }
	case 1:
		return func(int) (bool, bool) { return true, false }
	case 2:
		return func(i int) (bool, bool) { return i != loose-1, i == loose-1 }
	case 3:
		return func(i int) (bool, bool) { return i != one, false }
	case 4:
		return func(i int) (bool, bool) { return i == one, false }
	}
	return func(int) (bool, bool) {
		r := rng.IntN(3)
		return r == 0, r == 1
	}
}

func apply(synced map[string][]byte, loose []fileOp, part func(int) (whole, torn bool), rng *rand.Rand) map[string][]byte {
	files := map[string][]byte{}
	for end, content := range synced {
		files[end] = slices.Clone(content)
	}
	for i, op := range loose {
		switch whole, torn := part(i); {
		case whole:
			do(files, op, nil)
		case torn:
			do(files, op, rng)
		}
	}
	return files
}

// do does an operation, of a write only some sectors where torn is given.
func do(files map[string][]byte, op fileOp, torn *rand.Rand) {
	content := files[op.file]
	switch op.kind {
	case opDelete:
		delete(files, op.file)
		return
	case opTruncate:
		content = append(content, make([]byte, max(0, int(op.at)-len(content)))...)[:op.at]
	case opWrite:
		for start := 0; start < len(op.data); {
			// Up to the next sector of the disk.
			end := min(len(op.data), start+sector-int(op.at+int64(start))%sector)
			if torn == nil || torn.IntN(2) == 0 {
				at := int(op.at) + start
				content = append(content, make([]byte, max(0, at+end-start-len(content)))...)
				copy(content[at:], op.data[start:end])
			}
			start = end
		}
	case opSync, opLost:
	}
	files[op.file] = content
}

// runOn opens the disk and goes on where the callers were.
func runOn(t *testing.T, when, dir string, files map[string][]byte, before *Store, facts []fact, at int) {
	t.Helper()
	path := filepath.Join(dir, "after.db")
	for _, end := range []string{"", "-wal", "-shm"} {
		_ = os.Remove(path + end)
		if content, ok := files[end]; ok {
			if err := os.WriteFile(path+end, content, 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	s, err := Open(t.Context(), path, before.keys, Options{Readers: 1})
	if err != nil {
		t.Errorf("%s: %v", when, err)
		return
	}
	defer func() {
		if err := s.Close(); err != nil {
			t.Errorf("%s: Close: %v", when, err)
		}
	}()
	if s.Digester().Sum("x") != before.Digester().Sum("x") {
		t.Errorf("%s: another digest key", when)
	}
	told := map[string]fact{}
	for _, f := range facts {
		if f.from <= at {
			told[f.in.Key] = f
		}
	}
	for key, f := range told {
		e, err := s.Lookup(t.Context(), key, f.in.Alias)
		// What came after the last acknowledgement may have reached the disk too.
		switch {
		case err != nil || !e.Answers():
			t.Errorf("%s: %s is answered with %+v, %v", when, key, e, err)
		case f.forgotten && (len(e.Answer) > 0 || e.Forgotten.IsZero()):
			t.Errorf("%s: %s is not forgotten any more", when, key)
		case f.answered && e.Forgotten.IsZero() && !bytes.HasPrefix(e.Answer, billed(f.in).Answer):
			t.Errorf("%s: the answer of %s is lost: %+v", when, key, e)
		}
		again := f.in
		again.CallID += " again"
		if _, began, err := s.Begin(t.Context(), again); began || err != nil {
			t.Errorf("%s: %s was begun again: %v, %v", when, key, began, err)
		}
	}
	// The books are those of the calls.
	records := map[shared.Outcome]int64{}
	for r, err := range s.Records(t.Context(), ledger.Filter{}) {
		if err != nil {
			t.Errorf("%s: %v", when, err)
		}
		records[r.Outcome]++
	}
	usage, err := s.Usage(t.Context(), "", "")
	if err != nil {
		t.Errorf("%s: %v", when, err)
	}
	for _, u := range usage {
		records[u.Outcome] -= u.Calls
	}
	for o, n := range records {
		if n != 0 {
			t.Errorf("%s: the books differ from the calls by %d with the outcome %q", when, n, o)
		}
	}
	settled(t, s, "a new key", "a new call")
}

package sqlite

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/seed-6b91b535/idrec/sdk/ledger"
	"github.com/seed-6b91b535/idrec/sdk/ledger/seal"
	"github.com/seed-6b91b535/idrec/shared"
)

// damaging is how many bytes are changed, one at a time, in the tests below.
func damaging(t *testing.T) int {
	t.Helper()
	if os.Getenv("IDREC_SOAK") != "" {
		return 5000
	}
	if racing {
		return 8
	}
	return 60
}

// copyFiles copies a ledger and its log.
func copyFiles(t testing.TB, from, to string) {
	t.Helper()
	for _, end := range []string{"", "-wal"} {
		content, err := os.ReadFile(from + end)
		if errors.Is(err, os.ErrNotExist) && end != "" {
			continue
		}
		if err == nil {
			err = os.WriteFile(to+end, content, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

// A byte of the ledger or of its log that changed on the disk is found before a picture that was paid is
// paid again: each call is answered as it was, or refused.
func TestDamagedByteNeverPaysAgain(t *testing.T) {
	t.Parallel()
	dir := memoryDir(t)
	keys := newKeys(t)
	path := filepath.Join(dir, "ledger.db")
	s, err := Open(t.Context(), path, keys, Options{})
	if err != nil {
		t.Fatal(err)
	}
	const calls = 40
	id := func(prefix string, i int) string { return fmt.Sprintf("%s-%060d", prefix, i) }
	for i := range calls {
		if i == calls/2 {
			if err := s.emptyLog(t.Context()); err != nil { // the first half lies in the file, the rest in the log
				t.Fatal(err)
			}
		}
		settled(t, s, id("key", i), id("call", i))
	}
	// What lies on the disk while the store is open is what a crash leaves.
	crashed := filepath.Join(dir, "crashed.db")
	copyFiles(t, path, crashed)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	rng := rand.New(rand.NewPCG(1, 2))
	opened, refused, unanswered := 0, 0, 0
	for n := range damaging(t) {
		end := []string{"", "-wal"}[n%2]
		damaged := filepath.Join(dir, "damaged.db")
		copyFiles(t, crashed, damaged)
		content, err := os.ReadFile(damaged + end)
		if err != nil {
			t.Fatal(err)
		}
		used := len(bytes.TrimRight(content, "\x00")) // of the log: it has room in advance
		at := rng.IntN(used)
		if n%3 == 0 {
			at = n * 2 // the head
		}
		content[at] ^= byte(1 + rng.IntN(255))
		if err := os.WriteFile(damaged+end, content, 0o600); err != nil {
			t.Fatal(err)
		}
		// The last transactions of a log cannot be told from writes that were under way.
		sure := calls
		if end == "-wal" {
			sure = calls - unsyncedAtMost
			if at < walHead || at > used-20*(frameHead+pageSize) {
				sure = 0
			}
		}
		_ = os.Remove(damaged + "-shm")
		s, err := Open(t.Context(), damaged, keys, Options{})
		if err != nil {
			refused++
			var e *shared.Error
			if !errors.As(err, &e) || e.Code != shared.CodeLedgerUnavailable && e.Code != shared.CodeConfigurationInvalid {
				t.Fatalf("byte %d of %q: %v", at, end, err)
			}
		} else {
			opened++
			for i := range sure {
				e, err := s.Lookup(t.Context(), id("key", i), "")
				if err != nil {
					unanswered++
				} else if string(e.Answer) != string(billed(newIntent("", id("call", i))).Answer) {
					t.Fatalf("byte %d of %q: call %d is answered with %+v", at, end, i, e)
				}
				if _, began, err := s.Begin(t.Context(), newIntent(id("key", i), id("again", i))); began {
					t.Fatalf("byte %d of %q: call %d would be paid again (%v)", at, end, i, err)
				}
			}
			_ = s.Close()
		}
		if err := os.Remove(damaged); err != nil {
			t.Fatal(err)
		}
		_ = os.Remove(damaged + "-wal")
	}
	t.Logf("opened %d, refused %d, calls not answered %d", opened, refused, unanswered)
	if !racing && (opened == 0 || refused == 0) {
		t.Error("the damage did not reach both the opening and the calls")
	}
}

func salvage(t *testing.T, path string, keys *seal.Ring) (Salvaged, map[string]SalvagedCall) {
	t.Helper()
	var out bytes.Buffer
	found, err := Salvage(t.Context(), path, keys, &out)
	if err != nil {
		t.Fatal(err)
	}
	calls := map[string]SalvagedCall{}
	for line := range bytes.Lines(out.Bytes()) {
		var c SalvagedCall
		if err := json.Unmarshal(line, &c); err != nil {
			t.Fatal(err)
		}
		calls[c.CallID] = c
	}
	return found, calls
}

func TestSalvageReadsWhatIsThere(t *testing.T) {
	t.Parallel()
	dir := memoryDir(t)
	path, keys := filepath.Join(dir, "ledger.db"), newKeys(t)
	s := mustOpen(t, path, keys)
	const calls = 30
	answer := func(i int) json.RawMessage {
		return fmt.Appendf(nil, `{"v":1,"n":%d,"x":"%0*d"}`, i, i*400, 0) // up to three overflow pages
	}
	for i := range calls {
		in := newIntent(fmt.Sprint("key", i), fmt.Sprint("call", i))
		in.Purpose, in.Subject, in.Run = fmt.Sprint("purpose", i), "subject", "run"
		if _, _, err := s.Begin(t.Context(), in); err != nil {
			t.Fatal(err)
		}
		if i == calls/2 {
			if err := s.emptyLog(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		end := billed(in)
		end.Answer = answer(i)
		if i == 3 {
			end.Outcome, end.HasResult, end.Answer = shared.OutcomeAmbiguous, false, nil
		}
		if i == 4 {
			continue // in flight
		}
		if err := s.Settle(t.Context(), end); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := s.Forget(t.Context(), ledger.Filter{Key: "key5"}, true, noon); err != nil {
		t.Fatal(err)
	}
	found, got := salvage(t, path, keys)
	if found != (Salvaged{Calls: calls, Answers: calls - 3}) {
		t.Errorf("found %+v", found)
	}
	for i := range calls {
		c := got[fmt.Sprint("call", i)]
		forgotten := i == 5
		if c.Key != fmt.Sprint("key", i) || c.Provider != "fake" || c.Run != "run" || !c.Begun.Equal(noon) || c.Unsure {
			t.Errorf("call %d is %+v", i, c)
		}
		if want := fmt.Sprint("purpose", i); (c.Purpose == want) == forgotten || (c.Subject == "subject") == forgotten {
			t.Errorf("call %d: purpose %q, subject %q", i, c.Purpose, c.Subject)
		}
		if i != 3 && i != 4 && !forgotten && !bytes.Equal(c.Answer, answer(i)) {
			t.Errorf("call %d: the answer is %.80s", i, c.Answer)
		}
	}
	if c := got["call3"]; c.Outcome != shared.OutcomeAmbiguous || c.Ended == nil {
		t.Errorf("the unclear call is %+v", c)
	}
	if c := got["call4"]; c.Outcome != "" || c.Ended != nil || c.Price != 50 {
		t.Errorf("the open call is %+v", c)
	}
	// Another key reads what lies in the clear.
	if found, _ := salvage(t, path, newKeys(t)); found.Calls != calls || found.Answers != 0 || found.Lost != calls-3 {
		t.Errorf("with another key: %+v", found)
	}
}

// A page that is gone takes with it what was on it, and nothing else: also the first one, without which
// SQLite does not open the file.
func TestSalvageOfAnyLostPageKeepsTheRest(t *testing.T) {
	t.Parallel()
	dir := memoryDir(t)
	path, keys := filepath.Join(dir, "ledger.db"), newKeys(t)
	s, err := Open(context.Background(), path, keys, Options{})
	if err != nil {
		t.Fatal(err)
	}
	const calls = 120
	sum := s.Digester().Sum("x")
	for i := range calls {
		if err := s.Settle(t.Context(), billed(newIntent(fmt.Sprintf("key-%060d", i), fmt.Sprintf("call-%060d", i)))); err != nil { // as long as digests
			t.Fatal(err)
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	lostMost := 0
	step := pageSize
	if racing {
		step *= 8
	}
	for at := 0; at < len(whole); at += step {
		damaged := bytes.Clone(whole)
		copy(damaged[at:], bytes.Repeat([]byte{0xA5}, pageSize))
		if err := os.WriteFile(path, damaged, 0o600); err != nil {
			t.Fatal(err)
		}
		found, _ := salvage(t, path, keys)
		if found.Damaged != 1 {
			t.Errorf("page at %d: %d damaged pages", at, found.Damaged)
		}
		lostMost = max(lostMost, calls-int(found.Answers))
		rebuilt(t, dir, path, keys, found, sum)
		if at == 0 && found.Answers != calls {
			t.Errorf("without the first page: %+v", found)
		}
	}
	if !racing && lostMost == 0 || lostMost > calls/2 {
		t.Errorf("a lost page took %d of %d calls with it", lostMost, calls)
	}
}

// rebuilt makes a new ledger of a damaged one: what salvage finds is answered, and never begun again.
func rebuilt(t *testing.T, dir, path string, keys *seal.Ring, want Salvaged, sum string) {
	t.Helper()
	to := filepath.Join(dir, "new", "canary.db")
	defer func() { _ = os.RemoveAll(filepath.Dir(to)) }()
	found, err := Rebuild(t.Context(), path, to, keys)
	if err != nil {
		// The page with the digest key is the one that cannot be done without.
		wantRefusal(t, err, shared.CodeLedgerUnavailable, "digest key is lost")
		if _, err := os.Stat(to); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("a ledger was left behind: %v", err)
		}
		return
	}
	if found != want {
		t.Errorf("rebuilt %+v, salvaged %+v", found, want)
	}
	_, err = Rebuild(t.Context(), path, to, keys)
	wantRefusal(t, err, shared.CodeConfigurationInvalid, "there already")
	s, err := Open(t.Context(), to, keys, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	if s.Digester().Sum("x") != sum {
		t.Error("the new ledger has another digest key")
	}
	records, answers := int64(0), int64(0)
	for r, err := range s.Records(t.Context(), ledger.Filter{}) {
		if err != nil {
			t.Fatal(err)
		}
		records++
		if len(r.Answer) > 0 {
			answers++
		}
		if _, began, err := s.Begin(t.Context(), newIntent(r.Key, r.CallID+" again")); began || err != nil {
			t.Errorf("a call of the old ledger was begun again: %v, %v", began, err)
		}
	}
	calls := int64(0)
	usage, err := s.Usage(t.Context(), "", "")
	for _, u := range usage {
		calls += u.Calls
	}
	if err != nil || records != want.Calls || answers != want.Answers || calls != records {
		t.Errorf("the new ledger has %d calls, %d answers, %d in the books, %v; want %+v", records, answers, calls, err, want)
	}
	settled(t, s, "a new key", "a new call")
}

func TestSalvageOfNothingIsRefused(t *testing.T) {
	t.Parallel()
	_, err := Salvage(t.Context(), filepath.Join(memoryDir(t), "canary.db"), newKeys(t), &bytes.Buffer{})
	wantRefusal(t, err, shared.CodeLedgerUnavailable, "")
}

func FuzzColumns(f *testing.F) {
	f.Add([]byte{2, 1, 7})
	f.Add([]byte{4, 0, 18, 17, 1, 2, 3, 4, 5})
	f.Add([]byte{0x81, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80})
	f.Add([]byte{2, 6, 1, 2, 3, 4, 5, 6, 7, 8})
	f.Fuzz(func(t *testing.T, record []byte) {
		values, ok := columnsOf(record)
		if ok && len(values) == 0 || len(values) > len(record) {
			t.Errorf("%d values of %d bytes", len(values), len(record))
		}
	})
}

func FuzzCells(f *testing.F) {
	page := make([]byte, 64)
	copy(page, []byte{13, 0, 0, 0, 1, 0x0f, 0xe0, 0})
	f.Add(page, uint32(2))
	f.Add([]byte{}, uint32(1))
	f.Fuzz(func(t *testing.T, head []byte, number uint32) {
		page := make([]byte, pageSize)
		copy(page, head)
		copy(page[pageSize-min(len(head), pageSize):], head)
		p := &pages{n: 3, logged: map[uint32]int64{}}
		p.cells(tableLeaf, max(number, 1), page, func(_ int64, payload []byte) {
			_, _ = columnsOf(payload)
		})
	})
}

package sqlite

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/seed-6b91b535/idrec/sdk/ledger"
	"github.com/seed-6b91b535/idrec/shared"
)

// TestGrowth fills a ledger (IDREC_SOAK_ROWS calls, a million unless said otherwise) and holds it against an empty
// one: it opens in 200 ms, answers a key in 1 ms, takes a call's two writes at the same speed (± 20 %), and
// is purged beside live calls. It runs with IDREC_SOAK=1, in IDREC_BENCH_DIR.
func TestGrowth(t *testing.T) {
	if os.Getenv("IDREC_SOAK") == "" {
		t.Skip("takes minutes: IDREC_SOAK=1, IDREC_SOAK_ROWS=10000000 for all of it")
	}
	rows := 1_000_000
	if v, err := strconv.Atoi(os.Getenv("IDREC_SOAK_ROWS")); err == nil {
		rows = v
	}
	dir, keys := diskDir(t), newKeys(t)
	path := filepath.Join(dir, "ledger.db")
	empty := mustOpen(t, filepath.Join(dir, "empty.db"), keys)
	s, err := Open(t.Context(), path, keys, Options{})
	if err != nil {
		t.Fatal(err)
	}
	start := time.Now()
	grow(t, s, rows)
	t.Logf("%d calls written in %v", rows, time.Since(start).Round(time.Second))
	if err := s.emptyLog(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d MiB, %d bytes a call", info.Size()>>20, info.Size()/int64(rows))

	start = time.Now()
	s = mustOpen(t, path, keys)
	opened := time.Since(start)
	first := lookups(t, s, rows, 1)
	later := lookups(t, s, rows, 2000)
	t.Logf("opened in %v, first look-up %v, median of 2000 %v", opened, first, later)
	if opened > 200*time.Millisecond || later > time.Millisecond {
		t.Error("too slow")
	}
	// In turn, since the speed of the disk changes with what else happens to it.
	const each = 300
	var full, none []time.Duration
	for i := range each {
		full = append(full, timed(t, s, fmt.Sprint("full", i)))
		none = append(none, timed(t, empty, fmt.Sprint("empty", i)))
	}
	a, b := median(full), median(none)
	t.Logf("two writes: %v with %d calls, %v with none (%.2f)", a, rows, b, float64(a)/float64(b))
	if float64(a) > 1.2*float64(b) {
		t.Error("too slow")
	}
	// The purge, beside live calls.
	ctx, cancel := context.WithCancel(t.Context())
	var purged atomic.Int64
	done := make(chan error, 1)
	start = time.Now()
	go func() {
		n, err := s.Forget(ctx, ledger.Filter{EndedBefore: noon.Add(time.Duration(rows/10) * time.Second), Held: true}, true, noon)
		purged.Store(n)
		done <- err
	}()
	var beside []time.Duration
	for i := 0; ; i++ {
		select {
		case err := <-done:
			cancel()
			t.Logf("purged %d calls in %v; two writes beside it: median %v, worst %v of %d", purged.Load(), time.Since(start).Round(time.Second), median(beside), beside[len(beside)-1], len(beside))
			if err != nil || purged.Load() < int64(rows/10)-2 {
				t.Error(purged.Load(), err)
			}
			return
		default:
			beside = append(beside, timed(t, s, fmt.Sprint("beside", i)))
		}
	}
}

func soakKey(s *Store, i int) string { return s.Digester().Sum("picture", strconv.Itoa(i)) }

// grow writes calls many to a transaction, in the order of their ids and of their keys: otherwise every call
// would write pages all over the file.
func grow(t *testing.T, s *Store, rows int) {
	t.Helper()
	answer := newAnswer()[:300]
	r := rand.New(rand.NewPCG(1, 1))
	ids, keys := make([]uint64, rows), make([]string, rows)
	for i := range ids {
		ids[i], keys[i] = r.Uint64(), soakKey(s, i)
	}
	slices.Sort(ids)
	slices.Sort(keys)
	const step = 20_000
	for from := 0; from < rows; from += step {
		err := s.writer.do(t.Context(), func(c *conn) error {
			for i := from; i < min(from+step, rows); i++ {
				in := newIntent(keys[i], fmt.Sprintf("%026x", ids[i]))
				in.At = noon.Add(time.Duration(i) * time.Second)
				if err := s.insert(c, in, ledger.Entry{
					State: shared.RecallSettled, Outcome: shared.OutcomeBilled, Basis: shared.BasisDocumented, Begun: in.At, Ended: in.At, Price: 50, HasResult: true, Answer: answer,
				}); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

func lookups(t *testing.T, s *Store, rows, n int) time.Duration {
	t.Helper()
	took := make([]time.Duration, n)
	for i := range took {
		key := soakKey(s, i*7919%rows)
		start := time.Now()
		e, err := s.Lookup(t.Context(), key, "")
		took[i] = time.Since(start)
		if err != nil || !e.HasResult {
			t.Fatal(e, err)
		}
	}
	return median(took)
}

// timed makes a call and returns what its two writes took.
func timed(t *testing.T, s *Store, id string) time.Duration {
	t.Helper()
	in := newIntent(s.Digester().Sum("picture", id), s.Digester().Sum("call", id))
	end := billed(in)
	start := time.Now()
	if _, began, err := s.Begin(t.Context(), in); err != nil || !began {
		t.Fatal(began, err)
	}
	if err := s.Settle(t.Context(), end); err != nil {
		t.Fatal(err)
	}
	return time.Since(start)
}

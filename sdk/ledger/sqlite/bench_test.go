package sqlite

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/seed-6b91b535/idrec/sdk/ledger"
	"github.com/seed-6b91b535/idrec/shared"
)

// diskDir returns a folder for what is about the disk: IDREC_BENCH_DIR, or the folder for temporary files.
func diskDir(t testing.TB) string {
	t.Helper()
	where := os.Getenv("IDREC_BENCH_DIR")
	if where == "" {
		return t.TempDir()
	}
	dir, err := os.MkdirTemp(where, "idrec-bench-*") //nolint:usetesting // it is for another place
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

// fsync returns how long the disk takes to make 4 KiB at the end of a file durable, each time; pause lies before
// each, since what has been idle for a while is slower.
func fsync(t testing.TB, dir string, n int, pause time.Duration) []time.Duration {
	t.Helper()
	f, err := os.Create(filepath.Join(dir, "fsync"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	took := make([]time.Duration, n)
	for i := range took {
		time.Sleep(pause)
		start := time.Now()
		if _, err := f.Write(make([]byte, 4096)); err != nil {
			t.Fatal(err)
		}
		if err := f.Sync(); err != nil {
			t.Fatal(err)
		}
		took[i] = time.Since(start)
	}
	return took
}

func median(d []time.Duration) time.Duration {
	slices.Sort(d)
	return d[len(d)/2]
}

// newAnswer is of the size of a card's.
func newAnswer() []byte {
	fields := map[shared.FieldName]shared.Field{}
	for _, name := range shared.CardFields() {
		fields[name] = shared.Field{Raw: "江西省抚州市广昌县", Value: "江西省抚州市广昌县", State: shared.FieldPresent, Quad: &shared.Quad{}}
	}
	return ledger.EncodeResult(&shared.Result{Status: shared.StatusNormal, Side: shared.SidePortrait, Fields: fields, Outcome: shared.OutcomeBilled})
}

// BenchmarkCall measures what a call's two writes add to it, one call at a time and eight, against the
// disk's own syncs between them. Without a vendor, eight callers do nothing but write, as fast as they can;
// with one that answers after 10 to 30 ms, which is faster than any, they meet as calls do. within is the median of
// what is added, as a part of what is allowed: 2.5 median syncs and half a millisecond.
func BenchmarkCall(b *testing.B) {
	for _, c := range []struct {
		workers int
		vendor  time.Duration
	}{{1, 0}, {8, 0}, {1, 20 * time.Millisecond}, {8, 20 * time.Millisecond}} {
		workers := c.workers
		b.Run(fmt.Sprintf("concurrency=%d/vendor=%v", workers, c.vendor), func(b *testing.B) {
			dir := diskDir(b)
			s := mustOpen(b, filepath.Join(dir, "ledger.db"), newKeys(b))
			answer := newAnswer()
			took := make([]time.Duration, b.N)
			call := func(i int) error {
				in := newIntent(s.Digester().Sum("picture", fmt.Sprint(i)), s.Digester().Sum("call", fmt.Sprint(i)))
				end := billed(in)
				end.Answer = answer
				start := time.Now()
				_, began, err := s.Begin(context.Background(), in)
				took[i] = time.Since(start)
				if c.vendor > 0 { // answers do not come in step
					time.Sleep(c.vendor/2 + time.Duration(i*7919%1000)*c.vendor/1000)
				}
				start = time.Now()
				if err == nil {
					err = s.Settle(context.Background(), end)
				}
				if took[i] += time.Since(start); err == nil && !began {
					err = errors.New("it was not begun")
				}
				return err
			}
			var syncs []time.Duration
			const round = 40
			b.ResetTimer()
			for from := 0; from < b.N; from += round {
				b.StopTimer()
				syncs = append(syncs, fsync(b, dir, 10, c.vendor)...)
				b.StartTimer()
				next := atomic.Int64{}
				next.Store(int64(from))
				var wg sync.WaitGroup
				for range workers {
					wg.Go(func() {
						for i := int(next.Add(1) - 1); i < min(from+round, b.N); i = int(next.Add(1) - 1) {
							if err := call(i); err != nil {
								b.Error(err)
								return
							}
						}
					})
				}
				wg.Wait()
			}
			b.StopTimer()
			one, added := median(syncs), median(took)
			b.ReportMetric(one.Seconds()*1000, "fsync-ms")
			b.ReportMetric(added.Seconds()*1000, "added-ms")
			b.ReportMetric(float64(added)/(2.5*float64(one)+float64(500*time.Microsecond)), "within")
		})
	}
}

// BenchmarkRepeat measures an answer from the record: 300 µs are allowed.
func BenchmarkRepeat(b *testing.B) {
	s := mustOpen(b, filepath.Join(diskDir(b), "ledger.db"), newKeys(b))
	answer := newAnswer()
	const calls = 100
	keys := make([]string, calls)
	for i := range keys {
		in := newIntent(s.Digester().Sum("picture", fmt.Sprint(i)), s.Digester().Sum("call", fmt.Sprint(i)))
		end := billed(in)
		end.Answer = answer
		keys[i] = in.Key
		if err := s.Settle(b.Context(), end); err != nil {
			b.Fatal(err)
		}
	}
	b.ResetTimer()
	for i := range b.N {
		e, err := s.Lookup(b.Context(), keys[i%calls], "")
		if err == nil {
			_, _, err = ledger.Decode(e.Answer)
		}
		if err == nil {
			err = s.Answered(b.Context(), noon, 50)
		}
		if err != nil {
			b.Fatal(err)
		}
	}
}

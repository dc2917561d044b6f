package postgres_test

import (
	"fmt"
	"os"
	"runtime"
	"slices"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/seed-6b91b535/idrec/sdk/ledger"
	"github.com/seed-6b91b535/idrec/sdk/ledger/postgres"
	"github.com/seed-6b91b535/idrec/sdk/ledger/postgres/pgtest"
	"github.com/seed-6b91b535/idrec/shared"
)

// fsync measures the median time of a sync of 4 KiB on the disk of the cluster.
func fsync(b testing.TB, dir string) time.Duration {
	b.Helper()
	f, err := os.CreateTemp(dir, "sync")
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _, _ = f.Close(), os.Remove(f.Name()) }()
	var took []time.Duration
	for i := range 60 {
		start := time.Now()
		if _, err := f.WriteAt(make([]byte, 4096), int64(i)*4096); err != nil {
			b.Fatal(err)
		}
		if err := f.Sync(); err != nil {
			b.Fatal(err)
		}
		took = append(took, time.Since(start))
	}
	slices.Sort(took)
	return took[len(took)/2]
}

// BenchmarkCall measures what the two writes of a call add to it, with fsync on, at several concurrencies,
// without a budget, within one that is far, and within one that is near; and the median sync beside it.
func BenchmarkCall(b *testing.B) {
	srv := pgtest.Own(b, pgtest.Options{Sync: true})
	var last atomic.Int64
	for name, set := range map[string]func(*ledger.Intent){
		"free": func(*ledger.Intent) {},
		"far":  func(in *ledger.Intent) { in.Run, in.RunLimit.Calls, in.DayLimit.Calls = "r", 1_000_000, 1_000_000 },
		"near": func(in *ledger.Intent) { in.Run, in.RunLimit.Yuan = "r", 40*price },
	} {
		for _, callers := range []int{2, 8, 32} {
			b.Run(fmt.Sprintf("budget=%s/callers=%d", name, callers), func(b *testing.B) {
				s, err := postgres.Open(b.Context(), srv.DSN(), ring, postgres.Options{Schema: schema(), MaxConns: 16})
				if err != nil {
					b.Fatal(err)
				}
				defer func() { _ = s.Close() }()
				b.SetParallelism(max(1, callers/runtime.GOMAXPROCS(0)))
				var spent atomic.Int64
				sync := fsync(b, srv.Dir())
				b.ResetTimer()
				start := time.Now()
				b.RunParallel(func(pb *testing.PB) {
					for pb.Next() {
						i := strconv.FormatInt(last.Add(1), 10)
						in := intent("key"+i, "c"+i)
						set(&in)
						begun := time.Now()
						if _, began, err := s.Begin(b.Context(), in); err != nil || !began {
							b.Error(began, err)
							return
						}
						end := billed(in)
						if name == "near" {
							end.Outcome = shared.OutcomeRejected // so that the budget lasts
						}
						if err := s.Settle(b.Context(), end); err != nil {
							b.Error(err)
							return
						}
						spent.Add(int64(time.Since(begun)))
					}
				})
				b.ReportMetric(float64(sync.Microseconds())/1000, "ms-sync")
				b.ReportMetric(float64(spent.Load())/float64(b.N)/1e6, "ms/call")
				b.ReportMetric(float64(b.N)/time.Since(start).Seconds(), "calls/s")
			})
		}
	}
}

// BenchmarkRepeat measures an answer from the record.
func BenchmarkRepeat(b *testing.B) {
	srv := pgtest.Own(b, pgtest.Options{})
	s, err := postgres.Open(b.Context(), srv.DSN(), ring, postgres.Options{})
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	in := intent("key", "c")
	end := billed(in)
	end.Answer = make([]byte, 1500)
	if err := s.Settle(b.Context(), end); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if e, err := s.Lookup(b.Context(), "key", ""); err != nil || !e.Answers() {
			b.Fatal(e, err)
		}
		if err := s.Answered(b.Context(), in.At, price); err != nil {
			b.Fatal(err)
		}
	}
}

// TestGrowth fills a record with IDREC_ROWS calls (a million) and holds look-ups, writes and purges to the
// times that an empty one has.
func TestGrowth(t *testing.T) {
	if os.Getenv("IDREC_SOAK") != "1" {
		t.Skip("IDREC_SOAK=1 fills a record with a million calls")
	}
	rows := int64(1_000_000)
	if v := os.Getenv("IDREC_ROWS"); v != "" {
		n, err := strconv.ParseInt(v, 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		rows = n
	}
	srv := pgtest.Own(t, pgtest.Options{Settings: map[string]string{"max_wal_size": "2GB", "shared_buffers": "256MB"}})
	opts := postgres.Options{Schema: schema(), Timeout: time.Minute}
	s := open(t, srv.DSN(), opts)
	last := 0
	call := func() time.Duration {
		last++
		in := intent("k"+strconv.Itoa(last), "c"+strconv.Itoa(last))
		start := time.Now()
		begin(t, s, in)
		if err := s.Settle(t.Context(), billed(in)); err != nil {
			t.Fatal(err)
		}
		return time.Since(start)
	}
	median := func(n int, f func() time.Duration) time.Duration {
		took := make([]time.Duration, n)
		for i := range took {
			took[i] = f()
		}
		slices.Sort(took)
		return took[n/2]
	}
	median(200, call)
	empty := median(500, call)
	exec(t, srv.DSN(), "set search_path to "+opts.Schema, fmt.Sprintf(`insert into call (call_id, key, owner, token, day, begun, ended, price, outcome, basis, has_result, answer, run, subject, provider, product, attempt)
 select sha256(('c'||i)::bytea), sha256(('k'||i)::bytea), 1, i, to_char(date '2024-01-01' + (i %% 700)::int, 'YYYY-MM-DD'), timestamptz '2024-01-01' + (i %% 700) * interval '1 day',
 timestamptz '2024-01-01' + (i %% 700) * interval '1 day', 50, 'billed', 'documented', true, sha256(i::text::bytea), '', '', 'fake', 'card', 1 from generate_series(1, %d) i`, rows), "analyze")
	start := time.Now()
	other := open(t, srv.DSN(), opts)
	opened := time.Since(start)
	full := median(500, call)
	lookup := median(500, func() time.Duration {
		start := time.Now()
		if _, err := other.Lookup(t.Context(), "k1", ""); err != nil {
			t.Fatal(err)
		}
		return time.Since(start)
	})
	start = time.Now()
	old := time.Date(2024, 2, 1, 0, 0, 0, 0, time.UTC)
	n, err := other.Forget(t.Context(), ledger.Filter{EndedBefore: old, Held: true}, true, time.Now())
	if err != nil {
		t.Fatal(err, cause(err))
	}
	purge := time.Since(start)
	start = time.Now()
	again, err := other.Forget(t.Context(), ledger.Filter{EndedBefore: old, Held: true}, true, time.Now())
	if err != nil || again != 0 {
		t.Fatal(again, err, cause(err))
	}
	idle := time.Since(start)
	start = time.Now()
	if _, _, err := other.Tally(t.Context(), time.Now()); err != nil {
		t.Fatal(err)
	}
	t.Logf("%d rows: open %v, look-up %v, call %v (empty %v), purge of %d calls %v, purge of none %v, tally %v", rows, opened, lookup, full, empty, n, purge, idle, time.Since(start))
	if opened > time.Second || lookup > 5*time.Millisecond || full > 2*empty || idle > time.Second {
		t.Error("it grew slow")
	}
}

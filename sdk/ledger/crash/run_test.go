//go:build unix

package crash_test

import (
	"maps"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/seed-6b91b535/idrec/sdk/ledger/postgres/pgtest"
	"github.com/seed-6b91b535/idrec/sdk/ledger/seal"
	"github.com/seed-6b91b535/idrec/sdk/wapi/sandbox"
	"github.com/seed-6b91b535/idrec/shared"
)

// inFlight is how many pictures each worker has at once.
const inFlight = 20

// fleet is an engine: it hands the pictures to two workers, and again to whoever is there where a worker
// was lost or said that the item may succeed later.
type fleet struct {
	t      *testing.T
	vendor *vendor
	envs   [2][]string
	todo   chan string
	ended  chan outcome
	redone atomic.Int64
	calls  atomic.Int64
	done   atomic.Int64

	mu      sync.Mutex
	workers [2]*hostProcess
	at      [2]map[string]bool // digests of the pictures that each worker has
}

type outcome struct {
	name string
	reply
}

// run hands out the pictures and returns how each ended. disturb runs beside it.
func (f *fleet) run(names []string, disturb func()) map[string]reply {
	f.t.Helper()
	f.todo, f.ended = make(chan string, len(names)), make(chan outcome)
	for _, n := range names {
		f.todo <- n
	}
	over := make(chan struct{})
	var wg sync.WaitGroup
	for w := range f.workers {
		for range inFlight {
			wg.Go(func() { f.deliver(w, over) })
		}
	}
	var disturbing sync.WaitGroup
	disturbing.Go(disturb)
	results := map[string]reply{}
	limit := time.After(4 * time.Minute)
	for len(results) < len(names) {
		select {
		case o := <-f.ended:
			results[o.name] = o.reply
		case <-limit:
			f.t.Fatalf("after four minutes %d of %d pictures are done", len(results), len(names))
		}
	}
	close(over)
	wg.Wait()
	disturbing.Wait()
	return results
}

func (f *fleet) worker(w int) *hostProcess {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.workers[w]
}

func (f *fleet) holdBy(w int, name string, holds bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.at[w] == nil {
		f.at[w] = map[string]bool{}
	}
	if f.at[w][digestOf(name)] = holds; !holds {
		delete(f.at[w], digestOf(name))
	}
}

// open returns the pictures of a worker that the vendor has received whole and not answered.
func (f *fleet) open(w int) map[string]bool {
	open := f.vendor.engine.open()
	f.mu.Lock()
	defer f.mu.Unlock()
	for d := range open {
		if !f.at[w][d] {
			delete(open, d)
		}
	}
	return open
}

// deliver takes pictures and hands them to a worker until all are done.
func (f *fleet) deliver(w int, over <-chan struct{}) {
	for {
		var name string
		select {
		case name = <-f.todo:
		case <-over:
			return
		}
		callID := "call-" + strconv.FormatInt(f.calls.Add(1), 10)
		f.holdBy(w, name, true)
		r := <-f.worker(w).send(name, callID, 1)
		f.holdBy(w, name, false)
		if r.died || r.class() == shared.ClassTransient || r.class() == shared.ClassPaused {
			f.redone.Add(1)
			wait := min(max(r.RetryAfter, 20*time.Millisecond), time.Second)
			select {
			case <-time.After(wait):
			case <-over:
			}
			f.todo <- name
			continue
		}
		f.done.Add(1)
		f.ended <- outcome{name, r}
	}
}

// until returns when so many pictures are done.
func (f *fleet) until(n int) {
	for tick := time.NewTicker(2 * time.Millisecond); f.done.Load() < int64(n); <-tick.C {
	}
}

// replace kills a worker, host and plugin, and starts it anew. It returns the pictures that the vendor had
// received whole and not answered.
func (f *fleet) replace(w int) (open map[string]bool) {
	// At a moment when it has something to lose, however busy the machine is.
	release := f.vendor.engine.hold()
	defer release()
	for limit := time.Now().Add(20 * time.Second); len(f.open(w)) < inFlight/4 && time.Now().Before(limit); {
		time.Sleep(time.Millisecond)
	}
	h := f.worker(w)
	open = f.open(w)
	kill9(h.plugin)
	maps.Copy(open, f.open(w)) // what arrived in between
	h.kill()
	next, err := openHost(f.envs[w])
	if err != nil {
		f.t.Errorf("the worker does not start again: %v", err)
		return open
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.workers[w] = next
	return open
}

func newFleet(t *testing.T, places [2][2]string, more ...string) *fleet {
	t.Helper()
	f := &fleet{t: t, vendor: newVendor(t)}
	// Long enough that there is a middle, on a slow machine too.
	f.vendor.engine.delay = 100 * time.Millisecond
	for w, p := range places {
		f.envs[w] = []string{ledgerEnv + "=" + p[0], keyEnv + "=" + p[1], "HOME=" + t.TempDir(), settings(f.vendor.url, append([]string{"concurrency", strconv.Itoa(inFlight)}, more...)...)}
		h, err := openHost(f.envs[w])
		if err != nil {
			t.Fatal(err)
		}
		f.workers[w] = h
	}
	t.Cleanup(func() {
		for _, h := range f.workers {
			h.end()
		}
	})
	return f
}

func pictures(prefix string) []string {
	n := 160
	if soak() {
		n = 1000
	}
	names := make([]string, n)
	for i := range names {
		names[i] = prefix + strconv.Itoa(i)
	}
	return names
}

// holds checks a run: nothing is billed twice, and what is unclear in the end was in flight at a kill.
func (f *fleet) holds(names []string, first, second map[string]reply, open map[string]bool, atMost int) {
	t := f.t
	t.Helper()
	received, cut, answered := 0, 0, 0
	for _, n := range names {
		switch r := second[n]; {
		case r.class() == "":
			answered++
		case r.class() != shared.ClassUnclear:
			t.Errorf("%s ended with %v", n, r)
		case f.vendor.billed(n) == 0:
			cut++
		case open[digestOf(n)]:
			received++
		default:
			// The vendor's answer was on its way.
			cut++
		}
	}
	billed := f.vendor.State().Apps[vendorID].Billed
	t.Logf("%d pictures: %d results, %d unclear of %d that the vendor had received and not answered at the kill, %d unclear and cut; %d billed, %d deliveries again",
		len(names), answered, received, len(open), cut, billed, f.redone.Load())
	if n := f.vendor.doubles(); n != 0 {
		t.Errorf("%d pictures were billed more than once", n)
	}
	if len(open) == 0 {
		t.Error("nothing was in flight at the kill")
	}
	if received > len(open) || received+cut > atMost {
		t.Errorf("%d + %d are unclear", received, cut)
	}
	for _, n := range names {
		if first[n].class() == "" && second[n].class() != "" {
			t.Errorf("%s had a result, and then %v", n, second[n])
		}
	}
}

// shareFile is one ledger in a file for both workers.
func shareFile(t *testing.T) [2][2]string {
	address, key := inSQLite(t)
	return [2][2]string{{address, key}, {address, key}}
}

// shareDatabase is one ledger in a database, with the key in the home of each worker.
func shareDatabase(t *testing.T, dsn string) [2][2]string {
	t.Helper()
	var out [2][2]string
	one := filepath.Join(t.TempDir(), "key")
	if _, _, err := seal.LoadFile(one); err != nil {
		t.Fatal(err)
	}
	two := filepath.Join(t.TempDir(), "key")
	copyFile(t, one, two)
	dsn = database(t, dsn)
	out[0], out[1] = [2]string{dsn, one}, [2]string{dsn, two}
	return out
}

func TestWorkerKilledInTheMiddleOfARunCostsNoPictureTwice(t *testing.T) {
	start(t)
	for name, ledgers := range map[string]func(*testing.T) [2][2]string{
		"sqlite":   shareFile,
		"postgres": func(t *testing.T) [2][2]string { return shareDatabase(t, pgtest.Shared(t).DSN()) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFleet(t, ledgers(t))
			names := pictures("run ")
			var open map[string]bool
			first := f.run(names, func() {
				f.until(len(names) / 4)
				open = f.replace(0)
			})
			f.holds(names, first, f.run(names, func() {}), open, inFlight)
		})
	}
}

func TestServerAndWorkerKilledInTheMiddleOfARunCostNoPictureTwice(t *testing.T) {
	start(t)
	srv := pgtest.Own(t, pgtest.Options{})
	f := newFleet(t, shareDatabase(t, srv.DSN()))
	names := pictures("run ")
	var open map[string]bool
	first := f.run(names, func() {
		f.until(len(names) / 8)
		if err := srv.Kill(); err != nil {
			t.Error(err)
		}
		if err := srv.Start(); err != nil {
			t.Error(err)
		}
		f.until(len(names) / 4)
		open = f.replace(1)
	})
	f.holds(names, first, f.run(names, func() {}), open, inFlight)
}

func TestEmptyBalanceIsTriedByOneItemAtATimeAndEverythingCompletes(t *testing.T) {
	start(t)
	const interval = time.Second
	for name, ledgers := range map[string]func(*testing.T) [2][2]string{
		"sqlite":   shareFile,
		"postgres": func(t *testing.T) [2][2]string { return shareDatabase(t, pgtest.Shared(t).DSN()) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFleet(t, ledgers(t), "probe_interval", interval.String())
			names := pictures("item ")[:100]
			if err := f.vendor.UpdateApp(vendorID, func(a *sandbox.App) { a.CallsLeft = int64(len(names) / 2) }); err != nil {
				t.Fatal(err)
			}
			refusals := func() int64 {
				n := int64(0)
				for code, times := range f.vendor.State().Apps[vendorID].Codes {
					if strings.HasPrefix(code, "100") && code != "10000" {
						n += times
					}
				}
				return n
			}
			var during, took = int64(0), time.Duration(0)
			results := f.run(names, func() {
				f.until(len(names) / 2)
				// What was in flight comes back refused; from then on there are only probes.
				settled := time.Now().Add(interval)
				for refusals() == 0 || time.Now().Before(settled) {
					time.Sleep(10 * time.Millisecond)
				}
				start, before := time.Now(), refusals()
				time.Sleep(3 * interval)
				during, took = refusals()-before, time.Since(start)
				if err := f.vendor.UpdateApp(vendorID, func(a *sandbox.App) { a.CallsLeft = 1000 }); err != nil {
					t.Error(err)
				}
			})
			for n, r := range results {
				if r.class() != "" {
					t.Errorf("%s ended with %v", n, r)
				}
			}
			t.Logf("%d probes in %v, %d deliveries again", during, took, f.redone.Load())
			if most := int64(took/interval) + 1; during < 1 || during > most {
				t.Errorf("%d items tried in %v, want one each %v", during, took, interval)
			}
			if n := f.vendor.doubles(); n != 0 {
				t.Errorf("%d pictures were billed more than once", n)
			}
		})
	}
}

func copyFile(t *testing.T, from, to string) {
	t.Helper()
	b, err := os.ReadFile(from)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(to, b, 0o600); err != nil {
		t.Fatal(err)
	}
}

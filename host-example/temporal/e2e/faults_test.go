//go:build linux

package e2e

import (
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/seed-6b91b535/idrec/host-example/internal/enginetest"
	"github.com/seed-6b91b535/idrec/sdk/ledger/postgres/pgtest"
	"github.com/seed-6b91b535/idrec/sdk/ledger/seal"
	"github.com/seed-6b91b535/idrec/sdk/wapi/sandbox"
	"github.com/seed-6b91b535/idrec/shared"
)

// running is a run with two workers in homes of their own that share a ledger.
type running struct {
	*world

	t        *testing.T
	database *pgtest.Server
	workers  [2]*program
	n        int
}

// TestNothingIsPaidTwiceWhateverFails is the matrix of faults: two workers share a ledger, the vendor
// bills at the start of a call, and something happens when a third of the pictures is paid for.
func TestNothingIsPaidTwiceWhateverFails(t *testing.T) {
	pgtest.Need(t)
	long := os.Getenv("IDREC_SOAK") != ""
	n, pause := 120, 3*time.Second
	if long {
		n, pause = 1000, time.Minute
	}
	for _, c := range []struct {
		name  string
		short bool // part of the short form
		// fault returns how many pictures may end as unclear: as many as the vendor has received and not
		// answered when what waits for the answers is killed.
		fault func(r *running) (unclear int)
	}{
		{"worker killed", true, func(r *running) int { // its plugin settles what it has sent
			_ = r.workers[0].Process.Kill()
			r.worker()
			return 0
		}},
		{"both plugins killed", true, func(r *running) int {
			release := r.hold()
			defer release()
			unanswered := r.vendor.Unanswered()
			for _, w := range r.workers {
				for _, pid := range enginetest.Children(w.Process.Pid, "idrec-plugin") {
					_ = syscall.Kill(pid, syscall.SIGKILL)
				}
			}
			return unanswered
		}},
		{"server killed and restarted", false, func(r *running) int {
			_ = r.engine.Process.Kill()
			<-r.engine.ended
			r.startEngine()
			return 0
		}},
		{"database killed and restarted", false, func(r *running) int {
			release := r.hold()
			unanswered := r.vendor.Unanswered()
			if err := r.database.Kill(); err != nil {
				r.t.Fatal(err)
			}
			release() // the answers come while nothing can be written
			time.Sleep(time.Second)
			if err := r.database.Start(); err != nil {
				r.t.Fatal(err)
			}
			return unanswered
		}},
		{"SIGTERM under load", true, func(r *running) int {
			_ = r.workers[0].Process.Signal(syscall.SIGTERM)
			r.worker()
			return 0
		}},
		{"new plugin rolled out", false, func(r *running) int {
			next := filepath.Join(r.t.TempDir(), "idrec-plugin-wapi")
			build := exec.Command("go", "build", "-ldflags", "-X main.version=v999.0.0", "-o", next, ".")
			build.Dir = "../../../plugin/idrec-plugin-wapi"
			if text, err := build.CombinedOutput(); err != nil {
				r.t.Fatalf("%v\n%s", err, text)
			}
			for _, old := range r.workers {
				fresh := r.worker("IDREC_PLUGIN_PATH=" + next)
				if len(enginetest.Children(fresh.Process.Pid, next)) != 1 {
					r.t.Error("the new worker does not run the new plugin")
				}
				_ = old.Process.Signal(syscall.SIGTERM)
				if code := old.wait(r.t, 2*time.Minute); code != 0 {
					r.t.Errorf("the old worker ended with %d", code)
				}
			}
			return 0
		}},
		{"no calls left, then recharged", false, func(r *running) int {
			calls := func(n int64) {
				if err := r.vendor.UpdateApp(enginetest.AppID, func(a *sandbox.App) { a.CallsLeft = n }); err != nil {
					r.t.Fatal(err)
				}
			}
			calls(0)
			time.Sleep(pause) // real processes wait for real
			calls(100_000)
			return 0
		}},
	} {
		if !c.short && !long {
			continue
		}
		t.Run(c.name, func(t *testing.T) {
			r := &running{world: newWorld(t, n, 81), t: t, database: pgtest.Own(t, pgtest.Options{}), n: n}
			r.more = r.shared()
			r.workers = [2]*program{r.worker(), r.worker()}
			s := r.submit("IDREC_CHUNK=10", "IDREC_CHUNKS=8")
			r.eventually(5*time.Minute, "a third is paid for", func() bool {
				billed, _ := r.vendor.Bill()
				return billed >= int64(n/3)
			})
			may := c.fault(r)
			if code := s.wait(t, 8*time.Minute); code != 0 {
				t.Fatalf("the run ended with %d", code)
			}
			good, bad := s.records(t)
			unclear := 0
			for code, k := range bad {
				if code.Class() != shared.ClassUnclear {
					t.Errorf("%d errors %s", k, code)
				}
				unclear += k
			}
			billed, pictures := r.vendor.Bill()
			t.Logf("%s: %d pictures, %d results, %d unclear of at most %d, billed %d, doubles %d", c.name, n, good, unclear, may, billed, billed-pictures)
			if billed != pictures || unclear > may || good+unclear != n {
				t.Errorf("%d results and %d unclear (at most %d) of %d, billed %d for %d pictures", good, unclear, may, n, billed, pictures)
			}
			text, _ := r.history()
			if leaks := enginetest.Leaks(text, append(enginetest.Canaries(n, 81), r.cards)); leaks > 0 {
				t.Errorf("%d personal texts in the history", leaks)
			}
		})
	}
}

// hold has the vendor keep its answers back, and waits until both workers have nothing left to ask it.
func (r *running) hold() (release func()) {
	release = r.vendor.Hold()
	r.t.Cleanup(release)
	last, since := 0, time.Now()
	r.eventually(time.Minute, "both workers wait for the vendor", func() bool {
		if n := r.vendor.Unanswered(); n != last {
			last, since = n, time.Now()
		}
		return last > 0 && time.Since(since) > 500*time.Millisecond
	})
	return release
}

// shared are the variables of workers that share the ledger.
func (r *running) shared() []string {
	dir := r.t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			r.t.Fatal(err)
		}
		return path
	}
	return []string{
		"IDREC_WAPI_LEDGER_DSN_FILE=" + write("dsn", r.database.DSN()),
		"IDREC_WAPI_LEDGER_KEY_FILE=" + write("key", string(seal.Generate())),
		"IDREC_WAPI_PROBE_INTERVAL=1s", "IDREC_SLOTS=4", "IDREC_PARALLEL=2",
	}
}

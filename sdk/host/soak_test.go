//go:build linux

package host_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/seed-6b91b535/idrec/sdk/host"
	"github.com/seed-6b91b535/idrec/shared"
)

// soak reports whether the long forms are wanted (IDREC_SOAK=1).
func soak() bool { return os.Getenv("IDREC_SOAK") != "" }

// vendorLog is what the vendor saw, outside of everything that can be killed: one line a call.
func vendorLog(t *testing.T, path string) map[string]int {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]int{}
	for line := range strings.Lines(string(text)) {
		seen[strings.TrimSpace(line)]++
	}
	return seen
}

// usage is what a host could lose bit by bit.
type usage struct {
	goroutines, descriptors int
	heap                    uint64
}

func usageNow(t *testing.T) usage {
	t.Helper()
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	return usage{runtime.NumGoroutine(), len(entries), m.HeapAlloc}
}

// It is not parallel, since it counts what the process has.
func TestAHostSurvivesWhateverItsPluginDoes(t *testing.T) {
	lasts, every := 4*time.Second, 400*time.Millisecond
	if soak() {
		lasts, every = 10*time.Minute, time.Second
	}
	sockets := mkdirTemp(t)
	vendor := filepath.Join(t.TempDir(), "vendor")
	if err := os.WriteFile(vendor, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	p, err := tryOpen(t, "serve", func(o *host.Options) {
		o.Restart, o.SocketDir, o.Liveness = true, sockets, time.Second
		o.Env = append(o.Env, "VENDOR="+vendor)
	})
	if err != nil {
		t.Fatal(err)
	}
	warm := func() {
		for range 32 {
			_, _ = p.Recognize(bounded(t), picture("vendor"))
		}
	}
	warm()
	before := usageNow(t)

	var outcomes sync.Map // call id to outcome
	var count [5]atomic.Int64
	stop := make(chan struct{})
	var callers sync.WaitGroup
	for c := range 16 {
		callers.Go(func() {
			for n := 0; ; n++ {
				select {
				case <-stop:
					return
				default:
				}
				req := picture("vendor")
				req.CallID = fmt.Sprintf("%d-%d", c, n)
				ctx, cancel := context.WithTimeout(t.Context(), 15*time.Second)
				res, err := p.Recognize(ctx, req)
				cancel()
				outcome := shared.Outcome("")
				if e := (*shared.Error)(nil); errors.As(err, &e) {
					outcome = e.Outcome
					if e.CallID != req.CallID {
						t.Error("the error names another call")
					}
					count[1].Add(1)
					// A caller with a pause of its own, as every caller should have.
					select {
					case <-time.After(20 * time.Millisecond):
					case <-stop:
					}
				} else if err == nil {
					outcome = res.Outcome
					count[0].Add(1)
				} else {
					t.Error("neither a result nor a typed error:", err)
				}
				outcomes.Store(req.CallID, outcome)
			}
		})
	}
	harms := map[string]func(){
		"killed":  func() { _ = syscall.Kill(p.PID(), syscall.SIGKILL) },
		"stopped": func() { _ = syscall.Kill(p.PID(), syscall.SIGSTOP) },
		"hung": func() {
			go func() {
				_, _ = p.Recognize(bounded(t), &shared.Request{Image: shared.Image{Bytes: []byte("x")}, Key: "deadlock", Case: vendor})
			}()
		},
		"floods": func() {
			go func() {
				_, _ = p.Recognize(bounded(t), &shared.Request{Image: shared.Image{Bytes: []byte("x")}, Key: "flood"})
			}()
		},
	}
	names := []string{"killed", "stopped", "hung", "floods"}
	tick := time.NewTicker(every)
	for end := time.After(lasts); ; {
		select {
		case <-tick.C:
			harms[names[rand.N(len(names))]]()
			host.Forgive(p) // so that it is harmed, and not resting
			continue
		case <-end:
		}
		break
	}
	tick.Stop()
	close(stop)
	callers.Wait()

	host.Forgive(p)
	eventually(t, 30*time.Second, "it works again", func() bool {
		_, err := p.Recognize(bounded(t), picture(""))
		return err == nil
	})
	seen := vendorLog(t, vendor)
	outcomes.Range(func(id, outcome any) bool {
		n := seen[id.(string)]
		switch outcome.(shared.Outcome) {
		case shared.OutcomeBilled:
			count[2].Add(1)
			if n != 1 {
				t.Errorf("call %s is billed, and the vendor saw it %d times", id, n)
			}
		case shared.OutcomeNotSent:
			count[3].Add(1)
			if n != 0 {
				t.Errorf("call %s was not sent, and the vendor saw it", id)
			}
		case shared.OutcomeAmbiguous:
			count[4].Add(1)
			if n > 1 {
				t.Errorf("call %s was sent %d times", id, n)
			}
		default:
			t.Errorf("call %s has the outcome %q", id, outcome)
		}
		return true
	})
	t.Logf("%d results, %d errors; %d billed, %d not sent, %d ambiguous", count[0].Load(), count[1].Load(), count[2].Load(), count[3].Load(), count[4].Load())

	if entries, _ := os.ReadDir(sockets); len(entries) != 1 {
		t.Error("folders of ended processes are left:", entries)
	}
	warm()
	var after usage
	deadline := time.Now().Add(15 * time.Second)
	for { // what ends by itself needs a moment
		after = usageNow(t)
		if after.goroutines <= before.goroutines+2 && after.descriptors <= before.descriptors && after.heap <= before.heap+8<<20 || time.Now().After(deadline) {
			break
		}
		time.Sleep(50 * time.Millisecond)
	}
	if after.goroutines > before.goroutines+2 || after.descriptors > before.descriptors || after.heap > before.heap+8<<20 {
		t.Errorf("before %+v, after %+v", before, after)
	}
	if err := p.Close(context.Background()); err != nil {
		t.Error(err)
	}
	if left := childrenNow(); left != 0 {
		t.Error(left, "processes are left")
	}
}

// childrenNow counts this process's children.
func childrenNow() (n int) {
	tasks, _ := filepath.Glob("/proc/self/task/*/children")
	for _, task := range tasks {
		text, _ := os.ReadFile(task)
		n += len(strings.Fields(string(text)))
	}
	return n
}

// With the host killed: an idle plugin is gone within a second, and one that has paid has settled it.
func TestPluginsOfKilledHostsSettleAndEnd(t *testing.T) {
	t.Parallel()
	times := 4
	if soak() {
		times = 100
	}
	settled := 0
	for i := range times {
		if i%2 == 0 {
			cmd, pid := startHost(t, "serve")
			_ = cmd.Process.Kill()
			eventually(t, time.Second, "an idle plugin ends", gone(pid))
		}
		at := filepath.Join(t.TempDir(), "call")
		cmd, pid := startHost(t, "serve", "IDREC_TEST_CALL="+at)
		eventually(t, patience, "the call begins", exists(at+".begun"))
		_ = cmd.Process.Kill()
		const grace = time.Second // of the role
		eventually(t, grace+time.Second, "a busy plugin ends", gone(pid))
		if exists(at + ".settled")() {
			settled++
		}
	}
	if settled != times {
		t.Errorf("%d of %d calls were settled", settled, times)
	}
}

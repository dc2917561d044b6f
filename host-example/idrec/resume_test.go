//go:build unix

package main_test

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/seed-6b91b535/idrec/sdk/specimen"
)

// batchArgs read the 200 specimens into a file, resuming.
func (w *world) batchArgs() []string {
	w.t.Helper()
	dir, err := cards()
	if err != nil {
		w.t.Fatal(err)
	}
	return []string{"recognize", dir, "--concurrency", "8", "--output", "ndjson", "--out", w.path("out.ndjson"), "--state", w.path("run.state")}
}

func TestAfterSIGTERMEveryRecordOnceAndNoPictureAskedTwice(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 40*time.Millisecond, nil)
	for _, at := range []int64{30, 110} {
		r := w.start(w.batchArgs()...)
		w.counted(at, r)
		plugins := children(r.Process.Pid)
		if err := r.Process.Signal(syscall.SIGTERM); err != nil {
			t.Fatal(err)
		}
		if got := w.code(r); got != 143 || !strings.Contains(r.err.String(), "state is saved") {
			t.Fatalf("exit %d: %s", got, r.err.String())
		}
		for _, p := range plugins {
			if alive(p) {
				t.Errorf("process %d is left", p)
			}
		}
		if got := w.account().Requests; got > at+8+8 {
			t.Errorf("%d requests: it went on after the signal", got)
		}
	}
	w.want(0, "", w.batchArgs()...)
	w.truthful(w.once("out.ndjson", 200))
	a := w.account()
	if a.Requests != 200 || a.Billed != 200 || len(a.PicturesRequested) != 200 {
		t.Errorf("%d requests, %d billed, %d pictures", a.Requests, a.Billed, len(a.PicturesRequested))
	}
}

func TestAfterSIGKILLEveryRecordOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 20*time.Millisecond, nil)
	r := w.start(w.batchArgs()...)
	w.counted(60, r)
	plugins := children(r.Process.Pid)
	if runtime.GOOS == "linux" && len(plugins) != 1 {
		t.Errorf("%d children are seen, want the plugin", len(plugins))
	}
	if err := r.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	w.code(r)
	r = w.start(w.batchArgs()...)
	w.counted(140, r)
	if err := r.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	if got := w.code(r); got != 130 {
		t.Errorf("exit %d: %s", got, r.err.String())
	}
	// The plugin outlives its host until what was sent is settled, and the next run is answered from the
	// ledger.
	w.want(0, "", w.batchArgs()...)
	w.truthful(w.once("out.ndjson", 200))
	if a := w.account(); a.Requests != 200 || a.Billed != 200 || len(a.PicturesRequested) != 200 {
		t.Errorf("%d requests, %d billed, %d pictures", a.Requests, a.Billed, len(a.PicturesRequested))
	}
	for deadline := time.Now().Add(20 * time.Second); ; {
		left := 0
		for _, p := range plugins {
			if alive(p) {
				left++
			}
		}
		if left == 0 {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("the killed host's plugin lives on")
		}
		time.Sleep(20 * time.Millisecond) // another process ends, which nothing tells
	}
}

func TestADeadPluginCostsItsCallsOnly(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 60*time.Millisecond, nil)
	r := w.start(w.batchArgs()...)
	w.counted(50, r)
	if runtime.GOOS != "linux" {
		t.Skip("the plugin is looked up in /proc")
	}
	plugins := children(r.Process.Pid)
	if len(plugins) != 1 {
		t.Fatalf("%d children are seen, want the plugin", len(plugins))
	}
	if err := syscall.Kill(plugins[0], syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	if got := w.code(r); got != 65 || !strings.Contains(r.err.String(), "--unsafe-resend-ambiguous") {
		t.Errorf("exit %d: %s", got, r.err.String())
	}
	unclear := 0
	for _, rec := range w.once("out.ndjson", 200) {
		if rec.Error == nil {
			continue
		}
		if rec.Error.Class != "unclear" {
			t.Errorf("class %s, code %s", rec.Error.Class, rec.Error.Code)
		}
		unclear++
	}
	if unclear == 0 || unclear > 8 {
		t.Errorf("%d unclear", unclear)
	}
	for picture, n := range w.account().PicturesRequested {
		if n > 1 {
			t.Errorf("picture %.8s was asked for %d times", picture, n)
		}
	}
}

func TestAnOutageLeavesFewUnclearAndTheRestSucceeds(t *testing.T) {
	t.Parallel()
	// A minute with the defaults, or less in proportion.
	const pictures, concurrency = 1000, 8
	outage, settings := 4*time.Second, []string{"--set", "circuit_probe=2s", "--set", "circuit_window=4s"}
	if os.Getenv("IDREC_SOAK") != "" {
		outage, settings = time.Minute, nil
	}
	var once sync.Once
	var begun time.Time
	w := newWorldWith(t, blind{&specimen.Recognizer{}}, func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
			once.Do(func() { begun = time.Now() })
			if time.Since(begun) < outage {
				http.Error(rw, "bad gateway", http.StatusBadGateway)
				return
			}
			next.ServeHTTP(rw, r)
		})
	})
	dir, err := cards()
	if err != nil {
		t.Fatal(err)
	}
	names, err := filepath.Glob(filepath.Join(dir, "*.jpg"))
	if err != nil {
		t.Fatal(err)
	}
	for n := range pictures { // another byte behind the picture makes another picture
		b, err := os.ReadFile(names[n%len(names)])
		if err != nil {
			t.Fatal(err)
		}
		w.write(fmt.Sprintf("in/%04d.jpg", n), string(append(b, byte(n/len(names)))))
	}
	r := w.want(65, "--unsafe-resend-ambiguous", append([]string{"recognize", "in", "--out", "out.ndjson", "--concurrency", fmt.Sprint(concurrency), "--set", "prepare=false"}, settings...)...)
	unclear := 0
	for name, rec := range w.once("out.ndjson", pictures) {
		if rec.Error != nil {
			unclear++
			if rec.Error.Class != "unclear" {
				t.Errorf("%s: %s", name, rec.Error.Code)
			}
		}
	}
	t.Logf("%d of %d pictures are unclear", unclear, pictures)
	if unclear == 0 || unclear > 5+concurrency {
		t.Errorf("%d unclear: %s", unclear, r.err.String())
	}
}

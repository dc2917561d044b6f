package main_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/seed-6b91b535/idrec/sdk/specimen"
	"github.com/seed-6b91b535/idrec/sdk/wapi/sandbox"
	"github.com/seed-6b91b535/idrec/shared"
)

// The tests of this package run the program that users run: both binaries are built once, and the
// vendor is a sandbox in this process.

const (
	appID  = "1"
	secret = "5c0f3b2a9d8e7f615c0f3b2a9d8e7f61"
)

// shop is a folder for what all tests share.
var shop string

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "idrec-test-")
	if err != nil {
		panic(err)
	}
	shop = dir
	goleak.VerifyTestMain(m, goleak.Cleanup(func(code int) {
		_ = os.RemoveAll(dir)
		os.Exit(code)
	}))
}

// build makes the binaries, side by side.
var build = sync.OnceValues(func() (string, error) {
	bin := filepath.Join(shop, "bin")
	for _, pkg := range []string{"host-example/idrec", "plugin/idrec-plugin-wapi", "plugin/idrec-plugin-local"} {
		out := filepath.Join(bin, filepath.Base(pkg))
		if runtime.GOOS == "windows" {
			out += ".exe"
		}
		cmd := exec.Command("go", "build", "-o", out, "github.com/seed-6b91b535/idrec/"+pkg)
		if text, err := cmd.CombinedOutput(); err != nil {
			return "", fmt.Errorf("build %s: %w\n%s", pkg, err, text)
		}
	}
	return bin, nil
})

// cards draws so many specimens once; small ones, since the tests are about their number. The program
// does it, since the race detector, under which this process may run, makes drawing slow.
var cards = sync.OnceValues(func() (string, error) {
	bin, err := build()
	if err != nil {
		return "", err
	}
	dir := filepath.Join(shop, "cards")
	text, err := exec.Command(filepath.Join(bin, "idrec"), "specimen", "--out", dir, "--people", "100", "--seed", "11", "--width", "480").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("draw cards: %w\n%s", err, text)
	}
	return dir, nil
})

// world is a folder, a vendor and settings to run the program with.
type world struct {
	t      *testing.T
	dir    string
	bin    string
	vendor *sandbox.Server
	url    string
	env    []string
}

// slowed takes its time, so that calls are in flight when something happens.
type slowed struct {
	shared.Recognizer
	by time.Duration
}

func (s *slowed) Recognize(ctx context.Context, req *shared.Request) (*shared.Result, error) {
	select {
	case <-time.After(s.by):
	case <-ctx.Done():
	}
	return s.Recognizer.Recognize(ctx, req)
}

func newWorld(t *testing.T, slow time.Duration, front func(http.Handler) http.Handler) *world {
	t.Helper()
	return newWorldWith(t, &slowed{&specimen.Recognizer{}, slow}, front)
}

// blind answers every picture at once, where what is read does not matter.
type blind struct{ shared.Recognizer }

func (blind) Recognize(context.Context, *shared.Request) (*shared.Result, error) {
	return &shared.Result{Status: shared.StatusNormal, Side: shared.SideEmblem, Outcome: shared.OutcomeFree, Basis: shared.BasisProved,
		Fields: map[shared.FieldName]shared.Field{shared.FieldAuthority: {Raw: "样本", Value: "样本", State: shared.FieldPresent}}}, nil
}

func newWorldWith(t *testing.T, engine shared.Recognizer, front func(http.Handler) http.Handler) *world {
	t.Helper()
	bin, err := build()
	if err != nil {
		t.Fatal(err)
	}
	app := sandbox.NewApp(appID, secret)
	app.Packages = []sandbox.Package{{Calls: 1, PerCall: 50}}
	v, err := sandbox.New(sandbox.Config{Engine: engine, Apps: []sandbox.App{app}, Concurrency: 16})
	if err != nil {
		t.Fatal(err)
	}
	h := v.Handler()
	if front != nil {
		h = front(h)
	}
	server := httptest.NewServer(h)
	t.Cleanup(func() {
		server.CloseClientConnections()
		server.Close()
		_ = v.Close()
	})
	w := &world{t: t, dir: t.TempDir(), bin: bin, vendor: v, url: server.URL + v.Path()}
	temp := w.path("temp")
	if err := os.Mkdir(temp, 0o700); err != nil {
		t.Fatal(err)
	}
	w.write("secret.txt", secret+"\n")
	w.env = []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + w.dir, "XDG_CONFIG_HOME=" + w.path("none"), "TMPDIR=" + temp,
		"IDREC_WAPI_URL=" + w.url, "IDREC_WAPI_APPID=" + appID, "IDREC_WAPI_SECRET_FILE=" + w.path("secret.txt"), "IDREC_WAPI_RATE=400",
	}
	if root := os.Getenv("SYSTEMROOT"); root != "" {
		w.env = append(w.env, "SYSTEMROOT="+root)
	}
	return w
}

// inMemory is for tests that count lines or limit the disk: a ledger on a disk has its own word on both.
func (w *world) inMemory() *world {
	w.env = append([]string{"IDREC_LEDGER=memory"}, w.env...)
	return w
}

func (w *world) path(name string) string { return filepath.Join(w.dir, filepath.FromSlash(name)) }

func (w *world) write(name string, text string) string {
	w.t.Helper()
	p := w.path(name)
	if err := os.MkdirAll(filepath.Dir(p), 0o755); err != nil {
		w.t.Fatal(err)
	}
	if err := os.WriteFile(p, []byte(text), 0o600); err != nil {
		w.t.Fatal(err)
	}
	return p
}

func (w *world) read(name string) string {
	w.t.Helper()
	b, err := os.ReadFile(w.path(name))
	if err != nil {
		w.t.Fatal(err)
	}
	return string(b)
}

// card puts a specimen into the folder under another name.
func (w *world) card(name string, n int) string {
	w.t.Helper()
	dir, err := cards()
	if err != nil {
		w.t.Fatal(err)
	}
	b, err := os.ReadFile(filepath.Join(dir, fmt.Sprintf("person-%03d-portrait.jpg", n)))
	if err != nil {
		w.t.Fatal(err)
	}
	return w.write(name, string(b))
}

// running is the program at work.
type running struct {
	*exec.Cmd
	out, err bytes.Buffer
	done     chan struct{}
}

func (w *world) start(args ...string) *running {
	w.t.Helper()
	name := filepath.Join(w.bin, "idrec")
	r := &running{Cmd: exec.Command(name, args...), done: make(chan struct{})}
	r.Stdout, r.Stderr, r.Dir, r.Env = &r.out, &r.err, w.dir, w.env
	w.begin(r)
	return r
}

func (w *world) begin(r *running) {
	w.t.Helper()
	if err := r.Start(); err != nil {
		w.t.Fatal(err)
	}
	go func() {
		_ = r.Wait()
		close(r.done)
	}()
	w.t.Cleanup(func() {
		_ = r.Process.Kill()
		<-r.done
	})
}

// code waits for the end and returns the exit code.
func (w *world) code(r *running) int {
	w.t.Helper()
	select {
	case <-r.done:
	case <-time.After(patience()):
		w.t.Fatalf("it does not end\nstdout %s\nstderr %s", r.out.String(), r.err.String())
	}
	return r.ProcessState.ExitCode()
}

// want runs the program and fails unless it ends with the code and a line that says so.
func (w *world) want(code int, says string, args ...string) *running {
	w.t.Helper()
	r := w.start(args...)
	if got := w.code(r); got != code || !strings.Contains(r.err.String(), says) {
		w.t.Errorf("%v: exit %d, want %d with %q\nstdout %s\nstderr %s", args, got, code, says, r.out.String(), r.err.String())
	}
	return r
}

// counted waits until the vendor got so many requests.
func (w *world) counted(n int64, r *running) {
	w.t.Helper()
	for deadline := time.Now().Add(time.Minute); w.account().Requests < n; {
		select {
		case <-r.done:
			w.t.Fatalf("it ended after %d requests\nstderr %s", w.account().Requests, r.err.String())
		case <-time.After(5 * time.Millisecond):
		}
		if time.Now().After(deadline) {
			w.t.Fatalf("only %d requests", w.account().Requests)
		}
	}
}

func (w *world) account() sandbox.AppState { return w.vendor.State().Apps[appID] }

// once fails unless the file has one record for each of n pictures, and returns them by base name.
func (w *world) once(name string, n int) map[string]shared.Record {
	w.t.Helper()
	out := map[string]shared.Record{}
	lines := 0
	for line := range strings.Lines(w.read(name)) {
		var r shared.Record
		if err := json.Unmarshal([]byte(line), &r); err != nil {
			w.t.Fatalf("%v in %q", err, line)
		}
		lines++
		out[filepath.Base(r.Source)] = r
	}
	if lines != n || len(out) != n {
		w.t.Errorf("%d records of %d pictures, want %d", lines, len(out), n)
	}
	return out
}

// truthful fails unless the records say what the specimens show.
func (w *world) truthful(records map[string]shared.Record) {
	w.t.Helper()
	dir, err := cards()
	if err != nil {
		w.t.Fatal(err)
	}
	for name, r := range records {
		b, err := os.ReadFile(filepath.Join(dir, strings.TrimSuffix(name, ".jpg")+".truth.json"))
		if err != nil {
			w.t.Fatal(err)
		}
		var truth specimen.Truth
		if err := json.Unmarshal(b, &truth); err != nil {
			w.t.Fatal(err)
		}
		if r.Error != nil || r.Side != truth.Side || r.Card[shared.FieldNumber] != truth.Number || r.Card[shared.FieldAuthority] != truth.Authority {
			w.t.Errorf("%s differs from the truth", name)
		}
	}
}

// children are the processes that a process started, where that can be told.
func children(pid int) (pids []int) {
	stats, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, s := range stats {
		b, err := os.ReadFile(s)
		if err != nil {
			continue
		}
		fields := strings.Fields(string(b[bytes.LastIndexByte(b, ')')+1:]))
		if len(fields) > 1 && fields[1] == strconv.Itoa(pid) {
			if child, err := strconv.Atoi(filepath.Base(filepath.Dir(s))); err == nil {
				pids = append(pids, child)
			}
		}
	}
	return pids
}

func alive(pid int) bool {
	_, err := os.Stat(fmt.Sprintf("/proc/%d", pid))
	return !errors.Is(err, os.ErrNotExist)
}

// patience is how long the program may take.
func patience() time.Duration {
	if os.Getenv("IDREC_SOAK") != "" {
		return 8 * time.Minute
	}
	return 2 * time.Minute
}

//go:build linux

package e2e

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"google.golang.org/protobuf/encoding/protojson"

	"github.com/seed-6b91b535/idrec/host-example/internal/enginetest"
	"github.com/seed-6b91b535/idrec/host-example/temporal/codec"
	"github.com/seed-6b91b535/idrec/shared"
)

func TestMain(m *testing.M) { enginetest.Main(m) }

// latency is that of the vendor.
const latency = 50 * time.Millisecond

// program is a process with what it printed.
type program struct {
	*exec.Cmd

	name  string
	log   enginetest.Output
	ended chan struct{}
	err   error
}

func start(t *testing.T, env []string, name string, args ...string) *program {
	t.Helper()
	cmd := exec.Command(name, args...)
	cmd.Env, cmd.SysProcAttr = env, &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	return begin(t, cmd)
}

func begin(t *testing.T, cmd *exec.Cmd) *program {
	t.Helper()
	p := &program{Cmd: cmd, name: filepath.Base(cmd.Path), ended: make(chan struct{})}
	p.Stdout, p.Stderr = &p.log, &p.log
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		p.err = p.Wait()
		close(p.ended)
	}()
	t.Cleanup(func() {
		_ = p.Process.Kill()
		<-p.ended
		if t.Failed() {
			t.Logf("%s:\n%s", p.name, p.log.String())
		}
	})
	return p
}

// wait waits for the end and returns the exit code.
func (p *program) wait(t *testing.T, limit time.Duration) int {
	t.Helper()
	select {
	case <-p.ended:
	case <-time.After(limit):
		t.Fatalf("%s has not ended within %v", p.name, limit)
	}
	return p.ProcessState.ExitCode()
}

// world is an engine, a vendor, and what workers need.
type world struct {
	t       *testing.T
	vendor  *enginetest.Vendor
	bin     string
	state   string // folder of the engine
	port    int
	engine  *program
	keyFile string
	cards   string
	// more are variables of all workers.
	more []string
}

func newWorld(t *testing.T, pictures int, seed uint64) *world {
	t.Helper()
	enginetest.Plugin(t)
	w := &world{t: t, vendor: enginetest.NewVendor(t, latency), state: t.TempDir(), cards: t.TempDir(), port: freePort(t)}
	w.bin = enginetest.Build(t, "host-example/temporal/cmd/idrec-temporal-worker", "host-example/temporal/e2e/engine")
	if pictures > 0 {
		enginetest.Cards(t, w.cards, pictures, seed)
	}
	w.keyFile = filepath.Join(t.TempDir(), "keys")
	if err := os.WriteFile(w.keyFile, []byte(codec.NewKey("one")), 0o600); err != nil {
		t.Fatal(err)
	}
	w.startEngine()
	return w
}

func freePort(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

func (w *world) address() string { return at(w.port) }

func at(port int) string { return fmt.Sprintf("127.0.0.1:%d", port) }

func (w *world) startEngine() {
	w.t.Helper()
	w.engine = start(w.t, os.Environ(), filepath.Join(w.bin, "engine"), "-db", filepath.Join(w.state, "temporal.db"), "-port", fmt.Sprint(w.port))
	w.eventually(3*time.Minute, "the engine is up", func() bool {
		select {
		case <-w.engine.ended:
			w.t.Fatal("the engine ended")
		default:
		}
		c, err := client.Dial(client.Options{HostPort: w.address(), Logger: quiet{}})
		if err != nil {
			return false
		}
		defer c.Close()
		_, err = c.WorkflowService().ListOpenWorkflowExecutions(context.Background(), &workflowservice.ListOpenWorkflowExecutionsRequest{Namespace: "default"})
		return err == nil
	})
}

func (w *world) eventually(limit time.Duration, what string, done func() bool) {
	w.t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for end := time.Now().Add(limit); ; {
		if done() {
			return
		}
		if time.Now().After(end) {
			w.t.Fatalf("not within %v: %s", limit, what)
		}
		<-tick.C
	}
}

// environ is that of a worker or starter with a home of its own.
func (w *world) environ(home string, more ...string) []string {
	env := append(enginetest.Environ(home), w.vendor.Environ()...)
	env = append(env, "TEMPORAL_ADDRESS="+w.address(), "IDREC_PAYLOAD_KEYS_FILE="+w.keyFile, "IDREC_FETCH_FOLDERS="+w.cards)
	return append(append(env, w.more...), more...)
}

// worker starts a worker in a home of its own, and waits until it works.
func (w *world) worker(more ...string) *program {
	w.t.Helper()
	p := start(w.t, w.environ(w.t.TempDir(), more...), filepath.Join(w.bin, "idrec-temporal-worker"), "work")
	w.eventually(time.Minute, "the worker works", func() bool {
		select {
		case <-p.ended:
			w.t.Fatal("the worker ended at its start")
		default:
		}
		return strings.Contains(p.log.String(), `"working"`)
	})
	return p
}

// submitted is a starter at work.
type submitted struct {
	*program

	out string
}

func (w *world) submit(more ...string) *submitted {
	w.t.Helper()
	s := &submitted{out: filepath.Join(w.t.TempDir(), "records.ndjson")}
	s.program = start(w.t, w.environ(w.t.TempDir(), append([]string{"IDREC_OUT=" + s.out}, more...)...), filepath.Join(w.bin, "idrec-temporal-worker"), "submit", w.cards)
	return s
}

// records are what the starter wrote.
func (s *submitted) records(t *testing.T) (good int, bad map[shared.Code]int) {
	t.Helper()
	f, err := os.Open(s.out)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	bad = map[shared.Code]int{}
	seen := map[string]bool{}
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var r shared.Record
		if err := json.Unmarshal(lines.Bytes(), &r); err != nil {
			t.Fatal(err)
		}
		if seen[r.Source] {
			t.Error("a picture has two records")
		}
		seen[r.Source] = true
		if r.Error != nil {
			bad[r.Error.Code]++
		} else {
			good++
		}
	}
	return good, bad
}

// client is a client with the workers' keys.
func (w *world) client() client.Client {
	w.t.Helper()
	text, err := os.ReadFile(w.keyFile)
	if err != nil {
		w.t.Fatal(err)
	}
	keys, err := codec.ParseKeys(string(text))
	if err != nil {
		w.t.Fatal(err)
	}
	c, err := client.Dial(client.Options{HostPort: w.address(), Logger: quiet{}, DataConverter: codec.Converter(keys)})
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(c.Close)
	return c
}

// history is everything that the engine keeps of all workflows, as text.
func (w *world) history() (text string, events int) {
	w.t.Helper()
	c, err := client.Dial(client.Options{HostPort: w.address(), Logger: quiet{}})
	if err != nil {
		w.t.Fatal(err)
	}
	defer c.Close()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	list, err := c.ListWorkflow(ctx, &workflowservice.ListWorkflowExecutionsRequest{})
	if err != nil {
		w.t.Fatal(err)
	}
	var b bytes.Buffer
	for _, e := range list.GetExecutions() {
		all := c.GetWorkflowHistory(ctx, e.GetExecution().GetWorkflowId(), e.GetExecution().GetRunId(), false, 0)
		for all.HasNext() {
			event, err := all.Next()
			if err != nil {
				w.t.Fatal(err)
			}
			raw, err := protojson.Marshal(event)
			if err != nil {
				w.t.Fatal(err)
			}
			events++
			b.Write(raw)
			b.Write(plain(raw))
		}
	}
	return b.String(), events
}

// plain are the base64 texts of a JSON, decoded: payloads stand in it so.
func plain(raw []byte) []byte {
	var v any
	if json.Unmarshal(raw, &v) != nil {
		return nil
	}
	var out []byte
	var walk func(any)
	walk = func(v any) {
		switch v := v.(type) {
		case map[string]any:
			for _, x := range v {
				walk(x)
			}
		case []any:
			for _, x := range v {
				walk(x)
			}
		case string:
			var b []byte
			if json.Unmarshal([]byte(`"`+v+`"`), &b) == nil {
				out = append(out, b...)
			}
		}
	}
	walk(v)
	return out
}

// quiet is a log that says nothing.
type quiet struct{}

func (quiet) Debug(string, ...any) {}
func (quiet) Info(string, ...any)  {}
func (quiet) Warn(string, ...any)  {}
func (quiet) Error(string, ...any) {}

package sqlite

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/seed-6b91b535/idrec/sdk/ledger"
	"github.com/seed-6b91b535/idrec/sdk/ledger/seal"
	"github.com/seed-6b91b535/idrec/shared"
)

// asWorker holds "path\nkey" for a test binary that runs as another process.
const asWorker = "IDREC_TEST_LEDGER_WORKER"

// TestWorker is not a test: it is the other process of those below. It begins a call for each line that it
// reads, and answers with what it was told.
func TestWorker(t *testing.T) {
	path, key, ok := strings.Cut(os.Getenv(asWorker), "\n")
	if !ok {
		t.Skip("for the tests of several processes")
	}
	keys, err := seal.Parse([]byte(key))
	if err != nil {
		t.Fatal(err)
	}
	s, err := Open(t.Context(), path, keys, Options{})
	if err != nil {
		t.Fatal(err)
	}
	fmt.Println("opened")
	for in := bufio.NewScanner(os.Stdin); in.Scan(); {
		verb, id, _ := strings.Cut(in.Text(), " ")
		intent := newIntent("key of "+id, "call of "+id)
		switch verb {
		case "begin":
			e, began, err := s.Begin(t.Context(), intent)
			fmt.Println("begun", began, e.State, err)
		case "settle":
			fmt.Println("settled", s.Settle(t.Context(), billed(intent)))
		case "wait":
			e, err := s.Wait(t.Context(), intent.CallID)
			fmt.Println("waited", e.State, err)
		}
	}
}

type worker struct {
	t   *testing.T
	cmd *exec.Cmd
	in  io.WriteCloser
	out *bufio.Scanner
}

func newWorker(t *testing.T, path string, key []byte) *worker {
	t.Helper()
	w := &worker{t: t, cmd: exec.Command(os.Args[0], "-test.run=^TestWorker$")}
	w.cmd.Env = append(os.Environ(), asWorker+"="+path+"\n"+string(key))
	w.cmd.Stderr = os.Stderr
	var err error
	if w.in, err = w.cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	out, err := w.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	w.out = bufio.NewScanner(out)
	if err := w.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.kill)
	w.want("opened")
	return w
}

func (w *worker) say(line string) {
	w.t.Helper()
	if _, err := fmt.Fprintln(w.in, line); err != nil {
		w.t.Fatal(err)
	}
}

func (w *worker) want(line string) {
	w.t.Helper()
	if !w.out.Scan() || w.out.Text() != line {
		w.t.Fatalf("the other process says %q, want %q", w.out.Text(), line)
	}
}

func (w *worker) kill() {
	if w.cmd.ProcessState == nil {
		_ = w.cmd.Process.Kill()
		_ = w.cmd.Wait()
	}
}

// A process that is killed leaves its calls in doubt, and what it settled is there; as long as it lives it
// is waited for.
func TestOwnerEndsWithItsProcess(t *testing.T) {
	t.Parallel()
	path, key := filepath.Join(t.TempDir(), "ledger.db"), seal.Generate()
	keys, err := seal.Parse(key)
	if err != nil {
		t.Fatal(err)
	}
	s := mustOpen(t, path, keys)
	w, other := newWorker(t, path, key), newWorker(t, path, key)
	for _, id := range []string{"a", "b", "c"} {
		w.say("begin " + id)
		w.want("begun true in_flight <nil>")
	}
	w.say("settle a")
	w.want("settled <nil>")
	other.say("begin b")
	other.want("begun false in_flight <nil>")
	other.say("wait b")
	got := make(chan ledger.Entry, 1)
	go func() {
		e, err := s.Wait(t.Context(), "call of c")
		if err != nil {
			t.Errorf("Wait: %v", err)
		}
		got <- e
	}()
	w.kill()
	if e := <-got; e.State != shared.RecallInDoubt {
		t.Errorf("after its process was killed, the call is %s", e.State)
	}
	other.want("waited in_doubt <nil>")
	if e, err := s.Lookup(t.Context(), "key of a", ""); err != nil || e.State != shared.RecallSettled || !e.HasResult {
		t.Errorf("what the killed process had settled is %+v, %v", e, err)
	}
	other.say("begin b")
	other.want("begun false in_doubt <nil>")
	if left, err := os.ReadDir(filepath.Dir(path)); err != nil || len(left) != 3 {
		t.Errorf("in the folder lie %v, %v", left, err)
	}
}

// Another process's outcome is seen by who waits for it.
func TestWaitSeesAnotherProcessSettle(t *testing.T) {
	t.Parallel()
	path, key := filepath.Join(t.TempDir(), "ledger.db"), seal.Generate()
	w, other := newWorker(t, path, key), newWorker(t, path, key)
	w.say("begin a")
	w.want("begun true in_flight <nil>")
	other.say("wait a")
	w.say("settle a")
	w.want("settled <nil>")
	other.want("waited settled <nil>")
}

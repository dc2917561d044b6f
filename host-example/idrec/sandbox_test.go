//go:build unix

package main_test

import (
	"io"
	"net/http"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

func TestTheSandboxCommandServesUntilItIsEnded(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 0, nil)
	name := w.card("a.jpg", 1)
	r := &running{Cmd: exec.Command(filepath.Join(w.bin, "idrec"), "sandbox", "--listen", "127.0.0.1:0", "--app", "7:"+secret+",calls=1,price=0.1"), done: make(chan struct{})}
	r.Dir, r.Env, r.Stderr = w.dir, w.env, &r.err
	pipe, err := r.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Start(); err != nil {
		t.Fatal(err)
	}
	defer r.Process.Kill()
	var text strings.Builder
	for b := make([]byte, 1); strings.Count(text.String(), "\n") < 4; {
		if _, err := pipe.Read(b); err != nil {
			t.Fatalf("%v after %q, %s", err, text.String(), r.err.String())
		}
		text.Write(b)
	}
	url, rest, _ := strings.Cut(text.String(), "\n")
	if !strings.HasPrefix(url, "http://127.0.0.1:") || !strings.Contains(rest, "engine specimen") || strings.Contains(text.String(), secret) {
		t.Errorf("%s", text.String())
	}
	w.want(0, "", "recognize", name, "--url", url, "--appid", "7", "--set", "price_per_call=0.1", "--out", "a.ndjson")
	w.want(75, "buy calls", "recognize", w.card("b.jpg", 2), "--url", url, "--appid", "7", "--out", "b.ndjson")
	res, err := http.Get(strings.TrimSuffix(url, "/pyi/76/194") + "/_sandbox/state")
	if err != nil {
		t.Fatal(err)
	}
	state, err := io.ReadAll(res.Body)
	res.Body.Close()
	http.DefaultClient.CloseIdleConnections()
	if err != nil || !strings.Contains(string(state), `"billed_yuan":"0.100"`) && !strings.Contains(string(state), `"billed_yuan": "0.100"`) {
		t.Errorf("%v %s", err, state)
	}
	if err := r.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(io.Discard, pipe); err != nil {
		t.Fatal(err)
	}
	if err := r.Wait(); err != nil {
		t.Errorf("%v: %s", err, r.err.String())
	}
}

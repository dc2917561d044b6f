//go:build unix

package crash_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/seed-6b91b535/idrec/sdk/host"
	"github.com/seed-6b91b535/idrec/sdk/internal/proctest"
	"github.com/seed-6b91b535/idrec/shared"
)

const (
	settingsEnv = "IDREC_CRASH_SETTINGS" // the plugin's, as JSON
	vendorID    = "1"
	vendorKey   = "0123456789abcdef0123456789abcdef"
	// patience is each caller's deadline; nothing in a test takes so long.
	patience = 40 * time.Second
)

// order is a picture for a host, and reply what the host got for it.
type order struct {
	Number  int    `json:"number"`
	CallID  string `json:"call_id"`
	Picture string `json:"picture"` // its name, see [picture]
	Attempt int    `json:"attempt"`
}

type reply struct {
	Number     int               `json:"number"`
	Ready      bool              `json:"ready,omitempty"`
	Plugin     int               `json:"plugin,omitempty"`
	Code       shared.Code       `json:"code,omitempty"` // empty: a result
	Text       string            `json:"text,omitempty"`
	Outcome    shared.Outcome    `json:"outcome,omitempty"`
	AnsweredBy shared.AnsweredBy `json:"answered_by,omitempty"`
	Unrecorded bool              `json:"unrecorded,omitempty"`
	Price      shared.Money      `json:"price,omitempty"`
	RetryAfter time.Duration     `json:"retry_after,omitempty"`
	died       bool              // the host ended before it replied
}

func (r reply) String() string {
	switch {
	case r.died:
		return "the host died"
	case r.Code == "":
		return fmt.Sprintf("a result (%s, %s)", r.Outcome, r.AnsweredBy)
	}
	return fmt.Sprintf("%s (%s): %s", r.Code, r.Outcome, r.Text)
}

// class is the class of the error; empty for a result.
func (r reply) class() shared.Class {
	if r.Code == "" {
		return ""
	}
	return (&shared.Error{Code: r.Code, Outcome: r.Outcome}).Class()
}

// runHost is a host process: it loads the plugin and reads orders until its input ends.
func runHost() {
	ctx := context.Background()
	out := json.NewEncoder(os.Stdout)
	var settings map[string]string
	fail := func(err error) {
		_ = out.Encode(reply{Text: err.Error()})
		os.Exit(1)
	}
	if err := json.Unmarshal([]byte(os.Getenv(settingsEnv)), &settings); err != nil {
		fail(err)
	}
	env := []string{roleEnv + "=plugin", proctest.NoRaceSleep}
	for _, name := range []string{ledgerEnv, keyEnv, controlEnv} {
		env = append(env, name+"="+os.Getenv(name))
	}
	p, err := host.Open(ctx, host.Options{Path: os.Args[0], Env: env, Restart: true, Liveness: -1, StartTimeout: patience, Stderr: os.Stderr})
	if err != nil {
		fail(err)
	}
	err = p.Configure(ctx, shared.Configuration{Values: settings, Secrets: map[string]shared.Secret{"secret": shared.NewSecret(vendorKey)}})
	if err != nil {
		fail(err)
	}
	_ = out.Encode(reply{Ready: true, Plugin: p.PID()})
	var mu sync.Mutex
	var wg sync.WaitGroup
	in := bufio.NewScanner(os.Stdin)
	for in.Scan() {
		var o order
		if err := json.Unmarshal(in.Bytes(), &o); err != nil {
			fail(err)
		}
		wg.Go(func() {
			r := recognize(ctx, p, o)
			mu.Lock()
			defer mu.Unlock()
			_ = out.Encode(r)
		})
	}
	wg.Wait()
	_ = p.Close(ctx)
	os.Exit(0)
}

func recognize(ctx context.Context, p *host.Plugin, o order) reply {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	res, err := p.Recognize(ctx, &shared.Request{Image: shared.Image{Bytes: picture(o.Picture)}, CallID: o.CallID, Attempt: o.Attempt})
	r := reply{Number: o.Number, Plugin: p.PID()}
	if err == nil {
		r.Outcome, r.AnsweredBy, r.Unrecorded, r.Price = res.Outcome, res.AnsweredBy, res.Unrecorded, res.Price
		return r
	}
	e := shared.ErrorOf(err, shared.OutcomeAmbiguous, shared.BasisProved)
	r.Code, r.Outcome, r.Text, r.Price, r.RetryAfter = e.Code, e.Outcome, e.Error(), e.Price, e.RetryAfter
	return r
}

// hostProcess is a host as the test sees it.
type hostProcess struct {
	cmd    *exec.Cmd
	in     *json.Encoder
	plugin int // the number of the plugin's first process
	over   chan struct{}

	mu      sync.Mutex
	last    int
	waiting map[int]chan reply
	ended   bool
}

// startHost starts a host process that ends with the test, and waits until its plugin is ready.
func startHost(t *testing.T, env ...string) *hostProcess {
	t.Helper()
	h, err := openHost(env)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(h.end)
	return h
}

func openHost(env []string) (*hostProcess, error) {
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), append(env, roleEnv+"=host", proctest.NoRaceSleep)...)
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	h := &hostProcess{cmd: cmd, in: json.NewEncoder(in), over: make(chan struct{}), waiting: map[int]chan reply{}}
	lines := json.NewDecoder(out)
	var first reply
	if err := lines.Decode(&first); err != nil || !first.Ready {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		return nil, fmt.Errorf("the host does not start: %w, %s", err, first.Text)
	}
	h.plugin = first.Plugin
	go h.listen(lines)
	return h, nil
}

func (h *hostProcess) listen(lines *json.Decoder) {
	defer close(h.over)
	for {
		var r reply
		if lines.Decode(&r) != nil {
			break
		}
		h.mu.Lock()
		h.waiting[r.Number] <- r
		delete(h.waiting, r.Number)
		h.mu.Unlock()
	}
	_ = h.cmd.Wait()
	h.mu.Lock()
	defer h.mu.Unlock()
	h.ended = true
	for n, c := range h.waiting {
		c <- reply{Number: n, died: true}
		delete(h.waiting, n)
	}
}

// send hands a picture to the host; the channel gets the reply.
func (h *hostProcess) send(name, callID string, attempt int) <-chan reply {
	c := make(chan reply, 1)
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.ended {
		c <- reply{died: true}
		return c
	}
	h.last++
	h.waiting[h.last] = c
	// A pipe that is broken is noticed by listen, which then answers.
	_ = h.in.Encode(order{Number: h.last, CallID: callID, Picture: name, Attempt: attempt})
	return c
}

// kill ends the host process at once, and waits until it is gone.
func (h *hostProcess) kill() {
	_ = h.cmd.Process.Kill()
	<-h.over
}

// end kills host and plugin at the test's end, or where they are not needed any more.
func (h *hostProcess) end() {
	h.kill()
	kill9(h.plugin)
}

func kill9(pid int) {
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil && !errors.Is(err, syscall.ESRCH) {
		panic(err)
	}
}

// settings are the plugin's for a vendor at the URL.
func settings(url string, more ...string) string {
	values := map[string]string{
		"url": url, "appid": vendorID, "price_per_call": "0.05", "prepare": "false", "rate": "inf", "concurrency": "256", "proxy": "none",
		"answer_timeout": "2s",
		// The circuit is not what is tested, and would answer what was not sent.
		"circuit_failures": "1000",
	}
	for i := 0; i+1 < len(more); i += 2 {
		values[more[i]] = more[i+1]
	}
	b, err := json.Marshal(values)
	if err != nil {
		panic(err)
	}
	return settingsEnv + "=" + string(b)
}

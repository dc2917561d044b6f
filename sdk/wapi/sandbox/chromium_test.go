package sandbox

import (
	"bufio"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"
)

// browser is a headless Chromium driven over its remote-debugging pipe: messages of JSON, each ended by
// a zero byte, on the descriptors 3 and 4.
type browser struct {
	t       *testing.T
	ctx     context.Context
	in      io.WriteCloser
	session string

	mu      sync.Mutex
	next    int
	waiting map[int]chan message
	trouble []string // what the page complained of
}

type message struct {
	ID     int             `json:"id,omitempty"`
	Method string          `json:"method,omitempty"`
	Params any             `json:"params,omitempty"`
	Sess   string          `json:"sessionId,omitempty"`
	Result json.RawMessage `json:"result,omitempty"`
	Error  json.RawMessage `json:"error,omitempty"`
}

// chromiumDeadline bounds a whole test with the browser.
const chromiumDeadline = 90 * time.Second

// openBrowser starts a browser on a page. Without one on this machine it skips the test, unless
// IDREC_REQUIRE_CHROMIUM=1 says that there must be one.
func openBrowser(t *testing.T, address string) *browser {
	t.Helper()
	program := ""
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if p, err := exec.LookPath(name); err == nil {
			program = p
			break
		}
	}
	if program == "" {
		if os.Getenv("IDREC_REQUIRE_CHROMIUM") == "1" {
			t.Fatal("IDREC_REQUIRE_CHROMIUM=1, and there is no chromium on this machine")
		}
		t.Skip("no chromium on this machine: the test page is not checked")
	}
	ctx, cancel := context.WithTimeout(t.Context(), chromiumDeadline)
	toBrowser, in, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	out, fromBrowser, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	profile, err := os.MkdirTemp("", "idrec-browser-") //nolint:usetesting // see below
	if err != nil {
		t.Fatal(err)
	}
	// Runs last. The browser's other processes end a little after the one that is waited for, and write
	// into the profile until then, which t.TempDir would take for a failure.
	t.Cleanup(func() {
		for tick, tries := time.NewTicker(50*time.Millisecond), 200; os.RemoveAll(profile) != nil; <-tick.C {
			if tries--; tries == 0 {
				t.Error("the browser does not leave its profile alone")
				return
			}
		}
	})
	cmd := exec.CommandContext(ctx, program, "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
		"--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage",
		"--lang=en-US", "--window-size=1200,1500", "--remote-debugging-pipe", "--user-data-dir="+profile, "about:blank")
	cmd.ExtraFiles = []*os.File{toBrowser, fromBrowser}
	cmd.WaitDelay = 5 * time.Second
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	_ = toBrowser.Close()
	_ = fromBrowser.Close()
	b := &browser{t: t, ctx: ctx, in: in, waiting: map[int]chan message{}}
	read := make(chan struct{})
	go func() { defer close(read); b.listen(out) }()
	t.Cleanup(func() {
		b.session = ""
		_, _ = b.command("Browser.close", nil)
		_ = cmd.Wait()
		cancel()
		_ = in.Close()
		_ = out.Close()
		<-read
	})
	var target struct {
		TargetID  string `json:"targetId"`
		SessionID string `json:"sessionId"`
	}
	b.must("Target.createTarget", map[string]any{"url": "about:blank"}, &target)
	b.must("Target.attachToTarget", map[string]any{"targetId": target.TargetID, "flatten": true}, &target)
	b.session = target.SessionID
	for _, domain := range []string{"Page", "Runtime", "Log"} {
		b.must(domain+".enable", nil, nil)
	}
	b.must("Page.navigate", map[string]any{"url": address}, nil)
	b.until(`document.readyState === "complete" && document.getElementById("sign").textContent.length === 32`)
	return b
}

func (b *browser) listen(out io.Reader) {
	r := bufio.NewReader(out)
	for {
		raw, err := r.ReadBytes(0)
		if err != nil {
			return
		}
		var m message
		if json.Unmarshal(raw[:len(raw)-1], &m) != nil {
			continue
		}
		b.mu.Lock()
		switch {
		case m.ID != 0:
			if c := b.waiting[m.ID]; c != nil {
				c <- m
				delete(b.waiting, m.ID)
			}
		case m.Method == "Runtime.exceptionThrown" || m.Method == "Log.entryAdded":
			b.trouble = append(b.trouble, string(raw[:len(raw)-1]))
		}
		b.mu.Unlock()
	}
}

func (b *browser) command(method string, params any) (json.RawMessage, error) {
	b.mu.Lock()
	b.next++
	m := message{ID: b.next, Method: method, Params: params, Sess: b.session}
	answer := make(chan message, 1)
	b.waiting[m.ID] = answer
	raw, err := json.Marshal(m)
	if err == nil {
		_, err = b.in.Write(append(raw, 0))
	}
	b.mu.Unlock()
	if err != nil {
		return nil, err
	}
	select {
	case a := <-answer:
		if a.Error != nil {
			return nil, errors.New(method + ": " + string(a.Error))
		}
		return a.Result, nil
	case <-b.ctx.Done():
		return nil, fmt.Errorf("%s: %w", method, b.ctx.Err())
	}
}

func (b *browser) must(method string, params, result any) {
	b.t.Helper()
	raw, err := b.command(method, params)
	if err == nil && result != nil {
		err = json.Unmarshal(raw, result)
	}
	if err != nil {
		b.t.Fatal(err)
	}
}

// eval runs an expression in the page and returns its value, a string.
func (b *browser) eval(expression string) string {
	b.t.Helper()
	var got struct {
		Result struct {
			Value any `json:"value"`
		} `json:"result"`
		Exception json.RawMessage `json:"exceptionDetails"`
	}
	b.must("Runtime.evaluate", map[string]any{"expression": expression, "awaitPromise": true, "returnByValue": true}, &got)
	if got.Exception != nil {
		b.t.Fatalf("%s: %s", expression, got.Exception)
	}
	return fmt.Sprint(got.Result.Value)
}

// until waits for a condition in the page; the page itself does the waiting.
func (b *browser) until(condition string) {
	b.t.Helper()
	b.eval(`new Promise((done, fail) => { const began = Date.now(); const look = () => {
		if (` + condition + `) done(true); else if (Date.now() - began > 20000) fail("never: " + ` + "`" + condition + "`" + `); else setTimeout(look, 20); }; look(); })`)
}

// fill types into a field of the form.
func (b *browser) fill(id, value string) {
	b.t.Helper()
	text, _ := json.Marshal(value)
	b.eval(`(() => { const f = document.getElementById("` + id + `"); f.value = ` + string(text) + `; f.dispatchEvent(new Event("input", {bubbles: true})); })()`)
}

func (b *browser) text(id string) string {
	b.t.Helper()
	return b.eval(`document.getElementById("` + id + `").textContent`)
}

// press sends the form and waits for the answer.
func (b *browser) press() {
	b.t.Helper()
	b.eval(`document.getElementById("send").click()`)
	b.until(`!document.getElementById("send").disabled`)
}

// complaints returns what the page's console holds, refusals by the content security policy among them.
func (b *browser) complaints() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return append([]string(nil), b.trouble...)
}

// shoot writes a picture of the page to the folder that IDREC_SCREENSHOTS names, if it does.
func (b *browser) shoot(name string) {
	b.t.Helper()
	dir := os.Getenv("IDREC_SCREENSHOTS")
	if dir == "" {
		return
	}
	var shot struct {
		Data string `json:"data"`
	}
	b.must("Page.captureScreenshot", map[string]any{"format": "png", "captureBeyondViewport": true}, &shot)
	raw, err := base64.StdEncoding.DecodeString(shot.Data)
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, name+".png"), raw, 0o600)
	}
	if err != nil {
		b.t.Fatal(err)
	}
}

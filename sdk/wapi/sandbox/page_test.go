package sandbox

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os/exec"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"
)

func TestPageIsOneDocumentUnderAStrictPolicy(t *testing.T) {
	t.Parallel()
	s := newTestServer(t, nil)
	w := serve(s, httptest.NewRequest(http.MethodGet, "/", nil))
	body, policy := w.Body.String(), w.Header().Get("Content-Security-Policy")
	if w.Code != http.StatusOK || !strings.HasPrefix(w.Header().Get("Content-Type"), "text/html") {
		t.Fatalf("HTTP %d", w.Code)
	}
	for _, tag := range []string{"script", "style"} {
		inside := regexp.MustCompile(`(?s)<`+tag+`>(.*?)</`+tag+`>`).FindAllStringSubmatch(body, -1)
		if len(inside) != 1 || !strings.Contains(policy, tag+"-src "+cspDigest(inside[0][1])+";") {
			t.Errorf("%s: the policy does not name what the page holds", tag)
		}
	}
	if strings.Contains(policy, "unsafe") || !strings.HasPrefix(policy, "default-src 'none'") {
		t.Error(policy)
	}
	if m := regexp.MustCompile(`(src|href)="[^"d#][^"]*"|@import|[: ]url\(`).FindString(body); m != "" {
		t.Errorf("another resource is asked for: %s", m)
	}
	for _, c := range Codes() {
		if !strings.Contains(body, fmt.Sprintf(`id="code-%d"`, c.Code)) || !strings.Contains(body, c.Zh) {
			t.Errorf("code %d is not in the page's table", c.Code)
		}
	}
	if strings.Contains(body, testSecret) {
		t.Error("the page holds a secret")
	}
}

// witness remembers everything that reaches a handler.
type witness struct {
	http.Handler
	mu   sync.Mutex
	seen bytes.Buffer
}

func (h *witness) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	r.Body = io.NopCloser(bytes.NewReader(body))
	h.mu.Lock()
	fmt.Fprintf(&h.seen, "%s %s %v\n%s\n", r.Method, r.URL, r.Header, body)
	h.mu.Unlock()
	h.Handler.ServeHTTP(w, r)
}

func TestPageInABrowser(t *testing.T) {
	s := newTestServer(t, func(c *Config) { c.Clock = time.Now })
	seen := &witness{Handler: s.Handler()}
	web := httptest.NewServer(seen)
	t.Cleanup(web.Close)
	web.Config.SetKeepAlivesEnabled(false)
	b := openBrowser(t, web.URL+"/")
	pageSigns(t, b)
	b.eval(`document.getElementById("fresh").checked = true`)
	picture := testPNG(40, 25, 3) // short enough to stand in the curl command

	b.fill("secret", testSecret)
	b.fill("url_image", base64.StdEncoding.EncodeToString(picture))
	b.fill("id_card_side", "back")
	b.press()
	if got := b.text("answer"); !strings.Contains(got, `"codeid": 10000`) || !strings.Contains(got, "样本市公安局") {
		t.Fatalf("POST: %s", got)
	}
	if got := b.eval(`document.querySelector("#codes .hit").id`); got != "code-10000" {
		t.Errorf("marked: %s", got)
	}
	tosign := b.text("tosign")
	if !strings.HasPrefix(tosign, "appid1formatjsonid_card_sideback"+"time") || !strings.HasSuffix(tosign, strings.Repeat("•", len(testSecret))) {
		t.Errorf("to sign: %s", tosign)
	}
	b.shoot("english")

	runShown(t, b.text("curl"), `"codeid":10000`)

	b.fill("method", "GET")
	b.fill("format", "xml")
	b.press()
	if got := b.text("answer"); !strings.Contains(got, "<codeid>10000</codeid>") {
		t.Errorf("GET, xml: %s", got)
	}
	runShown(t, b.text("curl"), "<codeid>10000</codeid>")

	b.fill("method", "POST")
	b.fill("secret", "another secret")
	b.press()
	if got := b.eval(`document.querySelector("#codes .hit").id`); got != "code-10003" {
		t.Errorf("a wrong secret: %s", got)
	}
	b.fill("secret", testSecret)

	// A picture dropped on the page.
	b.fill("url_image", "")
	b.eval(`(() => {
		const bytes = Uint8Array.from(atob("` + base64.StdEncoding.EncodeToString(picture) + `"), (c) => c.charCodeAt(0));
		const data = new DataTransfer();
		data.items.add(new File([bytes], "card.png", {type: "image/png"}));
		document.getElementById("drop").dispatchEvent(new DragEvent("drop", {dataTransfer: data, bubbles: true, cancelable: true}));
	})()`)
	b.until(`document.getElementById("picture").textContent !== ""`)
	b.press()
	if got := b.text("answer"); !strings.Contains(got, "<codeid>10000</codeid>") {
		t.Errorf("a dropped picture: %s", got)
	}
	if n := s.State().Apps[testID].Pictures[hexDigest(picture)]; n != 5 {
		t.Errorf("the picture was billed %d times, want 5", n)
	}

	b.eval(`document.getElementById("language").click()`)
	b.shoot("chinese")
	if got := b.eval(`document.querySelector("h1").innerText`); !strings.Contains(got, "测试工具") || strings.Contains(got, "test tool") {
		t.Errorf("in Chinese: %s", got)
	}

	// The server is gone: the page says so.
	b.eval(`window.fetch = () => Promise.reject(new TypeError("gone"))`)
	b.press()
	if got := b.text("status"); !strings.Contains(got, "gone") {
		t.Errorf("without a server: %s", got)
	}

	if c := b.complaints(); len(c) > 0 {
		t.Errorf("the console complains: %v", c)
	}
	seen.mu.Lock()
	defer seen.mu.Unlock()
	if strings.Contains(seen.seen.String(), testSecret) || strings.Contains(seen.seen.String(), url.QueryEscape("another secret")) {
		t.Error("a secret was sent")
	}
}

// runShown runs the command that the page shows.
func runShown(t *testing.T, command, want string) {
	t.Helper()
	if _, err := exec.LookPath("curl"); err != nil {
		t.Log("no curl on this machine: the command that the page shows is not run")
		return
	}
	out, err := exec.CommandContext(t.Context(), "sh", "-c", command).Output()
	if err != nil || !strings.Contains(string(out), want) {
		t.Errorf("%s\n%v: %s", command, err, out)
	}
}

// pageSigns compares the page's signature with the server's for every length around
// MD5's blocks, for text beyond ASCII, and for a large picture.
func pageSigns(t *testing.T, b *browser) {
	t.Helper()
	values := []string{"样本·𠮷", strings.Repeat("A/+=", 1_000_000)}
	for n := range 140 {
		values = append(values, strings.Repeat("x", n))
	}
	b.fill("time", "1545829466")
	b.eval(`document.getElementById("fresh").checked = false`)
	b.fill("secret", testSecret)
	// One round trip for all: the page refreshes itself on every input after a moment, and on demand by
	// switching the language.
	text, _ := json.Marshal(values)
	got := b.eval(`(() => {
		const field = document.getElementById("url_image"), out = [];
		for (const v of ` + string(text) + `) {
			field.value = v;
			document.getElementById("language").click();
			out.push(document.getElementById("sign").textContent);
		}
		return out.join(" ");
	})()`)
	signs := strings.Fields(got)
	if len(signs) != len(values) {
		t.Fatalf("%d signatures", len(signs))
	}
	for i, v := range values {
		form := url.Values{"appid": {testID}, "format": {"json"}, "time": {"1545829466"}, "url_image": {v}}
		if want := testSign(form, testSecret); signs[i] != want {
			t.Errorf("%.20q (%d): %s, want %s", v, len(v), signs[i], want)
		}
	}
}

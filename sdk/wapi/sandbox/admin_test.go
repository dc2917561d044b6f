package sandbox

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// admin makes an administrative request from this machine.
func admin(s *Server, method, path, body string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, "http://127.0.0.1:8787/_sandbox/"+path, strings.NewReader(body))
	r.RemoteAddr = "127.0.0.1:40000"
	return serve(s, r)
}

func TestARechargeCanBePlayed(t *testing.T) {
	t.Parallel()
	s := newTestServer(t, func(c *Config) { c.Apps[0].CallsLeft = 0 })
	wantCode(t, ask(t, s, post(DefaultPath, testForm())), 10018)
	if w := admin(s, http.MethodPut, "apps/1", `{"calls_left": 1}`); w.Code != http.StatusOK {
		t.Fatal(w.Body)
	}
	wantCode(t, ask(t, s, post(DefaultPath, testForm())), 10000)
	wantCode(t, ask(t, s, post(DefaultPath, testForm())), 10018)
	if w := admin(s, http.MethodPut, "apps/1", `{"balance": 0.2, "per_call": "0.1"}`); w.Code != http.StatusOK {
		t.Fatal(w.Body)
	}
	for _, code := range []int{10000, 10000, 10022} {
		wantCode(t, ask(t, s, post(DefaultPath, testForm())), code)
	}
}

func TestStateIsTheDocumentedJSON(t *testing.T) {
	t.Parallel()
	s := newTestServer(t, nil)
	for range freeCalls + 1 {
		ask(t, s, post(DefaultPath, testForm()))
	}
	var got map[string]any
	if err := json.Unmarshal(admin(s, http.MethodGet, "state", "").Body.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	want := fmt.Sprintf(`map[apps:map[1:map[balance:0.000 billed:6 billed_yuan:0.050 calls_left:99994 codes:map[10000:6] pictures:map[%[1]s:6] pictures_requested:map[%[1]s:6] requests:6]] engine:fake faults_left:0 in_flight:0 unattributed:map[codes:map[] requests:0]]`,
		hexDigest(testPNG(20, 20, 1)))
	if fmt.Sprint(got) != want {
		t.Errorf("%v\nwant %s", got, want)
	}
}

func TestMergeSetsWhatItNamesAndLeavesTheRest(t *testing.T) {
	t.Parallel()
	s := newTestServer(t, nil)
	steps := []string{
		`{"term_end":"2026-06-01T00:00:00Z","addresses":["192.0.2.1"],"ordered":["/a"],"suspended":true}`,
		`{"suspended":null,"ordered":[],"packages":[{"calls":1,"per_call":0.042}]}`,
		`{"ordered":null,"addresses":null}`,
	}
	for _, body := range steps {
		if w := admin(s, http.MethodPut, "apps/1", body); w.Code != http.StatusOK {
			t.Fatalf("%s: %s", body, w.Body)
		}
	}
	a, _ := s.App("1")
	if a.Suspended || a.Ordered != nil || a.Addresses != nil || a.TermEnd.Year() != 2026 || a.Secret != testSecret ||
		a.CallsLeft != newAppsCalls || len(a.Packages) != 1 || a.Packages[0].PerCall != 42 {
		b, _ := json.Marshal(a)
		t.Errorf("%s", b)
	}
}

func TestWrongAdministrationChangesNothing(t *testing.T) {
	t.Parallel()
	s := newTestServer(t, nil)
	for path, bodies := range map[string][]string{
		"apps/1": {``, `[]`, `null`, `{"calls_left":-1}`, `{"call_left":1}`, `{"secret":"short"}`, `{"secret":null}`, `{"id":"2"}`,
			`{"balance":0.0001}`, `{"balance":-1}`, `{"addresses":["here"]}`, `{"packages":[{"calls":0}]}`, `{"term_end":"soon"}`},
		"apps/new": {`{}`, `{"secret":"short"}`},
		"faults":   {``, `{}`, `[{}]`, `[{"codes":1}]`, `[{"code":10021},{"code":10000}]`, `[] []`, `[]]`, `[]}`, strings.Repeat(" ", maxAdminBody+1)},
	} {
		for _, body := range bodies {
			w := admin(s, http.MethodPut, path, body)
			var p problem
			if err := json.Unmarshal(w.Body.Bytes(), &p); w.Code != http.StatusBadRequest || err != nil || p.Error == "" {
				t.Errorf("%s %.40s: HTTP %d %s", path, body, w.Code, w.Body)
			}
		}
	}
	a, _ := s.App("1")
	want := NewApp(testID, testSecret)
	if got, _ := json.Marshal(a); string(got) != mustJSON(want) {
		t.Errorf("%s, want %s", got, mustJSON(want))
	}
	if len(s.Faults()) != 0 || len(s.State().Apps) != 1 {
		t.Error("faults or apps were changed")
	}
	if w := admin(s, http.MethodGet, "apps/2", ""); w.Code != http.StatusBadRequest {
		t.Errorf("HTTP %d", w.Code)
	}
	if w := admin(s, http.MethodGet, "nothing", ""); w.Code != http.StatusNotFound {
		t.Errorf("HTTP %d", w.Code)
	}
}

func mustJSON(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return string(b)
}

func TestAnAppCanBeMadeWhileTheServerRuns(t *testing.T) {
	t.Parallel()
	s := newTestServer(t, nil)
	w := admin(s, http.MethodPut, "apps/7", `{"secret":"`+testSecret+`","calls_left":1}`)
	if w.Code != http.StatusOK || strings.Contains(w.Body.String(), testSecret) || !strings.Contains(w.Body.String(), `"calls_left": 1,`) {
		t.Fatalf("HTTP %d %s", w.Code, w.Body)
	}
	wantCode(t, ask(t, s, post(DefaultPath, testForm("appid", "7"))), 10000)
}

func TestNothingShowsASecret(t *testing.T) {
	t.Parallel()
	s := newTestServer(t, nil)
	ask(t, s, post(DefaultPath, testForm()))
	for _, path := range []string{"state", "apps/1", "log", "faults"} {
		if body := admin(s, http.MethodGet, path, "").Body.String(); strings.Contains(body, testSecret) {
			t.Errorf("%s shows the secret", path)
		}
	}
	a, _ := s.App("1")
	for _, text := range []string{fmt.Sprint(a), fmt.Sprintf("%+v %#v %s", a, &a, []App{a})} {
		if strings.Contains(text, testSecret) {
			t.Error(text)
		}
	}
}

func TestFaultsAreScriptedOverHTTP(t *testing.T) {
	t.Parallel()
	s := newTestServer(t, nil)
	if w := admin(s, http.MethodPut, "faults", `[{"status":503,"retry_after":"2"},{"code":10021}]`); w.Code != http.StatusOK {
		t.Fatal(w.Body)
	}
	if w := serve(s, post(DefaultPath, testForm())); w.Code != 503 || w.Header().Get("Retry-After") != "2" {
		t.Errorf("HTTP %d", w.Code)
	}
	if body := admin(s, http.MethodGet, "faults", "").Body.String(); !strings.Contains(body, "10021") || strings.Contains(body, "503") {
		t.Error(body)
	}
}

func TestAdministrationIsOpenToThisMachineOnly(t *testing.T) {
	t.Parallel()
	s := newTestServer(t, nil)
	for _, tt := range []struct {
		name   string
		change func(*http.Request)
		status int
	}{
		{"IPv4", func(*http.Request) {}, 200},
		{"IPv6", func(r *http.Request) { r.RemoteAddr, r.Host = "[::1]:40000", "[::1]:8787" }, 200},
		{"localhost", func(r *http.Request) { r.Host = "localhost:8787" }, 200},
		{"the test page", func(r *http.Request) { r.Header.Set("Sec-Fetch-Site", "same-origin") }, 200},
		{"another machine", func(r *http.Request) { r.RemoteAddr = "192.0.2.1:40000" }, 403},
		{"no address", func(r *http.Request) { r.RemoteAddr = "" }, 403},
		{"through a proxy", func(r *http.Request) { r.Header.Set("X-Forwarded-For", "192.0.2.1") }, 403},
		{"a name that was bent here", func(r *http.Request) { r.Host = "evil.example:8787" }, 403},
		{"another site's page", func(r *http.Request) { r.Header.Set("Sec-Fetch-Site", "cross-site") }, 403},
	} {
		r := httptest.NewRequest(http.MethodGet, "http://127.0.0.1:8787/_sandbox/state", nil)
		r.RemoteAddr = "127.0.0.1:40000"
		tt.change(r)
		if w := serve(s, r); w.Code != tt.status {
			t.Errorf("%s: HTTP %d, want %d", tt.name, w.Code, tt.status)
		}
	}
}

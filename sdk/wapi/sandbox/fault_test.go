package sandbox

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// send posts an accepted request over a connection of its own and returns what came back.
func send(t *testing.T, address string) (*http.Response, string, error) {
	t.Helper()
	client := &http.Client{
		Transport:     &http.Transport{DisableKeepAlives: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, address, strings.NewReader(testForm().Encode()))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	res, err := client.Do(r)
	if err != nil {
		return nil, "", err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	return res, string(body), err
}

func started(t *testing.T, change func(*Config)) (*Server, string) {
	t.Helper()
	s := newTestServer(t, change)
	address, err := s.Start("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return s, address
}

func TestScriptedAnswers(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		fault  Fault
		status int
		body   string
		header [2]string
		result string
		billed int64
	}{
		{Fault{Code: 10021}, 200, `"codeid":10021,"message":"服务器错误"`, [2]string{}, "10021", 0},
		{Fault{Code: 10023, Message: "later"}, 200, `"codeid":10023,"message":"later"`, [2]string{}, "10023", 0},
		{Fault{Code: 10024, Bill: true}, 200, `"codeid":10024`, [2]string{}, "10024", 1},
		{Fault{Status: 503, RetryAfter: "7"}, 503, "<html>", [2]string{"Retry-After", "7"}, "http_503", 0},
		{Fault{Status: 502, Bill: true, Body: "bad gateway"}, 502, "bad gateway", [2]string{}, "http_502", 1},
		{Fault{Status: 204}, 204, "", [2]string{}, "http_204", 0},
		{Fault{Redirect: "https://192.0.2.1/"}, 307, "", [2]string{"Location", "https://192.0.2.1/"}, "http_307", 0},
		{Fault{Redirect: "/x", Status: 302}, 302, "", [2]string{"Location", "/x"}, "http_302", 0},
		{Fault{Garbage: true}, 200, garbage, [2]string{}, "garbage", 0},
		{Fault{Garbage: true, Bill: true}, 200, garbage, [2]string{}, "garbage", 1},
		{Fault{DelayMS: 50}, 200, `"codeid":10000`, [2]string{}, "10000", 1},
	} {
		t.Run(fmt.Sprintf("%s billed %d", tt.result, tt.billed), func(t *testing.T) {
			t.Parallel()
			var waited time.Duration
			s, address := started(t, func(c *Config) { c.Sleep = func(_ context.Context, d time.Duration) { waited = d } })
			if err := s.SetFaults(tt.fault); err != nil {
				t.Fatal(err)
			}
			res, body, err := send(t, address)
			if err != nil {
				t.Fatal(err)
			}
			if res.StatusCode != tt.status || !strings.Contains(body, tt.body) {
				t.Errorf("HTTP %d %q", res.StatusCode, body)
			}
			if name := tt.header[0]; name != "" && res.Header.Get(name) != tt.header[1] {
				t.Errorf("%s: %q", name, res.Header.Get(name))
			}
			if want := time.Duration(tt.fault.DelayMS) * time.Millisecond; waited != want {
				t.Errorf("waited %v, want %v", waited, want)
			}
			st := s.State()
			if st.Apps[testID].Billed != tt.billed || st.Apps[testID].Codes[tt.result] != 1 || st.FaultsLeft != 0 {
				t.Errorf("%+v", st)
			}
			if _, body, err := send(t, address); err != nil || !strings.Contains(body, `"codeid":10000`) {
				t.Errorf("after the script: %v %s", err, body)
			}
		})
	}
}

func TestScriptedDrops(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		drop     DropPoint
		billed   int64
		requests int64 // of a known app
	}{
		{DropBeforeReading, 0, 0}, {DropMidBody, 0, 0}, {DropAfterReading, 0, 1}, {DropAfterBilling, 1, 1},
	} {
		for _, reset := range []bool{false, true} {
			t.Run(fmt.Sprint(tt.drop, " ", reset), func(t *testing.T) {
				t.Parallel()
				s, address := started(t, nil)
				if err := s.SetFaults(Fault{Drop: tt.drop, Reset: reset}); err != nil {
					t.Fatal(err)
				}
				_, _, err := send(t, address)
				if err == nil {
					t.Fatal("an answer came")
				}
				// With bytes that nobody read the system resets the connection itself, so only a drop after
				// reading shows the difference.
				if tt.requests == 1 && errors.Is(err, syscall.ECONNRESET) != reset {
					t.Errorf("%v with reset %v", err, reset)
				}
				st := s.State()
				a := st.Apps[testID]
				if a.Billed != tt.billed || a.Requests != tt.requests || a.Codes[dropped]+st.Unattributed.Codes[dropped] != 1 {
					t.Errorf("%+v", st)
				}
			})
		}
	}
}

func TestMidBodyReadsHalf(t *testing.T) {
	t.Parallel()
	s, address := started(t, nil)
	if err := s.SetFaults(Fault{Drop: DropMidBody}); err != nil {
		t.Fatal(err)
	}
	conn, err := net.Dial("tcp", strings.TrimSuffix(strings.TrimPrefix(address, "http://"), DefaultPath))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	fmt.Fprintf(conn, "POST %s HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n", DefaultPath)
	fmt.Fprint(conn, strings.Repeat("a", 49))
	if s.State().Unattributed.Codes[dropped] != 0 {
		t.Error("dropped before half of the body")
	}
	fmt.Fprint(conn, "a")
	if _, err := bufio.NewReader(conn).ReadByte(); !errors.Is(err, io.EOF) {
		t.Errorf("%v, want the end of the connection", err)
	}
}

func TestAnswerCutAtEveryByte(t *testing.T) {
	t.Parallel()
	s, address := started(t, nil)
	_, whole, err := send(t, address)
	if err != nil {
		t.Fatal(err)
	}
	for n := 0; n < len(whole); n += 7 {
		if err := s.SetFaults(Fault{CutAt: &n}); err != nil {
			t.Fatal(err)
		}
		res, body, err := send(t, address)
		if !errors.Is(err, io.ErrUnexpectedEOF) || body != whole[:n] || res.ContentLength != int64(len(whole)) {
			t.Fatalf("cut at %d: %v, %d bytes", n, err, len(body))
		}
	}
	beyond := len(whole)
	if err := s.SetFaults(Fault{CutAt: &beyond}); err != nil {
		t.Fatal(err)
	}
	if _, body, err := send(t, address); err != nil || body != whole {
		t.Errorf("cut at the end: %v", err)
	}
}

func TestScriptIsConsumedInOrder(t *testing.T) {
	t.Parallel()
	s := newTestServer(t, func(c *Config) { c.Apps = append(c.Apps, NewApp("2", testSecret)) })
	err := s.SetFaults(Fault{App: "2", Code: 10021, Repeat: 2}, Fault{After: 2, Code: 10014}, Fault{Code: 10013, Repeat: -1})
	if err != nil {
		t.Fatal(err)
	}
	for i, step := range []struct {
		app  string
		code int
	}{
		{"1", 10000}, {"1", 10000}, {"2", 10021}, {"1", 10014}, {"1", 10013}, {"2", 10021}, {"2", 10013}, {"1", 10013},
	} {
		t.Log(i)
		wantCode(t, ask(t, s, post(DefaultPath, testForm("appid", step.app))), step.code)
	}
	if left := s.Faults(); len(left) != 1 || left[0].Code != 10013 {
		t.Errorf("left: %+v", left)
	}
	if err := s.SetFaults(); err != nil {
		t.Fatal(err)
	}
	wantCode(t, ask(t, s, post(DefaultPath, testForm())), 10000)
}

func TestEarlyDropLetsItsNumberPass(t *testing.T) {
	t.Parallel()
	s := newTestServer(t, nil)
	if err := s.SetFaults(Fault{After: 1, Drop: DropBeforeReading}, Fault{Code: 10021}); err != nil {
		t.Fatal(err)
	}
	wantCode(t, ask(t, s, post(DefaultPath, testForm())), 10000)
	func() {
		defer func() {
			if got := recover(); got != http.ErrAbortHandler { //nolint:errorlint // a panic's value
				t.Errorf("panic %v, want http.ErrAbortHandler where a connection cannot be taken over", got)
			}
		}()
		serve(s, post(DefaultPath, testForm()))
	}()
	wantCode(t, ask(t, s, post(DefaultPath, testForm())), 10021)
}

func TestScriptIsTakenOnceByParallelRequests(t *testing.T) {
	t.Parallel()
	s := newTestServer(t, nil)
	if err := s.SetFaults(Fault{Code: 10021, Repeat: 30}, Fault{Code: 10014, Repeat: 20}); err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for range 100 {
		wg.Go(func() { ask(t, s, post(DefaultPath, testForm())) })
	}
	wg.Wait()
	if c := s.State().Apps[testID].Codes; c["10021"] != 30 || c["10014"] != 20 || c["10000"] != 50 {
		t.Errorf("%v", c)
	}
}

func TestFaultsThatMakeNoSenseAreRefused(t *testing.T) {
	t.Parallel()
	s := newTestServer(t, nil)
	minus := -1
	for _, f := range []Fault{
		{}, {Code: 10000}, {Code: 10021, Status: 500}, {Status: 100}, {Status: 1000}, {Drop: "sometime"},
		{DelayMS: -1}, {DelayMS: int64(2 * time.Hour / time.Millisecond)}, {CutAt: &minus}, {After: -1, Code: 1},
		{Drop: DropMidBody, App: "1"}, {Garbage: true, Redirect: "/"},
	} {
		if err := s.SetFaults(f); err == nil {
			t.Errorf("%+v was taken", f)
		}
	}
}

func TestDelayEndsWithTheCallerOrTheServer(t *testing.T) {
	t.Parallel()
	begun := make(chan struct{}, 1)
	s, address := started(t, func(c *Config) {
		c.Sleep = func(ctx context.Context, _ time.Duration) { begun <- struct{}{}; <-ctx.Done() }
	})
	if err := s.SetFaults(Fault{DelayMS: 1000, Repeat: 2}); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	gone := make(chan error, 2)
	ask := func(ctx context.Context) {
		r, _ := http.NewRequestWithContext(ctx, http.MethodPost, address, strings.NewReader(testForm().Encode()))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
		res, err := client.Do(r)
		if err == nil {
			_ = res.Body.Close()
		}
		gone <- err
	}
	go ask(ctx)
	<-begun
	cancel()
	if err := <-gone; !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
	go ask(t.Context())
	<-begun
	_ = s.Close() // returns only when both handlers have
	if err := <-gone; err == nil {
		t.Error("a closed server answered")
	}
	if st := s.State(); st.Apps[testID].Billed != 2 || st.InFlight != 0 {
		t.Errorf("%+v", st)
	}
}

func TestDelayOutlastsTheReadTimeout(t *testing.T) {
	t.Parallel()
	s := newTestServer(t, nil)
	if err := s.SetFaults(Fault{DelayMS: 120}); err != nil {
		t.Fatal(err)
	}
	web := httptest.NewUnstartedServer(s.Handler())
	web.Config.ReadTimeout = 40 * time.Millisecond
	web.Start()
	t.Cleanup(web.Close)
	began := time.Now()
	if _, body, err := send(t, web.URL+DefaultPath); err != nil || !strings.Contains(body, "10000") {
		t.Errorf("%v %s", err, body)
	}
	if took := time.Since(began); took < 120*time.Millisecond {
		t.Errorf("answered after %v", took)
	}
}

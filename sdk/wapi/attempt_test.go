package wapi

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed-6b91b535/idrec/sdk/gate"
	"github.com/seed-6b91b535/idrec/shared"
)

func testConfig(dial func(context.Context, string, string) (net.Conn, error)) Config {
	return Config{
		BaseURL: "http://127.0.0.1/pyi/76/194", AppID: testAppID, Secret: shared.NewSecret(testSecret), Proxy: ProxyNone,
		PricePerCall: 50, Rand: func() float64 { return 0 }, DialContext: dial,
	}
}

func testClient(t testing.TB, cfg Config) *Client {
	if cfg.Gate == nil {
		g, err := gate.New(math.Inf(1), 1, 64)
		if err != nil {
			t.Fatal(err)
		}
		cfg.Gate = g
	}
	c, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

var smallCall = Call{Picture: shared.Image{Bytes: []byte("a small picture")}, PictureParam: ParamImage}

func asError(t testing.TB, err error) *shared.Error {
	t.Helper()
	var e *shared.Error
	if !errors.As(err, &e) {
		t.Fatalf("%v is no *shared.Error", err)
	}
	return e
}

// smallFormLength is the length of smallCall's body.
func smallFormLength(t testing.TB, at time.Time) int {
	c := testClient(t, testConfig(nil))
	x, err := c.prepare(context.Background(), smallCall)
	if err != nil {
		t.Fatal(err)
	}
	return x.form.body(at).Len()
}

// A pipe takes nothing that nobody reads, so wherever a body is cut, that is proved.
func TestBodyCutAtAnyByteIsProvedNotSent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		length := smallFormLength(t, time.Now())
		for n := range length {
			v := newVendor(t, vectorStep{Do: "drop_body", Bytes: n}, vectorStep{Do: "drop_body", Bytes: n})
			v.unbuffered = true
			c := testClient(t, testConfig(v.pipes()))
			_, err := c.Call(context.Background(), smallCall)
			v.close()
			e := asError(t, err)
			if e.Outcome != shared.OutcomeNotSent || e.Basis != shared.BasisProved || e.Code != shared.CodeUploadInterrupted {
				t.Fatalf("cut at %d: %v", n, e)
			}
			if v.requests != 2 || v.whole != 0 {
				t.Fatalf("cut at %d: %d requests, %d whole", n, v.requests, v.whole)
			}
		}
	})
}

// A kernel takes a small body before anybody reads it: then nothing is proved, and nothing is resent.
func TestBodyCutAtAnyByteOverSocketsIsNeverResentOnceWritten(t *testing.T) {
	length := smallFormLength(t, time.Now())
	for n := range length + 1 {
		v := newVendor(t, vectorStep{Do: "drop_body", Bytes: n}, vectorStep{Do: "drop_body", Bytes: n})
		c := testClient(t, testConfig(v.sockets()))
		_, err := c.Call(context.Background(), smallCall)
		v.close()
		e := asError(t, err)
		switch {
		case e.Outcome == shared.OutcomeNotSent && e.Basis == shared.BasisProved && v.requests <= 2:
		case e.Outcome == shared.OutcomeAmbiguous && v.requests <= 2 && e.Attempts == v.requests:
		default:
			t.Fatalf("cut at %d: %v after %d requests", n, e, v.requests)
		}
		if e.Outcome == shared.OutcomeAmbiguous && len(v.steps) == 0 && e.Attempts == 1 {
			t.Fatalf("cut at %d: resent after an ambiguous attempt", n)
		}
	}
}

func TestAnswerCutAtAnyByteIsBilledOnceItsCodeArrived(t *testing.T) {
	step := vectorStep{Do: "cut_answer", Code: Success}
	body := newVendor(t).body(step)
	shown := strings.Index(body, ",") // the code and what ends it
	for name, transport := range map[string]func(*vendor) func(context.Context, string, string) (net.Conn, error){
		"pipes": (*vendor).pipes, "sockets": (*vendor).sockets,
	} {
		t.Run(name, func(t *testing.T) {
			for n := range len(body) {
				step.Bytes = n
				v := newVendor(t, step)
				c := testClient(t, testConfig(transport(v)))
				_, err := c.Call(context.Background(), smallCall)
				v.close()
				e := asError(t, err)
				want, code := shared.OutcomeAmbiguous, shared.CodeOutcomeUnknown
				if n > shown {
					want, code = shared.OutcomeBilled, shared.CodeAnswerLost
				}
				if e.Outcome != want || e.Code != code || e.Price != 50 || e.Class() != shared.ClassUnclear || v.requests != 1 {
					t.Fatalf("cut at %d of %d: %v after %d requests", n, len(body), e, v.requests)
				}
			}
		})
	}
}

// A document whose last brace arrived is whole, whatever became of the connection after it.
func TestAnswerCutAfterItsLastBraceIsWhole(t *testing.T) {
	v := newVendor(t, vectorStep{Do: "cut_answer", Body: `{"codeid":10000}     `, Bytes: -2, Code: Success})
	c := testClient(t, testConfig(v.pipes()))
	defer v.close()
	if _, err := c.Call(context.Background(), smallCall); err != nil {
		t.Error(err)
	}
}

// Servers close idle connections; a request that meets such a one was not sent, and net/http must not
// resend it by itself, without a token.
func TestDeadIdleConnectionCostsAnAttemptAndNoMoney(t *testing.T) {
	var requests, closing atomic.Int32
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			wg.Go(func() {
				defer conn.Close()
				r := bufio.NewReader(conn)
				for range 1 { // one request a connection, which the server promised to keep
					req, err := http.ReadRequest(r)
					if err != nil {
						return
					}
					_, _ = io.Copy(io.Discard, req.Body)
					requests.Add(1)
					const answer = `{"codeid":10000}`
					fmt.Fprintf(conn, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", len(answer), answer)
				}
				// The next request meets a socket that answers with a reset.
				_ = conn.(*net.TCPConn).SetLinger(0)
				closing.Add(1)
			})
		}
	})
	defer wg.Wait()
	defer l.Close()
	cfg := testConfig(nil)
	cfg.BaseURL = "http://" + l.Addr().String() + "/"
	c := testClient(t, cfg)
	defer c.Close()
	var tokens atomic.Int32
	ctx := shared.WithBeforeAttempt(context.Background(), func(context.Context) error { tokens.Add(1); return nil })
	attempts := 0
	for range 20 {
		reply, err := c.Call(ctx, smallCall)
		if err != nil {
			if e := asError(t, err); e.Outcome != shared.OutcomeAmbiguous {
				t.Fatal(err)
			}
			attempts++
			continue
		}
		attempts += reply.Attempts
	}
	if int(tokens.Load()) != attempts {
		t.Errorf("%d tokens for %d attempts", tokens.Load(), attempts)
	}
	if got := int(requests.Load()); got > attempts {
		t.Errorf("%d requests arrived for %d attempts", got, attempts)
	}
}

func TestHooksCanRefuseEveryAttempt(t *testing.T) {
	refusal := &shared.Error{Code: shared.CodeDeadlineExceeded, Outcome: shared.OutcomeNotSent, Basis: shared.BasisProved, Message: "no token"}
	plain := errors.New("hook failed")
	for name, c := range map[string]struct {
		attempt, send error
		from          int // which attempt the hook refuses
		outcome       shared.Outcome
		want          error
	}{
		"first token":        {attempt: refusal, from: 1, outcome: shared.OutcomeNotSent, want: refusal},
		"intent":             {send: refusal, from: 1, outcome: shared.OutcomeNotSent, want: refusal},
		"intent, any error":  {send: plain, from: 1, outcome: shared.OutcomeNotSent, want: plain},
		"token of a resend":  {attempt: refusal, from: 2, outcome: shared.OutcomeRejected, want: shared.CodeDeadlineExceeded},
		"resend, any error":  {attempt: plain, from: 2, outcome: shared.OutcomeRejected, want: plain},
		"context of a token": {attempt: context.Canceled, from: 1, outcome: shared.OutcomeNotSent, want: shared.CodeCanceled},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				v := newVendor(t)
				if c.from == 2 {
					v.steps = []vectorStep{{Code: 10021}}
				}
				client := testClient(t, testConfig(v.pipes()))
				n := 0
				ctx := shared.WithBeforeAttempt(context.Background(), func(context.Context) error {
					if n++; n == c.from {
						return c.attempt
					}
					return nil
				})
				ctx = shared.WithBeforeSend(ctx, func(context.Context) error { return c.send })
				_, err := client.Call(ctx, smallCall)
				v.close()
				if !errors.Is(err, c.want) {
					t.Errorf("%v, want %v", err, c.want)
				}
				if e := asError(t, err); e.Outcome != c.outcome {
					t.Errorf("outcome %s", e.Outcome)
				}
				if v.requests != c.from-1 {
					t.Errorf("%d requests", v.requests)
				}
			})
		})
	}
}

// Without a hook for the rate, the client's own gate paces the attempts, resends included.
func TestOwnGatePacesAttempts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := newVendor(t, vectorStep{Code: 10021}, vectorStep{Code: 10021}, vectorStep{Code: Success})
		g, err := gate.New(2, 1, 1)
		if err != nil {
			t.Fatal(err)
		}
		cfg := testConfig(v.pipes())
		cfg.Gate = g
		c := testClient(t, cfg)
		began := time.Now()
		reply, err := c.Call(context.Background(), smallCall)
		v.close()
		if err != nil {
			t.Fatal(err)
		}
		if took := time.Since(began); took != time.Second {
			t.Errorf("three attempts at two a second took %v", took)
		}
		if reply.Timings.Queue != time.Second || reply.Timings.Total != time.Second {
			t.Errorf("timings %+v", reply.Timings)
		}
	})
}

func TestFullGateIsLeftByTheCallersContext(t *testing.T) {
	g, err := gate.New(math.Inf(1), 1, 1)
	if err != nil {
		t.Fatal(err)
	}
	leave, err := g.Enter(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	defer leave()
	cfg := testConfig(nil)
	cfg.Gate = g
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_, err = testClient(t, cfg).Call(ctx, smallCall)
	if e := asError(t, err); e.Code != shared.CodeCanceled || e.Outcome != shared.OutcomeNotSent || e.Basis != shared.BasisProved {
		t.Error(err)
	}
}

// A wait that cannot end before the deadline is not begun.
func TestResendThatWouldBeTooLateIsNotWaitedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := newVendor(t, vectorStep{Code: 10014})
		c := testClient(t, testConfig(v.pipes()))
		ctx, cancel := context.WithTimeout(context.Background(), 900*time.Millisecond)
		defer cancel()
		began := time.Now()
		_, err := c.Call(ctx, smallCall)
		v.close()
		if e := asError(t, err); e.Code != shared.CodeVendorUnknownError || time.Since(began) > 0 {
			t.Errorf("%v after %v", err, time.Since(began))
		}
	})
}

func TestDeadlineWhileUploadingIsProvedNotSent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := newVendor(t, vectorStep{Do: "stall_body", Bytes: 10})
		c := testClient(t, testConfig(v.pipes()))
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		_, err := c.Call(ctx, smallCall)
		v.close()
		if e := asError(t, err); e.Code != shared.CodeDeadlineExceeded || e.Outcome != shared.OutcomeNotSent || !errors.Is(err, context.DeadlineExceeded) {
			t.Error(err)
		}
	})
}

func TestTimingsTellSendingFromWaiting(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := newVendor(t, vectorStep{Do: "stall_answer"})
		cfg := testConfig(v.pipes())
		x, err := testClient(t, cfg).prepare(context.Background(), smallCall)
		if err != nil {
			t.Fatal(err)
		}
		if got := x.run(); got.code != shared.CodeOutcomeUnknown {
			t.Error(got.err())
		}
		v.close()
		if x.timings.Wait != DefaultAnswerTimeout || x.timings.Send != 0 {
			t.Errorf("timings %+v", x.timings)
		}
	})
}

// What one call learns of the clocks, the next one uses.
func TestClockIsCorrectedForLaterCalls(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := newVendor(t, vectorStep{Code: 10004, DateAhead: "1h"}, vectorStep{Code: Success}, vectorStep{Code: Success},
			vectorStep{Code: 10004, DateAhead: "1h"}, vectorStep{Code: Success}, vectorStep{Code: Success})
		c := testClient(t, testConfig(v.pipes()))
		for i, want := range []int{2, 1, 2, 1} {
			reply, err := c.Call(context.Background(), smallCall)
			if err != nil {
				t.Fatal(err)
			}
			if reply.Attempts != want {
				t.Errorf("call %d took %d attempts, want %d", i+1, reply.Attempts, want)
			}
		}
		v.close()
		for i, want := range []time.Duration{0, time.Hour, time.Hour, time.Hour, -1, -1} {
			if v.times[i] != want {
				t.Errorf("request %d was signed with %v, want %v", i+1, v.times[i], want)
			}
		}
	})
}

func TestEveryAttemptIsSignedWithItsOwnTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := newVendor(t, vectorStep{Code: 10014}, vectorStep{Code: Success})
		c := testClient(t, testConfig(v.pipes()))
		if _, err := c.Call(context.Background(), smallCall); err != nil {
			t.Fatal(err)
		}
		v.close()
		if first, second := v.forms[0].Get("time"), v.forms[1].Get("time"); first == second {
			t.Error("the resend has the time of the first attempt")
		}
		for i := range v.times {
			if v.times[i] != 0 {
				t.Errorf("request %d was signed with a time off by %v", i+1, v.times[i])
			}
		}
	})
}

func TestPlatformCallReachesAnyPathWithAnyParameters(t *testing.T) {
	var path string
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		path = r.URL.Path
		if err := r.ParseForm(); err != nil {
			t.Error(err)
		}
		if r.Method != http.MethodPost || r.URL.RawQuery != "" || r.PostForm.Get("sign") != vendorSign(r.PostForm, testSecret) {
			t.Error("not a signed POST")
		}
		if got := r.Header.Get("Content-Type"); got != "application/x-www-form-urlencoded;charset=utf-8" {
			t.Error(got)
		}
		_, _ = io.WriteString(w, `{"codeid":"10000","message":"ok","time":"1","retdata":["`+r.PostForm.Get("mobile")+`"]}`)
	}))
	defer s.Close()
	cfg := testConfig(nil)
	cfg.BaseURL, cfg.Format = s.URL+"/pyi/76/194", FormatXML
	c := testClient(t, cfg)
	defer c.Close()
	for call, want := range map[string]string{
		"": "/pyi/76/194", "/pyi/76/195": "/pyi/76/195", "2": "/pyi/76/194/2", "/": "/",
	} {
		reply, err := c.Call(context.Background(), Call{Path: call, Params: map[string]string{"mobile": "13800000000", "empty": ""}})
		if err != nil {
			t.Fatal(err)
		}
		if path != want || string(reply.Envelope.RetData) != `["13800000000"]` || reply.Envelope.Message != "ok" {
			t.Errorf("%q went to %q and got %s", call, path, reply.Envelope.RetData)
		}
	}
	// A picture by URL is a parameter like others.
	if _, err := c.Call(context.Background(), Call{Picture: shared.Image{URL: "https://example.test/a.jpg"}, PictureParam: "url_image"}); err != nil {
		t.Error(err)
	}
	for name, call := range map[string]Call{
		"own name":        {Params: map[string]string{"sign": "x"}},
		"no name":         {Params: map[string]string{"": "x"}},
		"picture's name":  {Params: map[string]string{"p": "x"}, PictureParam: "p", Picture: shared.Image{Bytes: []byte("p")}},
		"two pictures":    {PictureParam: "p", Picture: shared.Image{Bytes: []byte("p"), URL: "x"}},
		"no picture":      {PictureParam: "p"},
		"no param":        {Picture: shared.Image{Bytes: []byte("p")}},
		"a host":          {Path: "//elsewhere/p"},
		"a URL":           {Path: "https://elsewhere/p"},
		"a query":         {Path: "/p?sign=x"},
		"no path at all":  {Path: "/%zz"},
		"with a fragment": {Path: "/p#x"},
	} {
		_, err := c.Call(context.Background(), call)
		if e := asError(t, err); e.Code != shared.CodeInvalidRequest || e.Outcome != shared.OutcomeNotSent {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A proxy is asked for plain http with the whole URL; one that is not there is no connection.
func TestProxyIsUsedAsConfigured(t *testing.T) {
	var asked atomic.Int32
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Host == "vendor.test" {
			asked.Add(1)
		}
		_, _ = io.Copy(io.Discard, r.Body)
		_, _ = io.WriteString(w, `{"codeid":10000}`)
	}))
	cfg := testConfig(nil)
	cfg.BaseURL, cfg.Insecure, cfg.Proxy = "http://vendor.test/p", true, proxy.URL
	cfg.Delay = func(time.Duration) time.Duration { return 0 }
	c := testClient(t, cfg)
	if _, err := c.Call(context.Background(), smallCall); err != nil || asked.Load() != 1 {
		t.Errorf("%v, %d requests through the proxy", err, asked.Load())
	}
	_ = c.Close()
	proxy.Close()
	_, err := c.Call(context.Background(), smallCall)
	if e := asError(t, err); e.Code != shared.CodeUpstreamUnreachable || e.Outcome != shared.OutcomeNotSent || e.Attempts != 4 {
		t.Error(err)
	}
}

// Plain http is allowed to this machine only because nothing leaves it: so no proxy gets it.
func TestPlainHTTPToThisMachineGoesThroughNoProxy(t *testing.T) {
	for _, host := range []string{"127.0.0.1", "LOCALHOST", "[::1]"} {
		for _, setting := range []string{"http://proxy.test:3128", ProxyEnvironment} {
			t.Setenv("HTTP_PROXY", "http://proxy.test:3128")
			cfg := testConfig(nil)
			cfg.BaseURL, cfg.Proxy = "http://"+host+"/p", setting
			transport, ok := testClient(t, cfg).transport.(*http.Transport)
			if !ok || transport.Proxy != nil {
				t.Errorf("%s, proxy %s: it is used", host, setting)
			}
		}
	}
}

// The time in the queue is that of whoever waits there: the layer gate counts its own.
func TestWaitOfAHookIsNotCountedTwice(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := newVendor(t, vectorStep{Code: Success})
		ctx := shared.WithBeforeAttempt(context.Background(), func(context.Context) error {
			time.Sleep(time.Second)
			return nil
		})
		reply, err := testClient(t, testConfig(v.pipes())).Call(ctx, smallCall)
		v.close()
		if err != nil || reply.Timings.Queue != 0 || reply.Timings.Total != time.Second {
			t.Errorf("%v, %+v", err, reply.Timings)
		}
	})
}

// Only a status that says that nothing was done is taken as that.
func TestStatusesAreClaimedNoStrongerThanTheyAre(t *testing.T) {
	for status, want := range map[int]shared.Outcome{
		99: shared.OutcomeAmbiguous, 101: shared.OutcomeAmbiguous, 304: shared.OutcomeRejected, 418: shared.OutcomeRejected,
		429: shared.OutcomeRejected, 501: shared.OutcomeAmbiguous, 507: shared.OutcomeAmbiguous, 999: shared.OutcomeAmbiguous,
	} {
		if v := statusVerdict(&http.Response{StatusCode: status}, time.Now()); v.outcome != want {
			t.Errorf("%d: %s", status, v.outcome)
		}
	}
}

package wapi

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed-6b91b535/idrec/shared"
)

// vector is a row of the policy tables.
type vector struct {
	Name        string       `json:"name"`
	Retry       shared.Basis `json:"retry"`
	Rand        float64      `json:"rand"`
	HTTPS       bool         `json:"https"`
	Picture     int          `json:"picture"`      // bytes; 0: a small one
	CancelDelay int          `json:"cancel_delay"` // the caller gives up at the nth wait
	MessageRule string       `json:"message_rule"`
	Steps       []vectorStep `json:"steps"`
	Want        struct {
		Requests   int            `json:"requests"`
		Attempts   int            `json:"attempts"` // 0: as many as requests
		Billed     int            `json:"billed"`
		Code       shared.Code    `json:"code"`
		Outcome    shared.Outcome `json:"outcome"`
		Basis      shared.Basis   `json:"basis"`
		Delays     []string       `json:"delays"`
		Times      []string       `json:"times"` // signed with, against the vendor's clock; "": without
		Text       string         `json:"text"`
		RetryAfter string         `json:"retry_after"`
		Skew       string         `json:"skew"`
	} `json:"want"`
}

func loadVectors(t *testing.T, files ...string) []vector {
	var all []vector
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var vs []vector
		d := json.NewDecoder(bytes.NewReader(b))
		d.DisallowUnknownFields()
		if err := d.Decode(&vs); err != nil {
			t.Fatal(file, err)
		}
		all = append(all, vs...)
	}
	return all
}

func policy(t *testing.T) []vector {
	return loadVectors(t, "testdata/codes.json", "testdata/transport.json")
}

func TestPolicyInABubble(t *testing.T) {
	for _, row := range policy(t) {
		t.Run(row.Name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				v := newVendor(t, row.Steps...)
				cfg := row.config(t, v)
				cfg.DialContext = v.pipes()
				runVector(t, row, v, cfg, true)
			})
		})
	}
}

func TestPolicyOverSockets(t *testing.T) {
	for _, row := range policy(t) {
		t.Run(row.Name, func(t *testing.T) {
			t.Parallel()
			v := newVendor(t, row.Steps...)
			v.linger = 5 * time.Second
			cfg := row.config(t, v)
			cfg.DialContext = v.sockets()
			for _, s := range row.Steps { // what is waited for, is short
				switch s.Do {
				case "tls_timeout":
					cfg.DialTimeout = 50 * time.Millisecond
				case "stall_body":
					cfg.StallTimeout = time.Second
				case "stall_answer":
					cfg.AnswerTimeout = 200 * time.Millisecond
				}
			}
			runVector(t, row, v, cfg, false)
		})
	}
}

func (row vector) config(t *testing.T, v *vendor) Config {
	cfg := Config{
		BaseURL: "http://vendor.test/pyi/76/194", AppID: testAppID, Secret: shared.NewSecret(testSecret),
		Insecure: true, Proxy: ProxyNone, PricePerCall: 50, Rand: func() float64 { return row.Rand },
	}
	// Most rows run over plain http to this machine, whose Date can be trusted.
	cfg.BaseURL = "http://127.0.0.1/pyi/76/194"
	if row.HTTPS {
		v.cert = testCertificate(t)
		cfg.BaseURL, cfg.CAFile = "https://vendor.test/pyi/76/194", caFile(t, v.cert)
	}
	if row.MessageRule != "" {
		cfg.MessageRule = func(text string) bool { return strings.Contains(text, row.MessageRule) }
	}
	return cfg
}

func runVector(t *testing.T, row vector, v *vendor, cfg Config, exact bool) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	v.cancel = cancel

	// The waits: recorded, and in a bubble made and measured.
	var mu sync.Mutex
	var delays []time.Duration
	var waitedFrom time.Time
	cfg.Delay = func(d time.Duration) time.Duration {
		mu.Lock()
		defer mu.Unlock()
		if waitedFrom.IsZero() {
			delays = append(delays, d)
		}
		if len(delays) == row.CancelDelay {
			cancel()
		}
		waitedFrom = time.Now()
		if exact {
			return d
		}
		return 0
	}
	tokens, sends := 0, 0
	ctx = shared.WithBeforeAttempt(ctx, func(context.Context) error {
		mu.Lock()
		defer mu.Unlock()
		if exact && !waitedFrom.IsZero() {
			if waited := time.Since(waitedFrom); waited != delays[len(delays)-1] {
				t.Errorf("waited %v, not %v", waited, delays[len(delays)-1])
			}
		}
		waitedFrom = time.Time{}
		if sends > 1 || tokens > 0 && sends == 0 {
			t.Error("BeforeSend must be called once, after the first BeforeAttempt")
		}
		tokens++
		return nil
	})
	ctx = shared.WithBeforeSend(ctx, func(context.Context) error { sends++; return nil })

	client, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	picture := bytes.Repeat([]byte("\x00\xfb\xff?>"), 1+row.Picture/5)
	reply, err := client.Call(ctx, Call{
		Picture: shared.Image{Bytes: picture}, PictureParam: ParamImage, Params: map[string]string{ParamSide: SideFront},
		Retry: row.Retry, CallID: "call-1",
	})
	_ = client.Close()
	v.close()

	want := row.Want
	if want.Attempts == 0 {
		want.Attempts = want.Requests
	}
	if tokens != want.Attempts || sends != 1 {
		t.Errorf("%d tokens were taken and %d intents recorded, want %d and 1", tokens, sends, want.Attempts)
	}
	if v.requests != want.Requests || v.billed != want.Billed || len(v.steps) != 0 {
		t.Errorf("%d requests, %d billed, %d steps left; want %d, %d, 0", v.requests, v.billed, len(v.steps), want.Requests, want.Billed)
	}
	if v.billed > 1 {
		t.Error("billed twice")
	}
	var wantDelays []time.Duration
	for _, d := range want.Delays {
		wantDelays = append(wantDelays, parseDuration(t, d))
	}
	if len(delays) != len(wantDelays) {
		t.Fatalf("delays %v, want %v", delays, wantDelays)
	}
	for i := range delays {
		if delays[i].Round(time.Microsecond) != wantDelays[i] {
			t.Errorf("delays %v, want %v", delays, wantDelays)
		}
	}
	checkTimes(t, row, v, exact)
	if want.Code == "" {
		if err != nil {
			t.Fatalf("unexpected error: %v", err)
		}
		if reply.Outcome != want.Outcome || reply.Basis != want.Basis || reply.Attempts != want.Attempts || reply.Price != 50 || reply.Envelope.Code != Success {
			t.Errorf("reply %s/%s, %d attempts, price %v", reply.Outcome, reply.Basis, reply.Attempts, reply.Price)
		}
		return
	}
	var e *shared.Error
	if !errors.As(err, &e) {
		t.Fatalf("error %v is no *shared.Error", err)
	}
	if e.Code != want.Code || e.Outcome != want.Outcome || e.Basis != want.Basis || e.Attempts != want.Attempts || e.CallID != "call-1" {
		t.Errorf("got %s, %s/%s after %d attempts; want %s, %s/%s after %d (cause: %v)",
			e.Code, e.Outcome, e.Basis, e.Attempts, want.Code, want.Outcome, want.Basis, want.Attempts, e.Err)
	}
	if e.VendorText != want.Text && want.Text != "" {
		t.Errorf("vendor text %q, want %q", e.VendorText, want.Text)
	}
	if want.RetryAfter != "" && e.RetryAfter != parseDuration(t, want.RetryAfter) {
		t.Errorf("retry after %v, want %v", e.RetryAfter, want.RetryAfter)
	}
	if want.Skew != "" && (e.ClockSkew-parseDuration(t, want.Skew)).Abs() > 2*time.Second {
		t.Errorf("skew %v, want %v", e.ClockSkew, want.Skew)
	}
	if spent := e.Outcome.MayBeBilled(); spent != (e.Price == 50) || spent != (e.Class() == shared.ClassUnclear) {
		t.Errorf("price %v and class %s do not go with outcome %s", e.Price, e.Class(), e.Outcome)
	}
	if e.Message == "" || strings.ContainsAny(e.Message, "\r\n") {
		t.Errorf("message %q is not one line", e.Message)
	}
}

// checkTimes looks at the time that each whole request was signed with: by default the present one.
func checkTimes(t *testing.T, row vector, v *vendor, exact bool) {
	tolerance := time.Duration(0)
	if !exact {
		tolerance = time.Minute // it is looked at when the request has arrived
	}
	for i, got := range v.times {
		want := time.Duration(0)
		if i < len(row.Want.Times) {
			if row.Want.Times[i] == "" {
				if got != -1 {
					t.Errorf("request %d was signed with a time", i+1)
				}
				continue
			}
			want = parseDuration(t, row.Want.Times[i])
		}
		if got == -1 && i >= len(row.Want.Times) {
			continue
		}
		if d := (got - want).Abs(); d >= time.Second+tolerance {
			t.Errorf("request %d was signed with a time off by %v, want %v", i+1, got, want)
		}
	}
}

func parseDuration(t *testing.T, s string) time.Duration {
	d, err := time.ParseDuration(s)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

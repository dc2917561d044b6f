package metrics_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/seed-6b91b535/idrec/sdk/layers"
	"github.com/seed-6b91b535/idrec/sdk/metrics"
	"github.com/seed-6b91b535/idrec/shared"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const canary = "李秀英样本"

// vendor answers by the text of the picture.
type vendor struct{}

func (vendor) Describe(context.Context) (*shared.Description, error) {
	return &shared.Description{Name: "fake", Product: "card", Paid: true, Prices: []shared.Price{{Calls: 1, PerCall: 50}}}, nil
}

func (vendor) Recognize(ctx context.Context, req *shared.Request) (*shared.Result, error) {
	if err := shared.BeforeAttempt(ctx); err != nil {
		return nil, err
	}
	if err := shared.BeforeSend(ctx); err != nil {
		return nil, err
	}
	switch text := string(req.Image.Bytes); text {
	case "paused":
		return nil, &shared.Error{Code: shared.CodeQuotaExhausted, Outcome: shared.OutcomeRejected, Basis: shared.BasisDocumented, Attempts: 1, VendorText: canary}
	case "strange":
		return nil, &shared.Error{Code: shared.Code(canary), Outcome: shared.OutcomeRejected, Basis: shared.BasisDocumented, Attempts: 1}
	case "new":
		return &shared.Result{Status: shared.PictureStatus(canary), Outcome: shared.OutcomeBilled, Basis: shared.BasisDocumented, Price: 50, Attempts: 1}, nil
	}
	return &shared.Result{Status: shared.StatusNormal, Side: shared.SidePortrait, Outcome: shared.OutcomeBilled, Basis: shared.BasisDocumented, Price: 50, Attempts: 2,
		Fields: map[shared.FieldName]shared.Field{shared.FieldFullName: {State: shared.FieldPresent, Value: canary}}}, nil
}

func exporting(t *testing.T, values map[string]string) (*metrics.Recognizer, error) {
	t.Helper()
	e := metrics.New()
	r := e.Around(layers.Around(vendor{}, layers.Options{Observe: e.Observe}), func(text string) { t.Log(text) })
	t.Cleanup(func() {
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	})
	return r, r.Configure(t.Context(), shared.Configuration{Values: values})
}

func settings(more ...string) map[string]string {
	v := map[string]string{"rate": "inf", "prepare": "false"}
	for i := 0; i < len(more); i += 2 {
		v[more[i]] = more[i+1]
	}
	return v
}

// socket is a short path for one: their length is bounded.
func socket(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "m") //nolint:usetesting // its name has the test's in it
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return filepath.Join(dir, "s")
}

func scrape(t *testing.T, network, address string) (string, error) {
	t.Helper()
	c := &http.Client{Transport: &http.Transport{DisableKeepAlives: true, DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, network, address)
	}}}
	resp, err := c.Get("http://localhost/metrics")
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if resp.StatusCode != http.StatusOK {
		t.Errorf("HTTP %d: %s", resp.StatusCode, text)
	}
	return string(text), err
}

func TestCountsAreServedAndNameNobody(t *testing.T) {
	t.Parallel()
	path := socket(t)
	r, err := exporting(t, settings("metrics_listen", "unix:"+path, "calls_package", "100"))
	if err != nil {
		t.Fatal(err)
	}
	ask := func(picture string) {
		_, _ = r.Recognize(t.Context(), &shared.Request{Image: shared.Image{Bytes: []byte(picture)}, Subject: canary, Purpose: canary, Key: canary + picture})
	}
	for _, picture := range []string{"a", "a", "strange", "new", "paused", "b"} {
		ask(picture)
	}
	text, err := scrape(t, "unix", path)
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range []string{
		`idrec_calls_total{answered_by="live",class="",code="",outcome="billed",status="normal"} 1`,
		`idrec_calls_total{answered_by="ledger",class="",code="",outcome="billed",status="normal"} 1`,
		`idrec_calls_total{answered_by="live",class="",code="",outcome="billed",status="other"} 1`,
		`idrec_calls_total{answered_by="nobody",class="internal",code="other",outcome="rejected",status=""} 1`,
		`idrec_calls_total{answered_by="nobody",class="paused",code="quota_exhausted",outcome="rejected",status=""} 1`,
		`idrec_calls_total{answered_by="nobody",class="paused",code="quota_exhausted",outcome="not_sent",status=""} 1`,
		`idrec_attempts_total 5`, `idrec_paid_yuan_total{outcome="billed"} 0.1`,
		`idrec_paused{code="quota_exhausted"} 1`, `idrec_circuit_open 0`, `idrec_ledger_up 1`, `idrec_ledger_durable 0`, `idrec_calls_left 98`,
		`idrec_calls_inside 0`, `idrec_ledger_calls_total{outcome="billed"} 2`, `idrec_ledger_answered_total 1`, `idrec_ledger_yuan_total{kind="saved"} 0.05`,
		`idrec_call_seconds_count{answered_by="live"} 2`, `idrec_queue_seconds_count 2`,
	} {
		if !strings.Contains(text, line+"\n") {
			t.Errorf("%s is missing", line)
		}
	}
	if strings.Contains(text, canary) {
		t.Error("somebody is named")
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the socket has %v, %v", info.Mode(), err)
	}
	if t.Failed() {
		for l := range strings.Lines(text) {
			if strings.HasPrefix(l, "idrec") {
				t.Log(strings.TrimSpace(l))
			}
		}
	}
}

func TestMetricsAreOffUnlessAskedForAndStayOnThisMachine(t *testing.T) {
	t.Parallel()
	for setting, ok := range map[string]bool{
		"": true, "127.0.0.1:0": true, "localhost:0": true, "[::1]:0": true,
		"0.0.0.0:0": false, ":0": false, "10.0.0.1:9": false, "example.com:9": false, "127.0.0.1": false, "unix:": false, "unix:relative": false, "nonsense": false,
	} {
		r, err := exporting(t, settings("metrics_listen", setting))
		if refused := errors.Is(err, shared.CodeConfigurationInvalid); refused == ok && !strings.HasPrefix(setting, "[") { // not every machine has IPv6
			t.Errorf("%q: %v", setting, err)
		}
		if d, err := r.Describe(t.Context()); err != nil || d.Fields[len(d.Fields)-2].Name != "metrics_listen" {
			t.Errorf("%v", err)
		}
	}
	if _, err := exporting(t, settings("metrics_listen", "0.0.0.0:0", "unsafe_metrics_anywhere", "true")); err != nil {
		t.Error(err)
	}
	if _, err := exporting(t, settings("unsafe_metrics_anywhere", "yes")); !errors.Is(err, shared.CodeConfigurationInvalid) {
		t.Error(err)
	}
}

func TestReconfiguringMovesTheListenerAndBadSettingsDoNot(t *testing.T) {
	t.Parallel()
	first, second := socket(t), socket(t)
	r, err := exporting(t, settings("metrics_listen", "unix:"+first))
	if err != nil {
		t.Fatal(err)
	}
	reachable := func(path string, want bool) {
		t.Helper()
		if _, err := scrape(t, "unix", path); (err == nil) != want {
			t.Errorf("%v", err)
		}
	}
	configure := func(want bool, values map[string]string) {
		t.Helper()
		if err := r.Configure(t.Context(), shared.Configuration{Values: values}); (err == nil) != want {
			t.Errorf("Configure: %v", err)
		}
	}
	configure(false, settings("metrics_listen", "unix:"+second, "rate", "no number"))
	configure(false, settings("metrics_listen", "unix:"+filepath.Join(second, "not", "there")))
	reachable(first, true)
	reachable(second, false)
	configure(true, settings("metrics_listen", "unix:"+first, "rate", "5"))
	reachable(first, true)
	configure(true, settings("metrics_listen", "unix:"+second))
	reachable(first, false)
	reachable(second, true)
	configure(true, settings())
	reachable(second, false)
}

// The process before may still have the address when its successor starts.
func TestAddressInUseIsNoReasonNotToStart(t *testing.T) {
	t.Parallel()
	path := socket(t)
	values := settings("metrics_listen", "unix:"+path)
	if _, err := exporting(t, values); err != nil {
		t.Fatal(err)
	}
	if _, err := exporting(t, values); err != nil {
		t.Error(err)
	}
	// A socket that a killed process left is taken over.
	left := socket(t)
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: left, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	l.SetUnlinkOnClose(false)
	_ = l.Close()
	if _, err := exporting(t, settings("metrics_listen", "unix:"+left)); err != nil {
		t.Fatal(err)
	}
	if _, err := scrape(t, "unix", left); err != nil {
		t.Error(err)
	}
}

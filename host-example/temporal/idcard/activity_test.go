package idcard_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"
	"go.uber.org/goleak"

	"github.com/seed-6b91b535/idrec/host-example/temporal/fetch"
	"github.com/seed-6b91b535/idrec/host-example/temporal/idcard"
	"github.com/seed-6b91b535/idrec/shared"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// canary is what was read, and stands in every address.
const canary = "张三样本"

// shelf is where the pictures of the tests are: the path is the picture.
type shelf struct{}

func (shelf) Fetch(_ context.Context, u *url.URL, _ int64) ([]byte, error) {
	switch u.Host {
	case "none":
		return nil, &shared.Error{Code: shared.CodeURLFailed, Outcome: shared.OutcomeNotSent, Basis: shared.BasisProved}
	case "busy":
		return nil, &shared.Error{Code: shared.CodeURLFailed, Outcome: shared.OutcomeNotSent, Basis: shared.BasisProved, Err: fetch.ErrTemporary}
	}
	return []byte(u.Path), nil
}

func picture(host, name string) idcard.Picture {
	u := &url.URL{Scheme: "test", Host: host, Path: "/" + name + canary}
	d := sha256.Sum256([]byte(u.Path))
	return idcard.Picture{URI: u.String(), SHA256: hex.EncodeToString(d[:])}
}

func pictures(n int) []idcard.Picture {
	out := make([]idcard.Picture, n)
	for i := range out {
		out[i] = picture("shelf", fmt.Sprintf("%04d", i))
	}
	return out
}

// reader answers every picture, or with the error of its picture.
type reader struct {
	mu     sync.Mutex
	asked  map[string]int
	last   *shared.Request
	errors map[string]*shared.Error // by what the picture begins with
	calls  atomic.Int32
	before func(n int32)
}

func (r *reader) Describe(context.Context) (*shared.Description, error) {
	return &shared.Description{Name: "test"}, nil
}

func (r *reader) Recognize(ctx context.Context, req *shared.Request) (*shared.Result, error) {
	n := r.calls.Add(1)
	if r.before != nil {
		r.before(n)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.asked == nil {
		r.asked = map[string]int{}
	}
	name := strings.TrimPrefix(string(req.Image.Bytes), "/")
	r.asked[name]++
	r.last = req
	for prefix, e := range r.errors {
		if strings.HasPrefix(name, prefix) {
			return nil, e
		}
	}
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	return &shared.Result{Status: shared.StatusNormal, Side: shared.SidePortrait, Outcome: shared.OutcomeBilled, Basis: shared.BasisDocumented,
		AnsweredBy: shared.AnsweredLive, Price: 50, RequestKey: "key", Findings: []shared.Finding{{Code: "x", Message: canary}},
		Fields: map[shared.FieldName]shared.Field{shared.FieldFullName: {Raw: canary, Value: canary, State: shared.FieldPresent}}}, nil
}

func environment(t *testing.T, r *reader, o idcard.Options) *testsuite.TestActivityEnvironment {
	t.Helper()
	var s testsuite.WorkflowTestSuite
	env := s.NewTestActivityEnvironment()
	idcard.RegisterActivities(env, r, shelf{}, o)
	return env
}

func TestWhatWasReadGoesIntoTheHistoryOnlyWhereAskedAndAllowed(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		results string
		allow   bool
		read    bool
		kind    string
	}{{"", true, false, ""}, {"reference", true, false, ""}, {"record", true, true, ""}, {"record", false, false, idcard.TypeConfiguration}, {"all", true, false, idcard.TypeInput}} {
		r := &reader{}
		env := environment(t, r, idcard.Options{AllowRecords: c.allow})
		in := idcard.RecognizeInput{Picture: picture("shelf", ""), Wanted: idcard.Wanted{Results: c.results, Purpose: "p"}}
		in.ID, in.Side, in.Subject = "item-7", "emblem", "s"
		v, err := env.ExecuteActivity(idcard.RecognizeName, in)
		if c.kind != "" {
			var a *temporal.ApplicationError
			if !errors.As(err, &a) || a.Type() != c.kind || !a.NonRetryable() || r.calls.Load() != 0 {
				t.Errorf("%+v: %v", c, err)
			}
			continue
		}
		var record shared.Record
		if err != nil || v.Get(&record) != nil {
			t.Fatal(err)
		}
		text, err := json.Marshal(record)
		if err != nil || strings.Contains(string(text), canary) != c.read {
			t.Errorf("%+v: %s", c, text)
		}
		if record.Source != "item-7" || record.Status != shared.StatusNormal || record.RequestKey != "key" || record.Outcome != shared.OutcomeBilled {
			t.Errorf("%s", text)
		}
		if q := r.last; q.Retry != shared.BasisProved || q.Side != shared.SideEmblem || q.Attempt != 1 || q.Subject != "s" || q.Purpose != "p" {
			t.Error(q)
		}
	}
}

func TestEveryClassOfFailureHasItsTypeAndItsDelay(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		err   *shared.Error
		host  string
		kind  string
		retry bool
		delay time.Duration
	}{
		"input":          {&shared.Error{Code: shared.CodeNotAPicture, Outcome: shared.OutcomeNotSent}, "", idcard.TypeInput, false, 0},
		"credentials":    {&shared.Error{Code: shared.CodeSignatureRefused, Outcome: shared.OutcomeRejected}, "", idcard.TypeConfiguration, false, 0},
		"unclear":        {&shared.Error{Code: shared.CodeOutcomeUnknown, Outcome: shared.OutcomeAmbiguous}, "", idcard.TypeUnclear, false, 0},
		"lost":           {&shared.Error{Code: shared.CodeUpstreamBusy, Outcome: shared.OutcomeBilled}, "", idcard.TypeUnclear, false, 0},
		"defect":         {&shared.Error{Code: shared.CodePanic, Outcome: shared.OutcomeNotSent}, "", idcard.TypeInternal, false, 0},
		"paused":         {&shared.Error{Code: shared.CodeBalanceTooLow, Outcome: shared.OutcomeRejected}, "", idcard.TypePaused, true, 7 * time.Second},
		"paused, long":   {&shared.Error{Code: shared.CodeQuotaExhausted, Outcome: shared.OutcomeNotSent, RetryAfter: time.Hour}, "", idcard.TypePaused, true, time.Hour},
		"rate":           {&shared.Error{Code: shared.CodeUpstreamBusy, Outcome: shared.OutcomeRejected, RetryAfter: 9 * time.Second}, "", idcard.TypeTransient, true, 9 * time.Second},
		"transient":      {&shared.Error{Code: shared.CodePluginUnavailable, Outcome: shared.OutcomeNotSent}, "", idcard.TypeTransient, true, 0},
		"404":            {nil, "none", idcard.TypeInput, false, 0},
		"store is busy":  {nil, "busy", idcard.TypeTransient, true, 0},
		"another digest": {nil, "changed", idcard.TypeInput, false, 0},
	} {
		r := &reader{}
		if c.err != nil {
			c.err.VendorText = "10.0.0.1"
			r.errors = map[string]*shared.Error{"": c.err}
		}
		env := environment(t, r, idcard.Options{PausedDelay: 7 * time.Second})
		p := picture(c.host, "")
		if c.host == "changed" {
			p.SHA256 = strings.Repeat("0", 64)
		}
		_, err := env.ExecuteActivity(idcard.RecognizeName, idcard.RecognizeInput{Picture: p})
		var a *temporal.ApplicationError
		if !errors.As(err, &a) || a.Type() != c.kind || a.NonRetryable() == c.retry || a.NextRetryDelay() != c.delay {
			t.Errorf("%s: %v, delay %v", name, err, a.NextRetryDelay())
			continue
		}
		var details shared.RecordError
		if err := a.Details(&details); err != nil || details.Code == "" || details.VendorText != "" {
			t.Errorf("%s: %+v %v", name, details, err)
		}
		if strings.Contains(err.Error(), canary) || strings.Contains(err.Error(), "shelf") {
			t.Errorf("%s: %v", name, err)
		}
		if c.kind == idcard.TypeUnclear && !strings.Contains(err.Error(), "idrec ledger settle") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestOtherLanguagesCallWithTheseNames: what stands here is a contract with workflows in Java, Python and
// TypeScript.
func TestOtherLanguagesCallWithTheseNames(t *testing.T) {
	t.Parallel()
	r := &reader{}
	env := environment(t, r, idcard.Options{AllowRecords: true})
	p := picture("shelf", "0001")
	one := map[string]any{"id": "7", "uri": p.URI, "sha256": p.SHA256, "size": len("/0001" + canary), "side": "emblem", "case": "c", "subject": "s"}
	wanted := map[string]any{"fields": []string{"name"}, "purpose": "p", "results": "record", "budget": map[string]any{"run": "r", "yuan": "1.5", "calls": 3}}
	single := maps.Clone(one)
	maps.Copy(single, wanted)
	batch := map[string]any{"pictures": []any{one}}
	maps.Copy(batch, wanted)
	for name, in := range map[string]map[string]any{"idcard.recognize.v1": single, "idcard.recognize_batch.v1": batch} {
		v, err := env.ExecuteActivity(name, in)
		var out map[string]any
		if err != nil || v.Get(&out) != nil {
			t.Fatal(name, err)
		}
		if list, ok := out["records"].([]any); ok && len(list) == 1 {
			out, _ = list[0].(map[string]any)
		}
		if out["source"] != "7" || out["status"] != "normal" || out["outcome"] != "billed" || out["price_yuan"] != "0.050" || out["request_key"] != "key" || out["case"] != "c" {
			t.Errorf("%s: %v", name, out)
		}
		if q := r.last; q.Side != shared.SideEmblem || q.Case != "c" || q.Subject != "s" || q.Purpose != "p" || len(q.Fields) != 1 || q.Budget != (shared.Budget{Run: "r", Yuan: 1500, Calls: 3}) {
			t.Errorf("%s: %+v", name, q.Budget)
		}
	}
}

func TestABatchKeepsTheOrderAndAFailureToItsPicture(t *testing.T) {
	t.Parallel()
	r := &reader{errors: map[string]*shared.Error{"0003": {Code: shared.CodeNotAPicture, Outcome: shared.OutcomeNotSent}, "0005": {Code: shared.CodeOutcomeUnknown, Outcome: shared.OutcomeAmbiguous}}}
	env := environment(t, r, idcard.Options{Parallel: 3})
	in := idcard.BatchInput{Pictures: pictures(9)}
	in.Pictures[7] = picture("none", "0007")
	in.Pictures[8] = idcard.Picture{} // malformed
	v, err := env.ExecuteActivity(idcard.BatchName, in)
	var out idcard.BatchOutput
	if err != nil || v.Get(&out) != nil || len(out.Records) != 9 {
		t.Fatal(err, len(out.Records))
	}
	want := map[int]shared.Code{3: shared.CodeNotAPicture, 5: shared.CodeOutcomeUnknown, 7: shared.CodeURLFailed, 8: shared.CodeInvalidRequest}
	for i, rec := range out.Records {
		if rec.Source != fmt.Sprint(i) || (rec.Error != nil) != (want[i] != "") || rec.Error != nil && rec.Error.Code != want[i] {
			t.Errorf("%d: %+v", i, rec)
		}
	}
}

func TestAHugeBatchIsRefused(t *testing.T) {
	t.Parallel()
	env := environment(t, &reader{}, idcard.Options{})
	_, err := env.ExecuteActivity(idcard.BatchName, idcard.BatchInput{Pictures: pictures(idcard.MaxBatch + 1)})
	var a *temporal.ApplicationError
	if !errors.As(err, &a) || a.Type() != idcard.TypeInput || !a.NonRetryable() {
		t.Error(err)
	}
	v, err := env.ExecuteActivity(idcard.BatchName, idcard.BatchInput{})
	var out idcard.BatchOutput
	if err != nil || v.Get(&out) != nil || len(out.Records) != 0 {
		t.Error("an empty batch:", err)
	}
}

// kept are the details of the last heartbeat.
type kept struct {
	mu   sync.Mutex
	last map[string]any
}

func (k *kept) listen(env *testsuite.TestActivityEnvironment) {
	env.SetOnActivityHeartbeatListener(func(_ *activity.Info, v converter.EncodedValues) {
		k.mu.Lock()
		defer k.mu.Unlock()
		var m map[string]any
		if v.Get(&m) == nil {
			k.last = m
		}
	})
}

func TestABatchThatIsTriedAgainAsksOnlyForTheRest(t *testing.T) {
	t.Parallel()
	r := &reader{errors: map[string]*shared.Error{"0004": {Code: shared.CodeBalanceTooLow, Outcome: shared.OutcomeRejected}}}
	env := environment(t, r, idcard.Options{Parallel: 1})
	k := &kept{}
	k.listen(env)
	in := idcard.BatchInput{Pictures: pictures(8)}
	_, err := env.ExecuteActivity(idcard.BatchName, in)
	var a *temporal.ApplicationError
	if !errors.As(err, &a) || a.Type() != idcard.TypePaused || a.NonRetryable() {
		t.Fatal(err)
	}
	if len(r.asked) != 5 {
		t.Errorf("after the account was paused it went on: %d", len(r.asked))
	}
	k.mu.Lock()
	last := k.last
	k.mu.Unlock()
	again := environment(t, r, idcard.Options{Parallel: 1})
	again.SetHeartbeatDetails(last)
	r.errors = nil
	v, err := again.ExecuteActivity(idcard.BatchName, in)
	var out idcard.BatchOutput
	if err != nil || v.Get(&out) != nil || len(out.Records) != 8 {
		t.Fatal(err, len(out.Records))
	}
	for name, n := range r.asked {
		if want := 1; strings.HasPrefix(name, "0004") {
			want = 2
			if n != want {
				t.Errorf("%s: %d", name[:4], n)
			}
		} else if n != want {
			t.Errorf("%s was asked for %d times", name[:4], n)
		}
	}
}

func TestAWorkerThatEndsHandsTheRestOfItsBatchBack(t *testing.T) {
	t.Parallel()
	stop := make(chan struct{})
	r := &reader{before: func(n int32) {
		if n == 3 {
			close(stop)
		}
	}}
	env := environment(t, r, idcard.Options{Parallel: 1})
	env.SetWorkerStopChannel(stop)
	k := &kept{}
	k.listen(env)
	_, err := env.ExecuteActivity(idcard.BatchName, idcard.BatchInput{Pictures: pictures(8)})
	var a *temporal.ApplicationError
	if !errors.As(err, &a) || a.Type() != idcard.TypeStopping || a.NonRetryable() || a.NextRetryDelay() > time.Second {
		t.Error(err)
	}
	if r.calls.Load() != 3 {
		t.Errorf("%d calls", r.calls.Load())
	}
}

func TestAManifestIsReadInParts(t *testing.T) {
	t.Parallel()
	var text strings.Builder
	for i, p := range pictures(5) {
		line, _ := json.Marshal(p)
		text.Write(line)
		text.WriteString("\n")
		if i == 2 {
			text.WriteString("\nno json\n")
		}
	}
	all := text.String()
	u := &url.URL{Scheme: "test", Host: "shelf", Path: "/" + all}
	d := sha256.Sum256([]byte(u.Path))
	// The shelf puts a slash in front, which makes the first line no JSON.
	manifest := idcard.Picture{URI: u.String(), SHA256: hex.EncodeToString(d[:])}
	env := environment(t, &reader{}, idcard.Options{})
	got := 0
	for from, more := 0, true; more; from += 3 {
		v, err := env.ExecuteActivity(idcard.ManifestName, idcard.ManifestInput{Manifest: manifest, From: from, Limit: 3})
		var out idcard.ManifestOutput
		if err != nil || v.Get(&out) != nil || from > 9 {
			t.Fatal(err)
		}
		for _, p := range out.Pictures {
			if p.ID == "" || (p.URI == "") != (p.ID == "line-1" || p.ID == "line-5") {
				t.Errorf("%+v", p.ID)
			}
		}
		got, more = got+len(out.Pictures), out.More
	}
	if got != 6 {
		t.Errorf("%d pictures", got)
	}
}

// converterValue is what the engine's listeners get.
type converterValue = converter.EncodedValue

var dataConverter = converter.GetDefaultDataConverter()

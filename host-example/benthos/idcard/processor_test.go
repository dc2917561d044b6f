package idcard

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/redpanda-data/benthos/v4/public/service"
	"go.uber.org/goleak"

	_ "github.com/redpanda-data/benthos/v4/public/components/pure"

	"github.com/seed-6b91b535/idrec/host-example/internal/enginetest"
	"github.com/seed-6b91b535/idrec/shared"
)

func TestMain(m *testing.M) {
	enginetest.Main(m, goleak.IgnoreAnyFunction("github.com/golang/glog.(*fileSink).flushDaemon"))
}

// fake is a plugin that answers by the first byte of the picture.
type fake struct {
	mu     sync.Mutex
	seen   []*shared.Request
	given  shared.Configuration
	closed atomic.Int32
	now    atomic.Int32
	most   atomic.Int32
	hold   chan struct{} // closed: answer
}

func described() *shared.Description {
	return &shared.Description{Name: "wapi", Title: "a vendor", Fields: []shared.ConfigField{
		{Name: "url", Type: shared.TypeURL, Required: true, Help: "where it is"},
		{Name: "secret", Type: shared.TypeString, Required: true, Secret: true, Help: "the key"},
		{Name: "ledger_key", Type: shared.TypeString, Secret: true, Help: "the key of the ledger"},
		{Name: "ledger_key_file", Type: shared.TypePath, Help: "the file of that key"},
		{Name: "format", Type: shared.TypeEnum, Default: "json", Enum: []string{"json", "xml"}, Help: "the form"},
		{Name: "rate", Type: shared.TypeFloat, Default: "2", Help: "calls a second; inf for no limit"},
		{Name: "price", Type: shared.TypeMoney, Default: "0.050", Help: "yuan a call"},
		{Name: "calls", Type: shared.TypeInt, Default: "4", Help: "calls at once"},
		{Name: "prepare", Type: shared.TypeBool, Default: "true", Help: "make pictures fit"},
	}}
}

func (f *fake) Describe(context.Context) (*shared.Description, error) { return described(), nil }
func (f *fake) Configure(_ context.Context, c shared.Configuration) error {
	f.given = c
	return nil
}
func (f *fake) Close(context.Context) error { f.closed.Add(1); return nil }

func (f *fake) Recognize(ctx context.Context, req *shared.Request) (*shared.Result, error) {
	f.mu.Lock()
	f.seen = append(f.seen, req)
	f.mu.Unlock()
	n := f.now.Add(1)
	defer f.now.Add(-1)
	for m := f.most.Load(); n > m && !f.most.CompareAndSwap(m, n); m = f.most.Load() {
	}
	if f.hold != nil {
		select {
		case <-f.hold:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	if bytes.HasPrefix(req.Image.Bytes, []byte("bad")) {
		return nil, &shared.Error{Code: shared.CodeNotAPicture, Outcome: shared.OutcomeNotSent, Basis: shared.BasisProved}
	}
	return &shared.Result{Status: shared.StatusNormal, Side: shared.SidePortrait, Outcome: shared.OutcomeBilled, Basis: shared.BasisDocumented,
		AnsweredBy: shared.AnsweredLive, Price: 50,
		Fields: map[shared.FieldName]shared.Field{shared.FieldFullName: {Raw: "样本人", Value: "样本人", State: shared.FieldPresent}}}, nil
}

const canary = "a-picture-of-somebody"

// stream runs messages through a processor of the configuration and returns what came out, in order.
func stream(t *testing.T, f *fake, conf string, in ...service.MessageBatch) []*service.Message {
	t.Helper()
	env := service.NewEnvironment()
	plugins := newPool(nil)
	plugins.open = func(context.Context, wanted, hclog.Logger) (process, error) { return f, nil }
	if err := register(env, Found{Plugins: []*shared.Description{described()}}, plugins); err != nil {
		t.Fatal(err)
	}
	b := env.NewStreamBuilder()
	b.SetThreads(2)
	if err := b.SetLoggerYAML("level: none"); err != nil {
		t.Fatal(err)
	}
	if err := b.AddProcessorYAML(conf); err != nil {
		t.Fatal(err)
	}
	produce, err := b.AddBatchProducerFunc()
	if err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	var out []*service.Message
	if err := b.AddBatchConsumerFunc(func(_ context.Context, batch service.MessageBatch) error {
		mu.Lock()
		defer mu.Unlock()
		out = append(out, batch...)
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	s, err := b.Build()
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- s.Run(context.Background()) }()
	for _, batch := range in {
		if err := produce(t.Context(), batch); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.StopWithin(10 * time.Second); err != nil {
		t.Fatal(err)
	}
	<-ended
	if f.closed.Load() != 1 {
		t.Errorf("the plugin was ended %d times", f.closed.Load())
	}
	return out
}

const minimal = `
idcard_recognize:
  wapi: { url: http://x, secret: 0123 }
`

func TestAPictureBecomesARecordAndNeverStays(t *testing.T) {
	t.Parallel()
	f := &fake{}
	good, bad := service.NewMessage([]byte("good "+canary)), service.NewMessage([]byte("bad "+canary))
	bad.MetaSet("path", "zhang.jpg")
	out := stream(t, f, minimal, service.MessageBatch{good, bad, service.NewMessage([]byte("good"))})
	if len(out) != 3 {
		t.Fatalf("%d messages", len(out))
	}
	for i, m := range out {
		text, err := m.AsBytes()
		if err != nil || bytes.Contains(text, []byte(canary)) {
			t.Errorf("message %d still is the picture: %v", i, err)
		}
		var r shared.Record
		if err := json.Unmarshal(text, &r); err != nil {
			t.Fatal(err)
		}
		if failed := m.GetError() != nil; failed != (i == 1) || failed != (r.Error != nil) {
			t.Errorf("message %d: %v %v", i, m.GetError(), r)
		}
		_ = m.MetaWalk(func(k, v string) error {
			if strings.Contains(v, canary) || strings.Contains(v, "样本人") {
				t.Errorf("metadata %s is personal", k)
			}
			return nil
		})
	}
	if !errors.Is(out[1].GetError(), shared.CodeNotAPicture) {
		// Benthos hands on an error's text only, in some versions.
		if !strings.Contains(out[1].GetError().Error(), "not_a_picture") {
			t.Error(out[1].GetError())
		}
	}
	if v, _ := out[1].MetaGet("idrec_class"); v != "input" {
		t.Error(v)
	}
	if text, _ := out[1].AsBytes(); !bytes.Contains(text, []byte(`"source":"zhang.jpg"`)) {
		t.Errorf("%s", text)
	}
	if v, _ := out[0].MetaGet("idrec_status"); v != "normal" {
		t.Error(v)
	}
}

func TestTheRequestSaysWhatTheConfigurationSays(t *testing.T) {
	t.Parallel()
	f := &fake{}
	m := service.NewMessage([]byte(`{"at":"https://x/y","side":"emblem","who":"u1"}`))
	out := stream(t, f, `
idcard_recognize:
  wapi: { url: http://x, secret: 0123, rate: inf, price: 0.042, calls: 7 }
  picture_url: ${! json("at") }
  side: ${! json("side") }
  subject: ${! json("who") }
  key: k
  case: c
  purpose: onboarding
  fields: [ name ]
  retry: proved
  mask: true
`, service.MessageBatch{m})
	if len(out) != 1 || len(f.seen) != 1 {
		t.Fatal(len(out), len(f.seen))
	}
	r := f.seen[0]
	if r.Image.URL != "https://x/y" || r.Side != shared.SideEmblem || r.Subject != "u1" || r.Key != "k" || r.Case != "c" ||
		r.Purpose != "onboarding" || len(r.Fields) != 1 || r.Retry != shared.BasisProved {
		t.Errorf("%v", r)
	}
	if v := f.given.Values; v["rate"] != "inf" || v["price"] != "0.042" || v["calls"] != "7" || v["prepare"] != "true" || v["format"] != "json" {
		t.Error(v)
	}
	if f.given.Secrets["secret"].Reveal() != "0123" {
		t.Error("the secret did not arrive")
	}
	if text, _ := out[0].AsBytes(); bytes.Contains(text, []byte("样本人")) {
		t.Errorf("not masked: %s", text)
	}
}

func TestAnItemThatCannotBeAskedForLeavesTheOthersAlone(t *testing.T) {
	t.Parallel()
	f := &fake{}
	out := stream(t, f, `
idcard_recognize:
  wapi: { url: http://x, secret: 0123 }
  side: ${! json("side") }
`, service.MessageBatch{service.NewMessage([]byte(canary)), service.NewMessage([]byte(`{"side":"front"}`)), service.NewMessage([]byte(`{"side":"top"}`))})
	if len(out) != 3 || len(f.seen) != 1 || out[0].GetError() == nil || out[1].GetError() != nil || out[2].GetError() == nil {
		t.Fatal(len(out), len(f.seen))
	}
	if text, _ := out[0].AsBytes(); bytes.Contains(text, []byte(canary)) || strings.Contains(out[0].GetError().Error(), canary) {
		t.Error("the message's text is in its error")
	}
}

func TestABatchIsWorkedOnWithinItsBound(t *testing.T) {
	t.Parallel()
	f := &fake{hold: make(chan struct{})}
	var batch service.MessageBatch
	for i := range 20 {
		batch = append(batch, service.NewMessage(fmt.Append(nil, i)))
	}
	go func() {
		for f.now.Load() < 5 {
			time.Sleep(time.Millisecond) // the engine around is not to be put on a false clock
		}
		close(f.hold)
	}()
	if out := stream(t, f, "idcard_recognize: { max_in_flight: 5, wapi: { url: u, secret: s } }", batch); len(out) != 20 || f.most.Load() != 5 {
		t.Error(len(out), f.most.Load())
	}
}

func TestTheTimeForOnePictureIsBounded(t *testing.T) {
	t.Parallel()
	f := &fake{hold: make(chan struct{})}
	out := stream(t, f, "idcard_recognize: { timeout: 20ms, wapi: { url: u, secret: s } }", service.MessageBatch{service.NewMessage([]byte(canary))})
	if len(out) != 1 || out[0].GetError() == nil {
		t.Fatal(len(out))
	}
	if text, _ := out[0].AsBytes(); bytes.Contains(text, []byte(canary)) {
		t.Error("the picture stays")
	}
}

func TestTheLinterKnowsTheFieldsThatThePluginDescribes(t *testing.T) {
	t.Parallel()
	env := service.NewEnvironment()
	if err := register(env, Found{Plugins: []*shared.Description{described()}}, newPool(nil)); err != nil {
		t.Fatal(err)
	}
	for conf, says := range map[string]string{
		minimal: "",
		"idcard_recognize: { wapi: { url: u, secret: s, raet: 5 } }":       "raet",
		"idcard_recognize: { wapi: { url: u, secret: s, format: csv } }":   "csv",
		"idcard_recognize: { wapi: { secret: s } }":                        "url",
		"idcard_recognize: { plugin: other, wapi: { url: u, secret: s } }": "other",
		"idcard_recognize: { max_in_flight: 0 }":                           "at least 1",
	} {
		err := env.NewStreamBuilder().AddProcessorYAML(conf)
		if (err != nil) != (says != "") || err != nil && !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v", conf, err)
		}
	}
}

func TestTheScannerTakesNoMoreOfAFileThanAPictureMayHave(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ size, want int64 }{
		"empty": {0, 0}, "small": {7, 7}, "limit": {shared.MaxImageBytes, shared.MaxImageBytes}, "a gigabyte": {1 << 30, shared.MaxImageBytes + 1},
	} {
		s, err := scannerCreator{}.Create(&zeros{left: c.size}, func(context.Context, error) error { return nil }, nil)
		if err != nil {
			t.Fatal(err)
		}
		batch, ack, err := s.NextBatch(t.Context())
		if err != nil || len(batch) != 1 {
			t.Fatal(name, err)
		}
		if b, _ := batch[0].AsBytes(); int64(len(b)) != c.want {
			t.Errorf("%s: %d bytes", name, len(b))
		}
		if err := ack(t.Context(), nil); err != nil {
			t.Error(err)
		}
		if _, _, err := s.NextBatch(t.Context()); err == nil {
			t.Error(name, "has a second message")
		}
		if err := s.Close(t.Context()); err != nil {
			t.Error(err)
		}
	}
}

// zeros is a file of so many zeros.
type zeros struct{ left int64 }

func (z *zeros) Read(b []byte) (int, error) {
	if z.left == 0 {
		return 0, io.EOF
	}
	n := min(int64(len(b)), z.left)
	z.left -= n
	return int(n), nil
}
func (z *zeros) Close() error { return nil }

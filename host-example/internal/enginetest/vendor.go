package enginetest

import (
	"context"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/seed-6b91b535/idrec/sdk/specimen"
	"github.com/seed-6b91b535/idrec/sdk/wapi/sandbox"
	"github.com/seed-6b91b535/idrec/shared"
)

// The customer that the vendor knows.
const (
	AppID  = "1"
	Secret = "5c0f3b2a9d8e7f615c0f3b2a9d8e7f61" //nolint:gosec // of an invented customer
)

// Vendor is the embedded vendor with one customer.
type Vendor struct {
	*sandbox.Server
	URL string
	// SecretFile holds the customer's secret.
	SecretFile string

	engine *slow
}

// NewVendor starts a vendor on 127.0.0.1 that bills at the start of a call and answers after the
// latency. It ends with the test.
func NewVendor(tb testing.TB, latency time.Duration) *Vendor {
	tb.Helper()
	engine := &slow{Recognizer: &specimen.Recognizer{}, latency: latency}
	s, err := sandbox.New(sandbox.Config{Engine: engine, Apps: []sandbox.App{sandbox.NewApp(AppID, Secret)}, Concurrency: 64})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = s.Close() })
	url, err := s.Start("127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	file := filepath.Join(tb.TempDir(), "secret")
	if err := os.WriteFile(file, []byte(Secret+"\n"), 0o600); err != nil {
		tb.Fatal(err)
	}
	return &Vendor{Server: s, URL: url, SecretFile: file, engine: engine}
}

// Settings are those of the plugin wapi for this vendor.
func (v *Vendor) Settings() map[string]string {
	return map[string]string{"url": v.URL, "appid": AppID, "secret_file": v.SecretFile, "rate": "1000", "burst": "100", "concurrency": "64"}
}

// Environ is the same as variables of the environment.
func (v *Vendor) Environ() []string {
	var env []string
	for name, value := range v.Settings() {
		env = append(env, "IDREC_WAPI_"+strings.ToUpper(name)+"="+value)
	}
	return env
}

// Bill is what the vendor billed, and for how many different pictures: the difference was paid twice.
func (v *Vendor) Bill() (billed, pictures int64) {
	a := v.State().Apps[AppID]
	for _, n := range a.Pictures {
		if n > 0 {
			pictures++
		}
	}
	return a.Billed, pictures
}

// Nowhere is the URL of a vendor that cannot be reached.
func Nowhere(tb testing.TB) string {
	tb.Helper()
	l, err := (&net.ListenConfig{}).Listen(tb.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	return "http://" + l.Addr().String() + sandbox.DefaultPath
}

// Rate is how many pictures a second the vendor was given, from the first to the last answer: without
// what programs need to start and to end.
func (v *Vendor) Rate() float64 {
	v.engine.mu.Lock()
	defer v.engine.mu.Unlock()
	if took := v.engine.last.Sub(v.engine.first).Seconds(); took > 0 {
		return float64(v.engine.answers) / took
	}
	return 0
}

// Hold keeps back every answer from now on, until release is called. What is asked meanwhile is billed
// all the same.
func (v *Vendor) Hold() (release func()) {
	held := make(chan struct{})
	v.engine.mu.Lock()
	defer v.engine.mu.Unlock()
	v.engine.held = held
	return sync.OnceFunc(func() { close(held) })
}

// Unanswered is how many requests the vendor has received, billed and not answered.
func (v *Vendor) Unanswered() int {
	v.engine.mu.Lock()
	defer v.engine.mu.Unlock()
	return v.engine.received - v.engine.answers
}

// slow answers after a while, as a vendor far away does.
type slow struct {
	shared.Recognizer
	latency time.Duration

	mu                sync.Mutex
	first, last       time.Time
	received, answers int
	held              <-chan struct{} // nil, or closed: answer
}

func (s *slow) Recognize(ctx context.Context, req *shared.Request) (*shared.Result, error) {
	s.mu.Lock()
	if s.first.IsZero() {
		s.first = time.Now()
	}
	s.received++
	held := s.held
	s.mu.Unlock()
	defer func() {
		s.mu.Lock()
		s.last = time.Now()
		s.answers++
		s.mu.Unlock()
	}()
	if s.latency > 0 {
		select {
		case <-time.After(s.latency):
		case <-ctx.Done():
		}
	}
	if held != nil {
		select {
		case <-held:
		case <-ctx.Done():
		}
	}
	return s.Recognizer.Recognize(ctx, req)
}

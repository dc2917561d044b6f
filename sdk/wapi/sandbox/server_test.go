package sandbox

import (
	"context"
	"errors"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/seed-6b91b535/idrec/shared"
)

func TestServeEndsWithClose(t *testing.T) {
	t.Parallel()
	s := newTestServer(t, nil)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- s.Serve(l) }()
	if _, body, err := send(t, "http://"+l.Addr().String()+DefaultPath); err != nil || !strings.Contains(body, "10000") {
		t.Errorf("%v %s", err, body)
	}
	_ = s.Close()
	if err := <-done; err != nil {
		t.Error(err)
	}
	if _, err := s.Start("127.0.0.1:0"); err == nil {
		t.Error("a closed server started")
	}
	if w := serve(s, post(DefaultPath, testForm())); w.Code != http.StatusServiceUnavailable {
		t.Errorf("HTTP %d", w.Code)
	}
	if err := s.Close(); err != nil {
		t.Error("closing twice:", err)
	}
}

func TestRecognitionGoesOnWhenTheCallerHangsUp(t *testing.T) {
	t.Parallel()
	begun, finish, looked := make(chan struct{}), make(chan struct{}), make(chan struct{})
	var alive error
	s, address := started(t, func(c *Config) {
		c.Engine = &fakeEngine{read: func(ctx context.Context, _ *shared.Request) (*shared.Result, error) {
			close(begun)
			<-finish
			alive = ctx.Err()
			close(looked)
			return emblemResult(), nil
		}}
	})
	ctx, cancel := context.WithCancel(t.Context())
	gone := make(chan struct{})
	go func() {
		defer close(gone)
		r, _ := http.NewRequestWithContext(ctx, http.MethodPost, address, strings.NewReader(testForm().Encode()))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		if res, err := http.DefaultClient.Do(r); err == nil {
			_ = res.Body.Close()
		}
	}()
	<-begun
	cancel()
	<-gone
	close(finish)
	<-looked
	_ = s.Close() // waits for the handler
	if alive != nil || s.State().Apps[testID].Billed != 1 {
		t.Errorf("%v, billed %d", alive, s.State().Apps[testID].Billed)
	}
}

func TestCloseEndsARecognition(t *testing.T) {
	t.Parallel()
	begun, ended := make(chan struct{}), false
	s, address := started(t, func(c *Config) {
		c.Engine = &fakeEngine{read: func(ctx context.Context, _ *shared.Request) (*shared.Result, error) {
			close(begun)
			<-ctx.Done()
			ended = true
			return nil, ctx.Err()
		}}
	})
	gone := make(chan struct{})
	go func() { defer close(gone); _, _, _ = send(t, address) }()
	<-begun
	_ = s.Close()
	if !ended {
		t.Error("closed before the recognition ended")
	}
	<-gone
	if n := s.State().Apps[testID].Billed; n != 0 {
		t.Errorf("billed %d", n)
	}
}

func TestConfigurationThatCannotWorkIsRefused(t *testing.T) {
	t.Parallel()
	app := NewApp(testID, testSecret)
	for name, cfg := range map[string]Config{
		"no engine":           {},
		"two of one id":       {Engine: &fakeEngine{}, Apps: []App{app, app}},
		"short secret":        {Engine: &fakeEngine{}, Apps: []App{NewApp("1", "short")}},
		"no id":               {Engine: &fakeEngine{}, Apps: []App{NewApp("", testSecret)}},
		"relative path":       {Engine: &fakeEngine{}, Path: "pyi"},
		"path is the root":    {Engine: &fakeEngine{}, Path: "/"},
		"path in the admin's": {Engine: &fakeEngine{}, Path: "/_sandbox/x"},
		"engine is silent":    {Engine: silentEngine{}},
	} {
		if s, err := New(cfg); err == nil {
			_ = s.Close()
			t.Errorf("%s: taken", name)
		}
	}
	for _, text := range []string{"1", "1:short", ":" + testSecret, "a/b:" + testSecret} {
		if _, err := ParseApp(text); err == nil {
			t.Errorf("app %q was taken", text)
		}
	}
	if a, err := ParseApp("1:" + testSecret); err != nil || a.Secret != testSecret || a.ID != "1" {
		t.Errorf("%v %v", a, err)
	}
}

type silentEngine struct{}

func (silentEngine) Describe(context.Context) (*shared.Description, error) { return nil, nil }

func (silentEngine) Recognize(context.Context, *shared.Request) (*shared.Result, error) {
	return nil, errors.New("never")
}

func TestAnotherPathCanBeTheAPIs(t *testing.T) {
	t.Parallel()
	s := newTestServer(t, func(c *Config) { c.Path = "/some/other/" })
	wantCode(t, ask(t, s, post("/some/other", testForm())), 10000)
	wantCode(t, ask(t, s, post("/some/other/sub", testForm())), 10020)
	wantCode(t, ask(t, s, post("/some/otherwise", testForm())), 10009)
	wantCode(t, ask(t, s, post("/some//other/../other", testForm())), 10000)
	wantCode(t, ask(t, s, post(DefaultPath, testForm())), 10009)
	wantCode(t, ask(t, s, post("/", testForm())), 10009)
}

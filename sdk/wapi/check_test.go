package wapi

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/seed-6b91b535/idrec/shared"
)

// gatekeeper is a server that looks at requests in an order of its own.
type gatekeeper struct {
	order  string // of the checks: a appid, s sign, t time, n number of parameters; upper case: an answer of its own
	ahead  time.Duration
	paused int
	billed int
	forms  []url.Values
}

func (g *gatekeeper) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	_ = r.ParseForm()
	g.forms = append(g.forms, r.PostForm)
	now := time.Now().Add(g.ahead)
	w.Header().Set("Date", now.UTC().Format(http.TimeFormat))
	code := g.code(r.PostForm, now)
	if code == Success {
		g.billed++
	}
	_, _ = io.WriteString(w, `{"codeid":`+strconv.Itoa(code)+`}`)
}

func (g *gatekeeper) code(form url.Values, now time.Time) int {
	for _, check := range g.order {
		switch check {
		case 'a':
			if form.Get("appid") != testAppID {
				return 10005
			}
		case 's':
			if form.Get("sign") != vendorSign(form, testSecret) {
				return 10003
			}
		case 't':
			at, err := strconv.ParseInt(form.Get("time"), 10, 64)
			if err != nil || now.Sub(time.Unix(at, 0)).Abs() > 10*time.Minute {
				return 10004
			}
		case 'n':
			if form.Get("url_image") == "" {
				return 10015
			}
		case 'p':
			if g.paused != 0 {
				return g.paused
			}
		}
	}
	return Success
}

func TestCheckTellsWhatCanBeToldForFree(t *testing.T) {
	const good, bad, unknown = shared.CheckGood, shared.CheckBad, shared.CheckUnknown
	for name, c := range map[string]struct {
		g           gatekeeper
		settings    []string
		secret      string
		paid        bool
		credentials shared.CheckState
		clock       shared.CheckState
		billed      int
	}{
		"signature first, all well":      {g: gatekeeper{order: "astn"}, credentials: good, clock: good},
		"signature first, wrong secret":  {g: gatekeeper{order: "astn"}, secret: "wrong", credentials: bad, clock: good},
		"signature last, all well":       {g: gatekeeper{order: "atns"}, credentials: unknown, clock: good},
		"signature last, wrong secret":   {g: gatekeeper{order: "atns"}, secret: "wrong", credentials: unknown, clock: good},
		"time first, all well":           {g: gatekeeper{order: "atsn"}, credentials: unknown, clock: good},
		"time first, wrong secret":       {g: gatekeeper{order: "atsn"}, secret: "wrong", credentials: unknown, clock: good},
		"number before time":             {g: gatekeeper{order: "asnt"}, credentials: good, clock: good},
		"unknown appid":                  {g: gatekeeper{order: "astn"}, settings: []string{"appid", "2"}, credentials: bad, clock: good},
		"unknown appid, signature first": {g: gatekeeper{order: "satn"}, settings: []string{"appid", "2"}, credentials: good, clock: good},
		"clock wrong":                    {g: gatekeeper{order: "astn", ahead: time.Hour}, credentials: good, clock: bad},
		"clock wrong, time first":        {g: gatekeeper{order: "tasn", ahead: -time.Hour}, credentials: unknown, clock: bad},
		"no calls left":                  {g: gatekeeper{order: "apstn", paused: 10018}, credentials: bad, clock: good},
		"paid, all well":                 {g: gatekeeper{order: "atns"}, paid: true, credentials: good, clock: good, billed: 1},
		"paid, wrong secret":             {g: gatekeeper{order: "atns"}, secret: "wrong", paid: true, credentials: bad, clock: good},
	} {
		t.Run(name, func(t *testing.T) {
			s := httptest.NewServer(&c.g)
			defer s.Close()
			p := NewProvider(WithConfig(func(cfg *Config) {
				if c.secret != "" {
					cfg.Secret = shared.NewSecret(c.secret)
				}
				cfg.Gate = benchClient(t, s.URL, nil).cfg.Gate
			}))
			if err := p.Configure(context.Background(), settingsOf(append(c.settings, "url", s.URL)...)); err != nil {
				t.Fatal(err)
			}
			defer p.Close()
			h, err := p.Check(context.Background(), c.paid)
			if err != nil {
				t.Fatal(err)
			}
			if h.Upstream.State != good || h.Process.State != good || h.Credentials.State != c.credentials || h.Clock.State != c.clock {
				t.Errorf("%+v", h)
			}
			if c.g.billed != c.billed {
				t.Errorf("%d calls were billed", c.g.billed)
			}
			if (h.ClockSkew + c.g.ahead).Abs() > 3*time.Second {
				t.Errorf("skew %v", h.ClockSkew)
			}
			for i, form := range c.g.forms {
				if form.Has("url_image") != (c.paid && i == len(c.g.forms)-1) {
					t.Error("a probe with a picture")
				}
			}
		})
	}
}

// A server that bills whatever it gets still gets nothing from a free check that it could bill by its
// own page: no picture, and a wrong signature or an old time.
func TestFreeCheckSendsNothingThatCouldBeBilled(t *testing.T) {
	g := &gatekeeper{order: "as"}
	s := httptest.NewServer(g)
	defer s.Close()
	p := NewProvider()
	if err := p.Configure(context.Background(), settingsOf("url", s.URL)); err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	if _, err := p.Check(context.Background(), false); err != nil {
		t.Fatal(err)
	}
	if len(g.forms) != 3 {
		t.Errorf("%d probes", len(g.forms))
	}
	for _, form := range g.forms {
		at, _ := strconv.ParseInt(form.Get("time"), 10, 64)
		stale := time.Since(time.Unix(at, 0)) > 24*time.Hour
		forged := form.Get("sign") == strings.Repeat("0", 32)
		if form.Has("url_image") || !stale && !forged {
			t.Error("a probe that the page does not refuse twice")
		}
	}
}

func TestCheckOfAServerThatIsNotThere(t *testing.T) {
	s := httptest.NewServer(http.NotFoundHandler())
	defer s.Close()
	gone := httptest.NewServer(http.NotFoundHandler())
	gone.Close()
	for name, address := range map[string]string{"404": s.URL, "refused": gone.URL} {
		p := NewProvider()
		if err := p.Configure(context.Background(), settingsOf("url", address)); err != nil {
			t.Fatal(err)
		}
		h, err := p.Check(context.Background(), true)
		_ = p.Close()
		if err != nil || h.Upstream.State != shared.CheckBad || h.Good() || h.Credentials.State != shared.CheckUnknown {
			t.Errorf("%s: %+v, %v", name, h, err)
		}
	}
	p := testProvider(t, nil)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := p.Check(ctx, false); err == nil {
		t.Error("a check under a finished context found something")
	}
}

// A budget that is spent, say: it tells nothing of the secret.
func TestPaidCheckThatWasNotSentCondemnsNoCredentials(t *testing.T) {
	s := httptest.NewServer(&gatekeeper{order: "atns"})
	defer s.Close()
	p := NewProvider(WithConfig(func(cfg *Config) { cfg.Gate = benchClient(t, s.URL, nil).cfg.Gate }))
	if err := p.Configure(context.Background(), settingsOf("url", s.URL)); err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	ctx := shared.WithBeforeSend(context.Background(), func(context.Context) error { return notSent(shared.CodeBudgetExhausted, nil) })
	if h, err := p.Check(ctx, true); err != nil || h.Credentials.State != shared.CheckUnknown {
		t.Errorf("%v, %+v", err, h)
	}
}

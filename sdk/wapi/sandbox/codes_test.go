package sandbox

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/seed-6b91b535/idrec/shared"
)

func TestEveryStatusCodeIsReachedByARealCondition(t *testing.T) {
	t.Parallel()
	app := func(change func(*App)) func(*Config) { return func(c *Config) { change(&c.Apps[0]) } }
	engine := func(read func(context.Context, *shared.Request) (*shared.Result, error)) func(*Config) {
		return func(c *Config) { c.Engine = &fakeEngine{read: read} }
	}
	for _, tt := range []struct {
		code   int
		config func(*Config)
		path   string
		form   []string
		raw    []string // set after signing
	}{
		{code: 10000},
		{code: 10001, form: []string{"appid", ""}},
		{code: 10002, raw: []string{"sign", ""}},
		{code: 10003, raw: []string{"sign", strings.Repeat("0", 32)}},
		{code: 10004, form: []string{"time", fmt.Sprint(testNow.Unix() - 601)}},
		{code: 10005, form: []string{"appid", "2"}},
		{code: 10006, config: app(func(a *App) { a.Addresses = []string{"192.0.2.0/24"} })},
		{code: 10007, config: app(func(a *App) { a.Disabled = true })},
		{code: 10008, config: app(func(a *App) { a.Included = []string{"/pyi/1/1"} })},
		{code: 10009, path: "/pyi/76/19"},
		{code: 10010, config: app(func(a *App) { a.Ordered = []string{"/pyi/1/1"} })},
		{code: 10011, config: app(func(a *App) { a.TermEnd = testNow })},
		{code: 10012, config: app(func(a *App) { a.Ordered = []string{} })},
		{code: 10013, config: app(func(a *App) { a.Suspended = true })},
		{code: 10014, config: engine(func(context.Context, *shared.Request) (*shared.Result, error) { panic("broken") })},
		{code: 10015, form: []string{"url_image", ""}},
		{code: 10017, form: []string{"time", "noon"}},
		{code: 10018, config: app(func(a *App) { a.CallsLeft = 0 })},
		{code: 10019, form: []string{"url_image", "not base64!"}},
		{code: 10020, path: "/pyi/76/194/195"},
		{code: 10021, config: engine(func(context.Context, *shared.Request) (*shared.Result, error) { return nil, errors.New("broken") })},
		{code: 10022, config: app(func(a *App) { a.CallsLeft, a.PerCall, a.Balance = 0, 100, 99 })},
	} {
		t.Run(fmt.Sprint(tt.code), func(t *testing.T) {
			t.Parallel()
			s := newTestServer(t, tt.config)
			v := testForm(tt.form...)
			for i := 0; i < len(tt.raw); i += 2 {
				v.Set(tt.raw[i], tt.raw[i+1])
			}
			path := tt.path
			if path == "" {
				path = DefaultPath
			}
			a := ask(t, s, post(path, v))
			wantCode(t, a, tt.code)
			if a.Message == "" {
				t.Error("no message")
			}
			st := s.State().Apps[testID]
			billed := int64(0)
			if tt.code == codeSuccess {
				billed = 1
			}
			if st.Billed != billed || int64(len(st.Pictures)) != billed {
				t.Errorf("billed %d, pictures %v; only 10000 is billed", st.Billed, st.Pictures)
			}
			if total := st.Requests + s.State().Unattributed.Requests; total != 1 {
				t.Errorf("%d requests counted, want 1", total)
			}
		})
	}
}

func TestCodeTableHoldsEveryCodeOnce(t *testing.T) {
	t.Parallel()
	want := 10000
	for _, c := range Codes() {
		if want == 10016 { // not defined
			want++
		}
		if c.Code != want || c.Zh == "" || c.En == "" || c.When == "" || c.WhenZh == "" {
			t.Errorf("row %+v, want code %d with all texts", c, want)
		}
		want++
	}
	if want != 10023 {
		t.Errorf("the table ends before %d", want)
	}
}

func TestTimeWindowIsExact(t *testing.T) {
	t.Parallel()
	s := newTestServer(t, nil)
	for off, code := range map[int64]int{-601: 10004, -600: 10000, 0: 10000, 600: 10000, 601: 10004} {
		wantCode(t, ask(t, s, post(DefaultPath, testForm("time", fmt.Sprint(testNow.Unix()+off)))), code)
	}
	for text, code := range map[string]int{"": 10000, "1.5": 10017, "0x10": 10017, "99999999999999999999": 10004, "-9223372036854775808": 10004} {
		wantCode(t, ask(t, s, post(DefaultPath, testForm("time", text))), code)
	}
}

func TestTheClockMovesTheWindowAndTheDateHeader(t *testing.T) {
	t.Parallel()
	now := testNow
	s := newTestServer(t, func(c *Config) { c.Clock = func() time.Time { return now } })
	v := testForm()
	now = now.Add(601 * time.Second)
	w := serve(s, post(DefaultPath, v))
	wantCode(t, readAnswer(t, w.Body.Bytes()), 10004)
	if got := w.Header().Get("Date"); got != "Fri, 02 Jan 2026 03:14:06 GMT" {
		t.Errorf("Date: %s", got)
	}
}

func TestAddressRefusalCarriesTheAddress(t *testing.T) {
	t.Parallel()
	s := newTestServer(t, func(c *Config) { c.Apps[0].Addresses = []string{"192.0.2.0/24", "2001:db8::1"} })
	for from, code := range map[string]int{"192.0.2.9:1": 10000, "[2001:db8::1]:1": 10000, "[::ffff:192.0.2.1]:1": 10000, "198.51.100.7:1": 10006, "": 10006} {
		r := post(DefaultPath, testForm())
		r.RemoteAddr = from
		a := ask(t, s, r)
		wantCode(t, a, code)
		if from == "198.51.100.7:1" && !strings.Contains(a.Message, "198.51.100.7") {
			t.Errorf("message %q", a.Message)
		}
	}
}

func TestTermEndsAtItsInstant(t *testing.T) {
	t.Parallel()
	s := newTestServer(t, func(c *Config) { c.Apps[0].TermEnd = testNow.Add(time.Second) })
	wantCode(t, ask(t, s, post(DefaultPath, testForm())), 10000)
}

func TestPictureLimits(t *testing.T) {
	t.Parallel()
	read := 0
	s := newTestServer(t, func(c *Config) {
		c.Engine = &fakeEngine{read: func(context.Context, *shared.Request) (*shared.Result, error) { read++; return emblemResult(), nil }}
	})
	for _, tt := range []struct {
		name    string
		picture []byte
		code    int
		status  string
	}{
		{"smallest", testPNG(15, 15, 0), 10000, "normal"},
		{"one pixel too few", testPNG(14, 400, 0), 10019, ""},
		{"longest", testPNG(4096, 15, 0), 10000, "normal"},
		{"one pixel too many", testPNG(4097, 15, 0), 10019, ""},
		{"text", []byte("no picture"), 10000, "non_idcard"},
		{"a png's head only", testPNG(20, 20, 0)[:12], 10000, "non_idcard"},
	} {
		a := ask(t, s, post(DefaultPath, testForm("url_image", base64.StdEncoding.EncodeToString(tt.picture))))
		wantCode(t, a, tt.code)
		if got, _ := a.Retdata["image_status"].(string); got != tt.status {
			t.Errorf("%s: status %q, want %q", tt.name, got, tt.status)
		}
	}
	if read != 2 {
		t.Errorf("the engine saw %d pictures, want the 2 within the limits", read)
	}
}

func TestEncodedLengthIsHeldToTheByte(t *testing.T) {
	t.Parallel()
	// 300 bytes of 0xFF are 400 slashes, 1200 bytes on the wire.
	picture := base64.StdEncoding.EncodeToString([]byte(strings.Repeat("\xFF", 300)))
	for limit, code := range map[int]int{1200: 10000, 1199: 10019} {
		s := newTestServer(t, func(c *Config) { c.Guesses.PictureLimit = limit })
		wantCode(t, ask(t, s, post(DefaultPath, testForm("url_image", picture))), code)
	}
}

func TestBodyAboveTheLimitIsAnsweredAndAttributed(t *testing.T) {
	t.Parallel()
	s := newTestServer(t, func(c *Config) { c.Guesses.PictureLimit = 1000 })
	wantCode(t, ask(t, s, post(DefaultPath, testForm("url_image", strings.Repeat("A", 1000+bodyHeadroom)))), 10019)
	if n := s.State().Apps[testID].Codes["10019"]; n != 1 {
		t.Errorf("counted %d times for its app", n)
	}
	s = newTestServer(t, func(c *Config) { c.Guesses.PictureLimit, c.Guesses.Oversize = 1000, "413" })
	w := serve(s, post(DefaultPath, testForm("url_image", strings.Repeat("A", 1000+bodyHeadroom))))
	if w.Code != 413 || s.State().Apps[testID].Codes["http_413"] != 1 {
		t.Errorf("HTTP %d, %v", w.Code, s.State().Apps[testID].Codes)
	}
}

package cli

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/seed-6b91b535/idrec/host-example/idrec/internal/exit"
	"github.com/seed-6b91b535/idrec/sdk/ledger"
	"github.com/seed-6b91b535/idrec/sdk/ledger/open"
	"github.com/seed-6b91b535/idrec/shared"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// fake is a plugin that reads "pictures" whose text says what becomes of them.
type fake struct {
	mu         sync.Mutex
	asked      map[string]int // by text
	requests   []*shared.Request
	configured *shared.Configuration
	answer     func(text string, try int) (*shared.Result, error) // nil: by the text
}

func (f *fake) Describe(context.Context) (*shared.Description, error) {
	return &shared.Description{Name: "wapi", Version: "1", Paid: true, Fields: []shared.ConfigField{
		{Name: "url", Type: shared.TypeURL, Required: true, Help: "where"},
		{Name: "appid", Type: shared.TypeString, Required: true, Help: "who"},
		{Name: "secret", Type: shared.TypeString, Required: true, Secret: true, Help: "proof"},
		{Name: "rate", Type: shared.TypeFloat, Default: "2", Help: "calls a second"},
		{Name: "concurrency", Type: shared.TypeInt, Default: "3", Help: "calls at once"},
		{Name: "price_per_call", Type: shared.TypeMoney, Default: "0.050", Help: "yuan"},
	}}, nil
}

func (f *fake) Configure(_ context.Context, c shared.Configuration) error {
	f.configured = &c
	if strings.HasPrefix(c.Values["url"], "http://far") {
		return &shared.Error{Code: shared.CodeConfigurationInvalid, Message: "the setting url is wrong: plain http", Outcome: shared.OutcomeNotSent, Basis: shared.BasisProved}
	}
	return nil
}

func (f *fake) Check(context.Context, bool) (*shared.Health, error) {
	return &shared.Health{Process: shared.CheckItem{State: shared.CheckGood, Message: "up"}, Credentials: shared.CheckItem{State: shared.CheckBad, Message: "refused"}}, nil
}

func (f *fake) Close() error { return nil }

func (f *fake) Recognize(_ context.Context, req *shared.Request) (*shared.Result, error) {
	text, err := os.ReadFile(req.Image.Path)
	if req.Image.URL != "" {
		text, err = []byte("url"), nil
	}
	if err != nil {
		return nil, &shared.Error{Code: shared.CodePictureUnreadable, Outcome: shared.OutcomeNotSent, Basis: shared.BasisProved, Err: err}
	}
	f.mu.Lock()
	if f.asked == nil {
		f.asked = map[string]int{}
	}
	f.asked[string(text)]++
	try := f.asked[string(text)]
	f.requests = append(f.requests, req)
	f.mu.Unlock()
	if f.answer != nil {
		return f.answer(string(text), try)
	}
	if code, ok := strings.CutPrefix(string(text), "code:"); ok {
		e := &shared.Error{Code: shared.Code(code), Outcome: shared.OutcomeNotSent, Basis: shared.BasisProved}
		if e.Class() == shared.ClassUnclear {
			e.Outcome, e.Price = shared.OutcomeAmbiguous, 50
		}
		return nil, e
	}
	return result(string(text)), nil
}

func result(text string) *shared.Result {
	sum := sha256.Sum256([]byte(text))
	r := &shared.Result{Status: shared.StatusNormal, Side: shared.SidePortrait, Outcome: shared.OutcomeBilled, Basis: shared.BasisDocumented, Price: 50,
		AnsweredBy: shared.AnsweredLive, Picture: shared.Picture{SHA256: hex.EncodeToString(sum[:])},
		Fields: map[shared.FieldName]shared.Field{shared.FieldFullName: {State: shared.FieldPresent, Raw: text, Value: text}}}
	if text == "blurred" {
		r.Status, r.Fields = shared.StatusBlurred, nil
	}
	return r
}

const (
	canaryName   = "李秀英样本"
	canaryFile   = "客户李秀英-11018819491231002X"
	canarySecret = "0123456789abcdef0123456789abcdef"
)

// bench is a folder and a world to run the program in.
type bench struct {
	t     *testing.T
	dir   string
	fake  *fake
	env   map[string]string
	in    string
	tty   bool
	gone  bool
	none  bool // no standard output
	width int
	seen  bool // somebody looks at standard error
	now   func() time.Time
	share func(dir string) bool // reports what lies on a network share

	others map[string]process // plugins besides fake
	ledger *ledger.Memory     // what is opened as the ledger
	opened open.Options       // with which it was

	out, err bytes.Buffer
}

func newBench(t *testing.T) *bench {
	b := &bench{t: t, dir: t.TempDir(), fake: &fake{}}
	secret := filepath.Join(b.dir, "secret.txt")
	b.write("secret.txt", canarySecret)
	b.env = map[string]string{"IDREC_CONFIG": filepath.Join(b.dir, "config.yaml"), "IDREC_WAPI_URL": "http://127.0.0.1:1/", "IDREC_WAPI_APPID": "1", "IDREC_WAPI_SECRET_FILE": secret}
	b.write("config.yaml", "")
	return b
}

func (b *bench) write(name, text string) string {
	b.t.Helper()
	p := filepath.Join(b.dir, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(p), 0o755); err != nil {
		b.t.Fatal(err)
	}
	if err := os.WriteFile(p, []byte(text), 0o600); err != nil {
		b.t.Fatal(err)
	}
	return p
}

func (b *bench) read(name string) string {
	b.t.Helper()
	text, err := os.ReadFile(filepath.Join(b.dir, name))
	if err != nil {
		b.t.Fatal(err)
	}
	return string(text)
}

func (b *bench) path(name string) string { return filepath.Join(b.dir, name) }

func (b *bench) run(args ...string) int {
	b.t.Helper()
	b.out.Reset()
	b.err.Reset()
	a := &app{release: "test", World: World{
		In: strings.NewReader(b.in), Out: &b.out, Err: &b.err, OutTerminal: b.tty, ErrTerminal: b.seen, Program: "bin/idrec", Width: b.width, OutClosed: b.none, OutGone: func() bool { return b.gone },
		Lookup: func(n string) (string, bool) { v, ok := b.env[n]; return v, ok },
	}}
	a.now, a.onNetwork = b.now, b.share
	a.openPlugin = func(_ context.Context, p *pluginFlags) (process, error) {
		if other := b.others[p.plugin]; other != nil {
			return other, nil
		}
		return b.fake, nil
	}
	if b.ledger != nil {
		a.openLedger = func(_ context.Context, o open.Options) (*open.Opened, error) {
			b.opened = o
			return &open.Opened{Store: b.ledger.Share()}, nil
		}
	}
	return a.main(args)
}

// want fails unless the run ended with the code and one line that says so.
func (b *bench) want(code int, says string, args ...string) {
	b.t.Helper()
	if got := b.run(args...); got != code || !strings.Contains(b.err.String(), says) {
		b.t.Errorf("exit %d, want %d with %q\nstdout %s\nstderr %s", got, code, says, b.out.String(), b.err.String())
	}
	b.clean(b.err.String())
}

// clean fails if text is personal.
func (b *bench) clean(text string) {
	b.t.Helper()
	for _, c := range []string{canaryName, canaryFile, canarySecret, "李秀英"} {
		if strings.Contains(text, c) {
			b.t.Errorf("%s is in: %s", c, text)
		}
	}
}

func records(t *testing.T, text string) (all []shared.Record) {
	t.Helper()
	for line := range strings.Lines(text) {
		var r shared.Record
		if err := json.Unmarshal([]byte(line), &r); err != nil {
			t.Fatalf("%v in %s", err, line)
		}
		all = append(all, r)
	}
	return all
}

func names(all []shared.Record) []string {
	var out []string
	for _, r := range all {
		out = append(out, filepath.Base(r.Source))
	}
	slices.Sort(out)
	return out
}

func TestAFolderBecomesAFileOfRecords(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	for i := range 20 {
		b.write(fmt.Sprintf("in/%s%02d.jpg", canaryFile, i), canaryName+fmt.Sprint(i))
	}
	b.write("in/notes.txt", "")
	b.want(exit.OK, "", "recognize", b.path("in"), "--out", b.path("out.ndjson"), "--case", "c", "--purpose", "kyc", "--side", "front", "--fields", "name,number", "--budget-yuan", "5", "--raw", "--retry", "proved")
	all := records(t, b.read("out.ndjson"))
	if len(all) != 20 || all[0].Card[shared.FieldFullName] == "" || all[0].Case != "c" {
		t.Errorf("%d records, %+v", len(all), all[0])
	}
	last := strings.TrimSpace(b.out.String())
	var summary map[string]any
	if err := json.Unmarshal([]byte(last), &summary); err != nil || summary["recognised"] != 20.0 || summary["paid_yuan"] != "1.000" || summary["passed_over"] != 1.0 {
		t.Errorf("summary %s", last)
	}
	b.clean(b.out.String())
	b.clean(b.read("out.ndjson.state"))
	r := b.fake.requests[0]
	if r.Side != shared.SidePortrait || len(r.Fields) != 2 || r.Budget.Yuan != 5000 || r.Budget.Run == "" || !r.WantRaw || r.Retry != shared.BasisProved || r.Purpose != "kyc" || !filepath.IsAbs(r.Image.Path) {
		t.Errorf("%+v", *r)
	}
	if c := b.fake.configured; c.Values["appid"] != "1" || c.Secrets["secret"].Reveal() != canarySecret {
		t.Errorf("configured with %v", c.Values)
	}
	// Again: nothing is asked, and the answer is the same.
	b.want(exit.OK, "", "recognize", b.path("in"), "--out", b.path("out.ndjson"), "--raw", "--fields", "name,number")
	if len(b.fake.requests) != 20 || len(records(t, b.read("out.ndjson"))) != 20 || !strings.Contains(b.out.String(), `"unchanged":20`) {
		t.Errorf("%d requests, %s", len(b.fake.requests), b.out.String())
	}
}

func TestTheNextRunAsksExactlyWhatIsUnfinished(t *testing.T) {
	t.Parallel()
	for _, format := range []string{"ndjson", "json", "csv"} {
		b := newBench(t)
		b.write("in/a.jpg", "a")
		b.write("in/b.jpg", "code:picture_broken")
		b.write("in/c.jpg", "code:quota_exhausted")
		b.write("in/d.jpg", "code:gateway_error")
		b.write("in/e.jpg", "code:upload_interrupted")
		b.write("in/f.jpg", "blurred")
		out := b.path("out." + format)
		args := []string{"recognize", b.path("in"), "--out", out, "--wait", "0"}
		b.want(exit.Later, "buy calls", args...)
		if n := strings.Count(b.read("out."+format), ".jpg"); n != 6 {
			t.Errorf("%s: %d records after a run with failures", format, n)
		}
		// The account is recharged, the network is back.
		b.fake.answer = func(text string, try int) (*shared.Result, error) { return result("read " + text), nil }
		b.want(exit.Failed, "--unsafe-resend-ambiguous", args...)
		text := b.read("out." + format)
		if n := strings.Count(text, ".jpg"); n != 6 {
			t.Errorf("%s: %d records: %s", format, n, text)
		}
		for text, want := range map[string]int{"a": 1, "code:picture_broken": 1, "code:quota_exhausted": 2, "code:gateway_error": 1, "code:upload_interrupted": 2, "blurred": 1} {
			if got := b.fake.asked[text]; got != want {
				t.Errorf("%s: %s was asked %d times, want %d", format, text, got, want)
			}
		}
		if format == "json" {
			var all []shared.Record
			if err := json.Unmarshal([]byte(text), &all); err != nil || len(all) != 6 {
				t.Errorf("%v in %s", err, text)
			}
		}
		// What may be billed is sent again only when its name is said.
		b.want(exit.Failed, "", append(args, "--unsafe-resend-ambiguous")...)
		if b.fake.asked["code:gateway_error"] != 2 || b.fake.asked["a"] != 1 || !b.fake.requests[len(b.fake.requests)-1].UnsafeResendAmbiguous {
			t.Errorf("asked %v", b.fake.asked)
		}
		b.want(exit.Failed, "", append(args, "--accept-unusable")...) // b is broken all the same
	}
}

func TestChangedFilesAreAskedAgainAndTouchedOnesAreNot(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	for _, n := range []string{"same", "touched", "changed", "gone", "sly"} {
		b.write("in/"+n+".jpg", n)
	}
	list := ""
	for _, n := range []string{"same", "touched", "changed", "gone", "sly"} {
		list += b.path("in/"+n+".jpg") + "\n"
	}
	b.in = list
	args := []string{"recognize", "-", "--out", b.path("out.ndjson")}
	b.want(exit.OK, "", args...)
	stamp := time.Now().Add(time.Hour)
	if err := os.Chtimes(b.path("in/touched.jpg"), stamp, stamp); err != nil {
		t.Fatal(err)
	}
	b.write("in/changed.jpg", "another")
	if err := os.Remove(b.path("in/gone.jpg")); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(b.path("in/sly.jpg"))
	if err != nil {
		t.Fatal(err)
	}
	b.write("in/sly.jpg", "SLY")
	if err := os.Chtimes(b.path("in/sly.jpg"), info.ModTime(), info.ModTime()); err != nil {
		t.Fatal(err)
	}
	b.want(exit.OK, "", args...)
	if len(b.fake.requests) != 6 || b.fake.asked["another"] != 1 {
		t.Errorf("asked %v", b.fake.asked)
	}
	all := records(t, b.read("out.ndjson"))
	if len(all) != 5 {
		t.Errorf("records of %v", names(all))
	}
	for _, r := range all {
		if strings.HasSuffix(r.Source, "changed.jpg") && r.Card[shared.FieldFullName] != "another" {
			t.Error("the old record stands")
		}
	}
	b.want(exit.OK, "", append(args, "--reread")...)
	if len(b.fake.requests) != 7 || b.fake.asked["SLY"] != 1 {
		t.Errorf("with --reread asked %v", b.fake.asked)
	}
}

func TestRecordsGoToStandardOutputOnlyWhenAskedFor(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.write(canaryFile+".jpg", canaryName)
	in := b.path(canaryFile + ".jpg")
	b.want(exit.OK, "", "recognize", in)
	b.clean(b.out.String())
	if !strings.Contains(b.out.String(), "not written") || strings.Count(b.out.String(), "\n") != 1 {
		t.Errorf("engine: %s", b.out.String())
	}
	b.want(exit.OK, "", "recognize", in, "--output", "ndjson")
	if all := records(t, b.out.String()); len(all) != 1 || all[0].Card[shared.FieldFullName] != canaryName || all[0].Source != in {
		t.Errorf("%s", b.out.String())
	}
	b.want(exit.OK, "", "recognize", in, "--output", "ndjson", "--mask")
	b.clean(b.out.String())
	b.tty = true
	b.want(exit.OK, "", "recognize", in)
	b.clean(b.out.String())
	if !strings.Contains(b.out.String(), "normal") || !strings.Contains(b.out.String(), "1 recognised") {
		t.Errorf("table: %s", b.out.String())
	}
	b.want(exit.OK, "", "recognize", in, "--show-personal", "--quiet")
	if !strings.Contains(b.out.String(), canaryName) || strings.Contains(b.out.String(), "recognised") {
		t.Errorf("open table: %s", b.out.String())
	}
}

func TestUsageErrorsAreOneLineAndAskNothing(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		args []string
		exit int
		says string
	}{
		"no input":            {[]string{}, exit.NoInput, "no input"},
		"unknown flag":        {[]string{"--colour"}, exit.Usage, "--help"},
		"bad number":          {[]string{"--concurrency", canaryFile}, exit.Usage, "--concurrency"},
		"negative":            {[]string{"--concurrency", "-3", "IN"}, exit.Usage, "concurrency"},
		"unknown side":        {[]string{"--side", canaryFile, "IN"}, exit.Usage, "side"},
		"unknown output":      {[]string{"--output", "xml", "IN"}, exit.Usage, "output"},
		"table in a file":     {[]string{"--output", "table", "--out", "x", "IN"}, exit.Usage, "table"},
		"state without out":   {[]string{"--state", "x", "IN"}, exit.Usage, "--out"},
		"unknown field":       {[]string{"--fields", "name,colour", "IN"}, exit.Usage, "birth_date"},
		"unknown retry":       {[]string{"--retry", "always", "IN"}, exit.Usage, "proved"},
		"unknown url mode":    {[]string{"--url-mode", "x", "IN"}, exit.Usage, "vendor"},
		"bad budget":          {[]string{"--budget-yuan", "0", "IN"}, exit.Usage, "budget"},
		"missing file":        {[]string{"DIR/" + canaryFile}, exit.NoInput, "input 1 does not exist"},
		"secret by value":     {[]string{"--secret", canarySecret, "IN"}, exit.Usage, "--secret-file"},
		"secret set by value": {[]string{"--set", "secret=" + canarySecret, "IN"}, exit.Usage, "--secret-file"},
		"secret two ways":     {[]string{"--secret-env", "X", "--secret-file", "y", "IN"}, exit.Usage, "several ways"},
		"unknown setting":     {[]string{"--set", "raet=1", "IN"}, exit.Usage, "raet"},
		"set without value":   {[]string{"--set", "rate", "IN"}, exit.Usage, "NAME=VALUE"},
		"http far":            {[]string{"--url", "http://far/" + canaryFile, "IN"}, exit.Config, "plain http"},
		"no config file":      {[]string{"--config", "DIR/none.yaml", "IN"}, exit.Config, "configuration file"},
		"no out folder":       {[]string{"--out", "DIR/none/x", "IN"}, exit.Usage, "folder of --out"},
		"out is an input":     {[]string{"--overwrite", "--out", "IN", "DIR"}, exit.Usage, "lost"},
		"log level":           {[]string{"--log-level", "loud", "IN"}, exit.Usage, "log level"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			in := b.write("a.jpg", "a")
			args := []string{"recognize"}
			for _, a := range c.args {
				args = append(args, strings.ReplaceAll(strings.ReplaceAll(a, "IN", in), "DIR", b.dir))
			}
			b.want(c.exit, c.says, args...)
			if strings.Count(b.err.String(), "\n") != 1 || !strings.HasPrefix(b.err.String(), "idrec: ") {
				t.Errorf("more than a line: %s", b.err.String())
			}
			if len(b.fake.requests) > 0 {
				t.Error("something was asked")
			}
		})
	}
}

func TestSettingsComeFromFlagsEnvironmentAndFile(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	in := b.write("a.jpg", "a")
	b.write("config.yaml", "wait: 1s\nrate: 9\nurl: http://127.0.0.1:9/\nsecret_file: secret.txt\nconcurrency: 5\n")
	delete(b.env, "IDREC_WAPI_SECRET_FILE")
	b.env["IDREC_WAPI_RATE"] = "7"
	b.want(exit.OK, "", "recognize", in, "--appid", "2")
	c := b.fake.configured.Values
	if c["rate"] != "7" || c["appid"] != "2" || c["url"] != "http://127.0.0.1:1/" || c["concurrency"] != "5" {
		t.Errorf("%v", c)
	}
	b.want(exit.OK, "", "recognize", in, "--rate", "3", "--concurrency", "2")
	if c := b.fake.configured.Values; c["rate"] != "3" || c["concurrency"] != "2" {
		t.Errorf("%v", c)
	}
	b.write("config.yaml", "wiat: 1s\n")
	b.want(exit.Config, "line 1", "recognize", in)
	b.write("config.yaml", "wait: soon\n")
	b.want(exit.Config, "line 1", "recognize", in)
	b.write("config.yaml", "")
	b.env = map[string]string{"IDREC_CONFIG": b.path("config.yaml")}
	b.want(exit.Config, "--secret-file", "recognize", in)
}

func TestExitCodesOfMixedRuns(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		texts []string
		exit  int
	}{
		"one unreadable as a picture": {[]string{"a", "code:not_a_picture"}, exit.Failed},
		"later beats failed":          {[]string{"a", "code:not_a_picture", "code:balance_too_low"}, exit.Later},
		"settings beat later":         {[]string{"a", "code:no_such_api", "code:balance_too_low"}, exit.Config},
		"credentials beat later":      {[]string{"code:signature_refused", "code:balance_too_low"}, exit.Refused},
		"a dead plugin":               {[]string{"a", "code:plugin_failed"}, exit.Plugin},
		"a defect":                    {[]string{"a", "code:panic"}, exit.Defect},
		"unclear":                     {[]string{"a", "code:outcome_unknown"}, exit.Failed},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			for i, text := range c.texts {
				b.write(fmt.Sprintf("in/%s%d.jpg", canaryFile, i), text)
			}
			b.want(c.exit, "idrec: ", "recognize", b.path("in"), "--out", b.path("o.ndjson"), "--wait", "0", "--concurrency", "1")
			if got := len(records(t, b.read("o.ndjson"))); got != len(c.texts) {
				t.Errorf("%d records", got)
			}
		})
	}
}

func TestAClosedStandardOutputCostsNothingAndLosesNothing(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.write("in/a.jpg", "a")
	b.none = true
	b.want(exit.Later, "--out FILE", "recognize", b.path("in"), "--output", "ndjson")
	b.none, b.gone = false, true
	b.want(exit.Later, "--out FILE", "recognize", b.path("in"), "--output", "ndjson")
	if len(b.fake.requests) > 0 {
		t.Error("something was asked")
	}
}

type brokenPipe struct{}

func (brokenPipe) Write([]byte) (int, error) { return 0, errors.New("broken pipe") }

func TestAnswersThatArePaidForAreRescuedFromABrokenPipe(t *testing.T) {
	b := newBench(t)
	for i := range 30 {
		b.write(fmt.Sprintf("in/%02d.jpg", i), fmt.Sprint(i))
	}
	t.Chdir(b.dir)
	a := &app{World: World{Out: brokenPipe{}, Err: &b.err, Lookup: func(n string) (string, bool) { v, ok := b.env[n]; return v, ok }}}
	a.now, a.onNetwork = b.now, b.share
	a.openPlugin = func(_ context.Context, p *pluginFlags) (process, error) {
		if other := b.others[p.plugin]; other != nil {
			return other, nil
		}
		return b.fake, nil
	}
	if b.ledger != nil {
		a.openLedger = func(_ context.Context, o open.Options) (*open.Opened, error) {
			b.opened = o
			return &open.Opened{Store: b.ledger.Share()}, nil
		}
	}
	if code := a.main([]string{"recognize", "in", "--output", "ndjson", "--concurrency", "2"}); code != exit.Later {
		t.Errorf("exit %d", code)
	}
	found, err := filepath.Glob("idrec-rescued-*.ndjson")
	if err != nil || len(found) != 1 {
		t.Fatalf("%v, %s", found, b.err.String())
	}
	all := records(t, b.read(found[0]))
	if len(all) != len(b.fake.requests) || len(all) > 5 {
		t.Errorf("%d rescued of %d asked", len(all), len(b.fake.requests))
	}
	if info, _ := os.Stat(found[0]); info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v", info.Mode())
	}
}

func TestTwoRunsOfOneStateAreNotAtATime(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.write("in/a.jpg", "a")
	second := newBench(t)
	second.dir, second.env = b.dir, b.env
	b.fake.answer = func(text string, _ int) (*shared.Result, error) {
		second.want(exit.Later, "another idrec", "recognize", second.path("in"), "--out", second.path("o.ndjson"))
		return result(text), nil
	}
	b.want(exit.OK, "", "recognize", b.path("in"), "--out", b.path("o.ndjson"))
	if len(second.fake.requests) > 0 {
		t.Error("the second asked")
	}
}

func TestAPanicIsOneLine(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.write("a.jpg", "a")
	a := &app{World: World{Out: &b.out, Err: &b.err, Lookup: func(string) (string, bool) { return "", false }}}
	a.openPlugin = func(context.Context, *pluginFlags) (process, error) { panic(canaryName) }
	if code := a.main([]string{"recognize", b.path("a.jpg"), "--config", b.path("config.yaml")}); code != exit.Defect || strings.Count(b.err.String(), "\n") != 1 {
		t.Errorf("exit %d: %s", code, b.err.String())
	}
	b.clean(b.err.String())
}

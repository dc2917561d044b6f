package wapi

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"log/slog"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed-6b91b535/idrec/sdk/gate"
	"github.com/seed-6b91b535/idrec/shared"
)

// canaries are texts that must never leave in an error or a log.
var canaries = []string{
	testSecret,                              // the secret
	"李义", "362532199404064129", "江西省抚州市广昌县", // what was read
	"canary-path", "canary-host", "canary-query", // where it came from and goes to
}

// Every error that a policy row, a refusal or a bad answer gives is printed in every way there is, and
// so is everything that is logged meanwhile.
func TestErrorsAndLogsHoldNothingPersonal(t *testing.T) {
	var logged bytes.Buffer
	log.SetOutput(&logged)
	old := slog.Default()
	slog.SetDefault(slog.New(slog.NewTextHandler(&logged, nil)))
	defer func() { log.SetOutput(os.Stderr); slog.SetDefault(old) }()

	picture := encoded(t, "jpeg", 30, 20)
	forbidden := append([]string{base64.StdEncoding.EncodeToString(picture)[:40], string(picture[:40])}, canaries...)
	seen := 0
	inspect := func(t *testing.T, err error) {
		e := asError(t, err)
		seen++
		var out strings.Builder
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
			fmt.Fprintf(&out, verb+"\n", e)
			fmt.Fprintf(&out, verb+"\n", fmt.Errorf("wrapped: %w", err))
		}
		slog.New(slog.NewJSONHandler(&out, nil)).Error("failed", "error", err)
		slog.Error("failed", "error", err)
		rec, jerr := json.Marshal(shared.NewRecord("", &shared.Request{}, nil, err, 0))
		if jerr != nil {
			t.Fatal(jerr)
		}
		out.Write(rec)
		for _, c := range forbidden {
			if strings.Contains(out.String(), c) || strings.Contains(out.String(), fmt.Sprintf("%x", c)) {
				t.Errorf("%s: the error holds %.12q", e.Code, c)
			}
		}
		if strings.ContainsAny(e.Message, "\r\n") {
			t.Errorf("%s: more than one line", e.Code)
		}
	}

	answers := []string{
		normalAnswer[:len(normalAnswer)-1], "<html>李义</html>", `{"姓名":"李义"}`, `{"codeid":"362532199404064129","a":1`,
		`[{"公民身份号码":"362532199404064129"}]`, `{"codeid":10099,"retdata":{` + pagePortrait + `}}`,
	}
	var rows []vector
	for _, row := range policy(t) {
		for i := range row.Steps {
			if row.Steps[i].Code == Success && row.Steps[i].Body == "" {
				row.Steps[i].Body = normalAnswer
			}
		}
		rows = append(rows, row)
	}
	for i, a := range answers {
		rows = append(rows, vector{Name: fmt.Sprint("answer ", i), Steps: []vectorStep{{Body: a}}})
	}
	for _, row := range rows {
		synctest.Test(t, func(t *testing.T) {
			v := newVendor(t, row.Steps...)
			cfg := row.config(t, v)
			cfg.DialContext = v.pipes()
			cfg.BaseURL = strings.Replace(strings.Replace(cfg.BaseURL, "127.0.0.1", "canary-host.test", 1), "/pyi", "/canary-path", 1)
			g, err := gate.New(math.Inf(1), 1, 1)
			if err != nil {
				t.Fatal(err)
			}
			cfg.Gate = g
			c, err := New(cfg)
			if err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithCancel(context.Background())
			defer cancel()
			v.cancel = cancel
			if row.CancelDelay > 0 {
				c.cfg.Delay = func(d time.Duration) time.Duration { cancel(); return d }
			}
			_, err = c.Call(ctx, Call{Picture: shared.Image{Bytes: picture}, PictureParam: ParamImage, Retry: row.Retry})
			v.steps = nil
			v.close()
			_ = c.Close()
			if err != nil {
				inspect(t, err)
			}
		})
	}

	dir := filepath.Join(t.TempDir(), "canary-path")
	p := testProvider(t, nil)
	for _, req := range []shared.Request{
		{Image: shared.Image{Path: filepath.Join(dir, "李义.jpg")}},
		{Image: shared.Image{URL: "https://canary-host/a?canary-query"}},
		{Image: shared.Image{URL: "canary-host\x7f"}, URLMode: shared.URLVendor},
		{Image: shared.Image{URL: "https://canary-host/" + strings.Repeat("a", 2000)}, URLMode: shared.URLVendor},
		{Image: shared.Image{Bytes: picture}, Options: map[string]string{"canary-query": "canary-query"}},
	} {
		_, err := p.Recognize(context.Background(), &req)
		inspect(t, err)
	}
	for field, value := range map[string]string{
		"url": "http://canary-host/", "proxy": "canary-path", "ca_file": "/canary-path", "answer_timeout": "canary-query", "secret": testSecret,
	} {
		inspect(t, NewProvider().Configure(context.Background(), settingsOf(field, value)))
	}
	if seen < 60 {
		t.Errorf("only %d errors were looked at", seen)
	}
	for _, c := range forbidden {
		if strings.Contains(logged.String(), c) {
			t.Errorf("the log holds %.12q", c)
		}
	}
}

func TestWhatHoldsSecretsAndPeoplePrintsWithoutThem(t *testing.T) {
	cfg := testConfig(nil)
	c := testClient(t, cfg)
	e, err := decode([]byte(normalAnswer), "")
	if err != nil {
		t.Fatal(err)
	}
	call := Call{Picture: smallCall.Picture, PictureParam: ParamImage, Params: map[string]string{"name": "李义"}}
	p := testProvider(t, nil)
	var out strings.Builder
	for _, v := range []any{cfg, &cfg, c, *c, call, &call, e, *e, p, &Reply{Envelope: e}, Reply{Envelope: e}} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x"} {
			fmt.Fprintf(&out, verb+"\n", v)
		}
		slog.New(slog.NewTextHandler(&out, nil)).Info("x", "v", v)
	}
	for _, canary := range append(canaries, "a small picture") {
		if strings.Contains(out.String(), canary) || strings.Contains(out.String(), fmt.Sprintf("%x", canary)) {
			t.Errorf("%.12q was printed", canary)
		}
	}
}

func TestSecretDoesNotStayInMemoryThatIsUsedAgain(t *testing.T) {
	x, err := testClient(t, testConfig(nil)).prepare(context.Background(), smallCall)
	if err != nil {
		t.Fatal(err)
	}
	body := x.form.body(time.Unix(1700000000, 0))
	if _, err := io.Copy(io.Discard, body); err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(body.work[:cap(body.work)], []byte(testSecret)) {
		t.Error("the secret is in the body's memory")
	}
}

package settings_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/spf13/pflag"
	"go.uber.org/goleak"

	"github.com/seed-6b91b535/idrec/host-example/idrec/internal/exit"
	"github.com/seed-6b91b535/idrec/host-example/idrec/internal/settings"
	"github.com/seed-6b91b535/idrec/shared"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func described() *shared.Description {
	return &shared.Description{Name: "wapi", Fields: []shared.ConfigField{
		{Name: "url", Type: shared.TypeURL, Required: true},
		{Name: "appid", Type: shared.TypeString, Required: true},
		{Name: "secret", Type: shared.TypeString, Required: true, Secret: true},
		{Name: "rate", Type: shared.TypeFloat, Default: "2"},
		{Name: "ca_file", Type: shared.TypePath},
	}}
}

func file(t *testing.T, text string) *settings.File {
	t.Helper()
	name := filepath.Join(t.TempDir(), "c.yaml")
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := settings.Load(name, true)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func environment(pairs map[string]string) func(string) (string, bool) {
	return func(n string) (string, bool) { v, ok := pairs[n]; return v, ok }
}

func TestCommandLineBeatsEnvironmentBeatsFileBeatsDefault(t *testing.T) {
	t.Parallel()
	l := settings.Layers{
		Flags:  map[string]string{"url": "flag", "secret_file": "s"},
		Lookup: environment(map[string]string{"IDREC_WAPI_URL": "env", "IDREC_WAPI_APPID": "env", "IDREC_WAPI_RATE": ""}),
		File:   file(t, "url: file\nappid: file\nrate: 7\nplugins:\n  wapi:\n    ca_file: sub/ca.pem\n  other:\n    anything: 1\n"),
	}
	p, err := l.Resolve(described())
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string][2]string{"url": {"flag", "command line"}, "appid": {"env", "IDREC_WAPI_APPID"}, "rate": {"7", "file line 3"}} {
		if p.Values[name] != want[0] || p.Origins[name] != want[1] {
			t.Errorf("%s is %q from %q", name, p.Values[name], p.Origins[name])
		}
	}
	if v := p.Values["ca_file"]; !filepath.IsAbs(v) || !strings.HasSuffix(filepath.ToSlash(v), "sub/ca.pem") {
		t.Errorf("a path in the file is relative to it: %q", v)
	}
	if p.Secrets["secret"] != (settings.Reference{By: settings.ByFile, Place: "s"}) {
		t.Errorf("secret %+v", p.Secrets)
	}
	if len(l.Flags) != 2 {
		t.Error("the flags were changed")
	}
}

func TestAPluginsOwnSectionBeatsTheTopOfTheFile(t *testing.T) {
	t.Parallel()
	l := settings.Layers{File: file(t, "rate: 1\nurl: u\nappid: '01'\nsecret_env: X\nplugins: {wapi: {rate: 9}}\n")}
	p, err := l.Resolve(described())
	if err != nil || p.Values["rate"] != "9" || p.Values["appid"] != "01" || p.Secrets["secret"].By != settings.ByEnv {
		t.Errorf("%+v %v", p, err)
	}
}

func TestSecretsAreNeverTakenByValue(t *testing.T) {
	t.Parallel()
	const canary = "0123456789abcdef0123456789abcdef"
	base := map[string]string{"url": "u", "appid": "1"}
	for name, c := range map[string]struct {
		l    settings.Layers
		exit int
		says string
	}{
		"command line": {settings.Layers{Flags: map[string]string{"url": "u", "appid": "1", "secret": canary}}, exit.Usage, "--secret-file"},
		"environment":  {settings.Layers{Flags: base, Lookup: environment(map[string]string{"IDREC_WAPI_SECRET": canary})}, exit.Config, "IDREC_WAPI_SECRET_FILE"},
		"file":         {settings.Layers{Flags: base, File: file(t, "\nsecret: "+canary)}, exit.Config, "line 2"},
		"two ways":     {settings.Layers{Flags: map[string]string{"url": "u", "appid": "1", "secret_file": "a", "secret_env": "b"}}, exit.Usage, "several ways"},
	} {
		_, err := c.l.Resolve(described())
		if exit.Of(err) != c.exit || !strings.Contains(err.Error(), c.says) || strings.Contains(err.Error(), canary) {
			t.Errorf("%s: %d %v", name, exit.Of(err), err)
		}
	}
	// The variable that holds it may have that very name.
	l := settings.Layers{Flags: base, Lookup: environment(map[string]string{"IDREC_WAPI_SECRET": canary, "IDREC_WAPI_SECRET_ENV": "IDREC_WAPI_SECRET"})}
	if p, err := l.Resolve(described()); err != nil || p.Secrets["secret"].Place != "IDREC_WAPI_SECRET" {
		t.Errorf("%+v %v", p, err)
	}
}

func TestWhatIsMissingIsNamedWithTheWaysToSetIt(t *testing.T) {
	t.Parallel()
	_, err := settings.Layers{}.Resolve(described())
	if exit.Of(err) != exit.Config {
		t.Fatal(err)
	}
	for _, part := range []string{"--url", "IDREC_WAPI_APPID", "--secret-file", "IDREC_WAPI_SECRET_FILE"} {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("%q is not in %v", part, err)
		}
	}
}

func TestUnknownSettingsAreRefusedWithTheirPlace(t *testing.T) {
	t.Parallel()
	_, err := settings.Layers{Flags: map[string]string{"url": "u", "appid": "1", "secret_file": "s", "raet": "5"}}.Resolve(described())
	if exit.Of(err) != exit.Usage || !strings.Contains(err.Error(), "raet") {
		t.Error(err)
	}
	known := func(k string) bool { return k == "wait" || settings.Known(described(), k) }
	for text, says := range map[string]string{
		"wait: 1s\nraet: 5\n":                         `line 2: unknown key "raet"`,
		"plugins:\n  wapi:\n    rate: 1\n    raet: 5": `line 4: unknown key "raet"`,
		"url: u\nsecret_file: s\nca-file: c\n":        "",
		"plugins: {other: {x: 1}}":                    "",
	} {
		err := file(t, text).Unknown("wapi", known)
		if says == "" && err != nil || says != "" && (exit.Of(err) != exit.Config || !strings.Contains(err.Error(), says)) {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func TestABrokenFileIsOneLineWithItsPlaceAndNotItsText(t *testing.T) {
	t.Parallel()
	const canary = "0123456789abcdef"
	dir := t.TempDir()
	for text, says := range map[string]string{
		"a: 1\n b: " + canary + "\n":       "line 2",
		"- " + canary:                      "key: value",
		"url: [" + canary + "]":            "line 1",
		"a: 1\na: " + canary:               "line 2",
		"plugins: " + canary:               "line 1",
		"plugins: {wapi: " + canary + "}":  "line 1",
		"\x00\xff" + canary:                "no YAML",
		canary:                             "key: value",
		"a: &x " + canary + "\nb: {c: *x}": "line 2",
	} {
		name := filepath.Join(dir, "c.yaml")
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := settings.Load(name, true)
		if exit.Of(err) != exit.Config || !strings.Contains(err.Error(), says) || strings.Contains(err.Error(), canary) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%q: %v", text, err)
		}
	}
	if _, err := settings.Load(filepath.Join(dir, "none.yaml"), true); exit.Of(err) != exit.Config {
		t.Error(err)
	}
	if _, err := settings.Load(filepath.Join(dir, "none.yaml"), false); err != nil {
		t.Error(err)
	}
}

func TestProgramSettingsFollowTheSameOrder(t *testing.T) {
	t.Parallel()
	flags := pflag.NewFlagSet("x", pflag.ContinueOnError)
	wait := flags.Duration("wait", time.Second, "")
	side := flags.String("side", "", "")
	dir := flags.String("plugin-dir", "", "")
	mask := flags.Bool("mask", false, "")
	if err := flags.SetAnnotation("plugin-dir", settings.IsPath, []string{}); err != nil {
		t.Fatal(err)
	}
	if err := flags.Parse([]string{"--side", "front"}); err != nil {
		t.Fatal(err)
	}
	l := settings.Layers{Lookup: environment(map[string]string{"IDREC_SIDE": "back", "IDREC_WAIT": "5s"}), File: file(t, "wait: 9s\nmask: true\nplugin_dir: p\n")}
	origins, err := l.Apply(flags, []string{"wait", "side", "mask", "plugin-dir", "none"})
	if err != nil || *wait != 5*time.Second || *side != "front" || !*mask || !filepath.IsAbs(*dir) {
		t.Errorf("%v %v %v %v %v", *wait, *side, *mask, *dir, err)
	}
	if origins["wait"] != "IDREC_WAIT" || origins["mask"] != "file line 2" || origins["side"] != "command line" {
		t.Error(origins)
	}
	bad := pflag.NewFlagSet("x", pflag.ContinueOnError)
	bad.Duration("wait", 0, "")
	if _, err := (settings.Layers{Lookup: environment(map[string]string{"IDREC_WAIT": "soon"})}).Apply(bad, []string{"wait"}); exit.Of(err) != exit.Config || !strings.Contains(err.Error(), "IDREC_WAIT") {
		t.Error(err)
	}
}

func FuzzFile(f *testing.F) {
	f.Add("url: u\nplugins: {wapi: {rate: 1}}")
	f.Add("a: &a\n  b: *a\n")
	f.Add("? [x]\n: y\n")
	f.Add("<<: {a: 1}\n")
	f.Fuzz(func(t *testing.T, text string) {
		name := filepath.Join(t.TempDir(), "c.yaml")
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		cfg, err := settings.Load(name, true)
		if err != nil {
			if exit.Of(err) != exit.Config || strings.Contains(err.Error(), "\n") {
				t.Errorf("%v", err)
			}
			return
		}
		_ = cfg.Unknown("wapi", func(string) bool { return false })
	})
}

package cli

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/mattn/go-runewidth"

	"github.com/seed-6b91b535/idrec/host-example/idrec/internal/exit"
	"github.com/seed-6b91b535/idrec/sdk/specimen"
	"github.com/seed-6b91b535/idrec/sdk/wapi/sandbox"
	"github.com/seed-6b91b535/idrec/shared"
)

func TestErrorsPrintsEveryCode(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.want(exit.OK, "", "errors")
	for _, i := range shared.Codes() {
		if !strings.Contains(b.out.String(), " "+string(i.Code)+" ") {
			t.Errorf("%s is missing", string(i.Code))
		}
	}
	b.want(exit.OK, "", "errors", "--output", "json")
	var rows []map[string]any
	if err := json.Unmarshal(b.out.Bytes(), &rows); err != nil || len(rows) != len(shared.Codes()) || rows[0]["do"] == "" {
		t.Errorf("%v, %d rows", err, len(rows))
	}
	b.want(exit.Usage, "table or json", "errors", "--output", "xml")
}

func TestNumberTellsWhatIsWrongWithoutShowingIt(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	const good, bad = "11010519491231002X", "110105194912310021"
	b.want(exit.OK, "", "number", good)
	if strings.Contains(b.out.String(), good) || !strings.Contains(b.out.String(), "valid") {
		t.Error(b.out.String())
	}
	b.in = good + "\n\n" + bad + "\n"
	b.want(exit.Failed, "", "number", "-", "--output", "ndjson")
	if lines := strings.Split(strings.TrimSpace(b.out.String()), "\n"); len(lines) != 2 || !strings.Contains(lines[1], `"valid":false`) || strings.Contains(b.out.String(), bad) {
		t.Error(b.out.String())
	}
	b.want(exit.Failed, "", "number", bad, "--show-personal")
	if !strings.Contains(b.out.String(), "check character would be X") || !strings.Contains(b.out.String(), "1949-12-31") {
		t.Error(b.out.String())
	}
	b.want(exit.NoInput, "no input", "number")
	b.in = ""
	b.want(exit.NoInput, "standard input", "number", "-")
	b.want(exit.Failed, "", "number", "not a number")
	if !strings.HasPrefix(b.out.String(), "#1 not valid") {
		t.Error(b.out.String())
	}
}

func TestSignShowsTheStringButNotTheSecret(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	image := b.write("i.jpg", strings.Repeat("picture", 100))
	b.env["MY_SECRET"] = canarySecret
	b.want(exit.OK, "", "sign", "--appid", "1", "--time", "1545829466", "--secret-file", b.path("secret.txt"), "format=json", "empty=")
	if !strings.Contains(b.out.String(), "appid1formatjsontime1545829466<secret>") || strings.Contains(b.out.String(), "empty") {
		t.Error(b.out.String())
	}
	first := b.out.String()
	b.want(exit.OK, "", "sign", "--time", "-1", "--secret-env", "MY_SECRET", "appid=1", "time=1545829466", "format=json")
	if b.out.String() != first {
		t.Errorf("%s\n%s", first, b.out.String())
	}
	b.clean(b.out.String())
	b.want(exit.OK, "", "sign", "--time", "-1", "--secret-env", "MY_SECRET", "--image", image, "--output", "json")
	var out map[string]string
	if err := json.Unmarshal(b.out.Bytes(), &out); err != nil || len(out["string_to_sign"]) > 200 || len(out["sign"]) != 32 || strings.Contains(out["string_to_sign"], "time") {
		t.Errorf("%v %v", err, out)
	}
	if !strings.Contains(b.out.String(), "<secret>") || !strings.Contains(b.out.String(), "&sign=") {
		t.Errorf("escaped for a web page: %s", b.out.String())
	}
	b.clean(b.out.String())
	b.want(exit.Usage, "one way", "sign", "--appid", "1")
	b.want(exit.Usage, "one way", "sign", "--secret-env", "MY_SECRET", "--secret-file", b.path("secret.txt"))
	b.want(exit.Config, "not set", "sign", "--secret-env", "NONE")
	b.want(exit.NoInput, "--image", "sign", "--secret-env", "MY_SECRET", "--image", b.path("none.jpg"))
}

func TestConfigExplainShowsEverySettingItsPlaceAndNoSecret(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.write("config.yaml", "wait: 9s\nrate: 7\n")
	b.env["IDREC_SIDE"] = "back"
	b.want(exit.OK, "", "config", "explain", "--url", "http://127.0.0.1:2/", "--output", "json")
	var rows []setting
	if err := json.Unmarshal(b.out.Bytes(), &rows); err != nil {
		t.Fatal(err)
	}
	byKey := map[string]setting{}
	for _, r := range rows {
		byKey[r.Key] = r
		if r.Help == "" || r.Env == "" || r.Flag == "" {
			t.Errorf("%+v", r)
		}
	}
	for key, want := range map[string][2]string{"wait": {"9s", "file line 1"}, "rate": {"7", "file line 2"}, "side": {"back", "IDREC_SIDE"}, "url": {"http://127.0.0.1:2/", "command line"}, "appid": {"1", "IDREC_WAPI_APPID"}} {
		if byKey[key].Value != want[0] || byKey[key].Origin != want[1] {
			t.Errorf("%s: %+v", key, byKey[key])
		}
	}
	for key := range byKey {
		if strings.HasPrefix(key, "secret") && (byKey[key].Value != "" || byKey[key].Origin != "IDREC_WAPI_SECRET_FILE") {
			t.Errorf("%+v", byKey[key])
		}
	}
	b.clean(b.out.String())
	b.want(exit.OK, "", "config", "explain")
	if !strings.Contains(b.out.String(), "budget_calls") || strings.Contains(b.out.String(), "`") {
		t.Error(b.out.String())
	}
	// What is not set yet is no error here: that is what the command is asked for.
	b.env = map[string]string{"IDREC_CONFIG": b.path("config.yaml")}
	b.want(exit.OK, "", "config", "explain")
	b.write("config.yaml", "raet: 7\n")
	b.want(exit.Config, "line 1", "config", "explain")
	if !strings.Contains(b.out.String(), "budget_calls") {
		t.Error("the table is missing beside the error")
	}
}

func TestDoctorSaysWhatItFoundAndEndsWithTheWorst(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.want(exit.Refused, "", "doctor")
	for _, part := range []string{"good     configuration", "good     plugin", "bad      credentials"} {
		if !strings.Contains(b.out.String(), part) {
			t.Errorf("%q is not in %s", part, b.out.String())
		}
	}
	b.env = map[string]string{"IDREC_CONFIG": b.path("config.yaml")}
	b.want(exit.Config, "--secret-file", "doctor")
}

func TestPluginsDescribeIsJSON(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.want(exit.OK, "", "plugins", "describe")
	var d description
	if err := json.Unmarshal(b.out.Bytes(), &d); err != nil || d.Name != "wapi" || len(d.Fields) != 6 || !d.Fields[2].Secret {
		t.Errorf("%v %+v", err, d)
	}
	b.want(exit.Plugin, "plugin", "plugins", "verify", "none")
}

func TestSandboxAppsAsTheCommandLineWritesThem(t *testing.T) {
	t.Parallel()
	s := &sandboxFlags{calls: -1, price: "0.04"}
	app, err := s.app("7:" + canarySecret + ",calls=3,balance=1.5,per_call=0.1")
	if err != nil || app.ID != "7" || app.CallsLeft != 3 || app.Balance != 1500 || app.PerCall != 100 || app.Packages[0].PerCall != 40 {
		t.Errorf("%+v %v", app, err)
	}
	if app, err = s.app("7:" + canarySecret + ",price=0.1"); err != nil || app.Packages[0].PerCall != 100 {
		t.Errorf("%+v %v", app.Packages, err)
	}
	for _, bad := range []string{"7", "7:short", "7:" + canarySecret + ",x=1", "7:" + canarySecret + ",calls=many", "7:" + canarySecret + ",calls=-1", "7:" + canarySecret + ",price=-1"} {
		if _, err := s.app(bad); exit.Of(err) != exit.Usage || strings.Contains(err.Error(), canarySecret) {
			t.Errorf("%s: %v", bad, err)
		}
	}
	b := newBench(t)
	b.want(exit.Usage, "engine", "sandbox", "--engine", "tesseract")
	b.want(exit.Usage, "--calls", "sandbox", "--app", "1:"+canarySecret, "--calls", "-5")
	b.want(exit.Usage, "--guess", "sandbox", "--guess", "colour=red")
	b.want(exit.Usage, "listen", "sandbox", "--listen", "256.0.0.1:1")
}

func TestSpecimensAreWrittenWithTheirTruth(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.want(exit.OK, "", "specimen", "--out", b.path("s"), "--people", "1", "--width", "300", "--format", "png")
	names, err := os.ReadDir(b.path("s"))
	if err != nil || len(names) != 4 {
		t.Errorf("%v %v", names, err)
	}
	b.want(exit.Usage, "--out", "specimen")
	b.want(exit.Usage, "--people", "specimen", "--out", b.path("s"), "--people", "0")
	b.want(exit.Usage, "folder", "specimen", "--out", b.write("file", ""))
	b.want(exit.Usage, "--width", "specimen", "--out", b.path("s"), "--width", "-4")
}

func TestTheDemonstrationTellsEveryDifference(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	truth := specimen.Truth{Side: shared.SideEmblem, Authority: "样本"}
	files := []specimen.File{{Name: "a.jpg", Content: specimen.ContentCard, Truth: truth}, {Name: "b.jpg", Content: specimen.ContentNoCard}, {Name: "c.jpg", Content: specimen.ContentText}}
	server, err := sandbox.New(sandbox.Config{Engine: &specimen.Recognizer{}, Apps: []sandbox.App{sandbox.NewApp("1", canarySecret)}})
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	b.write("records.ndjson", `{"source":"a.jpg","side":"emblem","card":{"authority":"样板"},"price_yuan":"0.050"}`+"\n"+
		`{"source":"b.jpg","usable":true,"card":{"sex":"男"}}`+"\n"+`{"source":"c.jpg","usable":true}`+"\n"+`{"source":"c.jpg"}`+"\n")
	d := &demonstration{app: &app{World: World{Out: &b.out}}, dir: b.dir, files: files, server: server}
	if err := d.compare(); exit.Of(err) == exit.OK {
		t.Errorf("%v", err)
	}
	if got := strings.Count(b.out.String(), "WRONG"); got != 5 {
		t.Errorf("%d lines tell a difference: %s", got, b.out.String())
	}
}

func TestVersionAndHelpNeedNothing(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.env = nil
	for _, args := range [][]string{{"version"}, {"--version"}, {"--help"}, {"recognize", "--help"}, {"help", "sandbox"}} {
		b.want(exit.OK, "", args...)
		if b.out.Len() == 0 {
			t.Errorf("%v says nothing", args)
		}
	}
	b.want(exit.Usage, "unknown command", "recognice")
	b.want(exit.Usage, "did you mean recognize?", "recognice")
	b.want(exit.OK, "", "plugins")
}

func TestWhatIsTypedWrongIsNotRepeated(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	for _, args := range [][]string{
		{canaryFile}, {"errors", canaryFile}, {"config", canaryFile}, {"plugins", canaryFile}, {"doctor", canarySecret},
		{"recognize", "-x" + canaryFile}, {"recognize", "-s" + canarySecret}, {"recognize", "--=" + canarySecret}, {"recognize", "--quiet=" + canaryName, "x"},
	} {
		b.want(exit.Usage, "idrec: ", args...)
		b.clean(b.out.String())
	}
}

func TestOnlyCommandsThatUseThePluginsSettingsOfferThem(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	for _, args := range [][]string{{"demo"}, {"plugins", "list"}, {"plugins", "describe"}, {"plugins", "verify"}} {
		b.want(exit.Usage, "unknown flag", append(args, "--url", "https://account.example/")...)
	}
}

func TestTablesAreFoldedToTheTerminal(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.tty, b.width = true, 170
	for _, args := range [][]string{{"errors"}, {"config", "explain"}} {
		b.want(exit.OK, "", args...)
		for line := range strings.Lines(b.out.String()) {
			if got := runewidth.StringWidth(strings.TrimRight(line, "\n")); got > b.width {
				t.Errorf("%v: %d wide: %s", args, got, line)
			}
		}
	}
}

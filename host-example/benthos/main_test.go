//go:build linux

package main_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/seed-6b91b535/idrec/host-example/internal/enginetest"
	"github.com/seed-6b91b535/idrec/sdk/wapi/sandbox"
	"github.com/seed-6b91b535/idrec/shared"
)

func TestMain(m *testing.M) { enginetest.Main(m) }

// latency is that of the vendor.
const latency = 50 * time.Millisecond

// run is the program with a configuration.
type run struct {
	*exec.Cmd
	dir string
	log enginetest.Output
}

func start(t *testing.T, env []string, args ...string) *run {
	t.Helper()
	enginetest.Plugin(t)
	bin := enginetest.Build(t, "host-example/benthos")
	r := &run{Cmd: exec.Command(filepath.Join(bin, "benthos"), args...), dir: t.TempDir()}
	r.Env = append(enginetest.Environ(r.dir), env...)
	r.Env = append(r.Env, "IDREC_RECORDS="+filepath.Join(r.dir, "records.ndjson"), "IDREC_ERRORS="+filepath.Join(r.dir, "errors.ndjson"))
	r.Stdout, r.Stderr = &r.log, &r.log
	r.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := r.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = r.Process.Kill()
		_ = r.Wait()
	})
	return r
}

// records reads what the run wrote, line by line: each must be a record.
func (r *run) records(t *testing.T, name string) []shared.Record {
	t.Helper()
	f, err := os.Open(filepath.Join(r.dir, name))
	if os.IsNotExist(err) {
		return nil
	}
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var out []shared.Record
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 64<<20)
	for lines.Scan() {
		var rec shared.Record
		if err := json.Unmarshal(lines.Bytes(), &rec); err != nil {
			t.Errorf("%s, line %d of %d bytes is no record: a raw picture?", name, len(out)+1, len(lines.Bytes()))
			continue
		}
		out = append(out, rec)
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	return out
}

func folderEnv(v *enginetest.Vendor, cards string) []string {
	return append(v.Environ(), "IDREC_PICTURES="+cards, "IDREC_THREADS=8", "IDREC_WAPI_CONCURRENCY=8", "IDREC_WAPI_RATE=1000")
}

func TestTheSamplesPassTheLinter(t *testing.T) {
	t.Parallel()
	r := start(t, nil, "lint", "config/folder.yaml", "config/http.yaml")
	if err := r.Wait(); err != nil {
		t.Errorf("%v\n%s", err, r.log.String())
	}
	r = start(t, nil, "create", "/idcard_recognize")
	if err := r.Wait(); err != nil || !strings.Contains(r.log.String(), "secret_file:") {
		t.Errorf("%v\n%s", err, r.log.String())
	}
}

func TestAFolderBecomesRecords(t *testing.T) {
	t.Parallel()
	n := enginetest.Pictures(t, 40)
	cards := t.TempDir()
	enginetest.Cards(t, cards, n, 21)
	v := enginetest.NewVendor(t, latency)
	// Three that cannot be read, among the others.
	for name, text := range map[string]string{"person-001-empty.jpg": "", "person-003-text.jpg": "no picture"} {
		if err := os.WriteFile(filepath.Join(cards, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	huge, err := os.Create(filepath.Join(cards, "person-005-huge.jpg"))
	if err != nil {
		t.Fatal(err)
	}
	if err := huge.Truncate(1 << 30); err != nil { // a gigabyte that takes no room
		t.Fatal(err)
	}
	huge.Close()
	// And what cannot be opened: it must neither stop the stream nor be left out.
	if err := errors.Join(os.Symlink("none", filepath.Join(cards, "person-002-gone.jpg")), os.Symlink("/etc/passwd", filepath.Join(cards, "person-004-out.jpg")),
		syscall.Mkfifo(filepath.Join(cards, "person-006-pipe.png"), 0o600), os.Mkdir(filepath.Join(cards, "person-007-folder.jpg"), 0o700)); err != nil {
		t.Fatal(err)
	}

	r := start(t, folderEnv(v, cards), "run", "config/folder.yaml")
	if err := r.Wait(); err != nil {
		t.Fatalf("%v\n%s", err, r.log.String())
	}
	good, bad := r.records(t, "records.ndjson"), r.records(t, "errors.ndjson")
	codes := map[shared.Code]int{}
	for _, b := range bad {
		codes[b.Error.Code]++
	}
	if len(good) != n || len(bad) != 6 || codes[shared.CodePictureUnreadable] != 3 || codes[shared.CodePictureEmpty] != 1 || codes[shared.CodeNotAPicture] != 1 || codes[shared.CodeMessageTooLarge] != 1 {
		t.Errorf("%d results, %v\n%s", len(good), codes, r.log.String())
	}
	for _, g := range good {
		if g.Status != shared.StatusNormal || g.Source == "" {
			t.Errorf("%v", g)
		}
	}
	billed, pictures := v.Bill()
	if billed != int64(n) || pictures != int64(n) {
		t.Errorf("billed %d for %d pictures", billed, pictures)
	}
	canaries := append(enginetest.Canaries(n, 21), "person-0", enginetest.Secret)
	if leaks := enginetest.Leaks(r.log.String(), canaries); leaks > 0 {
		t.Errorf("%d personal texts in the log:\n%s", leaks, r.log.String())
	}
	row := enginetest.Row{Engine: "Benthos", Version: version(t), Pictures: n + 6, Results: len(good), Errors: len(bad),
		Billed: billed, Doubles: billed - pictures, Rate: v.Rate()}
	if os.Getenv("IDREC_ENGINES") != "" {
		clean := t.TempDir()
		enginetest.Cards(t, clean, n, 21)
		row.Least = 0.95
		row.Ratio = enginetest.CompareRates(t, func() float64 {
			v := enginetest.NewVendor(t, latency)
			if r := start(t, folderEnv(v, clean), "run", "config/folder.yaml"); r.Wait() != nil {
				t.Fatal(r.log.String())
			}
			return v.Rate()
		}, func() float64 { return enginetest.CommandLineRate(t, clean, latency, 8) })
	}
	enginetest.Report(t, row)
}

func TestAPluginThatIsKilledLetsNoPictureThrough(t *testing.T) {
	t.Parallel()
	n := 100
	if os.Getenv("IDREC_SOAK") != "" {
		n = 1000
	}
	cards := t.TempDir()
	enginetest.Cards(t, cards, n, 22)
	v := enginetest.NewVendor(t, latency)
	r := start(t, folderEnv(v, cards), "run", "config/folder.yaml")
	ended := make(chan error, 1)
	go func() { ended <- r.Wait() }()
	poll := time.NewTicker(5 * time.Millisecond)
	defer poll.Stop()
	killed := 0
	for limit := time.After(5 * time.Minute); killed == 0; {
		select {
		case <-poll.C:
			if billed, _ := v.Bill(); billed < int64(n/3) {
				continue
			}
			for _, pid := range enginetest.Children(r.Process.Pid, "idrec-plugin-wapi") {
				if err := syscall.Kill(pid, syscall.SIGKILL); err == nil {
					killed++
				}
			}
		case err := <-ended:
			t.Fatalf("it ended before the kill: %v\n%s", err, r.log.String())
		case <-limit:
			t.Fatalf("no plugin to kill\n%s", r.log.String())
		}
	}
	if err := <-ended; err != nil {
		t.Fatalf("%v\n%s", err, r.log.String())
	}
	good, bad := r.records(t, "records.ndjson"), r.records(t, "errors.ndjson")
	for _, b := range bad {
		if c := b.Error.Class; c != shared.ClassUnclear && c != shared.ClassTransient {
			t.Errorf("%v", b)
		}
	}
	// Eight were in flight. What came while the next process started may have been answered unavailable.
	if len(good)+len(bad) != n || len(bad) > 16 {
		t.Errorf("%d results and %d errors of %d\n%s", len(good), len(bad), n, r.log.String())
	}
	if billed, pictures := v.Bill(); billed != pictures {
		t.Errorf("billed %d for %d pictures", billed, pictures)
	}
	t.Logf("%d results, %d errors, %d plugins killed", len(good), len(bad), killed)
}

func TestPicturesByHTTPAreAnsweredWithRecords(t *testing.T) {
	t.Parallel()
	cards := enginetest.Cards(t, t.TempDir(), 2, 23)
	v := enginetest.NewVendor(t, 0)
	nowhere, err := url.Parse(enginetest.Nowhere(t))
	if err != nil {
		t.Fatal(err)
	}
	address := nowhere.Host
	r := start(t, append(v.Environ(), "IDREC_LISTEN="+address), "run", "config/http.yaml")
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	post := func(body []byte) (int, shared.Record) {
		for end := time.Now().Add(time.Minute); ; {
			res, err := client.Post("http://"+address+"/recognize", "image/jpeg", bytes.NewReader(body))
			if err != nil { // it is not up yet
				if time.Now().After(end) {
					t.Fatalf("%v\n%s", err, r.log.String())
				}
				time.Sleep(20 * time.Millisecond)
				continue
			}
			text, err := io.ReadAll(res.Body)
			res.Body.Close()
			var rec shared.Record
			if err == nil {
				err = json.Unmarshal(text, &rec)
			}
			if err != nil {
				t.Fatalf("status %d, %d bytes: %v\n%s", res.StatusCode, len(text), err, r.log.String())
			}
			return res.StatusCode, rec
		}
	}
	card, err := os.ReadFile(cards[0])
	if err != nil {
		t.Fatal(err)
	}
	if status, rec := post(card); status != 200 || rec.Status != shared.StatusNormal || rec.Card[shared.FieldNumber] == "" {
		t.Error(status, rec)
	}
	if status, rec := post([]byte("no picture")); status != 422 || rec.Error == nil || rec.Error.Code != shared.CodeNotAPicture {
		t.Error(status, rec)
	}
	if err := v.UpdateApp(enginetest.AppID, func(a *sandbox.App) { a.CallsLeft = 0 }); err != nil {
		t.Fatal(err)
	}
	other, err := os.ReadFile(cards[1])
	if err != nil {
		t.Fatal(err)
	}
	if status, rec := post(other); status != 503 || rec.Error == nil || rec.Error.Code != shared.CodeQuotaExhausted {
		t.Error(status, rec)
	}
	if status, rec := post(card); status != 200 || rec.AnsweredBy != shared.AnsweredLedger {
		t.Error(status, rec)
	}
	if billed, _ := v.Bill(); billed != 1 {
		t.Errorf("billed %d", billed)
	}
	if err := r.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := r.Wait(); err != nil {
		t.Errorf("%v\n%s", err, r.log.String())
	}
	for end := time.Now().Add(10 * time.Second); len(enginetest.Children(r.Process.Pid, "idrec")) > 0; {
		if time.Now().After(end) {
			t.Fatal("the plugin outlives the program")
		}
	}
}

func TestWhatIsWrongIsSaidAtTheStart(t *testing.T) {
	t.Parallel()
	v := enginetest.NewVendor(t, 0)
	config := func(text string) string {
		name := filepath.Join(t.TempDir(), "c.yaml")
		if err := os.WriteFile(name, []byte("http: {enabled: false}\ninput: {generate: {count: 1, mapping: 'root = \"\"'}}\noutput: {drop: {}}\npipeline: {processors: [ {idcard_recognize: "+text+"} ]}\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		return name
	}
	for says, conf := range map[string]string{
		"plugin_refused":        `{ plugin_sha256: "` + strings.Repeat("0", 64) + `", wapi: { url: "` + v.URL + `", appid: "1", secret_file: "` + v.SecretFile + `" } }`,
		"needs the setting":     `{ wapi: { url: "` + v.URL + `", appid: "1" } }`,
		"configuration_invalid": `{ wapi: { url: "` + v.URL + `", appid: "1", secret: "short", rate: many } }`,
	} {
		r := start(t, nil, "run", config(conf))
		err := r.Wait()
		if text := r.log.String(); err == nil || !strings.Contains(text, says) {
			t.Errorf("%s: %v\n%s", says, err, text)
		}
	}
	// Folders that are not there, or empty: no stream that ends as if all were done.
	for says, dir := range map[string]string{"is not there": "/none/zhangsan", "no picture": t.TempDir()} {
		r := start(t, append(folderEnv(v, dir), "IDREC_WAPI_SECRET_FILE="+v.SecretFile), "run", "config/folder.yaml")
		err := r.Wait()
		if text := r.log.String(); err == nil || !strings.Contains(text, says) || strings.Contains(text, "zhangsan") {
			t.Errorf("%s: %v\n%s", says, err, text)
		}
	}
	// A program without a plugin beside it.
	bin := enginetest.Build(t, "host-example/benthos")
	alone := filepath.Join(t.TempDir(), "benthos")
	if err := os.Link(filepath.Join(bin, "benthos"), alone); err != nil {
		t.Fatal(err)
	}
	text, err := exec.Command(alone, "run", config("{ plugin: wapi }")).CombinedOutput()
	if err == nil || !strings.Contains(string(text), "no plugin was found") || !strings.Contains(string(text), "plugin_not_found") {
		t.Errorf("%v\n%s", err, text)
	}
}

// version is that of Benthos in go.mod.
func version(t *testing.T) string {
	t.Helper()
	text, err := exec.Command("go", "list", "-m", "-f", "{{.Version}}", "github.com/redpanda-data/benthos/v4").Output()
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(text))
}

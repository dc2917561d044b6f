//go:build linux

package e2e

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"

	"github.com/seed-6b91b535/idrec/host-example/internal/enginetest"
	"github.com/seed-6b91b535/idrec/host-example/temporal/idcard"
	"github.com/seed-6b91b535/idrec/shared"
)

func TestAFolderThroughARealServer(t *testing.T) {
	n := enginetest.Pictures(t, 40)
	w := newWorld(t, n, 71)
	metrics := at(freePort(t))
	worker := w.worker("IDREC_METRICS="+metrics, "IDREC_PARALLEL=2", "IDREC_SLOTS=4")
	// Four activities with two pictures each at the vendor, as many as the program idrec gets below.
	chunk := fmt.Sprintf("IDREC_CHUNK=%d", min((n+3)/4, idcard.MaxBatch))
	s := w.submit(chunk, "IDREC_CHUNKS=4")
	if code := s.wait(t, 4*time.Minute); code != 0 {
		t.Fatalf("exit %d", code)
	}
	good, bad := s.records(t)
	billed, pictures := w.vendor.Bill()
	if good != n || len(bad) != 0 || billed != int64(n) || pictures != int64(n) {
		t.Errorf("%d results, %v, billed %d for %d pictures", good, bad, billed, pictures)
	}
	text, events := w.history()
	canaries := append(enginetest.Canaries(n, 71), w.cards, "person-0", enginetest.Secret)
	if leaks := enginetest.Leaks(text, canaries); leaks > 0 || events < 10 {
		t.Errorf("%d personal texts in %d events", leaks, events)
	}
	if leaks := enginetest.Leaks(worker.log.String()+s.log.String(), canaries); leaks > 0 {
		t.Errorf("%d personal texts in the logs", leaks)
	}
	res, err := http.Get("http://" + metrics + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	exposed, err := io.ReadAll(res.Body)
	res.Body.Close()
	http.DefaultClient.CloseIdleConnections()
	if err != nil || !strings.Contains(string(exposed), "idcard_results") || !strings.Contains(string(exposed), "temporal_activity") || enginetest.Leaks(string(exposed), canaries) > 0 {
		t.Errorf("%v\n%s", err, exposed)
	}
	if err := worker.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if code := worker.wait(t, time.Minute); code != 0 || len(enginetest.Children(worker.Process.Pid, "idrec-plugin")) > 0 {
		t.Errorf("the worker ended with %d", code)
	}
	t.Logf("%d events", events)
	row := enginetest.Row{Engine: "Temporal", Version: version(t), Pictures: n, Results: good, Errors: 0, Billed: billed, Doubles: billed - pictures, Rate: w.vendor.Rate()}
	if os.Getenv("IDREC_ENGINES") != "" {
		row.Least = 0.9
		row.Ratio = enginetest.CompareRates(t, func() float64 {
			w.vendor = enginetest.NewVendor(t, latency)
			worker := w.worker("IDREC_PARALLEL=2", "IDREC_SLOTS=4")
			if s := w.submit(chunk, "IDREC_CHUNKS=4"); s.wait(t, 4*time.Minute) != 0 {
				t.Fatal("it failed")
			}
			_ = worker.Process.Signal(syscall.SIGTERM)
			worker.wait(t, time.Minute)
			return w.vendor.Rate()
		}, func() float64 { return enginetest.CommandLineRate(t, w.cards, latency, 8) })
	}
	enginetest.Report(t, row)
}

func TestBadInputIsATypedErrorAtTheEnginesOwnPlace(t *testing.T) {
	w := newWorld(t, 2, 72)
	store := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/gigabyte" {
			http.NotFound(rw, r)
			return
		}
		rw.Header().Set("Content-Length", strconv.Itoa(1<<30)) // it is not waited for
	}))
	defer store.Close()
	w.worker("IDREC_FETCH_PRIVATE_HOSTS=127.0.0.1")
	c := w.client()
	run := func(in idcard.WorkflowInput) (idcard.WorkflowOutput, error) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		r, err := c.ExecuteWorkflow(ctx, client.StartWorkflowOptions{TaskQueue: "idcard"}, idcard.WorkflowName, in)
		if err != nil {
			t.Fatal(err)
		}
		var out idcard.WorkflowOutput
		return out, r.Get(ctx, &out)
	}
	files, err := filepath.Glob(filepath.Join(w.cards, "*.jpg"))
	if err != nil || len(files) != 2 {
		t.Fatal(err, len(files))
	}
	good := reference(t, files[0])
	changed := reference(t, files[1])
	changed.SHA256 = strings.Repeat("0", 64)
	gone := good
	gone.URI += "x"
	huge := filepath.Join(w.cards, "huge.jpg")
	if err := os.WriteFile(huge, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(huge, 1<<30); err != nil {
		t.Fatal(err)
	}
	gigabyte := idcard.Picture{URI: "file://" + huge, SHA256: strings.Repeat("0", 64)}
	metadata := idcard.Picture{URI: "https://169.254.169.254/latest", SHA256: strings.Repeat("0", 64)}
	missing := idcard.Picture{URI: store.URL + "/none", SHA256: strings.Repeat("0", 64)}
	remote := idcard.Picture{URI: store.URL + "/gigabyte", SHA256: strings.Repeat("0", 64)}
	out, err := run(idcard.WorkflowInput{Pictures: []idcard.Picture{good, changed, gone, {}, gigabyte, metadata, missing, remote, good}})
	if err != nil {
		t.Fatal(err)
	}
	want := map[shared.Code]int{shared.CodePictureChanged: 1, shared.CodePictureUnreadable: 1, shared.CodeInvalidRequest: 1, shared.CodeMessageTooLarge: 2, shared.CodeURLRefused: 1, shared.CodeURLFailed: 1}
	if out.Results != 2 || len(out.Errors) != len(want) {
		t.Errorf("%+v", out)
	}
	for code, n := range want {
		if out.Errors[code] != n {
			t.Errorf("%s: %d", code, out.Errors[code])
		}
	}
	if billed, _ := w.vendor.Bill(); billed != 1 {
		t.Errorf("billed %d", billed)
	}
	// Credentials that are refused concern all pictures: the workflow ends with the type that says so.
	other := newHome(t, strings.Repeat("f", 32))
	w.worker("IDREC_QUEUE=other", "IDREC_WAPI_SECRET_FILE="+other)
	_, err = run(idcard.WorkflowInput{Pictures: []idcard.Picture{good}, Queue: "other"})
	var a *temporal.ApplicationError
	if !errors.As(err, &a) || a.Type() != idcard.TypeConfiguration || !a.NonRetryable() {
		t.Errorf("%v", err)
	}
	var details shared.RecordError
	if a != nil && (a.Details(&details) != nil || details.Outcome.MayBeBilled()) {
		t.Errorf("%+v", details)
	}
}

func TestWhatAWorkerLacksIsSaidAtItsStart(t *testing.T) {
	w := newWorld(t, 0, 73)
	run := func(want int, says string, env ...string) {
		t.Helper()
		p := start(t, w.environ(t.TempDir(), env...), filepath.Join(w.bin, "idrec-temporal-worker"), "work")
		if code := p.wait(t, 2*time.Minute); code != want || !strings.Contains(p.log.String(), says) {
			t.Errorf("exit %d, not %d\n%s", code, want, p.log.String())
		}
	}
	run(69, "plugin_not_found", "IDREC_PLUGIN=nobody")
	run(78, "needs the setting", "IDREC_WAPI_SECRET_FILE=")
	run(78, "IDREC_SLOTS", "IDREC_SLOTS=many")
	run(75, "cannot be reached", "TEMPORAL_ADDRESS=127.0.0.1:1")
	run(78, "IDREC_PAYLOAD_KEYS_FILE", "IDREC_PAYLOAD_KEYS_FILE=/none")
	lock := filepath.Join(t.TempDir(), "idrec.lock")
	if err := os.WriteFile(lock, []byte(`{"version":1,"plugins":[]}`), 0o600); err != nil {
		t.Fatal(err)
	}
	p := start(t, w.environ(t.TempDir(), "IDREC_PLUGIN_LOCK="+lock), filepath.Join(w.bin, "idrec-temporal-worker"), "work")
	if code := p.wait(t, time.Minute); code == 0 {
		t.Errorf("a plugin that is not locked was run\n%s", p.log.String())
	}
}

// reference is that of a file.
func reference(t *testing.T, path string) idcard.Picture {
	t.Helper()
	sum, err := exec.Command("sha256sum", path).Output()
	if err != nil {
		t.Fatal(err)
	}
	return idcard.Picture{URI: "file://" + path, SHA256: string(sum[:64])}
}

// newHome writes a secret to a file.
func newHome(t *testing.T, secret string) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(name, []byte(secret), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

// version is that of the engine's server in go.mod.
func version(t *testing.T) string {
	t.Helper()
	text, err := exec.Command("go", "list", "-m", "-f", "{{.Version}}", "go.temporal.io/server").Output()
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(text))
}

//go:build linux

// Package polyglot_test runs the provider in Python and the host in Node.js that stand below this folder
// against the ones in Go.
package polyglot_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"image/jpeg"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoregistry"

	"github.com/seed-6b91b535/idrec/sdk/conformance"
	"github.com/seed-6b91b535/idrec/sdk/host"
	"github.com/seed-6b91b535/idrec/sdk/layers"
	"github.com/seed-6b91b535/idrec/sdk/serve"
	"github.com/seed-6b91b535/idrec/sdk/specimen"
	"github.com/seed-6b91b535/idrec/shared"
)

// roleEnv makes this test binary a plugin.
const roleEnv = "IDREC_TEST_ROLE"

func TestMain(m *testing.M) {
	if os.Getenv(roleEnv) == "specimen" {
		serve.Main(&specimen.Recognizer{})
	}
	goleak.VerifyTestMain(m)
}

var update = flag.Bool("update", false, "write python/recognizer.binpb anew")

const descriptor = "python/recognizer.binpb"

func TestThePythonPluginHasTheMessagesOfTheProto(t *testing.T) {
	t.Parallel()
	file, err := protoregistry.GlobalFiles.FindFileByPath("idrec/recognizer/v1/recognizer.proto")
	if err != nil {
		t.Fatal(err)
	}
	want, err := proto.MarshalOptions{Deterministic: true}.Marshal(protodesc.ToFileDescriptorProto(file))
	if err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile(descriptor, want, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := os.ReadFile(descriptor); err != nil || !bytes.Equal(got, want) {
		t.Error("it has others: run go test ./host-example/polyglot -run Messages -update")
	}
}

// missing skips the test, with one line, unless everything is required.
func missing(t *testing.T, what string) {
	t.Helper()
	if os.Getenv("IDREC_REQUIRE_POLYGLOT") != "" {
		t.Fatal("missing: ", what)
	}
	t.Skip("missing: ", what)
}

// python finds an interpreter with what the provider needs.
func python(t *testing.T) string {
	t.Helper()
	for _, name := range []string{"python3", "/usr/bin/python3"} {
		if path, err := exec.LookPath(name); err == nil && exec.Command(path, "-c", "import grpc, google.protobuf").Run() == nil {
			// pyenv's python3 is a script that looks for the real one, which the host may not do.
			if path, err = filepath.EvalSymlinks(path); err == nil {
				return path
			}
		}
	}
	missing(t, "python3 with grpc (python3-grpcio)")
	return ""
}

// service is a recognition service over HTTP that reads specimens.
func service(t *testing.T) (url string, calls *atomic.Int64) {
	t.Helper()
	calls = new(atomic.Int64)
	reader := &specimen.Recognizer{}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		calls.Add(1)
		picture, err := io.ReadAll(r.Body)
		if err != nil {
			return
		}
		res, err := reader.Recognize(r.Context(), &shared.Request{Image: shared.Image{Bytes: picture}})
		if err != nil {
			_ = json.NewEncoder(w).Encode(map[string]any{"status": "non_idcard"})
			return
		}
		fields := map[shared.FieldName]string{}
		for name := range res.Fields {
			fields[name] = res.Value(name)
		}
		_ = json.NewEncoder(w).Encode(map[string]any{"status": res.Status, "side": res.Side, "fields": fields})
	}))
	t.Cleanup(s.Close)
	return s.URL, calls
}

// card is the portrait side of a card of the specimen cast.
func card(t *testing.T, who int) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := jpeg.Encode(&b, specimen.Draw(specimen.Cast()[who], shared.SidePortrait, specimen.Options{}), nil); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func pythonPlugin(t *testing.T) host.Options {
	t.Helper()
	script, err := filepath.Abs("python/idrec-plugin-http")
	if err != nil {
		t.Fatal(err)
	}
	return host.Options{Path: python(t), Args: []string{script}, Env: []string{"PYTHONDONTWRITEBYTECODE=1"}, StartTimeout: 30 * time.Second}
}

func TestAProviderInPythonConforms(t *testing.T) {
	t.Parallel()
	url, _ := service(t)
	r, err := conformance.Run(t.Context(), conformance.Options{
		Host: pythonPlugin(t), Configuration: &shared.Configuration{Values: map[string]string{"url": url}}, Picture: card(t, 0), MayCost: true,
	})
	if err != nil {
		t.Fatal(err)
	}
	if !r.OK() || len(r.With(conformance.Advised)) > 0 {
		t.Error(r)
	}
}

func TestAProviderInPythonCanBeAScriptThatIsPinned(t *testing.T) {
	t.Parallel()
	o := pythonPlugin(t)
	// A script's interpreter is looked up by its first line.
	text, err := os.ReadFile(o.Args[0])
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for _, name := range []string{"idrec_plugin.py", "recognizer.binpb"} {
		b, err := os.ReadFile(filepath.Join("python", name))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	_, rest, _ := strings.Cut(string(text), "\n")
	script := filepath.Join(dir, "idrec-plugin-http")
	if err := os.WriteFile(script, []byte("#!"+o.Path+"\n"+rest), 0o700); err != nil {
		t.Fatal(err)
	}
	o.Path, o.Args = script, nil
	if o.SHA256, err = host.Sum(script); err != nil {
		t.Fatal(err)
	}
	p, err := host.Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Close(context.Background()); err != nil {
		t.Error(err)
	}
}

// A provider without a record of its own gets it, the budget and the checks on the host's side.
func TestAProviderInPythonHasTheLayersOfItsHost(t *testing.T) {
	t.Parallel()
	url, calls := service(t)
	p, err := host.Open(t.Context(), pythonPlugin(t))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = p.Close(context.Background()) }()
	r := layers.Around(p, layers.Options{Silent: true})
	defer func() {
		_ = r.Drain(context.Background())
		_ = r.Close()
	}()
	if err := r.Configure(t.Context(), shared.Configuration{Values: map[string]string{"url": url}}); err != nil {
		t.Fatal(err)
	}
	h, err := r.Check(t.Context(), false)
	if err != nil || h.Upstream.State != shared.CheckGood {
		t.Error(h, err)
	}
	budget := shared.Budget{Run: "one", Calls: 1}
	first, err := r.Recognize(t.Context(), &shared.Request{Image: shared.Image{Bytes: card(t, 0)}, Budget: budget})
	if err != nil || first.AnsweredBy != shared.AnsweredLive || first.Outcome != shared.OutcomeBilled || first.Number.Computed == nil {
		t.Fatal(first, err)
	}
	again, err := r.Recognize(t.Context(), &shared.Request{Image: shared.Image{Bytes: card(t, 0)}, Budget: budget})
	if err != nil || again.AnsweredBy != shared.AnsweredLedger || again.Value(shared.FieldNumber) != first.Value(shared.FieldNumber) {
		t.Error(again, err)
	}
	_, err = r.Recognize(t.Context(), &shared.Request{Image: shared.Image{Bytes: card(t, 2)}, Budget: budget})
	if !errors.Is(err, shared.CodeBudgetExhausted) {
		t.Error(err)
	}
	if n := calls.Load(); n != 1 {
		t.Error(n, "calls were paid for")
	}
}

func TestAHostInNodeReadsACard(t *testing.T) {
	t.Parallel()
	node, err := exec.LookPath("node")
	if err != nil {
		missing(t, "node")
	}
	if _, err := os.Stat("node/node_modules"); err != nil {
		missing(t, "the modules of the host in Node.js (npm ci in host-example/polyglot/node)")
	}
	good, bad := filepath.Join(t.TempDir(), "card.jpg"), filepath.Join(t.TempDir(), "bad.jpg")
	if err := errors.Join(os.WriteFile(good, card(t, 0), 0o600), os.WriteFile(bad, []byte("no picture"), 0o600)); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(node, "read.mjs", os.Args[0], good, bad)
	cmd.Dir = "node"
	cmd.Env = append(os.Environ(), roleEnv+"=specimen", "IDREC_PLUGIN_ENV="+roleEnv)
	cmd.Stdin = strings.NewReader(`{"values":{},"secrets":{}}`)
	var log bytes.Buffer
	cmd.Stderr = &log
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err, log.String())
	}
	d := json.NewDecoder(bytes.NewReader(out))
	var about struct {
		Plugin string `json:"plugin"`
		PID    int    `json:"pid"`
	}
	var read struct {
		Status  string            `json:"status"`
		Outcome string            `json:"outcome"`
		Fields  map[string]string `json:"fields"`
	}
	var refused struct {
		Error struct {
			Code    string `json:"code"`
			Outcome string `json:"outcome"`
		} `json:"error"`
	}
	if err := errors.Join(d.Decode(&about), d.Decode(&read), d.Decode(&refused)); err != nil {
		t.Fatal(err, string(out))
	}
	if about.Plugin == "" || read.Status != "normal" || read.Outcome != "free" || read.Fields["number"] == "" {
		t.Error(about, read)
	}
	if refused.Error.Code == "" || refused.Error.Code == "outcome_unknown" || refused.Error.Outcome == "" {
		t.Error(refused)
	}
	if err := syscall.Kill(about.PID, 0); !errors.Is(err, syscall.ESRCH) {
		t.Error("the plugin is left:", err)
	}
}

package rpc_test

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/go-plugin"

	"github.com/seed-6b91b535/idrec/shared"
	"github.com/seed-6b91b535/idrec/shared/rpc"
)

// testPlugin is this test binary as a plugin.
func testPlugin(role string) *exec.Cmd {
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), roleEnv+"="+role)
	return cmd
}

// A host written with go-plugin alone, of the newest and of the oldest kind (without versions).
func TestAPlainGoPluginHostLoadsAnyPlugin(t *testing.T) {
	t.Parallel()
	for _, role := range []string{"serve", "stock"} {
		for name, config := range map[string]*plugin.ClientConfig{
			"encrypted":       {VersionedPlugins: rpc.VersionedPlugins(nil), AutoMTLS: true},
			"plain":           {VersionedPlugins: rpc.VersionedPlugins(nil)},
			"without version": {Plugins: rpc.PluginSet(nil)},
		} {
			t.Run(role+", "+name, func(t *testing.T) {
				t.Parallel()
				config.HandshakeConfig = rpc.Handshake
				config.AllowedProtocols = []plugin.Protocol{plugin.ProtocolGRPC}
				config.Cmd = testPlugin(role)
				config.Logger = hclog.NewNullLogger()
				client := plugin.NewClient(config)
				defer client.Kill()
				conn, err := client.Client()
				if err != nil {
					t.Fatal(err)
				}
				raw, err := conn.Dispense(rpc.PluginName)
				if err != nil {
					t.Fatal(err)
				}
				ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
				defer cancel()
				r := raw.(shared.Recognizer)
				big := shared.Image{Bytes: make([]byte, 5<<20)} // above gRPC's own limit
				if res, err := r.Recognize(ctx, &shared.Request{Image: big}); err != nil || res.Value(shared.FieldEthnicity) != "汉" {
					t.Error(res, err)
				}
				_, err = r.Recognize(ctx, &shared.Request{Image: shared.Image{Path: "absent.jpg"}})
				want(t, err, shared.CodePictureUnreadable, shared.OutcomeNotSent, shared.BasisProved)
				checker, _ := shared.As[shared.Checker](r)
				if _, err := checker.Check(ctx, false); !errors.Is(err, shared.CodeNotSupported) {
					t.Error(err)
				}
			})
		}
	}
}

const minimalHost = "../../host-example/minimal"

func TestTheMinimalHostBuildsAndRuns(t *testing.T) {
	t.Parallel()
	bin := filepath.Join(t.TempDir(), "minimal")
	build := exec.Command("go", "build", "-o", bin, ".")
	build.Dir = minimalHost
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	host := exec.Command(bin, os.Args[0], "card.jpg")
	host.Env = append(os.Environ(), roleEnv+"=serve")
	out, err := host.CombinedOutput()
	if want := "specimen 1.0.0 Reads a specimen card 样本\nnormal portrait free 汉\n"; err != nil || string(out) != want {
		t.Errorf("%v\n%s", err, out)
	}
}

// What a host that knows only the contract has to download and trust. A new line here is a decision.
func TestAContractOnlyHostPullsInNothingElse(t *testing.T) {
	t.Parallel()
	list := exec.Command("go", "list", "-deps", "-f", "{{with .Module}}{{.Path}}{{end}}", ".")
	list.Dir = minimalHost
	out, err := list.Output()
	if err != nil {
		t.Fatal(err)
	}
	got := slices.Compact(slices.Sorted(strings.FieldsSeq(string(out))))
	if want := []string{
		"github.com/fatih/color",     // go-hclog, its colours
		"github.com/golang/protobuf", // go-plugin, its stdio service
		"github.com/hashicorp/go-hclog",
		"github.com/hashicorp/go-plugin",
		"github.com/hashicorp/yamux",    // go-plugin, its net/rpc and multiplexed broker
		"github.com/mattn/go-colorable", // go-hclog
		"github.com/mattn/go-isatty",    // go-hclog
		"github.com/oklog/run",          // go-plugin, its broker
		"github.com/seed-6b91b535/idrec",
		"github.com/seed-6b91b535/idrec/host-example/minimal",
		"golang.org/x/net",                          // grpc
		"golang.org/x/sys",                          // grpc
		"golang.org/x/text",                         // grpc
		"google.golang.org/genproto/googleapis/rpc", // grpc
		"google.golang.org/grpc",
		"google.golang.org/protobuf",
	}; !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	own := exec.Command("go", "list", "-deps", "-f", `{{with .Module}}{{if eq .Path "github.com/seed-6b91b535/idrec"}}{{$.ImportPath}}{{end}}{{end}}`, ".")
	own.Dir = minimalHost
	if out, err = own.Output(); err != nil {
		t.Fatal(err)
	}
	for pkg := range strings.FieldsSeq(string(out)) {
		if !strings.HasPrefix(pkg, "github.com/seed-6b91b535/idrec/shared") {
			t.Error("a room that a contract-only host has no use for:", pkg)
		}
	}
}

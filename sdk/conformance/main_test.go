//go:build linux

package conformance_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/hashicorp/go-plugin"
	"go.uber.org/goleak"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/dynamicpb"

	"github.com/seed-6b91b535/idrec/sdk/serve"
	"github.com/seed-6b91b535/idrec/shared"
	"github.com/seed-6b91b535/idrec/shared/rpc"
)

// flawEnv makes this test binary a plugin: a good one, or one with that flaw.
const flawEnv = "IDREC_TEST_FLAW"

func TestMain(m *testing.M) {
	flaw, plugin := os.LookupEnv(flawEnv)
	if !plugin {
		goleak.VerifyTestMain(m)
		return
	}
	before(flaw)
	if strings.HasPrefix(flaw, "stock") || wire[flaw] != nil {
		stock(flaw)
		return
	}
	serve.Main(&provider{flaw: flaw}, serve.WithGrace(time.Second))
}

// before is what a flawed plugin does at its very start.
func before(flaw string) {
	switch flaw {
	case "does not start":
		os.Exit(3)
	case "prints first":
		fmt.Println("starting up")
	case "serves anybody":
		_ = os.Setenv(rpc.Handshake.MagicCookieKey, rpc.Handshake.MagicCookieValue)
	case "leaves a child":
		cmd := exec.Command("sleep", "60")
		cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: false}
		if err := cmd.Start(); err != nil {
			panic(err)
		}
	}
}

// wire has the flaws that lie below what the server half of rpc lets a provider do wrong.
var wire = map[string]grpc.UnaryServerInterceptor{
	"plain errors": func(ctx context.Context, req any, info *grpc.UnaryServerInfo, next grpc.UnaryHandler) (any, error) {
		out, err := next(ctx, req)
		if err != nil {
			err = status.Error(codes.Internal, "something went wrong")
		}
		return out, err
	},
	"answers without a picture": func(ctx context.Context, req any, info *grpc.UnaryServerInfo, next grpc.UnaryHandler) (any, error) {
		out, err := next(ctx, req)
		if err != nil && strings.HasSuffix(info.FullMethod, "/Recognize") {
			d, _ := protoregistry.GlobalFiles.FindDescriptorByName("idrec.recognizer.v1.RecognizeResponse")
			return dynamicpb.NewMessage(d.(protoreflect.MessageDescriptor)), nil
		}
		return out, err
	},
	"mixes up calls": func(ctx context.Context, req any, info *grpc.UnaryServerInfo, next grpc.UnaryHandler) (any, error) {
		out, err := next(ctx, req)
		if err == nil && strings.HasSuffix(info.FullMethod, "/Recognize") {
			if last, ok := lastAnswer.Swap(out).(protoreflect.ProtoMessage); ok {
				return last, nil
			}
		}
		return out, err
	},
	"prints later": func(ctx context.Context, req any, _ *grpc.UnaryServerInfo, next grpc.UnaryHandler) (any, error) {
		_, _ = syscall.Write(1, []byte("here I am\n"))
		return next(ctx, req)
	},
}

var lastAnswer atomic.Value

// stock serves without package serve.
func stock(flaw string) {
	server := rpc.GRPCServer
	if i := wire[flaw]; i != nil {
		server = func(opts []grpc.ServerOption) *grpc.Server {
			return rpc.GRPCServer(append(opts, grpc.ChainUnaryInterceptor(i)))
		}
	}
	switch flaw {
	case "stock with 4 MiB":
		server = plugin.DefaultGRPCServer
	case "stock and stubborn":
		signal.Ignore(syscall.SIGTERM)
		defer func() { select {} }()
	}
	plugin.Serve(&plugin.ServeConfig{HandshakeConfig: rpc.Handshake, VersionedPlugins: rpc.VersionedPlugins(&provider{flaw: flaw}), GRPCServer: server})
}

// provider reads the same card from every JPEG.
type provider struct {
	flaw string

	mu   sync.Mutex
	conf shared.Configuration
	asks int
}

func (p *provider) Describe(context.Context) (*shared.Description, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.asks++
	d := &shared.Description{
		Name: "good", Version: "1.0.0", Title: "Reads a specimen card 样本", Paid: p.flaw == "paid",
		Faces:  []shared.Face{shared.FaceConfigurer, shared.FaceChecker},
		Fields: []shared.ConfigField{{Name: "secret", Type: shared.TypeString, Secret: true, Required: true, Help: "any text"}},
	}
	switch p.flaw {
	case "nameless":
		d.Name = ""
	case "fickle":
		d.Title += fmt.Sprint(p.asks)
	case "lists a face too many":
		d.Faces = append(d.Faces, shared.FaceRecaller)
	case "lists a face too few":
		d.Faces = d.Faces[:1]
	}
	return d, nil
}

func refuse(code shared.Code) *shared.Error {
	return &shared.Error{Code: code, Outcome: shared.OutcomeNotSent, Basis: shared.BasisProved}
}

func (p *provider) Configure(_ context.Context, c shared.Configuration) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	for name := range c.Values {
		if p.flaw != "takes any setting" {
			return &shared.Error{Code: shared.CodeConfigurationInvalid, Message: "unknown setting: " + name, Outcome: shared.OutcomeNotSent, Basis: shared.BasisProved}
		}
	}
	p.conf = c
	if p.flaw == "logs secrets" {
		serve.Logger().Error("configured", "secret", c.Secrets["secret"].Reveal())
	}
	return nil
}

func (p *provider) Check(context.Context, bool) (*shared.Health, error) {
	good := shared.CheckItem{State: shared.CheckGood}
	return &shared.Health{Process: good, Upstream: good, Credentials: good, Clock: good}, nil
}

func (p *provider) Recognize(ctx context.Context, r *shared.Request) (*shared.Result, error) {
	p.mu.Lock()
	configured := !p.conf.Secrets["secret"].IsZero()
	p.mu.Unlock()
	if !configured && p.flaw != "needs no settings after all" {
		return nil, refuse(shared.CodeNotConfigured)
	}
	picture := r.Image.Bytes
	if r.Image.Path != "" {
		var err error
		if picture, err = os.ReadFile(r.Image.Path); err != nil {
			e := refuse(shared.CodePictureUnreadable)
			if p.flaw == "says the path" {
				e.Message = err.Error()
			}
			if p.flaw == "finds anything" {
				return p.answer(), nil
			}
			return nil, e
		}
	}
	switch p.flaw {
	case "logs requests":
		serve.Logger().Error("a call", "case", r.Case)
	case "no deadline":
		if _, limited := ctx.Deadline(); limited {
			<-ctx.Done()
			time.Sleep(10 * time.Second)
		}
	case "no cancel":
		time.Sleep(6 * time.Second)
	case "dies of junk":
		if !jpeg(picture) {
			os.Exit(1)
		}
	case "panics at junk":
		if !jpeg(picture) {
			panic("junk")
		}
	case "bills junk":
		return p.answer(), nil
	case "no outcome":
		r := p.answer()
		r.Outcome = "perhaps"
		return r, nil
	}
	if !jpeg(picture) {
		return nil, refuse(shared.CodeNotAPicture)
	}
	time.Sleep(10 * time.Millisecond)
	return p.answer(), nil
}

func jpeg(b []byte) bool {
	return bytes.HasPrefix(b, []byte("\xff\xd8")) && bytes.Contains(b, []byte("\xff\xd9"))
}

func (p *provider) answer() *shared.Result {
	res := &shared.Result{Status: shared.StatusNormal, Side: shared.SidePortrait, Outcome: shared.OutcomeFree, Basis: shared.BasisDocumented,
		Fields: map[shared.FieldName]shared.Field{shared.FieldEthnicity: {Raw: "汉", Value: "汉", State: shared.FieldPresent}}}
	if p.flaw == "bills junk" || p.flaw == "bills what is free" {
		res.Outcome = shared.OutcomeBilled
	}
	return res
}

//go:build linux

package conformance_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
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
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/encoding"
	"google.golang.org/grpc/mem"
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

// onceEnv names a file that is not there before the first start.
const onceEnv = "IDREC_TEST_ONCE"

func TestMain(m *testing.M) {
	flaw, plugin := os.LookupEnv(flawEnv)
	if !plugin {
		goleak.VerifyTestMain(m)
		return
	}
	before(flaw)
	if alone[flaw] {
		serveAlone(flaw)
		return
	}
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
	case "insists on encryption":
		if os.Getenv(rpc.EnvClientCert) == "" {
			os.Exit(1)
		}
	case "starts once":
		f, err := os.OpenFile(os.Getenv(onceEnv), os.O_CREATE|os.O_WRONLY|os.O_EXCL, 0o600)
		if err != nil {
			os.Exit(1)
		}
		_ = f.Close()
	case "ends when it goes on":
		goesOn := make(chan os.Signal, 1)
		signal.Notify(goesOn, syscall.SIGCONT)
		go func() {
			<-goesOn
			os.Exit(1)
		}()
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
	"answers without a picture": anyResult,
	"takes any size":            anyResult,
	"refuses what is new": func(ctx context.Context, req any, _ *grpc.UnaryServerInfo, next grpc.UnaryHandler) (any, error) {
		if m, ok := req.(protoreflect.ProtoMessage); ok && len(m.ProtoReflect().GetUnknown()) > 0 {
			return nil, status.Error(codes.InvalidArgument, "what is that?")
		}
		return next(ctx, req)
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

// anyResult answers with an empty result where there is none.
func anyResult(ctx context.Context, req any, info *grpc.UnaryServerInfo, next grpc.UnaryHandler) (any, error) {
	out, err := next(ctx, req)
	if err != nil && strings.HasSuffix(info.FullMethod, "/Recognize") {
		d, _ := protoregistry.GlobalFiles.FindDescriptorByName("idrec.recognizer.v1.RecognizeResponse")
		return dynamicpb.NewMessage(d.(protoreflect.MessageDescriptor)), nil
	}
	return out, err
}

var lastAnswer atomic.Value

// dying is a codec that ends the process at what it cannot decode.
type dying struct{ encoding.CodecV2 }

func (d dying) Unmarshal(data mem.BufferSlice, v any) error {
	err := d.CodecV2.Unmarshal(data, v)
	if err != nil {
		os.Exit(1)
	}
	return err
}

// alone has the flaws of plugins that do without go-plugin.
var alone = map[string]bool{"lets strangers in": true, "dies of garbage": true}

// serveAlone says where it listens, and serves there.
func serveAlone(flaw string) {
	l, err := net.Listen("unix", filepath.Join(os.Getenv("PLUGIN_UNIX_SOCKET_DIR"), "s"))
	if err != nil {
		panic(err)
	}
	cert, err := rpc.NewCertificate()
	if err != nil {
		panic(err)
	}
	config, err := cert.ServerConfig(os.Getenv(rpc.EnvClientCert))
	if err != nil {
		panic(err)
	}
	creds := rpc.Credentials(config)
	if flaw == "lets strangers in" {
		config.ClientAuth = tls.NoClientCert
	} else {
		creds = brittle{creds}
	}
	s := rpc.GRPCServer([]grpc.ServerOption{grpc.Creds(creds)})
	if err := (&rpc.Plugin{Impl: &provider{}}).GRPCServer(nil, s); err != nil {
		panic(err)
	}
	fmt.Printf("1|1|unix|%s|grpc|%s\n", l.Addr(), cert.Handshake())
	_ = s.Serve(l)
}

// brittle ends the process at the first connection that is none.
type brittle struct {
	credentials.TransportCredentials
}

func (b brittle) ServerHandshake(raw net.Conn) (net.Conn, credentials.AuthInfo, error) {
	conn, info, err := b.TransportCredentials.ServerHandshake(raw)
	if err != nil {
		os.Exit(1)
	}
	return conn, info, err
}

func (b brittle) Clone() credentials.TransportCredentials { return b }

// stock serves without package serve.
func stock(flaw string) {
	var server func([]grpc.ServerOption) *grpc.Server
	more := map[string]grpc.ServerOption{
		"takes any size":                   grpc.MaxRecvMsgSize(2 * rpc.MaxMessageBytes),
		"stock that dies of a bad message": grpc.ForceServerCodecV2(dying{encoding.GetCodecV2("proto")}),
		"stock that knows every method": grpc.UnknownServiceHandler(func(any, grpc.ServerStream) error {
			return status.Error(codes.Internal, "of course")
		}),
	}
	server = func(opts []grpc.ServerOption) *grpc.Server {
		if i := wire[flaw]; i != nil {
			opts = append(opts, grpc.ChainUnaryInterceptor(i))
		}
		if o := more[flaw]; o != nil {
			opts = append(opts, o)
		}
		return rpc.GRPCServer(opts)
	}
	switch flaw {
	case "stock with 4 MiB":
		server = plugin.DefaultGRPCServer
	case "stock and stubborn", "stock and stubborn to a stop":
		signal.Ignore(syscall.SIGTERM)
		defer func() { select {} }()
	}
	plugin.Serve(&plugin.ServeConfig{HandshakeConfig: rpc.Handshake, VersionedPlugins: rpc.VersionedPlugins(&provider{flaw: flaw}), GRPCServer: server})
}

// standardError is what go-plugin takes away from a provider.
var standardError = os.Stderr

// provider reads the same card from every JPEG.
type provider struct {
	flaw string

	mu   sync.Mutex
	conf shared.Configuration
	asks int

	calls atomic.Int64
}

func (p *provider) Describe(context.Context) (*shared.Description, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.asks++
	d := &shared.Description{
		Name: "good", Version: "1.0.0", Title: "Reads a specimen card 样本", Paid: p.flaw == "paid" || p.flaw == "dies of many",
		Faces:  []shared.Face{shared.FaceConfigurer, shared.FaceChecker},
		Fields: []shared.ConfigField{{Name: "secret", Type: shared.TypeString, Secret: true, Required: true, Help: "any text"}},
	}
	switch p.flaw {
	case "ends when it goes on":
		time.Sleep(300 * time.Millisecond) // so that it does before it answers
	case "floods its log":
		_, _ = standardError.Write(make([]byte, 4<<10))
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
	case "dies of many":
		if p.calls.Add(1) == 4 {
			os.Exit(1)
		}
		time.Sleep(100 * time.Millisecond)
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

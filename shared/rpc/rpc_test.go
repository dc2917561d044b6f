package rpc_test

import (
	"context"
	"net"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/test/bufconn"

	"github.com/seed-6b91b535/idrec/shared"
	"github.com/seed-6b91b535/idrec/shared/rpc"
)

// remote is what the client half is.
type remote interface {
	shared.Recognizer
	shared.Configurer
	shared.Checker
	shared.Accountant
	shared.Recaller
}

// fake is a recognizer whose answers a test sets.
type fake struct {
	desc      *shared.Description
	recognize func(context.Context, *shared.Request) (*shared.Result, error)
}

func (f *fake) Describe(context.Context) (*shared.Description, error) { return f.desc, nil }

func (f *fake) Recognize(ctx context.Context, r *shared.Request) (*shared.Result, error) {
	return f.recognize(ctx, r)
}

// recaller is a fake that remembers.
type recaller struct {
	*fake
	recall func(shared.RecallQuery) (*shared.Recollection, error)
}

func (r recaller) Recall(_ context.Context, q shared.RecallQuery) (*shared.Recollection, error) {
	return r.recall(q)
}

var (
	paid = &shared.Description{Name: "paid", Paid: true}
	free = &shared.Description{Name: "free"}
)

func picture() *shared.Request { return &shared.Request{Image: shared.Image{Bytes: []byte("picture")}} }

// link is a server and a client of it over an in-memory connection.
type link struct {
	remote

	server *grpc.Server
	dead   context.CancelFunc // what go-plugin does when the process ends
}

// serving connects a client to whatever register puts on the server.
func serving(t *testing.T, server *grpc.Server, p *rpc.Plugin, register func(*grpc.Server)) *link {
	t.Helper()
	l := bufconn.Listen(64 << 10)
	register(server)
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = server.Serve(l)
	}()
	conn, err := grpc.NewClient("passthrough:///plugin", grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return l.DialContext(ctx) }))
	if err != nil {
		t.Fatal(err)
	}
	alive, dead := context.WithCancel(context.Background())
	raw, err := p.GRPCClient(alive, nil, conn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		dead()
		_ = conn.Close()
		server.Stop()
		<-done
	})
	return &link{remote: raw.(remote), server: server, dead: dead}
}

// connect serves r as our plugins do.
func connect(t *testing.T, r shared.Recognizer) *link {
	t.Helper()
	return connectPlugin(t, &rpc.Plugin{Impl: r})
}

func connectPlugin(t *testing.T, p *rpc.Plugin) *link {
	t.Helper()
	return serving(t, rpc.GRPCServer(nil), p, func(s *grpc.Server) {
		if err := p.GRPCServer(nil, s); err != nil {
			t.Fatal(err)
		}
	})
}

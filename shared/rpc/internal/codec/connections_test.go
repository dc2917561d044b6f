package codec

import (
	"bytes"
	"context"
	"crypto/sha256"
	"math/rand/v2"
	"net"
	"sync"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/encoding/gzip"
	"google.golang.org/grpc/experimental"
	"google.golang.org/grpc/test/bufconn"

	"github.com/seed-6b91b535/idrec/shared/rpc/internal/recognizerpb"
)

// Through gRPC itself: several connections to one server, calls that are compressed, cancelled on their
// way or refused, and bodies that are read after their call.
func TestConnectionsThatShareFramesKeepTheirPictures(t *testing.T) {
	t.Parallel()
	f := spoiled()
	f.room = 16 * frameBytes
	var bodies sync.WaitGroup
	s := grpc.NewServer(grpc.MaxRecvMsgSize(400<<10), grpc.InitialWindowSize(1<<20), grpc.InitialConnWindowSize(4<<20),
		grpc.ForceServerCodecV2(NewWithFrames(f)), experimental.BufferPool(f), grpc.WaitForHandlers(true))
	s.RegisterService(&grpc.ServiceDesc{ServiceName: "test", HandlerType: (*any)(nil), Methods: []grpc.MethodDesc{{MethodName: "Call",
		Handler: func(_ any, _ context.Context, dec func(any) error, _ grpc.UnaryServerInterceptor) (any, error) {
			in := &Incoming{RecognizeRequest: &recognizerpb.RecognizeRequest{}}
			if err := dec(in); err != nil {
				return nil, err
			}
			defer in.Memory.Done()
			if in.Memory != nil {
				release := in.Memory.Hold()
				bodies.Go(func() {
					defer release()
					check(t, in)
				})
			}
			check(t, in)
			return &recognizerpb.RecognizeResponse{}, nil
		}}}}, struct{}{})
	l := bufconn.Listen(1 << 20)
	go func() { _ = s.Serve(l) }()
	defer s.Stop()
	var callers sync.WaitGroup
	for c := range 3 {
		conn, err := grpc.NewClient("passthrough:///frames", grpc.WithTransportCredentials(insecure.NewCredentials()),
			grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return l.DialContext(ctx) }))
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = conn.Close() }()
		for g := range 3 {
			callers.Go(func() {
				random := rand.New(rand.NewPCG(uint64(c), uint64(g)))
				for i := range 15 {
					m := sample(numbered(random.IntN(420<<10), byte(c*45+g*15+i)))
					sum := sha256.Sum256(m.GetRequest().GetData())
					m.Request.Key = string(bytes.ToValidUTF8(sum[:], nil))
					ctx, cancel := context.WithCancel(t.Context())
					var options []grpc.CallOption
					switch random.IntN(6) {
					case 0:
						options = append(options, grpc.UseCompressor(gzip.Name))
					case 1:
						go cancel()
					}
					err := conn.Invoke(ctx, "/test/Call", m, &recognizerpb.RecognizeResponse{}, options...)
					if err != nil && ctx.Err() == nil && len(m.GetRequest().GetData()) < 399<<10 {
						t.Error(err)
					}
					cancel()
				}
			})
		}
	}
	callers.Wait()
	s.Stop() // the handlers of calls that were cancelled may still be at it
	bodies.Wait()
}

package rpc_test

import (
	"context"
	"runtime"
	"strconv"

	"github.com/hashicorp/go-plugin"
	"google.golang.org/grpc"

	"github.com/seed-6b91b535/idrec/shared"
	"github.com/seed-6b91b535/idrec/shared/rpc"
	"github.com/seed-6b91b535/idrec/shared/rpc/internal/recognizerpb"
)

// stockService is the contract over stock go-plugin.
type stockService struct {
	plugin.NetRPCUnsupportedPlugin
	recognizerpb.UnimplementedRecognizerServiceServer
}

func (b *stockService) GRPCServer(_ *plugin.GRPCBroker, s *grpc.Server) error {
	recognizerpb.RegisterRecognizerServiceServer(s, b)
	return nil
}

func (*stockService) GRPCClient(_ context.Context, _ *plugin.GRPCBroker, conn *grpc.ClientConn) (any, error) {
	return recognizerpb.NewRecognizerServiceClient(conn), nil
}

func (*stockService) Describe(context.Context, *recognizerpb.DescribeRequest) (*recognizerpb.DescribeResponse, error) {
	return &recognizerpb.DescribeResponse{Description: &recognizerpb.Description{Name: "bare"}}, nil
}

func (*stockService) Recognize(_ context.Context, in *recognizerpb.RecognizeRequest) (*recognizerpb.RecognizeResponse, error) {
	return &recognizerpb.RecognizeResponse{Result: &recognizerpb.Result{Status: "normal", Outcome: "free", Extras: allocated(in.GetRequest().GetKey())}}, nil
}

// allocated tells, if it is asked, how much this process has allocated so far. That takes a while.
func allocated(key string) map[string]string {
	if key != countKey {
		return nil
	}
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return map[string]string{"bench.allocated": strconv.FormatUint(m.TotalAlloc, 10)}
}

const countKey = "count"

func serveBare() {
	plugin.Serve(&plugin.ServeConfig{HandshakeConfig: rpc.Handshake, Plugins: plugin.PluginSet{rpc.PluginName: &stockService{}},
		GRPCServer: func(opts []grpc.ServerOption) *grpc.Server {
			return grpc.NewServer(append(opts, grpc.MaxRecvMsgSize(rpc.MaxMessageBytes))...)
		}})
}

// holder is a recognizer that says how long it needs a picture, as the layers do.
type holder struct{}

func (holder) Describe(context.Context) (*shared.Description, error) {
	return &shared.Description{Name: "holder", Version: "1"}, nil
}

func (holder) Recognize(ctx context.Context, r *shared.Request) (*shared.Result, error) {
	release, _ := shared.HoldImage(ctx)
	defer release()
	return &shared.Result{Status: shared.StatusNormal, Outcome: shared.OutcomeFree, Basis: shared.BasisDocumented, Extras: allocated(r.Key)}, nil
}

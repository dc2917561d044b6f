package rpc

import (
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/keepalive"

	"github.com/seed-6b91b535/idrec/shared"
	"github.com/seed-6b91b535/idrec/shared/rpc/internal/codec"
)

// MaxMessageBytes bounds a gRPC message both ways: the largest picture that crosses by value, and room
// for everything else in a request or a result.
const MaxMessageBytes = shared.MaxImageBytes + 1<<20

// minPing is how often a host may ask whether the plugin is there. gRPC's default of five minutes
// closes the connection of a host that asks more often.
const minPing = 5 * time.Second

// GRPCServer makes the plugin's gRPC server with the limits of this contract; it is what a plugin
// gives to plugin.ServeConfig.GRPCServer. gRPC's default takes 4 MiB a message, less than many a
// photo has.
func GRPCServer(opts []grpc.ServerOption) *grpc.Server {
	return grpc.NewServer(append([]grpc.ServerOption{
		grpc.MaxRecvMsgSize(MaxMessageBytes),
		grpc.MaxSendMsgSize(MaxMessageBytes),
		grpc.ForceServerCodecV2(codec.New()),
		grpc.KeepaliveEnforcementPolicy(keepalive.EnforcementPolicy{MinTime: minPing, PermitWithoutStream: true}),
	}, opts...)...)
}

package rpc

import (
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/experimental"
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

// How much may be on its way without a word of the receiver, of one picture and of all; gRPC's default
// of 64 KiB, which grows with the measured delay, makes a sender on the same machine wait for its
// receiver hundreds of times in a picture.
const (
	streamWindow     = 8 << 20
	connectionWindow = 32 << 20
)

// bufferBytes is how much is handed to the system at once.
const bufferBytes = 256 << 10

// streamWorkers is how many goroutines a plugin keeps for calls. A new one grows its stack anew in every
// call, which takes longer than all that this package does in a small one; more calls at once than there
// are workers still get goroutines of their own. Two are taken for good, by go-plugin's own streams.
const streamWorkers = 2 + 16

// DialOptions tune a host's connection for pictures; they belong into plugin.ClientConfig.GRPCDialOptions.
// Nothing is sent again by gRPC itself: what a call costs is not for it to decide.
func DialOptions() []grpc.DialOption {
	return []grpc.DialOption{
		grpc.WithDisableRetry(),
		grpc.WithInitialWindowSize(streamWindow),
		grpc.WithInitialConnWindowSize(connectionWindow),
		grpc.WithWriteBufferSize(bufferBytes),
		grpc.WithReadBufferSize(bufferBytes),
	}
}

// GRPCServer makes the plugin's gRPC server with the limits of this contract; it is what a plugin
// gives to plugin.ServeConfig.GRPCServer. gRPC's default takes 4 MiB a message, less than many a
// photo has.
func GRPCServer(opts []grpc.ServerOption) *grpc.Server {
	frames := &codec.Frames{}
	return grpc.NewServer(append([]grpc.ServerOption{
		grpc.MaxRecvMsgSize(MaxMessageBytes),
		grpc.MaxSendMsgSize(MaxMessageBytes),
		grpc.ForceServerCodecV2(codec.NewWithFrames(frames)),
		experimental.BufferPool(frames),
		grpc.InitialWindowSize(streamWindow),
		grpc.InitialConnWindowSize(connectionWindow),
		grpc.WriteBufferSize(bufferBytes),
		grpc.ReadBufferSize(bufferBytes),
		grpc.NumStreamWorkers(streamWorkers),
		grpc.KeepaliveEnforcementPolicy(keepalive.EnforcementPolicy{MinTime: minPing, PermitWithoutStream: true}),
	}, opts...)...)
}

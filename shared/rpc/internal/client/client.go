// Package client is the host's half of the wire: a [shared.Recognizer] with every face, which answers
// with a typed error that has an outcome whatever becomes of the plugin.
package client

import (
	"context"
	"slices"
	"sync/atomic"

	"google.golang.org/grpc"

	"github.com/seed-6b91b535/idrec/shared"
	"github.com/seed-6b91b535/idrec/shared/rpc/internal/codec"
	"github.com/seed-6b91b535/idrec/shared/rpc/internal/lane"
	"github.com/seed-6b91b535/idrec/shared/rpc/internal/recognizerpb"
)

// Client is safe for concurrent use.
type Client struct {
	conn       grpc.ClientConnInterface
	rpc        recognizerpb.RecognizerServiceClient
	gone       context.Context
	newCallID  func() string
	maxMessage int
	lane       *lane.Sender      // nil: none
	fixed      []grpc.CallOption // of every call
	picture    []grpc.CallOption // of one with a picture

	// desc is what the plugin said of itself last, dropped when it is configured anew. It tells what
	// to assume, and whom to ask, when a call gets no answer.
	desc atomic.Pointer[shared.Description]
}

var (
	_ shared.Recognizer = (*Client)(nil)
	_ shared.Configurer = (*Client)(nil)
	_ shared.Checker    = (*Client)(nil)
	_ shared.Accountant = (*Client)(nil)
	_ shared.Recaller   = (*Client)(nil)
)

// New returns the client on conn. gone is done when the plugin's process has ended; newCallID names
// calls; maxMessage bounds a message either way, in bytes. l, which may be nil, takes pictures beside conn.
func New(gone context.Context, conn grpc.ClientConnInterface, newCallID func() string, maxMessage int, l *lane.Sender) *Client {
	fixed := []grpc.CallOption{grpc.MaxCallSendMsgSize(maxMessage), grpc.MaxCallRecvMsgSize(maxMessage)}
	return &Client{conn: conn, rpc: recognizerpb.NewRecognizerServiceClient(conn), gone: gone, newCallID: newCallID, maxMessage: maxMessage, lane: l,
		fixed: fixed, picture: slices.Concat(fixed, []grpc.CallOption{grpc.StaticMethod(), grpc.ForceCodecV2(codec.New())})}
}

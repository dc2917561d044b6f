// Package client is the host's half of the wire: a [shared.Recognizer] with every face, which answers
// with a typed error that has an outcome whatever becomes of the plugin.
package client

import (
	"context"
	"sync/atomic"

	"google.golang.org/grpc"

	"github.com/seed-6b91b535/idrec/shared"
	"github.com/seed-6b91b535/idrec/shared/rpc/internal/recognizerpb"
)

// Client is safe for concurrent use.
type Client struct {
	conn       grpc.ClientConnInterface
	rpc        recognizerpb.RecognizerServiceClient
	gone       context.Context
	newCallID  func() string
	maxMessage int

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
// calls; maxMessage bounds a message either way, in bytes.
func New(gone context.Context, conn grpc.ClientConnInterface, newCallID func() string, maxMessage int) *Client {
	return &Client{conn: conn, rpc: recognizerpb.NewRecognizerServiceClient(conn), gone: gone, newCallID: newCallID, maxMessage: maxMessage}
}

func (c *Client) options(more ...grpc.CallOption) []grpc.CallOption {
	return append(more, grpc.MaxCallSendMsgSize(c.maxMessage), grpc.MaxCallRecvMsgSize(c.maxMessage))
}

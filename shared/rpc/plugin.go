package rpc

import (
	"context"
	"crypto/rand"

	"github.com/hashicorp/go-plugin"
	"google.golang.org/grpc"

	"github.com/seed-6b91b535/idrec/shared"
	"github.com/seed-6b91b535/idrec/shared/rpc/internal/client"
	"github.com/seed-6b91b535/idrec/shared/rpc/internal/server"
)

// Plugin is the recognizer as go-plugin sees it; both sides use the same type.
type Plugin struct {
	plugin.NetRPCUnsupportedPlugin

	// Impl is what a plugin serves. A host leaves it nil.
	Impl shared.Recognizer
	// NewCallID names a call that has no name; nil: 128 random bits.
	NewCallID func() string
	// Panicked is told, in the plugin, of a panic in Impl: what was thrown, which may hold something
	// personal, and the stack. Nil: nobody is.
	Panicked func(value any, stack []byte)
	// Lane takes pictures beside the connection; nil: all of them go through it.
	Lane *Lane
}

var _ plugin.GRPCPlugin = (*Plugin)(nil)

// Versions is the plugin map of every protocol version with p in it.
func (p *Plugin) Versions() map[int]plugin.PluginSet {
	return map[int]plugin.PluginSet{ProtocolVersion: {PluginName: p}}
}

// GRPCServer serves Impl on s.
func (p *Plugin) GRPCServer(_ *plugin.GRPCBroker, s *grpc.Server) error {
	server.Register(s, &server.Server{Impl: p.Impl, NewCallID: p.newCallID(), Panicked: p.Panicked, Lane: p.Lane.forPlugin()})
	return nil
}

// GRPCClient returns a [shared.Recognizer] that also implements every optional face; one that the
// plugin does not offer answers [shared.CodeNotSupported]. ctx is done when the plugin has ended.
func (p *Plugin) GRPCClient(ctx context.Context, _ *plugin.GRPCBroker, conn *grpc.ClientConn) (any, error) {
	return client.New(ctx, conn, p.newCallID(), MaxMessageBytes, p.Lane.forHost()), nil
}

func (p *Plugin) newCallID() func() string {
	if p.NewCallID != nil {
		return p.NewCallID
	}
	return rand.Text
}

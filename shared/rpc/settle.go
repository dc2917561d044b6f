package rpc

import (
	"context"

	"github.com/seed-6b91b535/idrec/shared"
	"github.com/seed-6b91b535/idrec/shared/rpc/internal/client"
)

// Settle asks r once what became of the call that e left unclear, named by e.CallID. It returns the
// recorded answer or error if there is one, and otherwise e.
//
// ended says that the process to which the call was given is gone, and r is its successor. Then a call
// that r never heard of was not sent, if r's books survive the end of a process ([shared.Account]'s
// Durable), since the intention to send is recorded first.
//
// The client half does so by itself while the plugin lives; a host that started the plugin anew does it
// for the calls of the old process.
func Settle(ctx context.Context, r shared.Recaller, e *shared.Error, ended bool) (*shared.Result, error) {
	return client.Settle(ctx, r, e, ended)
}

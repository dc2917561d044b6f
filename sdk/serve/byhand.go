package serve

import (
	"context"
	"fmt"
	"io"

	"github.com/seed-6b91b535/idrec/shared"
	"github.com/seed-6b91b535/idrec/shared/rpc"
)

// byHand tells who starts the plugin without a host what it is and what to do with it.
func byHand(w io.Writer, r shared.Recognizer) {
	what := "This program"
	if d, err := r.Describe(context.Background()); err == nil && d != nil {
		what = fmt.Sprintf("This is %s %s", d.Name, d.Version)
		if d.Title != "" {
			what += " (" + d.Title + ")"
		}
		what += ". It"
	}
	fmt.Fprintf(w, `%s is a plugin: it reads identity cards for a host program and does nothing by itself.

A host finds it by its file name, idrec-plugin-NAME, beside its own program or in a folder that
its configuration names; the host starts it and ends it. With the host idrec:

    idrec plugins list               shows the plugins that are found
    idrec plugins describe NAME      shows what one offers, and its settings
    idrec recognize --help           reads pictures

It speaks protocol version %d of idrec over hashicorp/go-plugin (gRPC).
`, what, rpc.ProtocolVersion)
}

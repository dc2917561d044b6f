// Command idrec-plugin-local is the plugin that reads cards on this machine: no network, no account, no
// cost. A host loads it; it does nothing when run by hand but say so.
package main

import (
	"github.com/seed-6b91b535/idrec/sdk/layers"
	"github.com/seed-6b91b535/idrec/sdk/local"
	"github.com/seed-6b91b535/idrec/sdk/serve"
)

// version is set by the linker.
var version = "dev"

func main() {
	provider := local.New(local.Options{Version: version})
	serve.Main(layers.Around(provider, layers.Options{OnPanic: logPanic}))
}

// logPanic keeps the place of a panic. Its value is left out: it may quote what was read.
func logPanic(_ any, stack []byte) {
	serve.Logger().Error("a call panicked and was answered with a typed error", "stack", string(stack))
}

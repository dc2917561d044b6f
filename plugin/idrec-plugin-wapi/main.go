// Command idrec-plugin-wapi is the plugin for the hosted API: the signed client with every layer around
// it. A host loads it; it does nothing when run by hand but say so.
package main

import (
	"github.com/seed-6b91b535/idrec/sdk/layers"
	"github.com/seed-6b91b535/idrec/sdk/serve"
	"github.com/seed-6b91b535/idrec/sdk/wapi"
)

// version is set by the linker.
var version = "dev"

func main() {
	provider := wapi.NewProvider(wapi.WithVersion(version))
	serve.Main(layers.Around(provider, layers.Options{OnPanic: logPanic}))
}

// logPanic keeps the place of a panic. Its value is left out: it may quote what was read.
func logPanic(_ any, stack []byte) {
	serve.Logger().Error("a call panicked and was answered with a typed error", "stack", string(stack))
}

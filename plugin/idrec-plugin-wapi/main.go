// Command idrec-plugin-wapi is the plugin for the hosted API: the signed client with every layer around
// it. A host loads it; it does nothing when run by hand but say so.
package main

import (
	"context"

	"github.com/seed-6b91b535/idrec/sdk/layers"
	"github.com/seed-6b91b535/idrec/sdk/ledger"
	"github.com/seed-6b91b535/idrec/sdk/ledger/open"
	"github.com/seed-6b91b535/idrec/sdk/metrics"
	"github.com/seed-6b91b535/idrec/sdk/serve"
	"github.com/seed-6b91b535/idrec/sdk/wapi"
	"github.com/seed-6b91b535/idrec/shared"
)

// version is set by the linker.
var version = "dev"

func main() {
	exporter := metrics.New()
	stack := layers.Around(provider(), layers.Options{
		Open: openLedger, Another: provider, Credentials: []string{"appid", "secret"},
		Observe: exporter.Observe, Notice: notice, OnPanic: logPanic,
	})
	serve.Main(exporter.Around(stack, notice))
}

func provider() shared.Recognizer { return wapi.NewProvider(wapi.WithVersion(version)) }

// openLedger opens the record of paid calls, and says where its key lies.
func openLedger(ctx context.Context, place layers.LedgerPlace) (ledger.Store, error) {
	opened, err := open.Open(ctx, open.Options{Address: place.Address, Key: place.Key, KeyFile: place.KeyFile})
	if err != nil {
		return nil, err
	}
	for _, w := range opened.Warnings {
		notice(w)
	}
	switch log := serve.Logger(); {
	case opened.KeyCreated:
		log.Warn("a key for the ledger was made: keep it; "+open.KeyAdvice, "key_file", opened.KeyFile)
	case opened.KeyFile != "":
		log.Info("the ledger's key is in a file; " + open.KeyAdvice)
	}
	return opened.Store, nil
}

func notice(text string) { serve.Logger().Warn(text) }

// logPanic keeps the place of a panic. Its value is left out: it may quote what was read.
func logPanic(_ any, stack []byte) {
	serve.Logger().Error("a call panicked and was answered with a typed error", "stack", string(stack))
}

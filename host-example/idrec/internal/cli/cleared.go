package cli

import (
	"context"

	"github.com/seed-6b91b535/idrec/host-example/idrec/internal/batch"
	"github.com/seed-6b91b535/idrec/host-example/idrec/internal/journal"
	"github.com/seed-6b91b535/idrec/shared"
)

// cleared reports whether the ledger has come to know how the call ended that a record calls unclear: somebody
// settled it, or the process that made it did so late. Then asking again cannot pay twice for it: the answer comes
// from the ledger, or nothing was paid. A record that says already that a billed answer was lost stands, as long
// as there is none.
func (w *work) cleared(ctx context.Context, e journal.Entry) bool {
	if batch.Kind(e.Kind) != batch.Unclear || e.Request == "" || w.plugin.process == nil {
		return false // a dry run has no plugin to ask
	}
	memory, ok := shared.As[shared.Recaller](w.plugin.process)
	if !ok {
		return false
	}
	r, err := memory.Recall(ctx, shared.RecallQuery{RequestKey: e.Request})
	if err != nil || r.State != shared.RecallSettled || r.Outcome == shared.OutcomeAmbiguous {
		return false // what cannot be told stays as it is
	}
	return !e.Billed || r.Result != nil || !r.Outcome.MayBeBilled()
}

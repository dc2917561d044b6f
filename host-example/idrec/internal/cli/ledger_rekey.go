package cli

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/seed-6b91b535/idrec/host-example/idrec/internal/exit"
	"github.com/seed-6b91b535/idrec/sdk/layers"
	"github.com/seed-6b91b535/idrec/sdk/ledger"
	"github.com/seed-6b91b535/idrec/sdk/ledger/open"
	"github.com/seed-6b91b535/idrec/sdk/ledger/seal"
)

func (a *app) ledgerRekey() *cobra.Command {
	c := &cobra.Command{
		Use: "rekey", Short: "Put a new key in front of the ledger's key file", Args: noArgs,
		Long: `Put a new key in front of the keys in the ledger's key file, and seal with it what the ledger holds. Request keys
do not change, so nothing is paid again.

Plugins read the key when they start: start those anew that are at work, or they cannot read what others
store with the new key, and refuse to send. Copies of the key file on other machines must be replaced by the new
one. The older keys stay in the file, for plugins that still seal with them; once all were started anew, run
"idrec ledger rekey --only-seal", and the older keys can be taken out.`,
	}
	p := bookFlags(c)
	var onlySeal bool
	c.Flags().BoolVar(&onlySeal, "only-seal", false, "make no new key; seal anew what older keys of the file sealed")
	c.RunE = do(func(ctx context.Context, _ []string) error {
		b, err := a.bookSettings(ctx, p)
		if err != nil {
			return err
		}
		file, err := open.KeyFile(open.Options{Address: b.place.Address, Key: b.place.Key, KeyFile: b.place.KeyFile, Lookup: a.Lookup})
		if err != nil {
			return err
		}
		if file == "" {
			return exit.Errorf(exit.Config, "the ledger's key does not come from a key file: put a new key in front of the old one where it comes from")
		}
		if onlySeal {
			return a.onlySeal(ctx, b.place)
		}
		// That the file is the ledger's is seen before it is changed.
		before, err := a.openStore(ctx, b.place)
		if err != nil {
			return ledgerError(err)
		}
		if err := before.Close(); err != nil {
			return ledgerError(err)
		}
		ring, err := seal.RotateFile(file)
		if err != nil {
			return err
		}
		after, err := a.openStore(ctx, b.place)
		if err != nil {
			return ledgerError(err)
		}
		defer func() { _ = after.Close() }()
		n, err := reseal(ctx, after.Store)
		if err != nil {
			return err
		}
		if err := a.say("the new key %s seals from now on; %d values were sealed anew with it", ring.Fingerprint(), n); err != nil {
			return err
		}
		return a.say("start the plugins anew that are at work, and replace copies of the key file")
	})
	return c
}

func (a *app) onlySeal(ctx context.Context, p layers.LedgerPlace) error {
	store, err := a.openStore(ctx, p)
	if err != nil {
		return ledgerError(err)
	}
	defer func() { _ = store.Close() }()
	n, err := reseal(ctx, store.Store)
	if err != nil {
		return err
	}
	return a.say("%d values were sealed anew; the older keys seal nothing in the ledger any more", n)
}

func reseal(ctx context.Context, s ledger.Store) (int64, error) {
	r, ok := s.(ledger.Resealer)
	if !ok {
		return 0, nil // it seals nothing
	}
	n, err := r.Reseal(ctx)
	if err != nil {
		return n, ledgerError(err)
	}
	return n, nil
}

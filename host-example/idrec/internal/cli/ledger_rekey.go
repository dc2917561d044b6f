package cli

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/seed-6b91b535/idrec/host-example/idrec/internal/exit"
	"github.com/seed-6b91b535/idrec/sdk/ledger/open"
	"github.com/seed-6b91b535/idrec/sdk/ledger/seal"
)

// resealer is a store that can seal anew with the active key what older keys sealed.
type resealer interface {
	Reseal(ctx context.Context) (int64, error)
}

func (a *app) ledgerRekey() *cobra.Command {
	c := &cobra.Command{
		Use: "rekey", Short: "Put a new key in front of the ledger's key file", Args: noArgs,
		Long: `Put a new key in front of the keys in the ledger's key file. It seals from now on; the older ones stay in the
file, since they open what they sealed. Request keys do not change, so nothing is paid again.

Plugins read the key when they start: start those anew that are at work, or they cannot read what others
store with the new key, and refuse to send. Copies of the key file on other machines must be replaced by the new
one.`,
	}
	p := bookFlags(c)
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
		text := fmt.Sprintf("the new key %s seals from now on; keep the older ones in the file\n", ring.Fingerprint())
		if r, ok := after.Store.(resealer); ok {
			n, err := r.Reseal(ctx)
			if err != nil {
				return ledgerError(err)
			}
			text = fmt.Sprintf("the new key %s seals from now on; %d calls were sealed anew with it\n", ring.Fingerprint(), n)
		}
		return a.print(text + "start the plugins anew that are at work, and replace copies of the key file\n")
	})
	return c
}

package cli

import (
	"bufio"
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/seed-6b91b535/idrec/host-example/idrec/internal/exit"
	"github.com/seed-6b91b535/idrec/sdk/ledger/open"
	"github.com/seed-6b91b535/idrec/sdk/ledger/sqlite"
)

func (a *app) ledgerSalvage() *cobra.Command {
	c := &cobra.Command{
		Use: "salvage --out FILE", Short: "Read what a damaged ledger still holds", Args: noArgs,
		Long: `Read a damaged ledger page by page, whatever is the matter with the rest of it, and write what it still holds,
a line of JSON for each call, with its answer where that is whole. Nothing is changed. Stop the plugins that use
it first. FILE is personal. Exit 65 if anything is damaged.`,
	}
	p := bookFlags(c)
	var out string
	var asJSON bool
	c.Flags().StringVar(&out, "out", "", "`FILE` to write to; it must not be there yet")
	c.Flags().BoolVar(&asJSON, "json", false, "the counts as JSON")
	c.RunE = do(func(ctx context.Context, _ []string) error {
		if out == "" {
			return exit.Errorf(exit.Usage, "say where to write to: --out FILE")
		}
		b, err := a.bookSettings(ctx, p)
		if err != nil {
			return err
		}
		if kind, err := open.KindOf(b.place.Address.Reveal()); err != nil || kind != open.KindFile {
			return exit.Errorf(exit.Usage, "only a ledger in a file can be salvaged: restore a database from its own copies")
		}
		ring, err := open.Ring(open.Options{Address: b.place.Address, Key: b.place.Key, KeyFile: b.place.KeyFile, Lookup: a.Lookup})
		if err != nil {
			return err
		}
		f, err := newFile(out)
		if err != nil {
			return err
		}
		w := bufio.NewWriter(f)
		found, err := sqlite.Salvage(ctx, b.place.Address.Reveal(), ring, w)
		if err == nil {
			err = w.Flush()
		}
		if err == nil {
			err = f.Sync()
		}
		if cErr := f.Close(); err == nil {
			err = cErr
		}
		if err != nil {
			return ledgerError(err)
		}
		if asJSON {
			err = a.printJSON(map[string]int64{"calls": found.Calls, "answers": found.Answers, "lost": found.Lost, "damaged_pages": found.Damaged})
		} else {
			err = a.print(fmt.Sprintf("%d calls, %d of them with their answer; %d answers are lost, %d pages are damaged\n", found.Calls, found.Answers, found.Lost, found.Damaged))
		}
		if err == nil && found.Damaged+found.Lost > 0 {
			err = codeOnly(exit.Failed)
		}
		return err
	})
	return c
}

package cli

import (
	"bufio"
	"context"

	"github.com/spf13/cobra"

	"github.com/seed-6b91b535/idrec/host-example/idrec/internal/exit"
	"github.com/seed-6b91b535/idrec/sdk/ledger/open"
	"github.com/seed-6b91b535/idrec/sdk/ledger/seal"
	"github.com/seed-6b91b535/idrec/sdk/ledger/sqlite"
)

func (a *app) ledgerSalvage() *cobra.Command {
	c := &cobra.Command{
		Use: "salvage {--into LEDGER | --out FILE}", Short: "Read what a damaged ledger still holds", Args: noArgs,
		Long: `Read a damaged ledger page by page, whatever is the matter with the rest of it. With --into, make a new ledger
of what it still holds, with the same key: its pictures are known there and not paid again; calls whose outcome is
not sure any more are unclear; callers' own keys and the count of answers from the record are not kept. With --out,
write a line of JSON for each call, with its answer where that is whole: FILE is personal.

Nothing of the damaged ledger is changed. Stop the plugins that use it first. Exit 65 if anything is damaged.`,
	}
	p := bookFlags(c)
	var out, into string
	var asJSON bool
	c.Flags().StringVar(&out, "out", "", "`FILE` to write to; it must not be there yet")
	c.Flags().StringVar(&into, "into", "", "`LEDGER` to make, a file; it must not be there yet")
	c.Flags().BoolVar(&asJSON, "json", false, "the counts as JSON")
	c.RunE = do(func(ctx context.Context, _ []string) error {
		if (out == "") == (into == "") {
			return exit.Errorf(exit.Usage, "say where to write to, a new ledger or a file: --into LEDGER or --out FILE")
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
		var found sqlite.Salvaged
		if into != "" {
			found, err = sqlite.Rebuild(ctx, b.place.Address.Reveal(), into, ring)
		} else {
			found, err = salvageTo(ctx, out, b.place.Address.Reveal(), ring)
		}
		if err != nil {
			return ledgerError(err)
		}
		if asJSON {
			err = a.printJSON(map[string]int64{"calls": found.Calls, "answers": found.Answers, "lost": found.Lost, "damaged_pages": found.Damaged})
		} else {
			err = a.say("%d calls, %d of them with their answer; %d answers are lost, %d pages are damaged", found.Calls, found.Answers, found.Lost, found.Damaged)
		}
		if err == nil && into != "" && !asJSON {
			err = a.say("put the new ledger in the damaged one's place, or say where its key is with --ledger-key-file")
		}
		if err == nil && found.Damaged+found.Lost > 0 {
			err = codeOnly(exit.Failed)
		}
		return err
	})
	return c
}

// salvageTo writes what the damaged ledger holds to a new file.
func salvageTo(ctx context.Context, out, ledger string, ring *seal.Ring) (sqlite.Salvaged, error) {
	f, err := newFile(out)
	if err != nil {
		return sqlite.Salvaged{}, err
	}
	w := bufio.NewWriter(f)
	found, err := sqlite.Salvage(ctx, ledger, ring, w)
	if err == nil {
		err = w.Flush()
	}
	if err == nil {
		err = f.Sync()
	}
	if cErr := f.Close(); err == nil {
		err = cErr
	}
	return found, err
}

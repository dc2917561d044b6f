package cli

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/seed-6b91b535/idrec/host-example/idrec/internal/exit"
	"github.com/seed-6b91b535/idrec/sdk/specimen"
	"github.com/seed-6b91b535/idrec/shared"
)

func (a *app) specimen() *cobra.Command {
	var out string
	var o specimen.GenerateOptions
	c := &cobra.Command{
		Use: "specimen --out FOLDER", Short: "Draw cards of invented people, with the truth beside each", Args: noArgs,
		Long: `Draw both sides of the cards of invented people, and beside each picture NAME.truth.json with what it
shows. The same seed gives the same people. Every card carries 样本 (specimen), and a code strip that the
sandbox's engine "specimen" reads.`,
		Example: "  idrec specimen --out specimens --people 100 --seed 7",
	}
	f := c.Flags()
	f.StringVar(&out, "out", "", "`FOLDER` to write to; it is made")
	f.IntVar(&o.People, "people", 6, "how many `PEOPLE`")
	f.Uint64Var(&o.Seed, "seed", 1, "`NUMBER` that decides who they are")
	f.StringVar(&o.Format, "format", specimen.FormatJPEG, "jpg or png")
	f.IntVar(&o.Width, "width", 0, "width of the card in `PIXELS`; 0 is the default")
	f.BoolVar(&o.NoStrip, "no-strip", false, "leave the code strip out, for engines that really read")
	c.RunE = do(func(ctx context.Context, _ []string) error {
		if out == "" {
			return exit.Errorf(exit.Usage, "give the folder to write to with --out")
		}
		if o.People < 1 || o.People > specimen.MaxPeople {
			return exit.Errorf(exit.Usage, "--people must be 1 to %d", specimen.MaxPeople)
		}
		if o.Width != 0 && (o.Width < specimen.MinWidth || o.Width > specimen.MaxWidth) {
			return exit.Errorf(exit.Usage, "--width must be %d to %d, or 0", specimen.MinWidth, specimen.MaxWidth)
		}
		files, err := specimen.Generate(ctx, out, o)
		if err != nil {
			return ofDrawing(err)
		}
		return a.print(fmt.Sprintf("%d pictures of %d invented people\n", len(files), o.People))
	})
	return c
}

// ofDrawing: what is refused there is what the command line asks for, and no picture's failure.
func ofDrawing(err error) error {
	if e, ok := errors.AsType[*shared.Error](err); ok && e.Code == shared.CodeInvalidRequest {
		return exit.Errorf(exit.Usage, "%s", e.Message)
	}
	return err
}

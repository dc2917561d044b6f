package cli

import (
	"context"
	"errors"
	"os"

	"github.com/spf13/cobra"

	"github.com/seed-6b91b535/idrec/host-example/idrec/internal/exit"
	"github.com/seed-6b91b535/idrec/host-example/idrec/internal/settings"
	"github.com/seed-6b91b535/idrec/sdk/conformance"
	"github.com/seed-6b91b535/idrec/sdk/host"
	"github.com/seed-6b91b535/idrec/shared"
)

func (a *app) pluginsConform() *cobra.Command {
	p := &pluginFlags{}
	var o conformance.Options
	var picture string
	c := &cobra.Command{
		Use: "conform [NAME or PATH] [-- ARGUMENT…]", Short: "Check that a plugin, in whatever language, keeps the contract",
		Long: `Start a plugin many times and check from outside that it keeps the contract: what it says of itself, its
errors, deadlines, limits, what it does with garbage, and how it ends. The report has one line for each point.
Exit 69 if a required one failed.

The calls of a plugin that cost money are left out unless --may-cost is given: a few dozen are made. Use a
stand-in for the vendor ("idrec sandbox").`,
		Example: "  idrec plugins conform ./idrec-plugin-mine\n  idrec plugins conform wapi --may-cost --url http://127.0.0.1:8420/ocr --appid demo --secret-file secret",
		RunE: do(func(ctx context.Context, args []string) error {
			l, err := a.layers()
			if err != nil {
				return err
			}
			if _, err := l.Apply(p.flags, pluginKeys()); err != nil {
				return err
			}
			if len(args) > 0 {
				p.plugin, o.Host.Args = args[0], args[1:]
			}
			if picture != "" {
				if o.Picture, err = os.ReadFile(picture); err != nil {
					return exit.Errorf(exit.NoInput, "the picture cannot be read: check that it exists and that you may read it")
				}
			}
			extra := o.Host.Args
			if o.Host, err = a.options(p); err != nil {
				return err
			}
			o.Host.Args, o.Host.Logger = extra, nil
			if o.Configuration, err = a.settingsFor(ctx, p, l, extra); err != nil {
				return err
			}
			report, err := conformance.Run(ctx, o)
			if err != nil {
				return err
			}
			if err := a.print(report.String()); err != nil {
				return err
			}
			if !report.OK() {
				return exit.Errorf(exit.Plugin, "the plugin does not conform: see the report")
			}
			return nil
		}),
	}
	p.register(c.Flags())
	c.Flags().StringVar(&picture, "picture", "", "`FILE` with a picture that the plugin can read; else a grey one is used, of which any answer is right")
	c.Flags().BoolVar(&o.MayCost, "may-cost", false, "make the calls too that the plugin says cost money")
	return c
}

// settingsFor finds the plugin's settings where every command finds them. A plugin that does not start is
// checked without them, and so is one of whose settings none is given.
func (a *app) settingsFor(ctx context.Context, p *pluginFlags, l settings.Layers, args []string) (*shared.Configuration, error) {
	fields, err := p.fields()
	if err != nil {
		return nil, err
	}
	o, err := a.options(p)
	if err != nil {
		return nil, err
	}
	o.Args = args
	plugin, err := host.Open(ctx, o)
	if err != nil {
		return nil, nil // that it does not start is for the report to say
	}
	defer func() { _ = plugin.Close(ctx) }()
	about, err := plugin.Describe(ctx)
	if err != nil {
		return nil, nil // same
	}
	keeper := &keeper{process: hosted{plugin}}
	err = a.configure(ctx, &opened{process: keeper, about: about}, l, fields, nil, about)
	if missing := (*exit.Error)(nil); errors.As(err, &missing) && missing.Code == exit.Config && len(fields) == 0 {
		a.tellf("checked without settings: %s", missing.Message)
		return nil, nil
	}
	return keeper.kept, err
}

// keeper keeps the settings instead of handing them on.
type keeper struct {
	process

	kept *shared.Configuration
}

func (k *keeper) Configure(_ context.Context, c shared.Configuration) error {
	if len(c.Values)+len(c.Secrets) > 0 {
		k.kept = &c
	}
	return nil
}

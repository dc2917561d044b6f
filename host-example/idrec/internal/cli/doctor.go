package cli

import (
	"context"
	"time"

	"github.com/spf13/cobra"

	"github.com/seed-6b91b535/idrec/host-example/idrec/internal/exit"
	"github.com/seed-6b91b535/idrec/host-example/idrec/internal/messages"
	"github.com/seed-6b91b535/idrec/host-example/idrec/internal/settings"
	"github.com/seed-6b91b535/idrec/sdk/layers"
	"github.com/seed-6b91b535/idrec/sdk/ledger/open"
	"github.com/seed-6b91b535/idrec/shared"
)

// doctorTimeout bounds the look at the vendor.
const doctorTimeout = 30 * time.Second

func (a *app) doctor() *cobra.Command {
	p := &pluginFlags{}
	var paid bool
	c := &cobra.Command{
		Use: "doctor", Short: "Check configuration, plugin, network, clock and credentials", Args: noArgs,
		Long: `Check the configuration, that the plugin starts, that the vendor's server can be reached, that this
clock is right, that the vendor takes the credentials, and that the ledger lies on a disk that stays. Nothing is done that could be billed, unless
--paid-call asks for one call, which some vendors need to tell whether credentials are good.`,
	}
	p.register(c.Flags())
	c.Flags().BoolVar(&paid, "paid-call", false, "allow one call that may be billed")
	c.RunE = do(func(ctx context.Context, _ []string) error {
		layers, err := a.layers()
		if err != nil {
			return err
		}
		if _, err := layers.Apply(p.flags, pluginKeys()); err != nil {
			return err
		}
		plugin, err := a.open(ctx, p, layers, nil)
		if err != nil {
			return err
		}
		defer func() { _ = plugin.Close() }()
		lines := a.healthLine("good", "configuration", a.text("every setting is there and of the right form"))
		lines += a.healthLine("good", "plugin", plugin.about.Name+" "+plugin.about.Version)
		lines += a.ledgerHealth(ctx, plugin)
		ctx, cancel := context.WithTimeout(ctx, doctorTimeout)
		defer cancel()
		h, err := plugin.Check(ctx, paid)
		if err != nil {
			if pErr := a.print(lines); pErr != nil {
				return pErr
			}
			return err
		}
		code := exit.OK
		for _, i := range []struct {
			name string
			item shared.CheckItem
			exit int
		}{
			{"process", h.Process, exit.Plugin}, {"upstream", h.Upstream, exit.Later}, {"clock", h.Clock, exit.Config}, {"credentials", h.Credentials, exit.Refused},
		} {
			if i.item.State == "" {
				continue
			}
			lines += a.healthLine(string(i.item.State), i.name, a.heard(i.item.Message))
			if i.item.State == shared.CheckBad {
				code = exit.Heavier(code, i.exit)
			}
		}
		if err := a.print(lines); err != nil {
			return err
		}
		if code != exit.OK {
			return codeOnly(code)
		}
		return nil
	})
	return c
}

// healthLine is a line of the doctor's, in columns.
func (a *app) healthLine(state, name, text string) string {
	return messages.Pad(a.text(state), 8) + " " + messages.Pad(a.text(name)+a.text(":"), 14) + " " + oneLine(text) + "\n"
}

// ledgerHealth says where the record of calls lies. That it can be written to is certain: the plugin has
// opened it already.
func (a *app) ledgerHealth(ctx context.Context, plugin *opened) string {
	if !settings.Known(plugin.about, ledgerSetting) {
		return ""
	}
	line := func(state, text string) string { return a.healthLine(state, "ledger", a.heard(text)) }
	place, err := layers.ParseLedger(plugin.given)
	if err != nil {
		return "" // the plugin would have refused it
	}
	if place.Address.Reveal() == layers.LedgerInMemory {
		return line("warning", "in the plugin's memory: the promise that no picture is paid twice ends with its process")
	}
	opened, err := a.openStore(ctx, place)
	if err != nil {
		why, _ := sentence(ledgerError(err))
		return line(string(shared.CheckBad), why.In(a.lang()))
	}
	defer func() { _ = opened.Close() }()
	text := ""
	for _, w := range opened.Warnings {
		text += line("warning", w)
	}
	if text == "" {
		text = line(string(shared.CheckGood), "open, on a disk or a database that stays")
	}
	if opened.KeyFile != "" {
		text += line("note", open.KeyAdvice)
	}
	return text
}

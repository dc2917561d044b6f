package cli

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/seed-6b91b535/idrec/host-example/idrec/internal/exit"
	"github.com/seed-6b91b535/idrec/shared"
)

func (a *app) account() *cobra.Command {
	c := &cobra.Command{
		Use: "account", Short: "See whether the account is paused, and resume it", Args: noArgs, RunE: help, DisableFlagsInUseLine: true,
		Long: `An account that the vendor refuses (no calls left, no balance, not permitted, …) is paused for every process on
the same ledger: calls are answered at once, and now and then one of them tries whether it is served again.
After too many unclear answers the sending stops in the same way.`,
	}
	c.AddCommand(a.accountStatus(), a.accountResume())
	return c
}

// accountLine is the state of an account.
type accountLine struct {
	Plugin      string      `json:"plugin"`
	Paused      *pausedLine `json:"paused,omitempty"`
	CircuitOpen bool        `json:"circuit_open"`
	PausedSince *time.Time  `json:"paused_since,omitempty"`
	NextProbe   *time.Time  `json:"next_probe,omitempty"`
	Durable     bool        `json:"durable"`
	Today       tallyLine   `json:"today"`
	Total       tallyLine   `json:"total"`
}

type pausedLine struct {
	Code       shared.Code `json:"code"`
	Message    string      `json:"message"`
	VendorCode string      `json:"vendor_code,omitempty"`
	VendorText string      `json:"vendor_text,omitempty"`
	Do         string      `json:"do"`
}

type tallyLine struct {
	Billed        int64        `json:"billed"`
	Rejected      int64        `json:"rejected"`
	NotSent       int64        `json:"not_sent"`
	Ambiguous     int64        `json:"ambiguous"`
	Answered      int64        `json:"answered"`
	SpentYuan     shared.Money `json:"spent_yuan"`
	SuspectedYuan shared.Money `json:"suspected_yuan"`
	SavedYuan     shared.Money `json:"saved_yuan"`
}

func tallyOf(t shared.Tally) tallyLine {
	return tallyLine{Billed: t.Billed, Rejected: t.Rejected, NotSent: t.NotSent, Ambiguous: t.Ambiguous, Answered: t.Answered,
		SpentYuan: t.Spent, SuspectedYuan: t.Suspected, SavedYuan: t.Saved}
}

func pausedOf(e *shared.Error) *pausedLine {
	if e == nil {
		return nil
	}
	info, _ := e.Code.Info()
	message := e.Message
	if message == "" {
		message = info.Meaning
	}
	return &pausedLine{Code: e.Code, Message: message, VendorCode: e.VendorCode, VendorText: e.VendorText, Do: info.Do}
}

func (a *app) accountStatus() *cobra.Command {
	p := &pluginFlags{}
	var asJSON bool
	c := &cobra.Command{
		Use: "status", Short: "Say whether calls are sent, and if not, why", Args: noArgs,
		Long: "Say whether calls are sent, why not, since when, and when the next one tries. Exit 75 if the account is paused or\nthe sending is stopped. Nothing is sent.",
		RunE: do(func(ctx context.Context, _ []string) error {
			proc, keeper, err := a.accountant(ctx, p)
			if err != nil {
				return err
			}
			defer func() { _ = proc.Close() }()
			b, err := keeper.Account(ctx)
			if err != nil {
				return err
			}
			line := accountLine{Plugin: proc.about.Name, Paused: pausedOf(b.Paused), CircuitOpen: b.CircuitOpen, PausedSince: moment(b.PausedSince), NextProbe: moment(b.NextProbe),
				Durable: b.Durable, Today: tallyOf(b.Today), Total: tallyOf(b.Total)}
			if asJSON {
				err = a.printJSON(line)
			} else {
				err = a.print(line.text())
			}
			if err != nil {
				return err
			}
			if b.Paused != nil {
				return codeOnly(exit.OfClass(b.Paused.Code, b.Paused.Class()))
			}
			if b.CircuitOpen {
				return codeOnly(exit.Later)
			}
			return nil
		}),
	}
	p.register(c.Flags())
	c.Flags().BoolVar(&asJSON, "json", false, "JSON")
	return c
}

func (l accountLine) text() string {
	text := "calls are sent\n"
	switch {
	case l.Paused != nil:
		text = fmt.Sprintf("paused: %s (%s)\n", exit.Advise(oneLine(l.Paused.Message), l.Paused.Do), l.Paused.Code)
		if l.Paused.VendorText != "" {
			text += fmt.Sprintf("the vendor says: %s\n", oneLine(l.Paused.VendorText))
		}
	case l.CircuitOpen:
		text = "stopped: too many unclear answers lately\n"
	}
	if l.PausedSince != nil {
		text += "since " + l.PausedSince.In(china).Format(time.DateTime) + " in China\n"
	}
	if l.NextProbe != nil {
		text += "the next item tries at " + l.NextProbe.In(china).Format(time.DateTime) + " in China; idrec account resume lets it try at once\n"
	}
	for _, t := range []struct {
		name string
		line tallyLine
	}{{"today", l.Today}, {"total", l.Total}} {
		text += fmt.Sprintf("%s: %d billed, %s yuan; %d unclear, %s yuan suspected; %d answered without a call, %s yuan saved\n",
			t.name, t.line.Billed, t.line.SpentYuan, t.line.Ambiguous, t.line.SuspectedYuan, t.line.Answered, t.line.SavedYuan)
	}
	if !l.Durable {
		text += "the ledger is in the plugin's memory: this is a new process, and knows nothing of others\n"
	}
	return text
}

func (a *app) accountResume() *cobra.Command {
	p := &pluginFlags{}
	c := &cobra.Command{
		Use: "resume", Short: "Lift a pause, so that the next call is sent", Args: noArgs,
		Long: "Lift a pause or an open circuit for every process on the ledger. Do it once what the vendor refused for is mended.",
		RunE: do(func(ctx context.Context, _ []string) error {
			proc, keeper, err := a.accountant(ctx, p)
			if err != nil {
				return err
			}
			defer func() { _ = proc.Close() }()
			if err := keeper.Resume(ctx); err != nil {
				return err
			}
			return a.print("the next call is sent\n")
		}),
	}
	p.register(c.Flags())
	return c
}

// accountant starts the plugin: only with its settings is it told which account is meant.
func (a *app) accountant(ctx context.Context, p *pluginFlags) (*opened, shared.Accountant, error) {
	l, err := a.layers()
	if err != nil {
		return nil, nil, err
	}
	if _, err := l.Apply(p.flags, pluginKeys()); err != nil {
		return nil, nil, err
	}
	proc, err := a.open(ctx, p, l, nil)
	if err != nil {
		return nil, nil, err
	}
	keeper, ok := shared.As[shared.Accountant](proc.process)
	if !ok || !proc.about.HasFace(shared.FaceAccountant) {
		_ = proc.Close()
		return nil, nil, &shared.Error{Code: shared.CodeNotSupported, Outcome: shared.OutcomeNotSent, Basis: shared.BasisProved}
	}
	return proc, keeper, nil
}

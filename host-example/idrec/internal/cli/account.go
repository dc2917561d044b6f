package cli

import (
	"context"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/seed-6b91b535/idrec/host-example/idrec/internal/exit"
	"github.com/seed-6b91b535/idrec/host-example/idrec/internal/messages"
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
				err = a.print(line.text(a.lang()))
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

func (x accountLine) text(l messages.Language) string {
	var lines []string
	say := func(format string, args ...any) { lines = append(lines, oneLine(l.Format(format, args...))) }
	switch {
	case x.Paused != nil:
		say("paused: %s", exit.Failure(&shared.Error{Code: x.Paused.Code, Message: x.Paused.Message}))
		if x.Paused.VendorText != "" {
			say("the vendor says: %s", oneLine(x.Paused.VendorText))
		}
	case x.CircuitOpen:
		say("stopped: too many unclear answers lately")
	default:
		say("calls are sent")
	}
	if x.PausedSince != nil {
		say("since %s in China", x.PausedSince.In(china).Format(time.DateTime))
	}
	if x.NextProbe != nil {
		say("the next item tries at %s in China; idrec account resume lets it try at once", x.NextProbe.In(china).Format(time.DateTime))
	}
	for _, t := range []struct {
		name messages.Word
		line tallyLine
	}{{"today", x.Today}, {"total", x.Total}} {
		say("%s: %d billed, %s yuan; %d unclear, %s yuan suspected; %d answered without a call, %s yuan saved",
			t.name, t.line.Billed, t.line.SpentYuan.String(), t.line.Ambiguous, t.line.SuspectedYuan.String(), t.line.Answered, t.line.SavedYuan.String())
	}
	if !x.Durable {
		say("the ledger is in the plugin's memory: this is a new process, and knows nothing of others")
	}
	return strings.Join(lines, "\n") + "\n"
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
			return a.say("the next call is sent")
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

package cli

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"time"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/spf13/cobra"

	"github.com/seed-6b91b535/idrec/host-example/idrec/internal/exit"
	"github.com/seed-6b91b535/idrec/sdk/layers"
	"github.com/seed-6b91b535/idrec/sdk/ledger"
	"github.com/seed-6b91b535/idrec/shared"
)

// usageLine counts the calls of a span that ended one way.
type usageLine struct {
	Outcome   shared.Outcome `json:"outcome"`
	Basis     shared.Basis   `json:"basis,omitempty"`
	Calls     int64          `json:"calls"`
	PriceYuan shared.Money   `json:"price_yuan"`
}

// usageSpan is a day or a month.
type usageSpan struct {
	From string      `json:"from"`
	To   string      `json:"to"`
	By   []usageLine `json:"by"`
	// SpentYuan is what was billed, SuspectedYuan what may have been.
	SpentYuan     shared.Money `json:"spent_yuan"`
	SuspectedYuan shared.Money `json:"suspected_yuan"`
}

// usageReport is what idrec usage prints. Answered and saved are what was given from the record or
// shared instead of asking again.
type usageReport struct {
	Today         usageSpan    `json:"today"`
	Month         usageSpan    `json:"month"`
	AnsweredToday int64        `json:"answered_today"`
	SavedToday    shared.Money `json:"saved_today_yuan"`
	AnsweredTotal int64        `json:"answered_total"`
	SavedTotal    shared.Money `json:"saved_total_yuan"`
	CallsLeft     *int64       `json:"calls_left,omitempty"`
}

func (a *app) usage() *cobra.Command {
	c := &cobra.Command{
		Use: "usage", Short: "Count calls and money of today and of the month", Args: noArgs,
		Long: `Count the calls on the ledger by outcome and basis, what they cost, what unclear ones may have cost, and what was
saved by not asking again: today and this month, or the month of --month. Days are those in China. With the
setting calls_package (and calls_package_since) the calls that are left are told too; calls that may
have been billed count as used.`,
	}
	p := bookFlags(c)
	var month string
	var asJSON bool
	c.Flags().StringVar(&month, "month", "", "another `MONTH`, as in 2026-01")
	c.Flags().BoolVar(&asJSON, "json", false, "JSON")
	c.RunE = a.withBooks(p, func(ctx context.Context, b *books, _ []string) error {
		now := time.Now().In(china)
		first := time.Date(now.Year(), now.Month(), 1, 0, 0, 0, 0, china)
		if month != "" {
			var err error
			if first, err = time.ParseInLocation("2006-01", month, china); err != nil {
				return exit.Errorf(exit.Usage, "--month takes a month, as in 2026-01")
			}
		}
		u, err := b.report(ctx, now, first)
		if err != nil {
			return err
		}
		if asJSON {
			return a.printJSON(u)
		}
		return a.print(a.usageTable(u))
	})
	return c
}

func (b *books) report(ctx context.Context, now, month time.Time) (*usageReport, error) {
	var u usageReport
	var err error
	day := ledger.Day(now)
	if u.Today, err = b.span(ctx, day, day); err != nil {
		return nil, err
	}
	if u.Month, err = b.span(ctx, ledger.Day(month), ledger.Day(month.AddDate(0, 1, -1))); err != nil {
		return nil, err
	}
	today, total, err := b.Tally(ctx, now)
	if err != nil {
		return nil, err
	}
	u.AnsweredToday, u.SavedToday, u.AnsweredTotal, u.SavedTotal = today.Answered, today.Saved, total.Answered, total.Saved
	pack, err := b.pack()
	if err != nil {
		return nil, err
	}
	if pack.Calls > 0 {
		left, err := pack.Left(ctx, b, b.plugin, "")
		if err != nil {
			return nil, err
		}
		u.CallsLeft = &left
	}
	return &u, nil
}

// pack is the package of calls that the user entered.
func (b *books) pack() (layers.Package, error) {
	text := b.values["calls_package"]
	if text == "" {
		return layers.Package{}, nil
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < 0 {
		return layers.Package{}, exit.Errorf(exit.Config, "the setting calls_package is wrong: give a whole number")
	}
	since := b.values["calls_package_since"]
	if _, err := time.Parse(time.DateOnly, since); err != nil && since != "" {
		return layers.Package{}, exit.Errorf(exit.Config, "the setting calls_package_since is wrong: give a day, as in 2026-01-31")
	}
	return layers.Package{Calls: n, Since: since}, nil
}

func (b *books) span(ctx context.Context, from, to string) (usageSpan, error) {
	s := usageSpan{From: from, To: to, By: []usageLine{}}
	all, err := b.Usage(ctx, from, to)
	if err != nil {
		return s, err
	}
	for _, u := range all {
		o := u.Outcome
		if o == "" {
			o = shared.OutcomeAmbiguous // in flight, or nobody knows
		}
		switch {
		case o == shared.OutcomeBilled:
			s.SpentYuan += u.Price
		case o.MayBeBilled():
			s.SuspectedYuan += u.Price
		}
		i := slices.IndexFunc(s.By, func(l usageLine) bool { return l.Outcome == o && l.Basis == u.Basis })
		if i < 0 {
			i = len(s.By)
			s.By = append(s.By, usageLine{Outcome: o, Basis: u.Basis})
		}
		s.By[i].Calls += u.Calls
		s.By[i].PriceYuan += u.Price
	}
	slices.SortFunc(s.By, func(x, y usageLine) int {
		return cmp.Or(cmp.Compare(x.Outcome, y.Outcome), cmp.Compare(x.Basis, y.Basis))
	})
	return s, nil
}

func (a *app) usageTable(u *usageReport) string {
	t := a.newTable("Span", "Outcome", "Basis", "Calls", "Yuan")
	for _, s := range []struct {
		name string
		span usageSpan
	}{{a.text("today"), u.Today}, {u.Month.From[:7], u.Month}} {
		for _, l := range s.span.By {
			t.AppendRow(table.Row{s.name, string(l.Outcome), string(l.Basis), l.Calls, l.PriceYuan.String()})
		}
	}
	text := a.fit(t, 12)
	if len(u.Today.By)+len(u.Month.By) == 0 {
		text = a.text("no calls") + "\n"
	}
	text += a.format("spent %s yuan today, %s in %s; suspected for unclear calls %s and %s",
		u.Today.SpentYuan.String(), u.Month.SpentYuan.String(), u.Month.From[:7], u.Today.SuspectedYuan.String(), u.Month.SuspectedYuan.String()) + "\n"
	text += a.format("answered without asking again: %d today (%s yuan saved), %d in all (%s yuan)",
		u.AnsweredToday, u.SavedToday.String(), u.AnsweredTotal, u.SavedTotal.String()) + "\n"
	if u.CallsLeft != nil {
		text += a.format("calls left of the package: %d", *u.CallsLeft) + "\n"
	}
	return text
}

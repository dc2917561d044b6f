package cli

import (
	"context"
	"strconv"
	"strings"
	"time"

	"github.com/seed-6b91b535/idrec/host-example/idrec/internal/journal"
	"github.com/seed-6b91b535/idrec/host-example/idrec/internal/messages"
	"github.com/seed-6b91b535/idrec/host-example/idrec/internal/source"
	"github.com/seed-6b91b535/idrec/shared"
)

// outlook is what a run would do. It holds nothing personal.
type outlook struct {
	DryRun     bool          `json:"dry_run"`
	Pictures   int           `json:"pictures"`
	Kinds      source.Passed `json:"passed_over_kinds,omitempty"`
	Done       int           `json:"done"`       // their record stands
	Duplicates int           `json:"duplicates"` // of pictures that would be asked for, by content
	Addresses  int           `json:"addresses"`  // pictures that are fetched first
	Unreadable int           `json:"unreadable"`
	Ask        int           `json:"ask"` // pictures that would be asked for, within --limit
	// Calls is how many calls that can be at most: a picture is not paid twice.
	Calls     int           `json:"calls_at_most"`
	PriceYuan *shared.Money `json:"price_yuan,omitempty"`
	CostYuan  *shared.Money `json:"cost_at_most_yuan,omitempty"`
	Package   int64         `json:"calls_package,omitempty"`
	Seconds   *float64      `json:"seconds_at_least,omitempty"`

	rate float64
}

// forecast says what a run would do. Nothing is sent and nothing written.
func (w *work) forecast(ctx context.Context, passed source.Passed) error {
	todo := w.items
	if w.r.out != "" {
		if err := w.checkTargets(); err != nil {
			return err
		}
		j, err := journal.Peek(w.journalOptions())
		if err != nil {
			return err
		}
		w.journal = j
		todo = w.plan(ctx)
	}
	o := outlook{DryRun: true, Pictures: len(w.items), Kinds: passed, Done: len(w.items) - len(todo)}
	todo = w.cut(todo)
	o.Ask = len(todo)
	for _, i := range todo {
		switch {
		case i.Image.URL != "":
			o.Addresses++
		case i.Modified.IsZero():
			o.Unreadable++
		}
	}
	o.Duplicates = duplicates(todo)
	o.Calls = o.Ask - o.Duplicates - o.Unreadable
	w.cost(&o)
	if !w.OutTerminal {
		return w.printLine(o)
	}
	var text strings.Builder
	for _, line := range o.lines() {
		text.WriteString(line.In(w.lang()) + "\n")
	}
	return w.print(text.String())
}

// cost fills in what the plugin's settings say of money and time.
func (w *work) cost(o *outlook) {
	if w.r.budgetCalls > 0 {
		o.Calls = min(o.Calls, int(w.r.budgetCalls))
	}
	price := w.plugin.price()
	if !w.plugin.about.Paid || price > 0 {
		cost := shared.Money(o.Calls) * price
		if w.want.budget > 0 {
			cost = min(cost, w.want.budget)
		}
		o.PriceYuan, o.CostYuan = &price, &cost
	}
	o.Package, _ = strconv.ParseInt(w.plugin.value("calls_package"), 10, 64)
	if o.rate = w.plugin.rate(); o.rate > 0 {
		seconds := float64(o.Calls) / o.rate
		o.Seconds = &seconds
	}
}

// duplicates counts the pictures whose content an earlier one has. Only those of the same size are read.
func duplicates(items []source.Item) (n int) {
	bySize := map[int64][]string{}
	for _, i := range items {
		if i.Image.Path != "" && !i.Modified.IsZero() {
			bySize[i.Size] = append(bySize[i.Size], i.Image.Path)
		}
	}
	for _, paths := range bySize {
		if len(paths) < 2 {
			continue
		}
		seen := map[string]bool{}
		for _, p := range paths {
			sum, err := digestOf(p)
			if err == nil && seen[sum] {
				n++
			}
			seen[sum] = true
		}
	}
	return n
}

// lines are the outlook for people.
func (o *outlook) lines() []messages.Message {
	lines := []messages.Message{messages.Of("a dry run: nothing was sent, nothing was written"), messages.Of("pictures:   %d", o.Pictures)}
	add := func(n int, format string) {
		if n > 0 {
			lines = append(lines, messages.Of(format, n))
		}
	}
	add(o.Done, "done:       %d have their record")
	add(o.Duplicates, "duplicates: %d have the same content as another, and are asked for once")
	add(o.Unreadable, "unreadable: %d cannot be looked at")
	add(o.Addresses, "addresses:  %d are fetched first")
	if o.Kinds.Total() > 0 {
		lines = append(lines, messages.Of("no picture: %s, passed over", o.Kinds.List()))
	}
	lines = append(lines, messages.Of("to ask for: %d, with at most %d calls", o.Ask, o.Calls))
	switch {
	case o.CostYuan == nil:
		lines = append(lines, messages.Of("cost:       nobody says what a call costs: set price_per_call"))
	case *o.PriceYuan == 0:
		lines = append(lines, messages.Of("cost:       nothing, the plugin reads for free"))
	default:
		lines = append(lines, messages.Of("cost:       at most %s yuan, at %s a call; less where the ledger has an answer", o.CostYuan.String(), o.PriceYuan.String()))
	}
	if o.Package > 0 && int64(o.Calls) > o.Package {
		lines = append(lines, messages.Of("package:    that is more than the %d calls of your package", o.Package))
	}
	if o.Seconds != nil {
		lines = append(lines, messages.Of("time:       at least %s, at %s calls a second", duration(time.Duration(*o.Seconds*float64(time.Second))), strconv.FormatFloat(o.rate, 'f', -1, 64)))
	}
	return lines
}

// duration is about how long something takes, in the two largest units.
func duration(d time.Duration) messages.Message {
	switch d = max(d, time.Second).Round(time.Second); {
	case d < 2*time.Minute:
		return messages.Of("%d s", int(d.Seconds()))
	case d < 2*time.Hour:
		return messages.Of("%d min", int(d.Round(time.Minute).Minutes()))
	}
	return messages.Of("%d h %d min", int(d.Hours()), int(d.Minutes())%60)
}

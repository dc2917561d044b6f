package cli

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"strings"
	"time"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/spf13/cobra"

	"github.com/seed-6b91b535/idrec/host-example/idrec/internal/exit"
	"github.com/seed-6b91b535/idrec/sdk/layers"
	"github.com/seed-6b91b535/idrec/sdk/ledger"
	"github.com/seed-6b91b535/idrec/shared"
)

func (a *app) ledger() *cobra.Command {
	c := &cobra.Command{
		Use: "ledger", Short: "Look into the record of paid calls, settle, export and delete", Args: noArgs, RunE: help, DisableFlagsInUseLine: true,
		Long: `The ledger keeps every paid call: its intent before anything is sent, its outcome and the whole answer after.
These commands open it directly; plugins may be at work on it at the same time.`,
	}
	c.AddCommand(a.ledgerList(), a.ledgerSettle(), a.ledgerForget(), a.ledgerExport(), a.ledgerAudit(), a.ledgerPurge(), a.ledgerSalvage(), a.ledgerRekey())
	return c
}

// callLine is a call as the commands show it. It names nobody.
type callLine struct {
	CallID    string             `json:"call_id"`
	Key       string             `json:"request_key"`
	State     shared.RecallState `json:"state"`
	Outcome   shared.Outcome     `json:"outcome,omitempty"`
	Basis     shared.Basis       `json:"basis,omitempty"`
	PriceYuan shared.Money       `json:"price_yuan"`
	Provider  string             `json:"provider,omitempty"`
	Product   string             `json:"product,omitempty"`
	Attempt   int                `json:"attempt,omitempty"`
	Begun     time.Time          `json:"begun"`
	Ended     *time.Time         `json:"ended,omitempty"`
	Forgotten *time.Time         `json:"forgotten,omitempty"`
	HasResult bool               `json:"has_result"`
	Unclear   bool               `json:"unclear"`
}

func lineOf(r ledger.Record) callLine {
	return callLine{CallID: r.CallID, Key: r.Key, State: r.State, Outcome: r.Outcome, Basis: r.Basis, PriceYuan: r.Price, Provider: r.Provider, Product: r.Product,
		Attempt: r.Attempt, Begun: r.Begun, Ended: moment(r.Ended), Forgotten: moment(r.Forgotten), HasResult: r.HasResult, Unclear: r.Unclear()}
}

func moment(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

// word says for people how a call ended.
func (l callLine) word() string {
	switch {
	case l.State == shared.RecallInFlight:
		return "in flight"
	case l.State == shared.RecallInDoubt:
		return "in doubt"
	case l.Unclear:
		return "unclear"
	}
	return string(l.Outcome)
}

// days are the flags --from and --to.
type days struct{ from, to string }

func (d *days) register(c *cobra.Command) {
	c.Flags().StringVar(&d.from, "from", "", "only calls begun on `DAY` (in China) or later, as in 2026-01-31")
	c.Flags().StringVar(&d.to, "to", "", "only calls begun on `DAY` (in China) or earlier")
}

func (d *days) filter(f *ledger.Filter) error {
	for _, e := range []struct {
		text, flag string
		set        func(time.Time)
	}{
		{d.from, "--from", func(t time.Time) { f.From = t }}, {d.to, "--to", func(t time.Time) { f.To = t.AddDate(0, 0, 1) }},
	} {
		if e.text == "" {
			continue
		}
		t, err := dayOf(e.text, e.flag)
		if err != nil {
			return err
		}
		e.set(t)
	}
	return nil
}

// china is the vendor's time, in which days are counted; see [ledger.Day].
var china = time.FixedZone("Asia/Shanghai", 8*60*60)

// dayOf is the beginning of a day in China.
func dayOf(text, flag string) (time.Time, error) {
	t, err := time.ParseInLocation(time.DateOnly, text, china)
	if err != nil {
		return time.Time{}, exit.Errorf(exit.Usage, "%s takes a day, as in 2026-01-31", flag)
	}
	return t, nil
}

// printLine writes one value as a line of JSON.
func (a *app) printLine(v any) error {
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return err
	}
	return a.print(b.String())
}

func (a *app) ledgerList() *cobra.Command {
	c := &cobra.Command{
		Use: "list", Short: "List calls", Args: noArgs,
		Long: `List the calls on record, in the order in which they were begun. --unclear lists those of which nobody knows
whether they were billed: their pictures are not sent again. When the vendor's bill tells, settle them
with "idrec ledger settle".`,
	}
	p := bookFlags(c)
	var f ledger.Filter
	var d days
	var asJSON bool
	c.Flags().BoolVar(&f.Unclear, "unclear", false, "only calls of which nobody knows whether they were billed")
	c.Flags().StringVar(&f.Key, "key", "", "only calls for the picture with this request `KEY`")
	d.register(c)
	c.Flags().BoolVar(&asJSON, "json", false, "lines of JSON")
	c.RunE = a.withBooks(p, func(ctx context.Context, b *books, _ []string) error {
		if err := d.filter(&f); err != nil {
			return err
		}
		t := a.newTable("Begun", "Call", "Picture", "Outcome", "Basis", "Yuan", "Provider", "Answer")
		n := 0
		for r, err := range b.Records(ctx, f) {
			if err != nil {
				return err
			}
			n++
			l := lineOf(r)
			if asJSON {
				if err := a.printLine(l); err != nil {
					return err
				}
				continue
			}
			answer := a.text("none")
			switch {
			case l.Forgotten != nil:
				answer = a.format("forgotten %s", ledger.Day(*l.Forgotten))
			case l.HasResult:
				answer = a.text("kept")
			}
			t.AppendRow(table.Row{l.Begun.In(china).Format(time.DateTime), l.CallID, short(l.Key), a.text(l.word()), string(l.Basis), l.PriceYuan.String(), l.Provider, answer})
		}
		switch {
		case asJSON:
			return nil
		case n == 0:
			return a.say("no calls")
		}
		return a.print(a.fit(t, 24, "Call"))
	})
	return c
}

// short is enough of a digest to tell calls apart by eye.
func short(key string) string { return key[:min(len(key), 12)] }

func (a *app) ledgerSettle() *cobra.Command {
	c := &cobra.Command{
		Use: "settle KEY|CALL", Short: "Settle an unclear call by hand", Args: oneArg("the request key or the call_id of an unclear call (idrec ledger list --unclear shows them)"),
		Long: `Say of an unclear call, or of all unclear calls of a request key, whether the vendor billed them, as its bill
or its count of the day tells. A call that was billed answers its picture as one whose answer was lost;
one that was not frees it, and the picture is sent when it is asked for next.`,
	}
	p := bookFlags(c)
	var billed, not, asJSON bool
	c.Flags().BoolVar(&billed, "billed", false, "the vendor billed it")
	c.Flags().BoolVar(&not, "not-billed", false, "the vendor did not bill it")
	c.Flags().BoolVar(&asJSON, "json", false, "lines of JSON")
	work := a.withBooks(p, func(ctx context.Context, b *books, args []string) error {
		calls, err := unclearCalls(ctx, b, args[0])
		if err != nil {
			return err
		}
		for _, id := range calls {
			r, err := b.Decide(ctx, id, billed, time.Now())
			if err != nil {
				return err
			}
			switch {
			case asJSON:
				err = a.printLine(lineOf(r))
			case billed:
				err = a.say("%s is settled as billed", r.CallID)
			default:
				err = a.say("%s is settled as not billed", r.CallID)
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
	c.RunE = func(c *cobra.Command, args []string) error {
		if billed == not {
			return exit.Errorf(exit.Usage, "say whether it was billed: --billed or --not-billed")
		}
		return work(c, args)
	}
	return c
}

// unclearCalls are the calls that a call_id or a request key names.
func unclearCalls(ctx context.Context, b *books, name string) ([]string, error) {
	e, err := b.Call(ctx, name)
	if err != nil {
		return nil, err
	}
	if e.State != shared.RecallUnknown {
		return []string{name}, nil
	}
	var calls []string
	for r, err := range b.Records(ctx, ledger.Filter{Key: name, Unclear: true}) {
		if err != nil {
			return nil, err
		}
		calls = append(calls, r.CallID)
	}
	if len(calls) == 0 {
		return nil, exit.Errorf(exit.NoInput, "no call and no unclear picture of this name is on record: see idrec ledger list --unclear")
	}
	return calls, nil
}

// oneArg asks for one argument, and never repeats what was given.
func oneArg(what string) cobra.PositionalArgs {
	return func(_ *cobra.Command, args []string) error {
		if len(args) != 1 || args[0] == "" {
			return exit.Errorf(exit.Usage, "give %s", what)
		}
		return nil
	}
}

func (a *app) ledgerForget() *cobra.Command {
	c := &cobra.Command{
		Use: "forget --subject S | --key K | --call C | --before DAY", Short: "Delete answers and personal data", Args: noArgs,
		Long: `Delete what is held on a person, a picture, or of all calls that ended before a day: answers, subjects and
purposes. What remains of a call is its keyed digest, its outcome and its dates, so that a late delivery
of the same picture is answered as forgotten and not paid again. With --unsafe-forget-tombstone that goes
too. Calls that are in flight are left alone.`,
	}
	p := bookFlags(c)
	var subject, key, call, before string
	var tombstoneToo, asJSON bool
	f := c.Flags()
	f.StringVar(&subject, "subject", "", "whose documents, as given with recognize --subject; - reads it from standard input")
	f.StringVar(&key, "key", "", "the request `KEY` of a picture")
	f.StringVar(&call, "call", "", "the `CALL_ID` of a call")
	f.StringVar(&before, "before", "", "calls that ended before `DAY` (in China), as in 2026-01-31")
	f.BoolVar(&tombstoneToo, "unsafe-forget-tombstone", false, "delete too that it was paid for: a late delivery of the picture is billed again")
	f.BoolVar(&asJSON, "json", false, "JSON")
	work := a.withBooks(p, func(ctx context.Context, b *books, _ []string) error {
		filter := ledger.Filter{Key: key, CallID: call, Held: !tombstoneToo}
		if subject != "" {
			name, err := a.subject(subject)
			if err != nil {
				return err
			}
			filter.Subject = layers.SubjectDigest(b.Digester(), name)
		}
		if before != "" {
			t, err := dayOf(before, "--before")
			if err != nil {
				return err
			}
			filter.EndedBefore = t
		}
		n, err := b.Forget(ctx, filter, !tombstoneToo, time.Now())
		if err != nil {
			return err
		}
		if asJSON {
			return a.printJSON(map[string]int64{"forgotten": n})
		}
		return a.say("%d calls forgotten", n)
	})
	c.RunE = func(c *cobra.Command, args []string) error {
		given := 0
		for _, v := range []string{subject, key, call, before} {
			if v != "" {
				given++
			}
		}
		if given != 1 {
			return exit.Errorf(exit.Usage, "say what to forget, in one way: --subject, --key, --call or --before")
		}
		return work(c, args)
	}
	return c
}

// subject is the name of a person as it was given, from standard input for -: other users of the machine
// can see a command line.
func (a *app) subject(given string) (string, error) {
	if given != "-" {
		return given, nil
	}
	const most = 255                                      // of Request.Subject
	text, err := io.ReadAll(io.LimitReader(a.In, most+3)) // the end of the line included, and one more
	if err != nil {
		return "", exit.Errorf(exit.NoInput, "the subject cannot be read from standard input")
	}
	name := strings.TrimRight(string(text), "\r\n")
	if name == "" || len(name) > most {
		return "", exit.Errorf(exit.Usage, "standard input holds no subject of at most %d bytes", most)
	}
	return name, nil
}

// held is all that is held on a call of a person. It is personal.
type held struct {
	callLine

	Purpose string         `json:"purpose,omitempty"`
	Record  *shared.Record `json:"record,omitempty"`
}

func (a *app) ledgerExport() *cobra.Command {
	c := &cobra.Command{
		Use: "export --subject S", Short: "Write all that is held on a person, as lines of JSON", Args: noArgs,
		Long: "Write all that the ledger holds on a person, a line of JSON for each call, as a request for access to personal\ndata asks for. It goes to standard output, and is personal.",
	}
	p := bookFlags(c)
	var subject string
	c.Flags().StringVar(&subject, "subject", "", "whose documents, as given with recognize --subject; - reads it from standard input")
	work := a.withBooks(p, func(ctx context.Context, b *books, _ []string) error {
		name, err := a.subject(subject)
		if err != nil {
			return err
		}
		for r, err := range b.Records(ctx, ledger.Filter{Subject: layers.SubjectDigest(b.Digester(), name)}) {
			if err != nil {
				return err
			}
			h := held{callLine: lineOf(r), Purpose: r.Purpose}
			if len(r.Answer) > 0 {
				rec, err := answerOf(r)
				if err != nil {
					return err
				}
				h.Record = rec
			}
			if err := a.printLine(h); err != nil {
				return err
			}
		}
		return nil
	})
	c.RunE = func(c *cobra.Command, args []string) error {
		if subject == "" {
			return exit.Errorf(exit.Usage, "say on whom: --subject")
		}
		return work(c, args)
	}
	return c
}

// answerOf is the stored answer of a call as a record.
func answerOf(r ledger.Record) (*shared.Record, error) {
	res, failure, err := ledger.Decode(r.Answer)
	if err != nil {
		return nil, &shared.Error{Code: shared.CodeLedgerUnavailable, Outcome: shared.OutcomeNotSent, Basis: shared.BasisProved, Err: err,
			Message: "a recorded answer cannot be read: it is damaged, or was written by a newer version"}
	}
	var rec shared.Record
	if failure != nil {
		rec = shared.NewRecord("", nil, nil, failure, 0)
	} else {
		rec = shared.NewRecord("", nil, res, nil, 0)
	}
	rec.ElapsedMS = nil
	return &rec, nil
}

// audited is a line of the audit: a processing of personal data, and nobody's name.
type audited struct {
	When      time.Time      `json:"when"`
	Purpose   string         `json:"purpose,omitempty"`
	Recipient string         `json:"recipient"`
	Product   string         `json:"product,omitempty"`
	Outcome   shared.Outcome `json:"outcome,omitempty"`
	Held      bool           `json:"held"`
	Deleted   *time.Time     `json:"deleted,omitempty"`
}

func (a *app) ledgerAudit() *cobra.Command {
	c := &cobra.Command{
		Use: "audit", Short: "List when, why and to whom pictures were sent, without naming anybody", Args: noArgs,
		Long: `List for each call when it was made, for what purpose (as given with recognize --purpose), who received the
picture, how it ended, whether its answer is still held and when it was deleted. Nobody is named, unless
a purpose does.`,
	}
	p := bookFlags(c)
	var d days
	var asJSON bool
	d.register(c)
	c.Flags().BoolVar(&asJSON, "json", false, "lines of JSON")
	c.RunE = a.withBooks(p, func(ctx context.Context, b *books, _ []string) error {
		var f ledger.Filter
		if err := d.filter(&f); err != nil {
			return err
		}
		t := a.newTable("When", "Purpose", "Recipient", "Outcome", "Held", "Deleted")
		for r, err := range b.Records(ctx, f) {
			if err != nil {
				return err
			}
			x := audited{When: r.Begun, Purpose: r.Purpose, Recipient: r.Provider, Product: r.Product, Outcome: r.Outcome, Held: len(r.Answer) > 0, Deleted: moment(r.Forgotten)}
			if x.Outcome == "" {
				x.Outcome = shared.OutcomeAmbiguous
			}
			if asJSON {
				if err := a.printLine(x); err != nil {
					return err
				}
				continue
			}
			deleted := ""
			if x.Deleted != nil {
				deleted = x.Deleted.In(china).Format(time.DateTime)
			}
			t.AppendRow(table.Row{x.When.In(china).Format(time.DateTime), x.Purpose, x.Recipient, string(x.Outcome), a.yesNo(x.Held), deleted})
		}
		if asJSON {
			return nil
		}
		return a.print(a.fit(t, 24, "Purpose"))
	})
	return c
}

func (a *app) yesNo(yes bool) string {
	if yes {
		return a.text("yes")
	}
	return a.text("no")
}

func (a *app) ledgerPurge() *cobra.Command {
	c := &cobra.Command{
		Use: "purge", Short: "Delete answers and personal data that are older than result_ttl", Args: noArgs,
		Long: "Delete the answers and personal data of calls that ended longer ago than the setting result_ttl, or --older-than,\nsays; the plugin does the same in the background. Each picture is then answered as forgotten.",
	}
	p := bookFlags(c)
	var older time.Duration
	var asJSON bool
	c.Flags().DurationVar(&older, "older-than", 0, "instead of result_ttl, as in 2160h for 90 days")
	c.Flags().BoolVar(&asJSON, "json", false, "JSON")
	c.RunE = a.withBooks(p, func(ctx context.Context, b *books, _ []string) error {
		ttl, tombstone := older, true
		if v := b.values["unsafe_forget_tombstone"]; v == "true" {
			tombstone = false
		}
		if !c.Flags().Changed("older-than") {
			if v := b.values["result_ttl"]; v != "" {
				var err error
				if ttl, err = time.ParseDuration(v); err != nil {
					return exit.Errorf(exit.Config, "the setting result_ttl is wrong: give a duration, as in 2160h")
				}
			}
			if ttl == 0 {
				return exit.Errorf(exit.Config, "there is no result_ttl, so nothing is too old: set it, or give --older-than")
			}
		}
		if ttl < 0 {
			return exit.Errorf(exit.Usage, "--older-than cannot be negative")
		}
		n, err := layers.Purge(ctx, b, ttl, time.Now(), tombstone)
		if err != nil {
			return err
		}
		if asJSON {
			return a.printJSON(map[string]int64{"forgotten": n})
		}
		return a.say("%d calls forgotten", n)
	})
	return c
}

// newFile makes the file of --out, which must not be there yet: what it gets is personal.
func newFile(name string) (*os.File, error) {
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	switch {
	case errors.Is(err, fs.ErrExist):
		return nil, exit.Errorf(exit.Usage, "the file of --out is there already: give another")
	case err != nil:
		return nil, exit.Errorf(exit.Usage, "the file of --out cannot be made: check its folder and permissions")
	}
	return f, nil
}

package cli

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/seed-6b91b535/idrec/host-example/idrec/internal/batch"
	"github.com/seed-6b91b535/idrec/host-example/idrec/internal/exit"
	"github.com/seed-6b91b535/idrec/host-example/idrec/internal/journal"
	"github.com/seed-6b91b535/idrec/host-example/idrec/internal/report"
	"github.com/seed-6b91b535/idrec/host-example/idrec/internal/settings"
	"github.com/seed-6b91b535/idrec/host-example/idrec/internal/source"
	"github.com/seed-6b91b535/idrec/sdk/ledger/seal"
	"github.com/seed-6b91b535/idrec/sdk/local"
	"github.com/seed-6b91b535/idrec/sdk/specimen"
	"github.com/seed-6b91b535/idrec/sdk/wapi/sandbox"
	"github.com/seed-6b91b535/idrec/shared"
)

const (
	// demoRecords are those of the paid run; those of the engine on this machine stand beside them.
	demoRecords, demoLocalRecords = "records.ndjson", "records-local.ndjson"
	// demoPrice is the vendor's for a package of 2,000 calls, and the plugin's default.
	demoPrice = 50 * shared.Yuan / 1000
	// demoRate: the vendor is in this process and need not be spared.
	demoRate = "50"
)

func (a *app) demo() *cobra.Command {
	p := &pluginFlags{}
	d := &demonstration{app: a}
	c := &cobra.Command{
		Use: "demo", Short: "Read a set of specimen cards through the plugins, without an account", Args: noArgs,
		Long: `Draw a set of specimen cards, and read them twice: with the plugin local, which reads on this machine and costs
nothing; then, as at a vendor, with the plugin wapi and its signed client from the sandbox in this process,
which has the same engine behind it. Show what was read and what it cost. The records are written to
records-local.ndjson and records.ndjson, and compared with the truth and with the sandbox's bill. Exit 65 if
anything differs.`,
	}
	p.place(c.Flags())
	c.Flags().StringVar(&d.dir, "dir", "demo", "`FOLDER` for pictures and records; it is made")
	c.Flags().StringVar(&d.engine, "engine", local.Name, "what reads the pictures: local, which reads cards, or specimen, which reads the code on specimen cards only, and from the sandbox only")
	c.RunE = do(func(ctx context.Context, _ []string) error {
		if err := a.pluginSettings(p); err != nil {
			return err
		}
		return d.run(ctx, p)
	})
	return c
}

// demonstration is one run of it.
type demonstration struct {
	*app
	dir, engine string
	files       []specimen.File
	server      *sandbox.Server
	answers     []batch.Answer
	wrong       int
}

func (d *demonstration) run(ctx context.Context, p *pluginFlags) error {
	var engine shared.Recognizer = &specimen.Recognizer{}
	switch d.engine {
	case local.Name:
		engine = local.New(local.Options{})
	case specimen.EngineName:
	default:
		return exit.Errorf(exit.Usage, "unknown engine: use local or specimen")
	}
	var err error
	if d.files, err = specimen.DemoSet(ctx, d.dir); err != nil {
		return ofDrawing(err)
	}
	if d.engine == local.Name {
		here := *p
		here.plugin = local.Name
		if err := d.here(ctx, &here); err != nil {
			return err
		}
	}
	secret := randomSecret()
	customer := sandbox.NewApp("1", secret)
	customer.Packages = []sandbox.Package{{Calls: 1, PerCall: demoPrice}}
	if d.server, err = sandbox.New(sandbox.Config{Engine: engine, Apps: []sandbox.App{customer}}); err != nil {
		return err
	}
	defer func() { _ = d.server.Close() }()
	url, err := d.server.Start("127.0.0.1:0")
	if err != nil {
		return exit.Errorf(exit.Defect, "the sandbox cannot listen on this machine")
	}
	books, err := d.books()
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(books) }()
	proc, about, err := d.start(ctx, p)
	if err != nil {
		return err
	}
	defer func() { _ = proc.Close() }()
	c := shared.Configuration{Values: map[string]string{}, Secrets: map[string]shared.Secret{"secret": shared.NewSecret(secret)}}
	if settings.Known(about, "ledger_key") { // as short-lived as what it seals
		c.Secrets["ledger_key"] = shared.NewSecret(string(seal.Generate()))
	}
	for name, v := range map[string]string{"url": url, "appid": "1", "rate": demoRate, "price_per_call": demoPrice.String(), ledgerSetting: filepath.Join(books, "ledger.db")} {
		if settings.Known(about, name) {
			c.Values[name] = v
		}
	}
	if err := proc.Configure(ctx, c); err != nil {
		return err
	}
	if err := d.read(ctx, proc, d.format("the plugin %s, paid by the call: signed HTTP to the sandbox in this process", about.Name), demoRecords); err != nil {
		return err
	}
	return d.compare()
}

// here reads the set with the plugin that reads on this machine.
func (d *demonstration) here(ctx context.Context, p *pluginFlags) error {
	proc, about, err := d.start(ctx, p)
	if err != nil {
		return err
	}
	defer func() { _ = proc.Close() }()
	if err := proc.Configure(ctx, shared.Configuration{}); err != nil {
		return err
	}
	if err := d.read(ctx, proc, d.format("the plugin %s, on this machine and free", about.Name), demoLocalRecords); err != nil {
		return err
	}
	records, err := readRecords(filepath.Join(d.dir, demoLocalRecords))
	if err != nil {
		return err
	}
	t := d.count(records)
	var sum shared.Money
	for _, r := range records {
		if r.PriceYuan != nil {
			sum += *r.PriceYuan
		}
	}
	if err := d.sayRead(t, records, demoLocalRecords); err != nil {
		return err
	}
	return errors.Join(d.verdict(t.refused == t.texts, "no call: %d of %d texts named as pictures refused", t.refused, t.texts),
		d.verdict(sum == 0, "bill:    %s yuan", sum), d.print("\n"))
}

// read reads the set and shows what was read.
func (d *demonstration) read(ctx context.Context, r shared.Recognizer, title, records string) error {
	if err := d.print(title + "\n"); err != nil {
		return err
	}
	d.answers = nil
	if err := d.recognize(ctx, r, records); err != nil {
		return err
	}
	if err := report.WriteTable(d.Out, d.lang(), d.answers, false, d.Width); err != nil {
		return exit.Errorf(exit.Later, "standard output is closed or full")
	}
	return nil
}

// books makes a folder for the demonstration's own ledger, which ends with it: the sandbox that it pays is
// a new one each time.
func (d *demonstration) books() (string, error) {
	dir, err := filepath.Abs(d.dir)
	if err == nil {
		dir, err = os.MkdirTemp(dir, ".ledger-")
	}
	if err != nil {
		return "", exit.Errorf(exit.Usage, "the folder of --dir cannot be written to: give another")
	}
	return dir, nil
}

// recognize reads the set anew: what an earlier demonstration wrote is its own, and was paid to nobody.
func (d *demonstration) recognize(ctx context.Context, r shared.Recognizer, records string) error {
	out := filepath.Join(d.dir, records)
	for _, name := range []string{out, out + ".part", out + ".state"} {
		if err := os.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return exit.Errorf(exit.Usage, "the folder of --dir cannot be written to: give another")
		}
	}
	items, _, err := source.Expand(source.Inputs{Args: []string{d.dir}})
	if err != nil {
		return err
	}
	j, err := journal.Open(journal.Options{Out: out})
	if err != nil {
		return err
	}
	defer func() { _ = j.Close() }()
	bar := d.progress(len(items), false)
	rep, err := batch.Run(ctx, r, items, &journalSink{j: j, format: report.NDJSON}, batch.Options{
		Concurrency: 4, Abort: d.abort, Log: d.log,
		Request: func(i source.Item) *shared.Request { return &shared.Request{Image: i.Image} },
		Settled: func(a batch.Answer) { d.answers = append(d.answers, a); bar.step(a) },
	})
	bar.end()
	switch {
	case err != nil:
		return err
	case rep.Undone > 0:
		return context.Canceled
	}
	return j.Finish()
}

// verdict prints one line of the comparison.
func (d *demonstration) verdict(good bool, format string, args ...any) error {
	mark := d.text("ok   ")
	if !good {
		mark = d.text("WRONG")
		d.wrong++
	}
	return d.print(mark + " " + d.format(format, args...) + "\n")
}

// told is how the records agree with the truth.
type told struct{ once, cards, equal, blanks, blank, texts, refused int }

func (d *demonstration) count(records []shared.Record) (t told) {
	byName := map[string][]shared.Record{}
	for _, r := range records {
		name := filepath.Base(r.Source)
		byName[name] = append(byName[name], r)
	}
	for _, f := range d.files {
		if len(byName[f.Name]) != 1 {
			continue
		}
		t.once++
		r := byName[f.Name][0]
		switch f.Content {
		case specimen.ContentCard:
			t.cards++
			if r.Error == nil && r.Side == f.Truth.Side && maps.Equal(r.Card, f.Truth.Values()) {
				t.equal++
			}
		case specimen.ContentNoCard:
			t.blanks++
			if r.Usable != nil && !*r.Usable && len(r.Card) == 0 {
				t.blank++
			}
		case specimen.ContentText:
			t.texts++
			if r.Error != nil && r.Error.Code == shared.CodeNotAPicture && r.Error.Outcome == shared.OutcomeNotSent {
				t.refused++
			}
		}
	}
	return t
}

func (d *demonstration) sayRead(t told, records []shared.Record, name string) error {
	return errors.Join(
		d.verdict(t.once == len(d.files) && len(records) == t.once, "records: %d of %d files, each once, in %s", t.once, len(d.files), filepath.Join(d.dir, name)),
		d.verdict(t.equal == t.cards && t.cards > 0, "truth:   %d of %d cards read as they are", t.equal, t.cards),
		d.verdict(t.blank == t.blanks, "no card: %d of %d pictures without a card answered so", t.blank, t.blanks))
}

// compare looks at the records on disk, the truth and the bill.
func (d *demonstration) compare() error {
	records, err := readRecords(filepath.Join(d.dir, demoRecords))
	if err != nil {
		return err
	}
	var sum shared.Money
	for _, r := range records {
		if r.PriceYuan != nil {
			sum += *r.PriceYuan
		}
	}
	t := d.count(records)
	account := d.server.State().Apps["1"]
	sent := int64(t.cards + t.blanks)
	err = errors.Join(
		d.sayRead(t, records, demoRecords),
		d.verdict(t.refused == t.texts && account.Requests == sent, "no call: %d of %d texts named as pictures refused here; the sandbox got %d requests for %d pictures", t.refused, t.texts, account.Requests, sent),
		d.verdict(account.Billing == sum && account.Billed == sent, "bill:    the sandbox billed %d calls, %s yuan; the records add up to %s yuan", account.Billed, account.Billing, sum))
	if err == nil && d.wrong > 0 {
		err = codeOnly(exit.Failed)
	}
	return err
}

func readRecords(name string) ([]shared.Record, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	var all []shared.Record
	lines := bufio.NewReader(f)
	for {
		line, err := lines.ReadString('\n')
		if strings.TrimSpace(line) != "" {
			var r shared.Record
			if err := json.Unmarshal([]byte(line), &r); err != nil {
				return nil, err
			}
			all = append(all, r)
		}
		if err != nil {
			return all, nil
		}
	}
}

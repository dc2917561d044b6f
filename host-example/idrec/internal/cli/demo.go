package cli

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
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
	"github.com/seed-6b91b535/idrec/sdk/specimen"
	"github.com/seed-6b91b535/idrec/sdk/wapi/sandbox"
	"github.com/seed-6b91b535/idrec/shared"
)

const (
	demoRecords = "records.ndjson"
	// demoPrice is the vendor's for a package of 2,000 calls, and the plugin's default.
	demoPrice = 50 * shared.Yuan / 1000
	// demoRate: the vendor is in this process and need not be spared.
	demoRate = "50"
)

func (a *app) demo() *cobra.Command {
	p := &pluginFlags{}
	var dir string
	c := &cobra.Command{
		Use: "demo", Short: "Read a set of specimen cards through the plugin, without an account", Args: noArgs,
		Long: `Draw a set of specimen cards, start the sandbox in this process, read the cards through the plugin and
its signed client, and show what was read and what it cost. The records are written to records.ndjson,
and compared with the truth and with the sandbox's bill. Exit 65 if anything differs.`,
	}
	p.place(c.Flags())
	c.Flags().StringVar(&dir, "dir", "demo", "`FOLDER` for pictures and records; it is made")
	c.RunE = do(func(ctx context.Context, _ []string) error {
		if err := a.pluginSettings(p); err != nil {
			return err
		}
		return (&demonstration{app: a, dir: dir}).run(ctx, p)
	})
	return c
}

// demonstration is one run of it.
type demonstration struct {
	*app
	dir     string
	files   []specimen.File
	server  *sandbox.Server
	answers []batch.Answer
	wrong   int
}

func (d *demonstration) run(ctx context.Context, p *pluginFlags) error {
	var err error
	if d.files, err = specimen.DemoSet(ctx, d.dir); err != nil {
		return ofDrawing(err)
	}
	secret := randomSecret()
	customer := sandbox.NewApp("1", secret)
	customer.Packages = []sandbox.Package{{Calls: 1, PerCall: demoPrice}}
	if d.server, err = sandbox.New(sandbox.Config{Engine: &specimen.Recognizer{}, Apps: []sandbox.App{customer}}); err != nil {
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
	if err := d.recognize(ctx, proc); err != nil {
		return err
	}
	if err := report.WriteTable(d.Out, d.answers, false, d.Width); err != nil {
		return exit.Errorf(exit.Later, "standard output is closed or full")
	}
	return d.compare()
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
func (d *demonstration) recognize(ctx context.Context, r shared.Recognizer) error {
	out := filepath.Join(d.dir, demoRecords)
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
	bar := d.newBar(len(items), 0, false)
	rep, err := batch.Run(ctx, r, items, &journalSink{j: j, format: report.NDJSON}, batch.Options{
		Concurrency: 4, Abort: d.abort, Log: d.log,
		Request: func(i source.Item) *shared.Request { return &shared.Request{Image: i.Image} },
		Settled: func(a batch.Answer) { d.answers = append(d.answers, a); bar.step() },
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

// say prints one line of the comparison.
func (d *demonstration) say(good bool, format string, args ...any) error {
	mark := "ok   "
	if !good {
		mark = "WRONG"
		d.wrong++
	}
	return d.print(mark + " " + fmt.Sprintf(format, args...) + "\n")
}

// compare looks at the records on disk, the truth and the bill.
func (d *demonstration) compare() error {
	records, err := readRecords(filepath.Join(d.dir, demoRecords))
	if err != nil {
		return err
	}
	byName := map[string][]shared.Record{}
	var sum shared.Money
	for _, r := range records {
		name := filepath.Base(r.Source)
		byName[name] = append(byName[name], r)
		if r.PriceYuan != nil {
			sum += *r.PriceYuan
		}
	}
	cards, equal, blanks, blank, texts, refused, once := 0, 0, 0, 0, 0, 0, 0
	for _, f := range d.files {
		if len(byName[f.Name]) != 1 {
			continue
		}
		once++
		r := byName[f.Name][0]
		switch f.Content {
		case specimen.ContentCard:
			cards++
			if r.Error == nil && r.Side == f.Truth.Side && maps.Equal(r.Card, f.Truth.Values()) {
				equal++
			}
		case specimen.ContentNoCard:
			blanks++
			if r.Usable != nil && !*r.Usable && len(r.Card) == 0 {
				blank++
			}
		case specimen.ContentText:
			texts++
			if r.Error != nil && r.Error.Code == shared.CodeNotAPicture && r.Error.Outcome == shared.OutcomeNotSent {
				refused++
			}
		}
	}
	account := d.server.State().Apps["1"]
	sent := int64(cards + blanks)
	say := func(good bool, format string, args ...any) {
		if err == nil {
			err = d.say(good, format, args...)
		}
	}
	say(once == len(d.files) && len(records) == once, "records: %d of %d files, each once, in %s", once, len(d.files), filepath.Join(d.dir, demoRecords))
	say(equal == cards && cards > 0, "truth:   %d of %d cards read as they are", equal, cards)
	say(blank == blanks, "no card: %d of %d pictures without a card answered so", blank, blanks)
	say(refused == texts && account.Requests == sent, "no call: %d of %d texts named as pictures refused here; the sandbox got %d requests for %d pictures", refused, texts, account.Requests, sent)
	say(account.Billing == sum && account.Billed == sent, "bill:    the sandbox billed %d calls, %s yuan; the records add up to %s yuan", account.Billed, account.Billing, sum)
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

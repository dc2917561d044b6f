package cli

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/seed-6b91b535/idrec/host-example/idrec/internal/batch"
	"github.com/seed-6b91b535/idrec/host-example/idrec/internal/exit"
	"github.com/seed-6b91b535/idrec/host-example/idrec/internal/journal"
	"github.com/seed-6b91b535/idrec/host-example/idrec/internal/messages"
	"github.com/seed-6b91b535/idrec/host-example/idrec/internal/report"
	"github.com/seed-6b91b535/idrec/host-example/idrec/internal/source"
	"github.com/seed-6b91b535/idrec/sdk/layers"
	"github.com/seed-6b91b535/idrec/shared"
)

// recognition is what the command recognize was told.
type recognition struct {
	pluginFlags

	manifest string
	side     string
	output   string
	out      string
	state    string
	masked   string
	report   string

	overwrite, reread, mask, personal, quiet, acceptUnusable, raw bool
	dryRun, pictures                                              bool
	limit                                                         int
	resend, buyAgain                                              bool

	concurrency            int
	timeout, wait, grace   time.Duration
	retry, urlMode, fields string
	caseName, pair         string
	subject, purpose       string
	budgetYuan             string
	budgetCalls            int64
}

// recognizeKeys are the flags that can also be set by the environment and the configuration file: what
// is a habit, not what belongs to one run.
func recognizeKeys() []string {
	return []string{"side", "output", "mask", "quiet", "accept-unusable", "concurrency", "timeout", "wait", "grace", "retry", "url-mode",
		"fields", "purpose", "budget-yuan", "budget-calls", "accept-confidence", "accept-status"}
}

const recognizeHelp = `Read pictures and write a record for each, failures too.

Inputs are files, folders (read through, their pictures in the order of their names), patterns in
quotes ("scans/**/*.jpg"), addresses (http, https), and - for a list of files and addresses, one a
line, on standard input. In folders and patterns, PDF, texts, office documents, archives, Thumbs.db and the
like are counted and passed over. A manifest gives each picture settings of its own: lines of JSON, or CSV with
a head, with source, side, case, key, subject, purpose and sha256; its paths are relative to it.

Cases. --pair ties the pictures of one person together, where the manifest gives no case: folder is all
that lie in one folder; prefix those whose names differ in the mark of a side only (张三_1 and 张三_2,
001a and 001b, x_front and x_back, 张三正面 and 张三反面; a scanner's numbers beyond 2 pair nothing); next
two that follow one another in one folder; page each picture by itself, since it shows both sides. The
case stands in each record, and behind the records of the pictures comes one for each person, with what
the sides say of each other; in the table, in csv and in a spreadsheet a person is one row. A case's name
is made of file names, so it is as personal as they are.

Output. On a terminal a table, with names and numbers masked unless --show-personal. With --output the
records, complete unless --mask: json is one array, ndjson a line each, csv a row each (in UTF-8; import
it into a spreadsheet with number as text, or the last digits are lost), csv-bom the same with the
byte order mark by which Excel knows UTF-8, xlsx a spreadsheet with numbers as text, findings coloured
and a second sheet with the figures. With --out they go to a file,
in the form that its name or --output says. Otherwise, as in an engine, the last line on standard output
is a summary in JSON without personal data.

Made at the end. A spreadsheet, a report, and csv with --pair or --report are made when the run is at its
end, with --limit too, in the order of the pictures. What they are made of is kept sealed beside the state. Where
the file is open in another program, or somebody changed it, the new one lies beside it with (2) before
the ending. --report FILE, beside --out, is one page of HTML that needs nothing else: figures, findings,
cost and a row for each person. Names and numbers are masked in it unless --show-personal, the pictures
that need a look blurred unless --show-pictures.

Before. --dry-run sends nothing and says what there is: pictures, files of other kinds, the same content
twice, what it can cost at most and how long it takes at least. --limit asks for a number of pictures and
no more; with --out the same command goes on with the next ones.

Resuming. With --out FILE the records are written to FILE.part, and FILE.state (or --state) keeps which
pictures have theirs; where FILE lies on a network share, the state lies in your state folder on this
machine. However a run ends, the same command goes on where it was: pictures that have
their record are not asked for again, files that changed since are, and the state never names anybody.
When every picture has a record, FILE.part becomes FILE, also where some records are errors (exit 65
or 75). Errors that may go away (class transient, paused, configuration, internal; a file that could
not be read, an address that could not be fetched) are asked again by the next run with the same
state, and their records replaced. Records come in the order in which they are finished. What FILE
holds of pictures that are no longer among the inputs stays.

Waiting. What is transient is waited out within the run for --wait; what somebody has to see to (no
balance, no calls left, …) is not: those pictures have a record with class paused, and exit 75 says
that running again goes on with them. An interrupted run (Ctrl-C, SIGTERM) takes no new picture, lets
those that were sent arrive, for --grace, and saves its state; a second signal ends the waiting. Where the
folder of the pictures cannot be reached any more, as when a network share is lost, the run ends in the
same way, with exit 75, and no picture counts as unreadable for it.

Exit codes: 0 every picture recognised; 64 command line; 65 pictures failed for good, are unclear (may
be billed) or unusable; 66 no input; 69 the plugin cannot start; 70 a defect; 75 some may succeed later:
run again (also: another idrec works on the same state, no room on the disk, standard output closed);
77 credentials refused; 78 configuration; 130 and 143 interrupted, state saved. 77 and 78 beat 75,
which beats 65.`

func (a *app) recognize() *cobra.Command {
	r := &recognition{}
	c := &cobra.Command{
		Use: "recognize [flags] INPUT…", Aliases: []string{"recognise"}, Short: "Read pictures and write records", Long: recognizeHelp,
		Example: `  idrec recognize scans --out cards.ndjson
  idrec recognize "inbox/**/*.jpg" --output csv --out cards.csv --side portrait
  find . -name '*.png' | idrec recognize - --output ndjson`,
	}
	r.flagsOf(c.Flags())
	c.RunE = do(func(ctx context.Context, args []string) error { return a.runRecognize(ctx, r, args) })
	return c
}

func (r *recognition) flagsOf(f *pflag.FlagSet) {
	r.register(f)
	f.StringVar(&r.manifest, "manifest", "", "`FILE` of pictures with settings of their own; - is standard input")
	f.StringVar(&r.side, "side", "detect", "which side the pictures show: portrait (front), emblem (back) or detect")
	f.StringVar(&r.output, "output", "", "form of the output: "+report.Formats)
	f.StringVar(&r.out, "out", "", "write the records to `FILE`")
	f.StringVar(&r.state, "state", "", "keep the state of the run in `FILE`; the default is that of --out with .state behind it")
	f.BoolVar(&r.overwrite, "overwrite", false, "replace a file of --out that no state file knows")
	f.BoolVar(&r.reread, "reread", false, "look into files whose size and time are as they were, in case they changed all the same")
	f.BoolVar(&r.mask, "mask", false, "mask names, numbers, addresses and file names in the records")
	f.StringVar(&r.masked, "masked-image", "", "write each picture to `FOLDER` with name, address, number and portrait covered, named by its SHA-256")
	f.StringVar(&r.report, "report", "", "write a page with the figures, the findings and a row for each card to `FILE`.html; give --out with it")
	f.BoolVar(&r.personal, "show-personal", false, "show names, numbers and file names in the table and the report")
	f.BoolVar(&r.pictures, "show-pictures", false, "show the pictures that need a look in the report as they are, not blurred")
	f.BoolVar(&r.dryRun, "dry-run", false, "send nothing: say what there is to read, how much that can cost at most and how long it takes at least")
	f.IntVar(&r.limit, "limit", 0, "ask for no more than this `NUMBER` of pictures in this run; 0 is all")
	f.BoolVar(&r.quiet, "quiet", false, "no progress and no summary")
	f.BoolVar(&r.acceptUnusable, "accept-unusable", false, "do not count a picture that was answered as unusable as a failure")
	f.BoolVar(&r.raw, "raw", false, "put the vendor's answer into the records as it came")
	f.IntVar(&r.concurrency, "concurrency", 0, "pictures at a time; 0 is the plugin's default")
	f.DurationVar(&r.timeout, "timeout", batch.DefaultTimeout, "time for one picture")
	f.DurationVar(&r.wait, "wait", batch.DefaultWait, "how long what is transient is waited out; 0: not at all")
	f.DurationVar(&r.grace, "grace", batch.DefaultGrace, "how long an interrupted run waits for pictures that were sent")
	f.StringVar(&r.retry, "retry", string(shared.BasisDocumented), "how sure it must be that an attempt was not billed before it is sent again: proved, documented or assumed")
	f.StringVar(&r.urlMode, "url-mode", string(shared.URLFetch), "who fetches pictures behind addresses: fetch (idrec) or vendor")
	f.Float64Var(&r.acceptConfidence, "accept-confidence", layers.DefaultAcceptConfidence, "with two plugins: how sure the free one must be of every field, from 0 to 1, for the paid one not to be asked")
	f.Float64Var(&r.acceptStatus, "accept-status", layers.DefaultAcceptStatus, "with two plugins: how sure the free one must be, from 0 to 1, that a picture shows no card or another kind of card, for the paid one not to be asked")
	f.StringVar(&r.fields, "fields", "", "card fields to return, separated by commas; the default is all")
	f.StringVar(&r.caseName, "case", "", "name that ties the pictures of one person together")
	f.StringVar(&r.pair, "pair", "", "which pictures are of one person: `RULE` is "+source.Pairings)
	f.StringVar(&r.subject, "subject", "", "whose documents these are; kept as a keyed digest only")
	f.StringVar(&r.purpose, "purpose", "", "why they are read")
	f.StringVar(&r.budgetYuan, "budget-yuan", "", "the most that this run may spend, in `YUAN`")
	f.Int64Var(&r.budgetCalls, "budget-calls", 0, "the most calls that this run may pay for")
	f.BoolVar(&r.resend, "unsafe-resend-ambiguous", false, "send again what may have been billed already; it may be billed twice")
	f.BoolVar(&r.buyAgain, "unsafe-buy-again", false, "ask again although a billed answer is on record, or was lost; it is billed again")
}

// asked is what recognition says, read.
type asked struct {
	side   shared.Side
	format report.Format // empty: no records on standard output
	fields []shared.FieldName
	budget shared.Money
	pair   source.Pairing
}

func (a *app) runRecognize(ctx context.Context, r *recognition, args []string) error {
	layers, err := a.layers()
	if err != nil {
		return err
	}
	if _, err := layers.Apply(r.flags, append(pluginKeys(), recognizeKeys()...)); err != nil {
		return err
	}
	want, err := a.check(r)
	if err != nil {
		return err
	}
	items, passed, err := source.Expand(source.Inputs{Args: args, Manifest: r.manifest, Stdin: a.In, Side: want.side, Own: r.own})
	if err != nil {
		return err
	}
	source.Pair(items, want.pair)
	for _, f := range []struct{ flag, name string }{{"--out", r.out}, {"--report", r.report}} {
		if f.name != "" && isInput(items, f.name, r.manifest) {
			return exit.Errorf(exit.Usage, "%s names one of the inputs, which would be lost: give another file", f.flag)
		}
	}
	if r.masked != "" && liesIn(r.masked, args) {
		return exit.Errorf(exit.Usage, "--masked-image lies in a folder that is read, so the next run would read what this one writes: give another folder")
	}
	more := map[string]string{}
	if r.concurrency > 0 {
		more["concurrency"] = fmt.Sprint(r.concurrency)
	}
	b := &work{app: a, r: r, want: want, items: items, passed: passed}
	b.tally.AcceptUnusable = r.acceptUnusable
	b.tally.SetPassed(passed)
	if r.dryRun {
		if b.plugin, err = a.inspect(ctx, &r.pluginFlags, layers, more); err != nil {
			return err
		}
		return b.forecast(ctx, passed)
	}
	if b.plugin, err = a.open(ctx, &r.pluginFlags, layers, more); err != nil {
		return err
	}
	defer func() { _ = b.plugin.Close() }()
	b.tally.SetPrice(b.plugin.price())
	return b.run(ctx)
}

// isInput reports whether a file is one that the run reads.
func isInput(items []source.Item, name, manifest string) bool {
	out, err := os.Stat(name)
	if err != nil {
		return false
	}
	same := func(path string) bool {
		info, err := os.Stat(path)
		return err == nil && os.SameFile(out, info)
	}
	return same(manifest) || slices.ContainsFunc(items, func(i source.Item) bool { return i.Image.Path != "" && same(i.Image.Path) })
}

// liesIn reports whether a folder is one of those named, or lies below one.
func liesIn(name string, folders []string) bool {
	name, err := filepath.Abs(name)
	return err == nil && slices.ContainsFunc(folders, func(f string) bool {
		folder, err := filepath.Abs(f)
		if err != nil || f == "-" || f == "" {
			return false
		}
		rel, err := filepath.Rel(folder, name)
		return err == nil && rel != ".." && !strings.HasPrefix(rel, ".."+string(filepath.Separator))
	})
}

// check reads the flags that are no plugin's.
func (a *app) check(r *recognition) (*asked, error) {
	want := &asked{}
	var err error
	if want.side, err = shared.ParseSide(r.side); err != nil {
		return nil, exit.Errorf(exit.Usage, "unknown side: use portrait (front), emblem (back) or detect")
	}
	if err := r.bounds(); err != nil {
		return nil, err
	}
	if want.pair, err = source.ParsePairing(r.pair); err != nil {
		return nil, err
	}
	if want.pair != source.PairNone && r.caseName != "" {
		return nil, exit.Errorf(exit.Usage, "--case is one case for all pictures, --pair finds one for each person: give one of them")
	}
	if r.budgetYuan != "" {
		if want.budget, err = shared.ParseMoney(r.budgetYuan); err != nil || want.budget <= 0 {
			return nil, exit.Errorf(exit.Usage, "--budget-yuan takes an amount above 0 with at most three decimals")
		}
	}
	for name := range strings.SplitSeq(r.fields, ",") {
		f := shared.FieldName(strings.TrimSpace(name))
		if f != "" && !f.Known() {
			return nil, exit.Errorf(exit.Usage, "--fields takes names of card fields: %s", fieldNames())
		}
		if f != "" {
			want.fields = append(want.fields, f)
		}
	}
	want.format, err = a.destination(r)
	return want, err
}

// bounds refuses values that no run can have.
func (r *recognition) bounds() error {
	switch {
	case r.concurrency < 0 || r.concurrency > 4096:
		return exit.Errorf(exit.Usage, "--concurrency must be 1 to 4096, or 0 for the plugin's default")
	case r.timeout <= 0 || r.grace < 0 || r.wait < 0:
		return exit.Errorf(exit.Usage, "--timeout must be above 0, --wait and --grace not below")
	case !(r.acceptConfidence > 0 && r.acceptConfidence <= 1):
		return exit.Errorf(exit.Usage, "--accept-confidence takes a number above 0, up to 1")
	case !(r.acceptStatus > 0 && r.acceptStatus <= 1):
		return exit.Errorf(exit.Usage, "--accept-status takes a number above 0, up to 1")
	case r.limit < 0:
		return exit.Errorf(exit.Usage, "--limit cannot be negative")
	case r.budgetCalls < 0:
		return exit.Errorf(exit.Usage, "--budget-calls cannot be negative")
	case !slices.Contains([]shared.Basis{shared.BasisProved, shared.BasisDocumented, shared.BasisAssumed}, shared.Basis(r.retry)):
		return exit.Errorf(exit.Usage, "--retry takes proved, documented or assumed")
	case r.urlMode != string(shared.URLFetch) && r.urlMode != string(shared.URLVendor):
		return exit.Errorf(exit.Usage, "--url-mode takes fetch or vendor")
	}
	return nil
}

// destination decides the form of the records; it is empty where nobody wants them.
func (a *app) destination(r *recognition) (f report.Format, err error) {
	if r.output != "" {
		if f, err = report.ParseFormat(r.output); err != nil {
			return "", err
		}
	}
	if r.out != "" {
		switch f {
		case report.Table:
			return "", exit.Errorf(exit.Usage, "a table is for the screen: give --output json, ndjson, csv or xlsx with --out")
		case "":
			f = report.FormatOf(r.out)
		case report.JSON, report.NDJSON, report.CSV, report.CSVMark, report.XLSX:
		}
		return f, nil
	}
	if f == report.XLSX {
		return "", exit.Errorf(exit.Usage, "a spreadsheet is a file: give --out FILE.xlsx")
	}
	if r.report != "" {
		return "", exit.Errorf(exit.Usage, "the report is made of the records: give --out FILE with --report")
	}
	if r.state != "" || r.overwrite || r.reread {
		return "", exit.Errorf(exit.Usage, "--state, --overwrite and --reread say how to go on with a file of records: give --out FILE with them")
	}
	if f == "" && a.OutTerminal {
		f = report.Table
	}
	if f != "" && (a.OutClosed || a.OutGone != nil && a.OutGone()) {
		return "", exit.Errorf(exit.Later, "standard output is closed, so there is nowhere to write the records; nothing was sent: give --out FILE")
	}
	return f, nil
}

func fieldNames() string {
	var names []string
	for _, f := range shared.CardFields() {
		names = append(names, string(f))
	}
	return strings.Join(names, ", ")
}

// work is a run under way.
type work struct {
	*app
	r      *recognition
	want   *asked
	plugin *opened
	items  []source.Item
	passed source.Passed

	tally    report.Tally
	sink     batch.Sink
	journal  *journal.Journal
	answers  []batch.Answer // for the table
	budgetOf string
	limited  int // pictures that --limit leaves out
}

// begin opens the place for the records, and leaves out the pictures that have theirs. stream is nil where
// they do not go to standard output.
func (w *work) begin(ctx context.Context) (todo []source.Item, stream *report.Stream, err error) {
	w.budgetOf = rand.Text()
	switch {
	case w.r.out != "":
		if err := w.checkTargets(); err != nil {
			return nil, nil, err
		}
		j, err := journal.Open(w.journalOptions())
		if err != nil {
			return nil, nil, err
		}
		w.journal, w.budgetOf = j, j.Run()
		w.sink = &journalSink{j: j, format: w.kept(), mask: w.r.mask && !w.derived()}
		return w.plan(ctx), nil, nil
	case w.want.format == report.Table || w.want.format == "":
		w.sink = &keep{w}
		return w.items, nil, nil
	}
	if stream, err = w.stream(); err != nil {
		return nil, nil, err
	}
	w.sink = &watched{stream, w.OutGone}
	return w.items, stream, nil
}

func (w *work) run(ctx context.Context) error {
	todo, stream, err := w.begin(ctx)
	if err != nil {
		return err
	}
	if todo = w.cut(todo); w.limited > 0 && w.journal == nil {
		w.items = todo // nothing keeps where the others would begin
	}
	masks, err := newMasker(w.r.masked)
	if err != nil {
		return err
	}
	defer masks.close()
	progress := w.progress(len(todo), w.r.quiet)
	rep, runErr := batch.Run(ctx, w.plugin, todo, w.sink, batch.Options{
		Concurrency: w.places(), Timeout: w.r.timeout, Wait: waitOf(w.r.wait), Grace: w.r.grace, Abort: w.abort, Request: w.request, Log: w.log,
		Settled: func(a batch.Answer) { w.tally.Add(a); masks.add(a); progress.step(a) },
	})
	progress.end()
	if masks.dir != nil && !w.r.quiet {
		w.tellOf(masks.said())
	}
	w.tally.AddUndone(rep.Undone + w.limited)
	for _, a := range rep.Lost {
		w.tally.Add(a)
	}
	complete := runErr == nil && rep.Undone == 0
	if w.journal != nil {
		if complete && w.limited == 0 {
			runErr = w.journal.Finish()
		}
		if complete && runErr == nil {
			runErr = w.makeFiles(ctx)
		}
		if err := w.journal.Close(); runErr == nil && err != nil {
			runErr = exit.Errorf(exit.Later, "the records could not be written whole: run the same command again")
		}
	}
	if stream != nil && runErr == nil {
		if runErr = stream.EndCases(); complete && runErr == nil {
			runErr = stream.Close()
		}
	}
	return w.end(rep, runErr)
}

// end says what became of it all, and returns the exit code.
func (w *work) end(rep batch.Report, err error) error {
	code := w.tally.Exit()
	if err != nil {
		text, c := sentence(ran{err})
		w.tellOf(text)
		code = exit.Heavier(code, c)
	}
	if len(rep.Lost) > 0 {
		w.tellOf(rescue(rep.Lost, w.r.out))
	}
	if w.want.format == report.Table {
		if err := w.table(); err != nil {
			code = exit.Heavier(code, exit.Later)
			w.tellf("standard output was closed before the table was shown: write the records to a file with --out FILE")
		}
	}
	for _, line := range w.tally.Problems(w.ErrTerminal) {
		w.tellOf(line)
	}
	if c := w.unfinished(rep, err); c != exit.OK {
		code = c
		if rep.Away || rep.Undone == 0 {
			code = exit.Heavier(w.tally.Exit(), c)
		}
	}
	if !w.r.quiet {
		w.summary()
		w.next()
	}
	if code != exit.OK {
		return codeOnly(code)
	}
	return nil
}

// unfinished says why pictures were not asked for, and returns the exit code for that.
func (w *work) unfinished(rep batch.Report, err error) int {
	if err != nil {
		return exit.OK
	}
	how := messages.Of("the records so far were written; pictures that are asked for again may be paid again: use --out FILE")
	if w.journal != nil {
		how = messages.Of("the state is saved: run the same command again to go on")
	}
	switch {
	case rep.Undone > 0 && rep.Away:
		w.tellf("the folder of the pictures cannot be reached any more, %d of %d pictures are not done; %s, once the share or disk is there again", rep.Undone+w.limited, len(w.items), how)
		return exit.Later
	case rep.Undone > 0:
		w.tellf("interrupted, %d of %d pictures are not done; %s", rep.Undone+w.limited, len(w.items), how)
		return w.stop.code
	case w.limited > 0 && w.journal != nil:
		w.tellf("the number of --limit is reached, %d of %d pictures are not done; %s", w.limited, len(w.items), how)
		return exit.Later
	}
	return exit.OK
}

// table has a row for each person where pictures are tied together, else one for each picture.
func (w *work) table() error {
	if report.HasCases(w.answers) {
		return report.WriteCases(w.Out, w.lang(), report.CasesOf(w.answers, time.Now()), w.r.personal, w.Width)
	}
	return report.WriteTable(w.Out, w.lang(), w.answers, w.r.personal, w.Width)
}

// summary goes where it does not mix with records.
func (w *work) summary() {
	if w.want.format == "" {
		w.tally.SetUnwritten()
	}
	text := w.tally.In(w.lang()) + "\n"
	if !w.OutTerminal {
		if b, err := json.Marshal(&w.tally); err == nil {
			text = string(b) + "\n"
		}
	}
	if w.r.out == "" && w.want.format != "" && w.want.format != report.Table {
		w.tellOf(&w.tally)
		return
	}
	_ = w.print(text) // what is lost is no record
}

// cut leaves out what is beyond --limit.
func (w *work) cut(todo []source.Item) []source.Item {
	if w.r.limit == 0 || len(todo) <= w.r.limit {
		return todo
	}
	w.limited = len(todo) - w.r.limit
	return todo[:w.r.limit]
}

func (w *work) journalOptions() journal.Options {
	o := journal.Options{
		Out: w.r.out, State: w.statePlace(), Frame: w.kept().Frame(), Settings: w.settings(), Items: len(w.items), Overwrite: w.r.overwrite,
		Sealed: w.derived(),
	}
	switch {
	case w.derived():
		o.Out, o.State = w.keptPlace(), w.stateFile()
	case w.want.pair != source.PairNone:
		o.Foot = w.caseRecords
	}
	return o
}

// settings decide what a record looks like.
func (w *work) settings() map[string]string {
	s := map[string]string{
		"--output": string(w.want.format), "--mask": fmt.Sprint(w.r.mask), "--raw": fmt.Sprint(w.r.raw),
		"--fields": fmt.Sprint(w.want.fields), "--plugin": w.plugin.about.Name,
	}
	if w.derived() { // the records are complete, whatever is made of them
		delete(s, "--mask")
	}
	if w.want.pair != source.PairNone { // a state from before there was --pair has none
		s["--pair"] = string(w.want.pair)
	}
	return s
}

// places is how many pictures are asked for at a time: more than the plugin lets through would wait
// there, and fewer would not use what it allows.
func (w *work) places() int {
	if w.r.concurrency > 0 {
		return w.r.concurrency
	}
	text := w.plugin.settings.Values["concurrency"]
	for _, f := range w.plugin.about.Fields {
		if f.Name == "concurrency" && text == "" {
			text = f.Default
		}
	}
	var n int
	if _, err := fmt.Sscan(text, &n); err == nil && n > 0 {
		return n
	}
	return max(w.plugin.about.Limits.Concurrency, 1)
}

func (w *work) request(i source.Item) *shared.Request {
	first := func(a, b string) string {
		if a != "" {
			return a
		}
		return b
	}
	return &shared.Request{
		Image: i.Image, Side: i.Side, Key: i.Key, SHA256: i.SHA256,
		Case: first(i.Case, w.r.caseName), Subject: first(i.Subject, w.r.subject), Purpose: first(i.Purpose, w.r.purpose),
		Budget: shared.Budget{Run: w.budgetOf, Yuan: w.want.budget, Calls: w.r.budgetCalls},
		Retry:  shared.Basis(w.r.retry), URLMode: shared.URLMode(w.r.urlMode), Fields: w.want.fields, WantRaw: w.r.raw,
		UnsafeResendAmbiguous: w.r.resend, UnsafeBuyAgain: w.r.buyAgain,
	}
}

// waitOf: for the batch, zero is the default.
func waitOf(d time.Duration) time.Duration {
	if d == 0 {
		return -1
	}
	return d
}

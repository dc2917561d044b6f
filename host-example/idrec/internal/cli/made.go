package cli

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/seed-6b91b535/idrec/host-example/idrec/internal/exit"
	"github.com/seed-6b91b535/idrec/host-example/idrec/internal/journal"
	"github.com/seed-6b91b535/idrec/host-example/idrec/internal/report"
	"github.com/seed-6b91b535/idrec/host-example/idrec/internal/source"
	"github.com/seed-6b91b535/idrec/host-example/idrec/internal/target"
)

// Some files cannot grow a record at a time: a spreadsheet, rows that wait for the other side of a card,
// what is masked only after the sides were compared, a report. They are made of the records when the run
// is at its end, in the order of the pictures; until then, and for later runs, the records are kept
// sealed beside the state.

// derived reports whether the file of --out is made at the end.
func (w *work) derived() bool {
	paired := w.want.pair != source.PairNone
	switch w.want.format {
	case report.XLSX:
		return true
	case report.CSV, report.CSVMark:
		return paired || w.r.report != ""
	case report.JSON, report.NDJSON, report.Table:
	}
	return w.r.mask && (paired || w.r.report != "" && w.hasCases())
}

func (w *work) hasCases() bool {
	for i := range w.items {
		if w.caseOf(i) != "" {
			return true
		}
	}
	return false
}

// kept is the form of the records on the way.
func (w *work) kept() report.Format {
	if w.derived() {
		return report.NDJSON
	}
	return w.want.format
}

// stateFile is the file of the state, by its whole name.
func (w *work) stateFile() string {
	if state := w.statePlace(); state != "" {
		return state
	}
	return w.r.out + ".state"
}

// keptPlace is where the records of a derived file are: beside the state.
func (w *work) keptPlace() string { return strings.TrimSuffix(w.stateFile(), ".state") + ".records" }

// outFile is the file of --out where it is derived, reportFile that of --report.
func (w *work) outFile() target.File {
	return target.File{Flag: "--out", Name: w.r.out, Memo: w.stateFile() + ".made", Overwrite: w.r.overwrite}
}

func (w *work) reportFile() target.File {
	return target.File{Flag: "--report", Name: w.r.report, Memo: w.stateFile() + ".report", Overwrite: w.r.overwrite}
}

// checkTargets meets names that cannot be used before anything is paid for.
func (w *work) checkTargets() error {
	if err := w.apart(); err != nil {
		return err
	}
	if err := w.sameForm(); err != nil {
		return err
	}
	if w.derived() {
		if err := w.outFile().Check(); err != nil {
			return err
		}
	}
	if w.r.report != "" {
		return w.reportFile().Check()
	}
	return nil
}

// apart refuses a name for two files: of those that are asked for, and of those that idrec keeps beside them.
func (w *work) apart() error {
	state := w.stateFile()
	names := []string{w.r.out, w.r.out + ".part", w.r.out + ".next", state, state + ".lock", state + ".made", state + ".report", w.keptPlace(), w.keptPlace() + ".part",
		w.keptPlace() + ".next"}
	if w.r.report != "" {
		names = append(names, w.r.report)
	}
	seen := map[string]bool{}
	for _, name := range names {
		whole, err := filepath.Abs(name)
		if err != nil {
			return nil //nolint:nilerr // what has no folder is met when it is opened
		}
		if seen[whole] {
			return exit.Errorf(exit.Usage, "--out, --report and --state name one file twice, or one that idrec keeps beside another: give other names")
		}
		seen[whole] = true
	}
	return nil
}

// sameForm refuses to go on with records that another run wrote in the other form: sealed, for what is made at the
// end, or one after the other.
func (w *work) sameForm() error {
	there := func(name string) bool { _, err := os.Stat(name); return err == nil }
	if !there(w.stateFile()) {
		return nil
	}
	kept := there(w.keptPlace()) || there(w.keptPlace()+".part")
	grown := there(w.r.out) || there(w.r.out+".part")
	if w.derived() && !kept && grown || !w.derived() && kept {
		return exit.Errorf(exit.Usage, "the run of this --out was begun without --pair, --report or --mask, or with another of them, and its records have another form: give the same ones again, or another --out")
	}
	return nil
}

// stream writes the records to standard output, with those of cases where pictures are paired.
func (w *work) stream() (*report.Stream, error) {
	if w.want.pair == source.PairNone {
		return report.NewStream(w.Out, w.want.format, w.r.mask)
	}
	sizes := map[string]report.CaseSize{}
	for at := range w.items {
		size, known := sizes[w.caseOf(at)]
		if !known {
			size.First = w.items[at].N
		}
		size.Pictures++
		sizes[w.caseOf(at)] = size
	}
	return report.NewCaseStream(w.Out, w.want.format, w.r.mask, sizes)
}

// caseOf is the case of an item; pictures of earlier runs keep that in their record.
func (w *work) caseOf(at int) string {
	if c := w.items[at].Case; c != "" {
		return c
	}
	return w.r.caseName
}

func (w *work) identities() iter.Seq[string] {
	return func(yield func(string) bool) {
		for i := range w.items {
			if !yield(w.items[i].Identity) {
				return
			}
		}
	}
}

// caseRecords writes the records of the cases behind those of the pictures, whose cases they have.
func (w *work) caseRecords(to io.Writer, records *journal.Records) error {
	b, err := report.Bind(records, w.identities(), nil, time.Now())
	if err != nil {
		return err
	}
	return w.want.format.WriteCaseRecords(to, b)
}

// makeFiles makes what is made of the records.
func (w *work) makeFiles(ctx context.Context) (err error) {
	if !w.derived() && w.r.report == "" {
		return nil
	}
	records, err := w.journal.Records()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, records.Close()) }()
	var caseOf func(int) string
	if w.derived() {
		caseOf = w.caseOf
	}
	b, err := report.Bind(records, w.identities(), caseOf, time.Now())
	if err != nil {
		return err
	}
	if w.derived() {
		if err := w.makeFile(w.outFile(), func(to io.Writer) error { return w.writeOut(to, b) }); err != nil {
			return err
		}
	}
	if w.r.report == "" {
		return nil
	}
	return w.makeFile(w.reportFile(), func(to io.Writer) error {
		small, err := w.thumbnails(ctx, b)
		if err != nil {
			return err
		}
		return report.WritePage(to, b, report.PageOptions{
			Language: w.lang(), Mask: w.r.mask || !w.r.personal, Passed: w.passed, Made: time.Now(),
			Thumbnail: func(p report.Picture) []byte { return small[p.At] },
		})
	})
}

// makeFile makes one, and says so where it did not get its name. The name is not said: it may be a
// person's.
func (w *work) makeFile(f target.File, write func(io.Writer) error) error {
	n, err := f.Make(w.stamp(f), write)
	if err == nil && n > 1 {
		w.tellf("the file of %s is open in another program, or was changed since idrec made it: the new one lies beside it, with (%d) before the ending", f.Flag, n)
	}
	return err
}

// stamp stands for all that goes into a file, and for its name: another run may have given another.
func (w *work) stamp(f target.File) string {
	text, err := json.Marshal([]any{
		f.Flag, f.Name, w.release, w.journal.Run(), w.journal.Version(), len(w.items), w.passed, w.lang(), w.want.format, w.r.mask, w.r.personal, w.r.pictures,
	})
	if err != nil {
		return ""
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:16])
}

func (w *work) writeOut(to io.Writer, b *report.Binder) error {
	if w.want.format != report.XLSX {
		return w.want.format.WriteBound(to, b, report.BoundOptions{Mask: w.r.mask, People: w.want.pair != source.PairNone})
	}
	rows, err := w.rowsFolder()
	if err != nil {
		return err
	}
	err = report.WriteSheet(to, b, report.SheetOptions{Language: w.lang(), Mask: w.r.mask, Passed: w.passed, Temp: rows})
	return errors.Join(err, os.Remove(rows))
}

// rowsFolder is an empty folder beside the state for the rows of a spreadsheet on their way: for its owner
// only, and emptied of what a process left that was killed.
func (w *work) rowsFolder() (string, error) {
	f := w.outFile()
	dir := w.stateFile() + ".rows"
	if info, err := os.Lstat(dir); err == nil && !info.IsDir() {
		_ = os.Remove(dir) // a link, which would lead the rows elsewhere
	}
	left, _ := os.ReadDir(dir)
	for _, f := range left {
		if strings.HasPrefix(f.Name(), "excelize-") {
			_ = os.Remove(filepath.Join(dir, f.Name()))
		}
	}
	if err := os.Mkdir(dir, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return "", exit.Errorf(exit.Usage, "the file of %s cannot be written: check its folder's permissions", f.Flag)
	}
	return dir, nil
}

package report

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/seed-6b91b535/idrec/host-example/idrec/internal/batch"
	"github.com/seed-6b91b535/idrec/host-example/idrec/internal/exit"
	"github.com/seed-6b91b535/idrec/host-example/idrec/internal/source"
	"github.com/seed-6b91b535/idrec/shared"
)

// Tally counts what became of the pictures of a run. It holds nothing personal.
type Tally struct {
	AcceptUnusable bool

	kinds     map[batch.Kind]int
	failures  map[shared.Code]*failure
	unchanged int
	undone    int
	passed    int
	unwritten bool
	paid      shared.Money
	suspected shared.Money
	exit      int
}

type failure struct {
	count  int
	items  []int
	err    *shared.Error // nil if all are from an earlier run
	billed bool
}

// Add counts an answer of this run.
func (t *Tally) Add(a batch.Answer) {
	t.add(a.Kind(), a.Exit())
	if a.Err == nil {
		t.paid += a.Price()
		return
	}
	if a.Err.Outcome == shared.OutcomeBilled {
		t.paid += a.Price()
	} else {
		t.suspected += a.Price()
	}
	f := t.failure(a.Err.Code, a.Item.N)
	f.err = a.Err
	f.billed = f.billed || a.Err.Outcome == shared.OutcomeBilled
}

// AddEarlier counts a picture whose record is from an earlier run.
func (t *Tally) AddEarlier(n int, kind batch.Kind, code shared.Code, exitCode int) {
	t.unchanged++
	t.add(kind, exitCode)
	if code != "" {
		t.failure(code, n)
	}
}

// AddUndone counts pictures that were not asked for.
func (t *Tally) AddUndone(n int) { t.undone += n }

// SetPassed tells how many files of folders are no pictures by name.
func (t *Tally) SetPassed(n int) { t.passed = n }

// SetUnwritten tells that the records were not wanted anywhere, so that nobody is surprised.
func (t *Tally) SetUnwritten() { t.unwritten = true }

const unwritten = "not written: give --out FILE or --output"

func (t *Tally) add(kind batch.Kind, exitCode int) {
	if t.kinds == nil {
		t.kinds = map[batch.Kind]int{}
	}
	t.kinds[kind]++
	if kind == batch.Unusable && t.AcceptUnusable {
		exitCode = exit.OK
	}
	t.exit = exit.Heavier(t.exit, exitCode)
}

func (t *Tally) failure(c shared.Code, n int) *failure {
	if t.failures == nil {
		t.failures = map[shared.Code]*failure{}
	}
	f := t.failures[c]
	if f == nil {
		f = &failure{}
		t.failures[c] = f
	}
	f.count++
	f.items = append(f.items, n)
	return f
}

// Exit is the exit code that the pictures ask for.
func (t *Tally) Exit() int { return t.exit }

// Pictures is how many there are.
func (t *Tally) Pictures() int {
	n := t.undone
	for _, c := range t.kinds {
		n += c
	}
	return n
}

// Paid is what the answers of this run cost.
func (t *Tally) Paid() shared.Money { return t.paid }

// MarshalJSON writes the summary for programs.
func (t *Tally) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct {
		Pictures   int          `json:"pictures"`
		Recognised int          `json:"recognised"`
		Unusable   int          `json:"unusable"`
		Failed     int          `json:"failed"`
		Unclear    int          `json:"unclear"`
		Later      int          `json:"later"`
		Blocked    int          `json:"blocked"`
		Undone     int          `json:"undone"`
		Unchanged  int          `json:"unchanged"`
		Passed     int          `json:"passed_over"`
		Paid       shared.Money `json:"paid_yuan"`
		Suspected  shared.Money `json:"suspected_yuan"`
		Records    string       `json:"records,omitempty"`
	}{
		t.Pictures(), t.kinds[batch.Recognised], t.kinds[batch.Unusable], t.kinds[batch.Failed], t.kinds[batch.Unclear],
		t.kinds[batch.Later], t.kinds[batch.Blocked], t.undone, t.unchanged, t.passed, t.paid, t.suspected,
		map[bool]string{true: unwritten}[t.unwritten],
	})
}

// String is the summary for people.
func (t *Tally) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %d recognised", plural(t.Pictures(), "picture"), t.kinds[batch.Recognised])
	for _, k := range []struct {
		n    int
		text string
	}{
		{t.kinds[batch.Unusable], "unusable"}, {t.kinds[batch.Failed], "failed"}, {t.kinds[batch.Unclear], "unclear (may be billed)"},
		{t.kinds[batch.Later], "left for later"}, {t.kinds[batch.Blocked], "blocked"}, {t.undone, "not asked"},
	} {
		if k.n > 0 {
			fmt.Fprintf(&b, ", %d %s", k.n, k.text)
		}
	}
	if t.unchanged > 0 {
		fmt.Fprintf(&b, "; %d of them from an earlier run", t.unchanged)
	}
	fmt.Fprintf(&b, "; paid %s yuan", t.paid)
	if t.suspected > 0 {
		fmt.Fprintf(&b, ", perhaps %s more", t.suspected)
	}
	if t.passed > 0 {
		fmt.Fprintf(&b, "; %s passed over, being no pictures by name", plural(t.passed, "file"))
	}
	return b.String()
}

func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// namedItems is how many items a line names.
const namedItems = 5

// Problems writes a line for each kind of failure: what happened, to which pictures, and what to do.
// The vendor's own words may name this machine's address, so they are for the screen only.
func (t *Tally) Problems(w io.Writer, screen bool) {
	codes := make([]shared.Code, 0, len(t.failures))
	for c := range t.failures {
		codes = append(codes, c)
	}
	slices.SortFunc(codes, func(a, b shared.Code) int { return cmp.Compare(t.failures[a].items[0], t.failures[b].items[0]) })
	for _, c := range codes {
		f := t.failures[c]
		info, _ := c.Info()
		what := fmt.Sprintf("%s (%s)", info.Meaning, string(c))
		if f.err != nil && f.count == 1 {
			what = f.err.Error()
		}
		line := exit.Advise(what, info.Do)
		switch {
		case f.err == nil && info.Class != shared.ClassUnclear || f.err != nil && f.err.Class() != shared.ClassUnclear:
		case f.billed:
			line += ": the same command with --unsafe-buy-again pays again"
		default:
			line += ": idrec ledger list --unclear lists such calls and idrec ledger settle settles them; the same command with --unsafe-resend-ambiguous sends it again"
		}
		fmt.Fprintf(w, "idrec: %s: %s\n", f.names(), line)
		if screen && f.err != nil && f.err.VendorText != "" {
			fmt.Fprintf(w, "idrec: the vendor says: %q\n", f.err.VendorText)
		}
	}
	if t.kinds[batch.Unusable] > 0 && !t.AcceptUnusable {
		fmt.Fprintf(w, "idrec: %s answered as unusable: see status in the records, and take them again\n", plural(t.kinds[batch.Unusable], "picture"))
	}
}

func (f *failure) names() string {
	if f.count == 1 {
		return "picture " + source.Alias(f.items[0])
	}
	slices.Sort(f.items)
	var b strings.Builder
	fmt.Fprintf(&b, "%d pictures (", f.count)
	for i, n := range f.items {
		if i == namedItems {
			b.WriteString(" …")
			break
		}
		if i > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(source.Alias(n))
	}
	b.WriteByte(')')
	return b.String()
}

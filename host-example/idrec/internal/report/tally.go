package report

import (
	"encoding/json"

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
	statuses  map[string]int // of pictures that gave nothing
	findings  map[string]int // pictures with each
	found     int            // pictures with findings
	unchanged int
	undone    int
	passed    source.Passed
	unwritten bool
	price     shared.Money // of a call
	paid      shared.Money
	suspected shared.Money // for unclear calls of this run
	unclear   shared.Money // for all
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
		t.look(a.Result)
		return
	}
	if a.Err.Outcome == shared.OutcomeBilled {
		t.paid += a.Price()
	} else {
		t.suspected += a.Price()
		t.unclear += a.Price()
	}
	f := t.failure(a.Err.Code, a.Item.N)
	f.err = a.Err
	f.billed = f.billed || a.Err.Outcome == shared.OutcomeBilled
}

// look counts what somebody should look at in an answer.
func (t *Tally) look(r *shared.Result) {
	if t.statuses == nil {
		t.statuses, t.findings = map[string]int{}, map[string]int{}
	}
	if !r.Usable() {
		t.statuses[printable(string(r.Status))]++
	}
	codes := map[string]bool{}
	for _, f := range r.Findings {
		if f.Severity != shared.SeverityInfo {
			codes[printable(string(f.Code))] = true
		}
	}
	for c := range codes {
		t.findings[c]++
	}
	if len(codes) > 0 {
		t.found++
	}
}

// AddEarlier counts a picture whose record is from an earlier run. price is what it cost, or may have
// cost.
func (t *Tally) AddEarlier(n int, kind batch.Kind, code shared.Code, exitCode int, price shared.Money) {
	t.unchanged++
	if kind == batch.Unclear {
		t.unclear += price
	}
	t.add(kind, exitCode)
	if code != "" {
		t.failure(code, n)
	}
}

// AddUndone counts pictures that were not asked for.
func (t *Tally) AddUndone(n int) { t.undone += n }

// SetPassed tells how many files of folders are no pictures by name.
func (t *Tally) SetPassed(p source.Passed) { t.passed = p }

// SetPrice tells what a call costs at most; 0 where it costs nothing.
func (t *Tally) SetPrice(m shared.Money) { t.price = m }

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
	failures := map[shared.Code]int{}
	for c, f := range t.failures {
		failures[c] = f.count
	}
	return json.Marshal(struct {
		Pictures   int                 `json:"pictures"`
		Recognised int                 `json:"recognised"`
		Unusable   int                 `json:"unusable"`
		Failed     int                 `json:"failed"`
		Unclear    int                 `json:"unclear"`
		Later      int                 `json:"later"`
		Blocked    int                 `json:"blocked"`
		Undone     int                 `json:"undone"`
		Unchanged  int                 `json:"unchanged"`
		Passed     int                 `json:"passed_over"`
		Kinds      source.Passed       `json:"passed_over_kinds,omitempty"`
		Failures   map[shared.Code]int `json:"failures,omitempty"`
		Statuses   map[string]int      `json:"unusable_statuses,omitempty"`
		Findings   map[string]int      `json:"findings,omitempty"`
		Paid       shared.Money        `json:"paid_yuan"`
		Suspected  shared.Money        `json:"suspected_yuan"`
		ToGo       shared.Money        `json:"to_go_at_most_yuan"`
		UnclearSum shared.Money        `json:"unclear_at_most_yuan"`
		Records    string              `json:"records,omitempty"`
	}{
		t.Pictures(), t.kinds[batch.Recognised], t.kinds[batch.Unusable], t.kinds[batch.Failed], t.kinds[batch.Unclear],
		t.kinds[batch.Later], t.kinds[batch.Blocked], t.undone, t.unchanged, t.passed.Total(), t.passed, failures, t.statuses, t.findings, t.paid, t.suspected, t.toGoCost(), t.unclear,
		map[bool]string{true: unwritten}[t.unwritten],
	})
}

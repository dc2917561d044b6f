package report

import (
	"cmp"
	"maps"
	"slices"

	"github.com/seed-6b91b535/idrec/host-example/idrec/internal/batch"
	"github.com/seed-6b91b535/idrec/host-example/idrec/internal/messages"
	"github.com/seed-6b91b535/idrec/host-example/idrec/internal/source"
	"github.com/seed-6b91b535/idrec/shared"
)

// Figures count what stands in the records, those of earlier runs too. They hold nothing personal.
type Figures struct {
	Passed source.Passed // files that were passed over

	cases, pictures, look int
	paired                bool // some pictures are tied together
	kinds                 map[batch.Kind]int
	statuses              map[string]int
	failures              map[shared.Code]int
	outcomes              map[string]int
	findings              map[string]int // cases with each
	paid, perhaps         shared.Money
}

// NewFigures begins to count.
func NewFigures(passed source.Passed) *Figures {
	return &Figures{Passed: passed, kinds: map[batch.Kind]int{}, statuses: map[string]int{}, failures: map[shared.Code]int{}, outcomes: map[string]int{}, findings: map[string]int{}}
}

// Add counts a case.
func (f *Figures) Add(c Case) {
	f.cases++
	if c.Name != "" {
		f.paired = true
	}
	if c.Level() > Fine {
		f.look++
	}
	found := map[string]bool{}
	for _, x := range c.Findings {
		found[printable(string(x.Code))] = true
	}
	for _, p := range c.Pictures {
		for _, x := range p.Record.Findings {
			found[printable(string(x.Code))] = true
		}
		f.picture(p.Record)
	}
	for code := range found {
		f.findings[code]++
	}
}

func (f *Figures) picture(r shared.Record) {
	f.pictures++
	f.kinds[kindOf(r)]++
	if r.Error == nil {
		f.statuses[printable(string(r.Status))]++
		f.outcomes[string(r.Outcome)]++
		f.paid += priceOf(r)
		return
	}
	f.failures[r.Error.Code]++
	f.outcomes[string(r.Error.Outcome)]++
	if r.Error.Outcome == shared.OutcomeBilled {
		f.paid += priceOf(r)
	} else {
		f.perhaps += priceOf(r)
	}
}

// Figure is a number and what it counts.
type Figure struct {
	Label string
	Count int
	Money *shared.Money // where it counts no things
}

// Section is a group of figures.
type Section struct {
	Title   string
	Figures []Figure
}

// Sections are the figures for people. What there is none of is left out, but for the first section.
func (f *Figures) Sections(l messages.Language) []Section {
	count := func(label string, n int) Figure { return Figure{Label: l.Text(label), Count: n} }
	overview := Section{l.Text("Overview"), nil}
	if f.paired {
		overview.Figures = append(overview.Figures, count("People", f.cases))
	}
	overview.Figures = append(overview.Figures, count("Pictures", f.pictures), count("To check", f.look))
	results := Section{Title: l.Text("Results")}
	for _, k := range []batch.Kind{batch.Recognised, batch.Unusable, batch.Failed, batch.Unclear, batch.Later, batch.Blocked} {
		if n := f.kinds[k]; n > 0 {
			results.Figures = append(results.Figures, count(string(k), n))
		}
	}
	cost := Section{l.Text("Cost in yuan"), []Figure{{Label: l.Text("Paid"), Money: &f.paid}}}
	if f.perhaps > 0 {
		cost.Figures = append(cost.Figures, Figure{Label: l.Text("Perhaps paid"), Money: &f.perhaps})
	}
	failures := map[string]int{}
	for code, n := range f.failures {
		info, _ := code.Info()
		failures[info.Meaning] += n
	}
	passed := Section{Title: l.Text("Files passed over")}
	for _, k := range source.FileKinds() {
		if n := f.Passed[k]; n > 0 {
			passed.Figures = append(passed.Figures, count(string(k), n))
		}
	}
	all := []Section{overview, results, cost, counted(l, "Findings", f.findings), counted(l, "Pictures by status", f.statuses),
		counted(l, "Errors", failures), counted(l, "Pictures by billing", f.outcomes), passed}
	return slices.DeleteFunc(all, func(s Section) bool { return len(s.Figures) == 0 })
}

// counted lists counts, the greatest first.
func counted(l messages.Language, title string, counts map[string]int) Section {
	s := Section{Title: l.Text(title)}
	names := slices.SortedFunc(maps.Keys(counts), func(a, b string) int { return cmp.Or(cmp.Compare(counts[b], counts[a]), cmp.Compare(a, b)) })
	for _, name := range names {
		s.Figures = append(s.Figures, Figure{Label: l.Text(name), Count: counts[name]})
	}
	return s
}

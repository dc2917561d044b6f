package report

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/jedib0t/go-pretty/v6/table"

	"github.com/seed-6b91b535/idrec/host-example/idrec/internal/batch"
	"github.com/seed-6b91b535/idrec/host-example/idrec/internal/messages"
	"github.com/seed-6b91b535/idrec/host-example/idrec/internal/source"
	"github.com/seed-6b91b535/idrec/sdk/idcard"
	"github.com/seed-6b91b535/idrec/shared"
)

// Picture is the record of a picture in a case. It is complete: masking is for who shows it.
type Picture struct {
	N      int // from 1; what it is called where file names are not shown
	At     int // among the items of the run; -1 for one of an earlier run
	Record shared.Record
}

// Case is what was found of one person: the records of the pictures that a case ties together, in the
// order of the pictures, and what the check of them against each other found.
type Case struct {
	Name     string // personal; empty for a picture without a case
	Pictures []Picture
	Findings []shared.Finding
}

// NewCase checks the pictures of a case against each other. A picture without a case stands alone, and
// nothing is missing beside it.
func NewCase(name string, pictures []Picture, today time.Time) Case {
	c := Case{Name: name, Pictures: pictures}
	if name == "" {
		return c
	}
	results := make([]*shared.Result, len(pictures)) // nil where there is none
	for i, p := range pictures {
		if r := p.Record; r.Error == nil {
			results[i] = &shared.Result{Side: r.Side, Status: r.Status, Fields: r.Fields}
		}
	}
	c.Findings = idcard.VerifyCase(results, idcard.Today(today))
	return c
}

// CasesOf groups answers by their case, in the order of the first picture of each.
func CasesOf(answers []batch.Answer, today time.Time) []Case {
	answers = slices.Clone(answers)
	slices.SortFunc(answers, func(a, b batch.Answer) int { return cmp.Compare(a.Item.N, b.Item.N) })
	var groups [][]Picture
	place := map[string]int{}
	for i, a := range answers {
		r := a.Record()
		at, known := place[r.Case]
		if !known || r.Case == "" {
			at = len(groups)
			place[r.Case] = at
			groups = append(groups, nil)
		}
		groups[at] = append(groups[at], Picture{N: a.Item.N, At: i, Record: r})
	}
	cases := make([]Case, len(groups))
	for i, g := range groups {
		cases[i] = NewCase(g[0].Record.Case, g, today)
	}
	return cases
}

// Label is what a case is called: by its name, or the picture's; masked by the number of its first
// picture.
func (c Case) Label(mask bool) string {
	switch {
	case mask:
		return source.Alias(c.Pictures[0].N)
	case c.Name == "":
		return c.Pictures[0].Record.Source
	}
	return c.Name
}

// Card has each field as the first picture that shows it has it; where another differs, a finding of
// the case says so.
func (c Case) Card(mask bool) map[shared.FieldName]string {
	card := map[shared.FieldName]string{}
	for _, p := range c.Pictures {
		for name, value := range p.Record.Card {
			if _, known := card[name]; !known {
				if mask {
					value = shared.Mask(name, value)
				}
				card[name] = value
			}
		}
	}
	return card
}

// Notes names the findings, each once: first those of the case, with their field, then those of the
// pictures.
func (c Case) Notes(l messages.Language) []string {
	var notes []string
	add := func(note string) {
		note = printable(note) // a plugin may have codes of its own
		if !slices.Contains(notes, note) {
			notes = append(notes, note)
		}
	}
	for _, f := range c.Findings {
		if f.Field != "" {
			add(fmt.Sprintf("%s(%s)", l.Text(string(f.Code)), l.Text(string(f.Field))))
		} else {
			add(l.Text(string(f.Code)))
		}
	}
	for _, p := range c.Pictures {
		for _, f := range p.Record.Findings {
			add(l.Text(string(f.Code)))
		}
	}
	return notes
}

// Status lists the statuses and error codes of the pictures, each once.
func (c Case) Status(l messages.Language) string {
	return strings.Join(c.results(func(r shared.Record) string {
		if r.Error != nil {
			return string(r.Error.Code)
		}
		return l.Text(string(r.Status))
	}), " ")
}

// Results is the same for people who do not know the codes of errors.
func (c Case) Results(l messages.Language) []string {
	return c.results(func(r shared.Record) string {
		if r.Error != nil {
			info, _ := r.Error.Code.Info()
			return l.Text(info.Meaning)
		}
		return l.Text(string(r.Status))
	})
}

func (c Case) results(of func(shared.Record) string) (words []string) {
	for _, p := range c.Pictures {
		if word := printable(of(p.Record)); !slices.Contains(words, word) {
			words = append(words, word)
		}
	}
	return words
}

// Price is what the pictures of the case cost, or may have cost.
func (c Case) Price() shared.Money {
	var sum shared.Money
	for _, p := range c.Pictures {
		sum += priceOf(p.Record)
	}
	return sum
}

func priceOf(r shared.Record) shared.Money {
	price := r.PriceYuan
	if r.Error != nil {
		price = r.Error.PriceYuan
	}
	if price == nil {
		return 0
	}
	return *price
}

// WriteCases writes one row for each person, as [WriteTable] does for each picture.
func WriteCases(w io.Writer, l messages.Language, cases []Case, personal bool, width int) error {
	t := NewTable()
	t.SuppressEmptyColumns()
	head := Head(l, "Pictures", "Result", "Name", "Sex", "Number", "Valid until", "Findings", "Yuan")
	if personal {
		head = append(Head(l, "Case"), head...)
	}
	t.AppendHeader(append(table.Row{"#"}, head...))
	for _, c := range cases {
		row := table.Row{c.Pictures[0].N}
		if personal {
			row = append(row, printable(c.Label(false)))
		}
		price := ""
		if p := c.Price(); p != 0 {
			price = p.String()
		}
		card := c.Card(!personal)
		t.AppendRow(append(row, len(c.Pictures), c.Status(l), printable(card[shared.FieldFullName]), printable(card[shared.FieldSex]),
			printable(card[shared.FieldNumber]), printable(until(l, card[shared.FieldValidUntil])), strings.Join(c.Notes(l), " "), price))
	}
	_, err := fmt.Fprintln(w, Fit(t, width, foldedWidth, l.Text("Case"), l.Text("Findings"), l.Text("Result")))
	return err
}

// HasCases reports whether any of the answers belongs to a case.
func HasCases(answers []batch.Answer) bool {
	return slices.ContainsFunc(answers, func(a batch.Answer) bool { return a.Request != nil && a.Request.Case != "" })
}

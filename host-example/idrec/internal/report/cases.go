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
	"github.com/seed-6b91b535/idrec/sdk/idcard"
	"github.com/seed-6b91b535/idrec/shared"
)

// Case is what was found of one person: the answers for the pictures that a case ties together, in the
// order of the pictures, and what the check of them against each other found.
type Case struct {
	Name     string // personal; empty for a picture without a case
	Answers  []batch.Answer
	Findings []shared.Finding
}

// CasesOf groups answers by their case, in the order of the first picture of each. A picture without a
// case stands alone, and nothing is missing beside it.
func CasesOf(answers []batch.Answer, today time.Time) []Case {
	answers = slices.Clone(answers)
	slices.SortFunc(answers, func(a, b batch.Answer) int { return cmp.Compare(a.Item.N, b.Item.N) })
	var cases []Case
	place := map[string]int{}
	for _, a := range answers {
		name := caseOf(a)
		at, known := place[name]
		if !known || name == "" {
			at = len(cases)
			place[name] = at
			cases = append(cases, Case{Name: name})
		}
		cases[at].Answers = append(cases[at].Answers, a)
	}
	for at := range cases {
		c := &cases[at]
		if c.Name == "" {
			continue
		}
		results := make([]*shared.Result, len(c.Answers))
		for i, a := range c.Answers {
			results[i] = a.Result // nil where there is none
		}
		c.Findings = idcard.VerifyCase(results, idcard.Today(today))
	}
	return cases
}

func caseOf(a batch.Answer) string {
	if a.Request == nil {
		return ""
	}
	return a.Request.Case
}

// Card has each field as the first picture that shows it has it; where another differs, a finding of
// the case says so.
func (c Case) Card(mask bool) map[shared.FieldName]string {
	card := map[shared.FieldName]string{}
	for _, a := range c.Answers {
		for name, value := range RecordOf(a, mask).Card {
			if _, known := card[name]; !known {
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
	for _, a := range c.Answers {
		if a.Result != nil {
			for _, f := range a.Result.Findings {
				add(l.Text(string(f.Code)))
			}
		}
	}
	return notes
}

// Status lists the statuses and error codes of the pictures, each once.
func (c Case) Status(l messages.Language) string {
	var words []string
	for _, a := range c.Answers {
		var word string
		if a.Err != nil {
			word = string(a.Err.Code)
		} else {
			word = l.Text(string(a.Result.Status))
		}
		if !slices.Contains(words, word) {
			words = append(words, word)
		}
	}
	return strings.Join(words, " ")
}

// Price is what the pictures of the case cost, or may have cost.
func (c Case) Price() shared.Money {
	var sum shared.Money
	for _, a := range c.Answers {
		sum += a.Price()
	}
	return sum
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
		row := table.Row{c.Answers[0].Item.N}
		if personal {
			name := c.Name
			if name == "" {
				name = c.Answers[0].Item.Source
			}
			row = append(row, printable(name))
		}
		price := ""
		if p := c.Price(); p != 0 {
			price = p.String()
		}
		card := c.Card(!personal)
		t.AppendRow(append(row, len(c.Answers), c.Status(l), printable(card[shared.FieldFullName]), printable(card[shared.FieldSex]),
			printable(card[shared.FieldNumber]), printable(card[shared.FieldValidUntil]), strings.Join(c.Notes(l), " "), price))
	}
	_, err := fmt.Fprintln(w, Fit(t, width, foldedWidth, l.Text("Case"), l.Text("Findings"), l.Text("Result")))
	return err
}

// HasCases reports whether any of the answers belongs to a case.
func HasCases(answers []batch.Answer) bool {
	return slices.ContainsFunc(answers, func(a batch.Answer) bool { return caseOf(a) != "" })
}

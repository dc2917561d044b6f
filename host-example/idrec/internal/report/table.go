package report

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode"

	"github.com/jedib0t/go-pretty/v6/table"
	tableText "github.com/jedib0t/go-pretty/v6/text"

	"github.com/seed-6b91b535/idrec/host-example/idrec/internal/batch"
	"github.com/seed-6b91b535/idrec/host-example/idrec/internal/messages"
	"github.com/seed-6b91b535/idrec/shared"
)

// Terminals show characters that are wide in some Chinese fonts only, as dashes and dots, as one column,
// whatever the locale.
func init() { tableText.OverrideRuneWidthEastAsianWidth(false) }

// foldedWidth is the least that a folded column of a table of answers keeps, in columns of the screen.
const foldedWidth = 12

// WriteTable writes the answers as a table for people, in the order of the pictures. Without personal,
// names and numbers are masked and pictures are called by their number. Columns that nothing stands in
// are left out, and long ones folded to the width, as [Fit] does.
func WriteTable(w io.Writer, l messages.Language, answers []batch.Answer, personal bool, width int) error {
	t := NewTable()
	t.SuppressEmptyColumns() // most batches have no findings, and many but one side
	head := Head(l, "Result", "Side", "Name", "Sex", "Number", "Valid until", "Findings", "Yuan")
	if personal {
		head = append(Head(l, "Picture"), head...)
	}
	t.AppendHeader(append(table.Row{"#"}, head...))
	answers = slices.Clone(answers)
	slices.SortFunc(answers, func(a, b batch.Answer) int { return a.Item.N - b.Item.N })
	for _, a := range answers {
		r := RecordOf(a, !personal)
		row := table.Row{a.Item.N}
		if personal {
			row = append(row, printable(r.Source))
		}
		result, price := l.Text(string(r.Status)), ""
		if r.Error != nil {
			result = string(r.Error.Code)
		}
		if p := a.Price(); p != 0 {
			price = p.String()
		}
		var findings []string
		for _, f := range r.Findings {
			findings = append(findings, printable(l.Text(string(f.Code)))) // a plugin may have codes of its own
		}
		t.AppendRow(append(row, printable(result), printable(l.Text(string(r.Side))), printable(r.Card[shared.FieldFullName]), printable(r.Card[shared.FieldSex]),
			printable(r.Card[shared.FieldNumber]), printable(until(l, r.Card[shared.FieldValidUntil])), strings.Join(findings, " "), price))
	}
	_, err := fmt.Fprintln(w, Fit(t, width, foldedWidth, l.Text("Picture"), l.Text("Findings"), l.Text("Result")))
	return err
}

// Head is the head of a table in a language.
func Head(l messages.Language, names ...string) table.Row {
	row := make(table.Row, len(names))
	for i, n := range names {
		row[i] = l.Text(n)
	}
	return row
}

// NewTable is a table without rules between its columns.
func NewTable() table.Writer {
	t := table.NewWriter()
	t.SetStyle(table.StyleLight)
	t.Style().Options.SeparateColumns = false
	t.Style().Options.DrawBorder = false
	return t
}

// Fit renders a table and, where it is wider than the screen, folds the columns named into several
// lines, one after the other and no more than is needed, down to least. Nothing is cut: what is wider
// even so runs over. A width of 0 is unbounded.
func Fit(t table.Writer, width, least int, fold ...string) string {
	text := t.Render()
	var narrow []table.ColumnConfig
	for _, name := range fold {
		if width <= 0 || tableText.LongestLineLen(text) <= width {
			break
		}
		with := func(columns int) string {
			t.SetColumnConfigs(append(narrow, table.ColumnConfig{Name: name, WidthMax: columns, WidthMaxEnforcer: tableText.WrapSoft}))
			return t.Render()
		}
		columns := least
		text = with(columns)
		if room := width - tableText.LongestLineLen(text); room > 0 {
			columns += room
			text = with(columns)
		}
		narrow = append(narrow, table.ColumnConfig{Name: name, WidthMax: columns, WidthMaxEnforcer: tableText.WrapSoft})
	}
	return text
}

// printable shows in another character what could steer a terminal, and what turns the direction of what is read, so
// that a file's name could end in another than its own (Unicode Technical Report 36, 2.5.1).
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r >= 0x7f && r < 0xa0 || unicode.Is(unicode.Bidi_Control, r) {
			return '\uFFFD'
		}
		return r
	}, s)
}

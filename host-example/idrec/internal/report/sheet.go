package report

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode"

	"github.com/xuri/excelize/v2"

	"github.com/seed-6b91b535/idrec/host-example/idrec/internal/exit"
	"github.com/seed-6b91b535/idrec/host-example/idrec/internal/messages"
	"github.com/seed-6b91b535/idrec/host-example/idrec/internal/source"
	"github.com/seed-6b91b535/idrec/shared"
)

// SheetOptions say how a spreadsheet is to be.
type SheetOptions struct {
	Language messages.Language
	Mask     bool
	Passed   source.Passed
	// Temp is a folder for what does not stay in memory: the rows in plain text, so it must be as safe as
	// the spreadsheet itself. It is to be removed afterwards.
	Temp string
}

// Colours of cells: those by which spreadsheets themselves show good, neutral and bad.
const (
	doubtFill, doubtText     = "FFEB9C", "7F6000"
	troubleFill, troubleText = "FFC7CE", "9C0006"
	headFill                 = "DDE3EA"
)

// asText is the number format of text (ECMA-376-1:2016, 18.8.30): 18 digits are more than a spreadsheet's
// numbers hold. inYuan has three decimals.
const (
	asText = 49
	inYuan = "0.000"
)

// sheetRows is the most that a sheet can have, with its head (ECMA-376-1:2016, 18.3.1.73, and Excel's bound).
const sheetRows = 1 << 20

// column is one of the sheet of people.
type column struct {
	head  string
	width float64
	field shared.FieldName // empty: it is no field of the card
	of    func(c Case, o SheetOptions) any
}

func sheetColumns(paired bool) []column {
	field := func(head string, width float64, name shared.FieldName) column {
		return column{head: head, width: width, field: name}
	}
	first := "Picture"
	if paired {
		first = "Case"
	}
	columns := []column{
		{head: "#", width: 7, of: func(c Case, _ SheetOptions) any { return c.Pictures[0].N }},
		{head: first, width: 28, of: func(c Case, o SheetOptions) any { return c.Label(o.Mask) }},
	}
	if paired {
		columns = append(columns, column{head: "Pictures", width: 9, of: func(c Case, _ SheetOptions) any { return len(c.Pictures) }})
	}
	return append(columns,
		column{head: "To check", width: 9, of: func(c Case, o SheetOptions) any {
			if c.Level() == Fine {
				return nil
			}
			return o.Language.Text("yes")
		}},
		column{head: "Result", width: 16, of: func(c Case, o SheetOptions) any {
			return strings.Join(c.Results(o.Language), o.Language.Text("; "))
		}},
		field("Name", 12, shared.FieldFullName), field("Sex", 6, shared.FieldSex), field("Ethnicity", 10, shared.FieldEthnicity),
		field("Birth date", 12, shared.FieldBirthDate), field("Address", 40, shared.FieldAddress), field("Number", 22, shared.FieldNumber),
		field("Authority", 22, shared.FieldAuthority), field("Valid from", 12, shared.FieldValidFrom), field("Valid until", 12, shared.FieldValidUntil),
		column{head: "Findings", width: 40, of: func(c Case, o SheetOptions) any {
			return strings.Join(c.Notes(o.Language), o.Language.Text(", "))
		}},
		column{head: "Yuan", width: 9, of: func(c Case, _ SheetOptions) any { return float64(c.Price()) / 1000 }},
	)
}

// Heads are the heads of columns and what else a report says, as they stand in the catalogue.
func Heads() []string {
	heads := []string{"Errors", "People", "Look", " (yuan)"}
	for _, said := range pageTexts.FindAllStringSubmatch(pageText, -1) {
		heads = append(heads, said[1])
	}
	for _, paired := range []bool{true, false} {
		for _, c := range sheetColumns(paired) {
			if c.head != "#" {
				heads = append(heads, c.head)
			}
		}
	}
	return heads
}

// sheetStyles are by level; the first is plain.
type sheetStyles struct {
	head, yuan int
	text       [3]int
}

// WriteSheet writes the spreadsheet: a sheet with a row for each case and one with the figures. Rows that
// are more than a few thousand lie in the folder given meanwhile.
func WriteSheet(w io.Writer, b *Binder, o SheetOptions) error {
	f := excelize.NewFile(excelize.Options{TmpDir: o.Temp})
	defer func() { _ = f.Close() }()
	if b.Len() >= sheetRows {
		return exit.Errorf(exit.Usage, "a spreadsheet has no room for so many rows: write the records as csv")
	}
	styles, err := stylesOf(f)
	if err != nil {
		return err
	}
	figures := NewFigures(o.Passed)
	people := o.Language.Text("Cards")
	summary := o.Language.Text("Summary")
	if err := errors.Join(f.SetSheetName("Sheet1", people), second(f.NewSheet(summary))); err != nil {
		return err
	}
	if err := writePeople(f, people, b, o, styles, figures); err != nil {
		return err
	}
	if err := writeSummary(f, summary, figures.Sections(o.Language), styles); err != nil {
		return err
	}
	if _, err := f.WriteTo(w); err != nil {
		return fmt.Errorf("write a spreadsheet: %w", err)
	}
	return nil
}

func second(_ int, err error) error { return err }

func stylesOf(f *excelize.File) (s sheetStyles, err error) {
	format := inYuan
	add := func(style excelize.Style) (id int) {
		if err == nil {
			id, err = f.NewStyle(&style)
		}
		return id
	}
	fill := func(colour string) excelize.Fill {
		return excelize.Fill{Type: "pattern", Pattern: 1, Color: []string{colour}}
	}
	top := &excelize.Alignment{Vertical: "top", WrapText: true}
	s.head = add(excelize.Style{Font: &excelize.Font{Bold: true}, Fill: fill(headFill), Alignment: &excelize.Alignment{Vertical: "center"}})
	s.yuan = add(excelize.Style{CustomNumFmt: &format, Alignment: top})
	s.text = [3]int{
		add(excelize.Style{NumFmt: asText, Alignment: top}),
		add(excelize.Style{NumFmt: asText, Alignment: top, Fill: fill(doubtFill), Font: &excelize.Font{Color: doubtText}}),
		add(excelize.Style{NumFmt: asText, Alignment: top, Fill: fill(troubleFill), Font: &excelize.Font{Color: troubleText}}),
	}
	return s, err
}

func writePeople(f *excelize.File, sheet string, b *Binder, o SheetOptions, styles sheetStyles, figures *Figures) error {
	columns := sheetColumns(b.Paired())
	s, err := f.NewStreamWriter(sheet)
	if err != nil {
		return err
	}
	head := make([]any, len(columns))
	for i, c := range columns {
		head[i] = excelize.Cell{StyleID: styles.head, Value: o.Language.Text(c.head)}
		if err := s.SetColWidth(i+1, i+1, c.width); err != nil {
			return err
		}
	}
	err = errors.Join(s.SetPanes(&excelize.Panes{Freeze: true, XSplit: 2, YSplit: 1, TopLeftCell: "C2", ActivePane: "bottomRight"}),
		s.SetRow("A1", head, excelize.RowOpts{Height: 22}))
	if err != nil {
		return err
	}
	row := 1
	for c, err := range b.Cases() {
		if err != nil {
			return err
		}
		figures.Add(c)
		row++
		if err := s.SetRow(fmt.Sprintf("A%d", row), cells(columns, c, o, styles)); err != nil {
			return err
		}
	}
	last, err := excelize.CoordinatesToCellName(len(columns), row)
	if err != nil {
		return err
	}
	return errors.Join(s.Flush(), f.AutoFilter(sheet, "A1:"+last, nil))
}

func cells(columns []column, c Case, o SheetOptions, styles sheetStyles) []any {
	level, fields, card := c.Level(), c.FieldLevels(), c.Card(o.Mask)
	row := make([]any, len(columns))
	for i, column := range columns {
		var value any
		style := styles.text[Fine]
		if column.field != "" {
			value, style = until(o.Language, card[column.field]), styles.text[fields[column.field]]
		} else {
			value = column.of(c, o)
		}
		switch column.head {
		case "Yuan":
			style = styles.yuan
		case "Findings", "To check":
			style = styles.text[level]
		case "Result":
			if c.failed() {
				style = styles.text[Trouble]
			}
		}
		if value == nil || value == "" {
			value = nil
			if style == styles.text[Fine] {
				continue
			}
		}
		if text, ok := value.(string); ok {
			value = xmlText(text)
		}
		row[i] = excelize.Cell{StyleID: style, Value: value}
	}
	return row
}

// xmlText leaves out what XML cannot hold (XML 1.0, 2.2), and as [printable] what turns the direction of what is read.
func xmlText(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' && r != '\t' && r != '\n' || r == 0xFFFE || r == 0xFFFF || unicode.Is(unicode.Bidi_Control, r) {
			return '\uFFFD'
		}
		return r
	}, s)
}

func writeSummary(f *excelize.File, sheet string, sections []Section, styles sheetStyles) error {
	err := errors.Join(f.SetColWidth(sheet, "A", "A", 48), f.SetColWidth(sheet, "B", "B", 14))
	row := 0
	set := func(column string, value any, style int) {
		cell := fmt.Sprintf("%s%d", column, row)
		err = errors.Join(err, f.SetCellValue(sheet, cell, value))
		if style != 0 {
			err = errors.Join(err, f.SetCellStyle(sheet, cell, cell, style))
		}
	}
	for i, s := range sections {
		if row++; i > 0 {
			row++
		}
		set("A", s.Title, styles.head)
		set("B", "", styles.head)
		for _, figure := range s.Figures {
			row++
			set("A", figure.Label, 0)
			if figure.Money != nil {
				set("B", float64(*figure.Money)/1000, styles.yuan)
			} else {
				set("B", figure.Count, 0)
			}
		}
	}
	return err
}

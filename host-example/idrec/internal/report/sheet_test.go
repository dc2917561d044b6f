package report_test

import (
	"bytes"
	"encoding/json"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"

	"github.com/seed-6b91b535/idrec/host-example/idrec/internal/journal"
	"github.com/seed-6b91b535/idrec/host-example/idrec/internal/messages"
	"github.com/seed-6b91b535/idrec/host-example/idrec/internal/report"
	"github.com/seed-6b91b535/idrec/shared"
)

// bound binds records as a run that is at its end does.
func bound(t *testing.T, records ...shared.Record) *report.Binder {
	t.Helper()
	j, err := journal.Open(journal.Options{Out: filepath.Join(t.TempDir(), "records"), Sealed: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = j.Close() })
	var identities []string
	for _, r := range records {
		text, err := json.Marshal(r)
		if err != nil {
			t.Fatal(err)
		}
		if err := j.Append([]journal.Record{{Identity: r.Source, Data: text, Entry: journal.Entry{Final: true}}}); err != nil {
			t.Fatal(err)
		}
		identities = append(identities, r.Source)
	}
	kept, err := j.Records()
	if err != nil {
		t.Fatal(err)
	}
	b, err := report.Bind(kept, slices.Values(identities), nil, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// one is a record of a picture that was read.
func one(source string, findings ...shared.Finding) shared.Record {
	usable := true
	values := map[shared.FieldName]string{shared.FieldFullName: person, shared.FieldNumber: number, shared.FieldAddress: "=1+1\x00\x0b_x0041_<&>"}
	return shared.Record{Source: source, Status: shared.StatusNormal, Side: shared.SidePortrait, Usable: &usable, Card: values, Findings: findings}
}

func sheet(t *testing.T, b *report.Binder, o report.SheetOptions) *excelize.File {
	t.Helper()
	var out bytes.Buffer
	if err := report.WriteSheet(&out, b, o); err != nil {
		t.Fatal(err)
	}
	f, err := excelize.OpenReader(&out)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Close() })
	return f
}

func TestFindingsAreColouredInTheirField(t *testing.T) {
	t.Parallel()
	b := bound(t, one("fine"), one("doubt", shared.Finding{Code: shared.FindingExpired, Severity: shared.SeverityWarning, Field: shared.FieldValidUntil}),
		one("trouble", shared.Finding{Code: shared.FindingNumberCheckDigit, Severity: shared.SeverityError, Field: shared.FieldNumber}),
		one("note", shared.Finding{Code: shared.FindingNumberLegacy, Severity: shared.SeverityInfo, Field: shared.FieldNumber}),
		shared.Record{Source: "failed", Error: &shared.RecordError{Code: shared.CodeNotAPicture, Class: shared.ClassInput}})
	f := sheet(t, b, report.SheetOptions{Language: messages.English})
	rows, err := f.GetRows("Cards")
	if err != nil || len(rows) != 6 {
		t.Fatalf("%d rows: %v", len(rows), err)
	}
	at := func(head string, row int) string {
		cell, err := excelize.CoordinatesToCellName(slices.Index(rows[0], head)+1, row)
		if err != nil {
			t.Fatal(head, err)
		}
		return cell
	}
	fill := func(head string, row int) string {
		cell := at(head, row)
		id, err := f.GetCellStyle("Cards", cell)
		if err != nil {
			t.Fatal(err)
		}
		style, err := f.GetStyle(id)
		if err != nil {
			t.Fatal(err)
		}
		return strings.Join(style.Fill.Color, "")
	}
	const yellow, red = "FFEB9C", "FFC7CE"
	for _, want := range []struct {
		head, fill string
		row        int
	}{
		{"Number", "", 2}, {"Findings", "", 2}, {"Valid until", yellow, 3}, {"Findings", yellow, 3}, {"To check", yellow, 3}, {"Number", "", 3},
		{"Number", red, 4}, {"Findings", red, 4}, {"Name", "", 4}, {"Number", "", 5}, {"Findings", "", 5}, {"To check", "", 5}, {"Result", red, 6},
	} {
		if got := fill(want.head, want.row); got != want.fill {
			t.Errorf("%s of row %d is %q, not %q", want.head, want.row, got, want.fill)
		}
	}
	if text, err := f.GetCellType("Cards", at("Number", 2)); err != nil || text != excelize.CellTypeInlineString {
		t.Errorf("the number is %v: %v", text, err)
	}
}

func TestNothingInASpreadsheetIsAFormula(t *testing.T) {
	t.Parallel()
	f := sheet(t, bound(t, one("=HYPERLINK(\"x\")")), report.SheetOptions{Language: messages.English})
	rows, err := f.GetRows("Cards")
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Contains(rows[1], `=HYPERLINK("x")`) || !slices.Contains(rows[1], "=1+1\uFFFD\uFFFD_x0041_<&>") {
		t.Errorf("%q", rows[1])
	}
	for _, cell := range []string{"B2", "E2", "I2", "J2"} {
		if formula, err := f.GetCellFormula("Cards", cell); err != nil || formula != "" {
			t.Errorf("%s: %q %v", cell, formula, err)
		}
	}
}

func TestAMaskedSpreadsheetNamesNobody(t *testing.T) {
	t.Parallel()
	f := sheet(t, bound(t, one("客户/"+person+".jpg")), report.SheetOptions{Language: messages.English, Mask: true})
	rows, err := f.GetRows("Cards")
	if err != nil {
		t.Fatal(err)
	}
	text := strings.Join(rows[1], " ")
	for _, personal := range []string{person, number, "客户"} {
		if strings.Contains(text, personal) {
			t.Errorf("%q is in %q", personal, text)
		}
	}
	if !strings.Contains(text, "#1") {
		t.Errorf("%q", text)
	}
}

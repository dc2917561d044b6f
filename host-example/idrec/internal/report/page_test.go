package report_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/seed-6b91b535/idrec/host-example/idrec/internal/batch"
	"github.com/seed-6b91b535/idrec/host-example/idrec/internal/messages"
	"github.com/seed-6b91b535/idrec/host-example/idrec/internal/report"
	"github.com/seed-6b91b535/idrec/shared"
)

// controls are what steers a terminal or turns the direction of what is read.
const controls = "\x1b\u061c\u200f\u202d\u202e\u2066"

// Neither a file's name, nor what stands on a card, nor a plugin's own codes steer what is made for people.
func TestNothingThatIsMadeForPeopleHasControls(t *testing.T) {
	t.Parallel()
	r := one("scans/a\u202egpj.exe\u2066\u200f.jpg", shared.Finding{Code: "x.\x1b[2J\u202e"})
	r.Card[shared.FieldFullName] = "甲\u202e乙"
	r.Card[shared.FieldNumber] = "1\u202d2\u061c"
	r.Side = "portrait\x1b[2J"
	failed := shared.Record{Source: "b.jpg", Error: &shared.RecordError{Code: "x.\x1b[2J\u202e"}}
	b := bound(t, r, failed)
	var page, table, cases bytes.Buffer
	if err := report.WritePage(&page, b, report.PageOptions{Language: messages.English}); err != nil {
		t.Fatal(err)
	}
	wide := read(1)
	wide.Result.Findings = r.Findings
	wide.Result.Side = r.Side
	if err := report.WriteTable(&table, messages.English, []batch.Answer{wide}, true, 0); err != nil {
		t.Fatal(err)
	}
	var all []report.Case
	for c, err := range b.Cases() {
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, c)
	}
	if err := report.WriteCases(&cases, messages.English, all, true, 0); err != nil {
		t.Fatal(err)
	}
	f := sheet(t, b, report.SheetOptions{Language: messages.English})
	rows, err := f.GetRows(f.GetSheetName(0))
	if err != nil {
		t.Fatal(err)
	}
	cells := ""
	for _, row := range rows {
		cells += strings.Join(row, "|") + "\n"
	}
	for name, text := range map[string]string{"page": page.String(), "table": table.String(), "cases": cases.String(), "sheet": cells} {
		if i := strings.IndexAny(text, controls); i >= 0 {
			t.Errorf("%s: %q", name, text[max(0, i-40):min(len(text), i+20)])
		}
		if name != "table" && !strings.Contains(text, "a\uFFFDgpj.exe") {
			t.Errorf("%s has no file", name)
		}
	}
}

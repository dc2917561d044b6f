package main_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"
)

// A spreadsheet has every person once, however often the program that makes it is killed.
func TestASpreadsheetIsWholeHoweverOftenItsMakerIsKilled(t *testing.T) {
	t.Parallel()
	const people, kills = 40, 3
	w := newWorld(t, 20*time.Millisecond, nil)
	for n := 1; n <= people; n++ {
		w.card(fmt.Sprintf("in/%03d.jpg", n), n)
	}
	args := []string{"recognize", "in", "--pair", "page", "--out", "cards.xlsx", "--report", "report.html", "--concurrency", "2"}
	for kill := 1; kill <= kills; kill++ {
		r := w.start(args...)
		w.counted(int64(people*kill/(kills+1)), r)
		if err := r.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		w.code(r)
	}
	for range 2 { // the second finds nothing to do
		r := w.start(args...)
		if got := w.code(r); got != 0 && got != 65 {
			t.Fatalf("exit %d: %s", got, r.err.String())
		}
	}
	f, err := excelize.OpenFile(w.path("cards.xlsx"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	rows, err := f.GetRows("Cards")
	if err != nil || len(rows) != people+1 {
		t.Fatalf("%d rows: %v", len(rows), err)
	}
	number := slices.Index(rows[0], "Number")
	seen := map[string]bool{}
	for i, row := range rows[1:] {
		if seen[row[number]] || len(row[number]) != 18 || row[0] != fmt.Sprint(i+1) {
			t.Errorf("row %d: %q", i+1, row)
		}
		seen[row[number]] = true
	}
	if !strings.Contains(w.read("report.html"), "<title>") {
		t.Error("no report")
	}
	if account := w.account(); account.Billed != people {
		t.Errorf("%d billed of %d", account.Billed, people)
	}
}

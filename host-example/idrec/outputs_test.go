package main_test

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/seed-6b91b535/idrec/host-example/idrec/internal/journal"
	"github.com/seed-6b91b535/idrec/host-example/idrec/internal/messages"
	"github.com/seed-6b91b535/idrec/host-example/idrec/internal/report"
	"github.com/seed-6b91b535/idrec/host-example/idrec/internal/source"
	"github.com/seed-6b91b535/idrec/sdk/specimen"
	"github.com/seed-6b91b535/idrec/shared"
)

// office is what was read of so many invented people, each of whom has two pictures: of every tenth
// the number does not agree with the birth, of every fiftieth the back could not be read.
type office struct {
	people []specimen.Person
	bound  *report.Binder
}

func newOffice(t *testing.T, people int, withCases bool) *office {
	t.Helper()
	o := &office{people: specimen.People(people, 7)}
	j, err := journal.Open(journal.Options{Out: filepath.Join(t.TempDir(), "records"), Sealed: true, Items: 2 * people})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = j.Close() })
	var identities []string
	var waiting []journal.Record
	price := shared.Money(50)
	for i, p := range o.people {
		name := ""
		if withCases {
			name = fmt.Sprintf("档案/%05d-%s", i+1, p.Name)
		}
		var group []journal.Record
		for _, side := range []shared.Side{shared.SidePortrait, shared.SideEmblem} {
			usable := true
			r := shared.Record{Source: fmt.Sprintf("%s-%s.jpg", p.Name, side), Case: name, Provider: "wapi", Side: side, Status: shared.StatusNormal, Usable: &usable,
				Outcome: shared.OutcomeBilled, Basis: shared.BasisDocumented, PriceYuan: &price}
			r.Fields = p.Truth(side).Fields()
			r.Card = p.Truth(side).Values()
			switch {
			case i%10 == 1 && side == shared.SidePortrait:
				r.Findings = []shared.Finding{{Code: shared.FindingBirthMismatch, Severity: shared.SeverityError, Field: shared.FieldBirthDate}}
			case i%10 == 2 && side == shared.SideEmblem:
				r.Findings = []shared.Finding{{Code: shared.FindingExpired, Severity: shared.SeverityWarning, Field: shared.FieldValidUntil}}
			case i%50 == 3 && side == shared.SideEmblem:
				r = shared.Record{Source: r.Source, Case: name, Error: &shared.RecordError{Code: shared.CodeNotAPicture, Class: shared.ClassInput, Outcome: shared.OutcomeNotSent}}
			}
			text, err := json.Marshal(r)
			if err != nil {
				t.Fatal(err)
			}
			identity := fmt.Sprint(i, side)
			identities = append(identities, identity)
			group = append(group, journal.Record{Identity: identity, Entry: journal.Entry{Final: true}, Data: text})
		}
		if waiting = append(waiting, group...); len(waiting) >= 2000 || i == people-1 {
			if err := j.Append(waiting); err != nil {
				t.Fatal(err)
			}
			waiting = nil
		}
	}
	records, err := j.Records()
	if err != nil {
		t.Fatal(err)
	}
	if o.bound, err = report.Bind(records, slices.Values(identities), nil, time.Now()); err != nil {
		t.Fatal(err)
	}
	return o
}

// calculator converts a spreadsheet with LibreOffice. Without one on this machine it skips the test, unless
// IDREC_REQUIRE_OFFICE=1 says that there must be one.
func calculator(t *testing.T, file string) []byte {
	t.Helper()
	program, err := exec.LookPath("soffice")
	if err != nil {
		if os.Getenv("IDREC_REQUIRE_OFFICE") == "1" {
			t.Fatal("IDREC_REQUIRE_OFFICE=1, and there is no soffice on this machine")
		}
		t.Skip("no soffice on this machine: no spreadsheet is opened")
	}
	dir := filepath.Dir(file)
	profile := filepath.Join(dir, "profile")
	// 44 is a comma, 34 the quotation mark, 76 UTF-8; every cell as it is shown.
	cmd := exec.CommandContext(t.Context(), program, "-env:UserInstallation=file://"+filepath.ToSlash(profile), "--headless", "--convert-to",
		"csv:Text - txt - csv (StarCalc):44,34,76,1,,0,false,true,false,false,false,1", "--outdir", dir, file)
	cmd.Env = append(os.Environ(), "HOME="+dir)
	if text, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	names, err := filepath.Glob(strings.TrimSuffix(file, filepath.Ext(file)) + "*.csv")
	if err != nil || len(names) != 1 {
		t.Fatalf("%v %v", names, err)
	}
	text, err := os.ReadFile(names[0])
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func TestARealSpreadsheetProgramGivesEveryNumberBack(t *testing.T) {
	t.Parallel()
	people := 2000
	if os.Getenv("IDREC_SOAK") != "" {
		people = 30_000
	}
	o := newOffice(t, people, true)
	dir := t.TempDir()
	file := filepath.Join(dir, "cards.xlsx")
	f, err := os.Create(file)
	if err != nil {
		t.Fatal(err)
	}
	rows := filepath.Join(dir, "rows")
	if err := os.Mkdir(rows, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := report.WriteSheet(f, o.bound, report.SheetOptions{Language: messages.Chinese, Passed: source.Passed{source.KindPDF: 3}, Temp: rows}); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	if left, err := os.ReadDir(rows); err != nil || len(left) > 0 {
		t.Errorf("left of the rows: %v %v", left, err)
	}
	table, err := csv.NewReader(bytes.NewReader(calculator(t, file))).ReadAll()
	if err != nil || len(table) != people+1 {
		t.Fatalf("%d rows: %v", len(table), err)
	}
	column := func(name string) int {
		at := slices.Index(table[0], name)
		if at < 0 {
			t.Fatalf("no column %s in %q", name, table[0])
		}
		return at
	}
	number, name, birth := column("号码"), column("姓名"), column("出生日期")
	for i, p := range o.people {
		row := table[i+1]
		if row[number] != p.Number || len(p.Number) != 18 || row[name] != p.Name || row[birth] != p.Birth.String() {
			t.Fatalf("row %d is %q, the person %q %q %q", i+1, row, p.Name, p.Number, p.Birth)
		}
	}
}

// probe reads the document that a page became, after its script ran.
func probe(t *testing.T, file string) string {
	t.Helper()
	program, err := exec.LookPath("chromium")
	if err != nil {
		t.Skip("no chromium on this machine")
	}
	profile, err := os.MkdirTemp("", "idrec-look-") //nolint:usetesting // its processes write into it a little longer than the test lasts
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(profile) })
	text, err := exec.CommandContext(t.Context(), program, "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-dev-shm-usage",
		"--disable-background-networking", "--user-data-dir="+profile, "--virtual-time-budget=20000", "--dump-dom", "file://"+filepath.ToSlash(file)).Output()
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// small is a picture as reports show it.
func small() []byte {
	m := image.NewRGBA(image.Rect(0, 0, 28, 18))
	for i := range m.Pix {
		m.Pix[i] = 0xA0
	}
	for x := 3; x < 10; x++ {
		for y := 4; y < 14; y++ {
			m.Set(x, y, color.RGBA{70, 90, 140, 255})
		}
	}
	var b bytes.Buffer
	_ = jpeg.Encode(&b, m, nil)
	return b.Bytes()
}

// A report of 30,000 records is opened by a browser, and looked at:
//
//	IDREC_LOOK=FOLDER go test ./host-example/idrec -run AReportOf -v
func TestAReportOfThirtyThousandIsOpenedByABrowser(t *testing.T) {
	t.Parallel()
	const people = 15_000 // of two pictures each
	o := newOffice(t, people, true)
	picture := small()
	for _, l := range []messages.Language{messages.Chinese, messages.English} {
		mask := l == messages.Chinese
		var page strings.Builder
		began := time.Now()
		if err := report.WritePage(&page, o.bound, report.PageOptions{
			Language: l, Mask: mask, Passed: source.Passed{source.KindPDF: 3, source.KindSystem: 9}, Made: time.Unix(0, 0).UTC(),
			Thumbnail: func(report.Picture) []byte { return picture },
		}); err != nil {
			t.Fatal(err)
		}
		t.Logf("%s: %d MiB in %v", l, page.Len()>>20, time.Since(began).Round(time.Millisecond))
		if mask {
			personal := map[string]bool{}
			for _, p := range o.people {
				personal[p.Name], personal[p.Address], personal[p.Number] = true, true, true
			}
			for _, text := range regexp.MustCompile(`"[^"]*"|[0-9]{17}[0-9X]`).FindAllString(page.String(), -1) {
				if personal[strings.Trim(text, `"`)] {
					t.Fatal("a masked report names somebody")
				}
			}
		}
		file := filepath.Join(t.TempDir(), "report.html")
		if err := os.WriteFile(file, []byte(page.String()), 0o600); err != nil {
			t.Fatal(err)
		}
		if look := photograph(t, "report-"+string(l), page.String(), 1280, 1200); ink(look) < 10 || ink(look) > 300 {
			t.Errorf("%d of a thousand pixels are dark: no text is seen", ink(look))
		}
		document := probe(t, file)
		body := document[strings.Index(document, `<tbody`):strings.Index(document, `</tbody>`)]
		if n := strings.Count(body, "<tr"); n != 50 {
			t.Errorf("%d rows are shown", n)
		}
		if n := strings.Count(body, "<img"); n != 100 { // two pictures of each who needs a look
			t.Errorf("%d pictures are shown", n)
		}
		// Of every fifty people five have a wrong birth, five an old card, one no back.
		if want := fmt.Sprintf("1–50 / %d", people/50*11); !strings.Contains(document, want) {
			t.Errorf("the count is not %s", want)
		}
		if shown := strings.Contains(body, o.people[1].Number); shown == mask {
			t.Errorf("mask %v, a number is shown: %v", mask, shown)
		}
	}
}

// What stands on a card is not to be trusted: a report shows it, and never runs it.
func TestAReportRunsNothingThatStandsOnACard(t *testing.T) {
	t.Parallel()
	const evil = `</script><script>document.title="evil"</script><img src=x onerror="document.title='evil'">&lt;`
	j, err := journal.Open(journal.Options{Out: filepath.Join(t.TempDir(), "records")})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = j.Close() })
	text, err := json.Marshal(shared.Record{Source: evil, Case: evil, Status: shared.PictureStatus(evil), Card: map[shared.FieldName]string{shared.FieldFullName: evil, shared.FieldNumber: evil},
		Findings: []shared.Finding{{Code: shared.FindingCode(evil)}}})
	if err != nil {
		t.Fatal(err)
	}
	if err := j.Append([]journal.Record{{Identity: "a", Data: text, Entry: journal.Entry{Final: true}}}); err != nil {
		t.Fatal(err)
	}
	records, err := j.Records()
	if err != nil {
		t.Fatal(err)
	}
	bound, err := report.Bind(records, slices.Values([]string{"a"}), nil, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "report.html")
	f, err := os.Create(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := report.WritePage(f, bound, report.PageOptions{Language: messages.English}); err != nil {
		t.Fatal(err)
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		t.Fatal(err)
	}
	page, err := io.ReadAll(f)
	if err != nil || bytes.Contains(page, []byte("<img src=x")) || bytes.Count(page, []byte("<script")) != 3 {
		t.Errorf("%v: what stands on a card is a part of the page", err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	document := probe(t, file)
	if !strings.Contains(document, "<title>Identity cards: report</title>") || strings.Contains(document, "<img") {
		t.Error("what stands on a card was run")
	}
	if !strings.Contains(document, `onerror="document.title='evil'"`) && !strings.Contains(document, `onerror="document`) {
		t.Error("what stands on a card is not shown")
	}
}

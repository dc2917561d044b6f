package cli

import (
	"encoding/csv"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"

	"github.com/seed-6b91b535/idrec/host-example/idrec/internal/exit"
)

// sheet reads the cells of a spreadsheet.
func (b *bench) sheet(name, sheet string) [][]string {
	b.t.Helper()
	f, err := excelize.OpenFile(b.path(name))
	if err != nil {
		b.t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	rows, err := f.GetRows(sheet)
	if err != nil {
		b.t.Fatal(err)
	}
	return rows
}

// files are the names in a folder.
func (b *bench) files(dir string) (names []string) {
	b.t.Helper()
	list, err := os.ReadDir(b.path(dir))
	if err != nil {
		b.t.Fatal(err)
	}
	for _, f := range list {
		names = append(names, f.Name())
	}
	return names
}

// rowOf is the row whose cells have the text.
func rowOf(t *testing.T, rows [][]string, text string) []string {
	t.Helper()
	var found []string
	for _, r := range rows {
		if slices.Contains(r, text) {
			if found != nil {
				t.Errorf("%s is in two rows", text)
			}
			found = r
		}
	}
	return found
}

func TestASpreadsheetHasEachPersonOnceHoweverItCameAbout(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.env["LANG"] = "zh_CN.UTF-8"
	b.write("in/甲_1.jpg", "样本甲")
	b.write("in/甲_2.jpg", "样本乙")
	b.write("in/丙_1.jpg", "code:picture_unreadable")
	b.write("in/notes.pdf", "")
	if err := os.Mkdir(b.path("to"), 0o700); err != nil {
		t.Fatal(err)
	}
	args := []string{"recognize", b.path("in"), "--pair", "prefix", "--out", b.path("to/cards.xlsx")}
	b.want(exit.Later, "", append(args, "--limit", "1")...)
	b.want(exit.Failed, "", args...)
	rows := b.sheet("to/cards.xlsx", "证件")
	if len(rows) != 3 || !slices.Contains(rows[0], "公民身份号码") && !slices.Contains(rows[0], "号码") {
		t.Fatalf("%d rows: %q", len(rows), rows)
	}
	one := rowOf(t, rows, "样本甲")
	if one == nil || one[2] != "2" || !strings.Contains(strings.Join(one, " "), "两面不属于同一人(姓名)") || !slices.Contains(one, "0.100") || one[3] != "是" {
		t.Errorf("%q", one)
	}
	summary := b.sheet("to/cards.xlsx", "汇总")
	for _, want := range [][]string{{"人数", "2"}, {"图片数", "3"}, {"需查看", "2"}, {"已识别", "2"}, {"失败", "1"}, {"已付", "0.100"}, {"已计费", "2"}, {"PDF 文件", "1"}, {"缺少一面", "2"}} {
		if !slices.ContainsFunc(summary, func(r []string) bool { return slices.Equal(r, want) }) {
			t.Errorf("the summary lacks %v: %q", want, summary)
		}
	}
	kept := b.read("to/cards.xlsx.records")
	if strings.Contains(kept, "样本") || !slices.Equal(b.files("to"), []string{"cards.xlsx", "cards.xlsx.records", "cards.xlsx.state", "cards.xlsx.state.lock", "cards.xlsx.state.made"}) {
		t.Errorf("what is kept can be read, or something is left: %q", b.files("to"))
	}

	// Another picture comes, and one is there now.
	b.write("in/丙_1.jpg", "样本丙")
	b.write("in/丁.jpg", "样本丁")
	b.want(exit.OK, "", args...)
	rows = b.sheet("to/cards.xlsx", "证件")
	if len(rows) != 4 || rowOf(t, rows, "样本丙") == nil || rowOf(t, rows, "样本丁") == nil || rowOf(t, rows, "样本甲") == nil {
		t.Errorf("%d rows: %q", len(rows), rows)
	}

	// It is open in another program, then written in by hand.
	before := b.read("to/cards.xlsx")
	b.write("in/戊.jpg", "样本戊")
	b.write("to/.~lock.cards.xlsx#", "")
	b.want(exit.OK, "(2)", args...)
	if b.read("to/cards.xlsx") != before {
		t.Error("a file was replaced that is open in another program")
	}
	if rows := b.sheet("to/cards (2).xlsx", "证件"); len(rows) != 5 || rowOf(t, rows, "样本戊") == nil {
		t.Errorf("beside it: %q", rows)
	}
	if n := strings.Count(strings.TrimSpace(b.err.String()), "idrec: "); n != 1 {
		t.Errorf("not one line: %s", b.err.String())
	}
	if err := os.Remove(b.path("to/.~lock.cards.xlsx#")); err != nil {
		t.Fatal(err)
	}
	b.want(exit.OK, "", args...)
	if rows := b.sheet("to/cards.xlsx", "证件"); len(rows) != 5 {
		t.Errorf("after it was closed: %q", rows)
	}
}

func TestAPersonIsOneRowOfCSV(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	one, two := b.write("in/"+canaryFile+"_1.jpg", canaryName), b.write("in/"+canaryFile+"_2.jpg", "=1+1")
	for _, mask := range []bool{false, true} {
		out := map[bool]string{false: "plain.csv", true: "masked.csv"}[mask]
		args := []string{"recognize", one, two, "--pair", "prefix", "--output", "csv-bom", "--out", b.path(out)}
		if mask {
			args = append(args, "--mask")
		}
		b.want(exit.OK, "", args...)
		text := b.read(out)
		rows, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(text, "\uFEFF"))).ReadAll()
		if err != nil || len(rows) != 2 || !strings.HasPrefix(text, "\uFEFFcase,pictures,") || rows[1][1] != "2" || !strings.Contains(text, "case_mismatch(name)") {
			t.Errorf("%v %s", err, text)
		}
		if shown := strings.Contains(text, canaryName); shown == mask {
			t.Errorf("mask %v, names are shown: %v", mask, shown)
		}
		if mask {
			b.clean(text)
		}
		b.clean(b.read(out+".state") + b.read(out+".records"))
	}
	three := b.write("in/x.jpg", "=1+1")
	b.want(exit.OK, "", "recognize", three, "--pair", "page", "--out", b.path("formula.csv"))
	if text := b.read("formula.csv"); strings.Contains(text, ",=1+1") || !strings.Contains(text, ",'=1+1") {
		t.Errorf("a formula: %s", text)
	}
}

func TestMaskedRecordsHaveTheirCaseByNumber(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	one, two := b.write("in/"+canaryFile+"_1.jpg", canaryName), b.write("in/"+canaryFile+"_2.jpg", canaryName+"乙")
	b.want(exit.OK, "", "recognize", one, two, "--pair", "prefix", "--mask", "--out", b.path("out.ndjson"))
	text := b.read("out.ndjson")
	b.clean(text + b.read("out.ndjson.records"))
	all := records(t, text)
	if len(all) != 3 || all[0].Case != "#1" || all[1].Case != "#1" || all[1].Source != "#2" || all[2].Case != "#1" || !strings.Contains(text, `"code":"case_mismatch"`) {
		t.Errorf("%s", text)
	}
}

func TestWhatIsMadeAtTheEndTakesNobodysPlace(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	one := b.write("in/1.jpg", "样本甲")
	out := b.write("cards.xlsx", "of somebody")
	b.want(exit.Usage, "--overwrite", "recognize", one, "--out", out)
	b.want(exit.Usage, "--overwrite", "recognize", one, "--out", out, "--dry-run")
	if len(b.fake.asked) > 0 || !slices.Equal(b.files("."), []string{"cards.xlsx", "config.yaml", "in", "secret.txt"}) {
		t.Errorf("asked for %v, and left %q", b.fake.asked, b.files("."))
	}
	b.want(exit.OK, "", "recognize", one, "--out", out, "--overwrite")
	if rows := b.sheet("cards.xlsx", "Cards"); len(rows) != 2 {
		t.Errorf("%q", rows)
	}
	b.want(exit.Usage, "--out FILE.xlsx", "recognize", one, "--output", "xlsx")
	b.want(exit.Usage, "--out FILE", "recognize", one, "--report", b.path("r.html"))
	b.want(exit.Usage, "one file twice", "recognize", one, "--out", b.path("r.html"), "--report", b.path("./r.html"))
	b.want(exit.Usage, "does not exist", "recognize", one, "--out", filepath.Join(b.path("none"), "x.xlsx"))
}

func TestAReportByAnotherNameIsMade(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	args := []string{"recognize", b.write("in/1.jpg", "样本甲"), "--out", b.path("cards.xlsx"), "--report"}
	b.want(exit.OK, "", append(args, b.path("one.html"))...)
	b.write("two.html", "of somebody")
	b.want(exit.OK, "(2)", append(args, b.path("two.html"))...)
	if b.read("two.html") != "of somebody" || !strings.Contains(b.read("two (2).html"), "<!doctype html>") {
		t.Error("the other report was not made, or in somebody's place")
	}
}

func TestWhatIsKeptIsNotWhatIsMade(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	one := b.write("in/1.jpg", "样本甲")
	for _, names := range [][3]string{{"a.csv", "", "a.csv"}, {"b.xlsx", "b.xlsx.state", ""}, {"c.xlsx", "c.xlsx.records", ""}, {"d.xlsx", "d.state.made", "d.state"}, {"e.xlsx", "", "e.xlsx"}} {
		args := []string{"recognize", one, "--out", b.path(names[0])}
		for at, flag := range []string{"", "--report", "--state"} {
			if at > 0 && names[at] != "" {
				args = append(args, flag, b.path(names[at]))
			}
		}
		b.want(exit.Usage, "one file twice", args...)
	}
	if len(b.fake.asked) > 0 {
		t.Errorf("asked for %v", b.fake.asked)
	}
}

func TestAReportLeavesTheRowsOfCSVAsTheyAre(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.write("in/1.jpg", canaryName)
	list := b.write("list.csv", "source,case\nin/1.jpg,甲\n")
	for _, input := range [][]string{{b.path("in")}, {"--manifest", list}} {
		for _, mask := range []string{"--mask=false", "--mask"} {
			heads := map[string]bool{}
			for _, more := range [][]string{nil, {"--report", b.path("r.html")}} {
				b.want(exit.OK, "", slices.Concat([]string{"recognize", "--overwrite", mask, "--state", b.path("s"), "--out", b.path("x.csv")}, input, more)...)
				rows, err := csv.NewReader(strings.NewReader(b.read("x.csv"))).ReadAll()
				if err != nil || len(rows) != 2 || strings.Contains(b.read("x.csv"), canaryName) == (mask == "--mask") {
					t.Fatalf("%v %q", err, rows)
				}
				heads[strings.Join(rows[0], ",")] = true
				for _, name := range []string{"s", "s.lock", "s.made", "s.report", "s.records", "x.csv", "r.html"} {
					_ = os.Remove(b.path(name))
				}
			}
			if len(heads) != 1 {
				t.Errorf("the heads are %v", heads)
			}
		}
	}
}

func TestWhatARunWasBegunWithoutCannotBeAdded(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	args := []string{"recognize", b.write("in/1.jpg", "样本甲"), "--out", b.path("x.csv")}
	b.want(exit.OK, "", args...)
	before := b.read("x.csv")
	for _, more := range [][]string{{"--report", b.path("r.html")}, {"--pair", "page"}, {"--pair", "page", "--overwrite"}, {"--pair", "page", "--dry-run"}} {
		b.want(exit.Usage, "begun without", append(args, more...)...)
	}
	if b.read("x.csv") != before || len(b.fake.asked) != 1 {
		t.Errorf("asked for %v", b.fake.asked)
	}
	b.want(exit.OK, "", args...)
	args[3] = b.path("y.csv")
	b.want(exit.OK, "", append(args, "--pair", "page")...)
	b.want(exit.Usage, "begun without", args...)
	b.want(exit.OK, "", append(args, "--pair", "page")...)
}

func TestWhatIsMadeAmongThePicturesIsNotCounted(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.write("in/1.jpg", "样本甲")
	b.write("in/cards.pdf", "")
	args := []string{"recognize", b.path("in"), "--out", b.path("in/cards.xlsx"), "--report", b.path("in/r.html")}
	b.want(exit.OK, "", args...)
	b.write("in/cards.xlsx", "with notes")
	b.want(exit.OK, "", args...)
	if !strings.Contains(b.out.String(), `"passed_over":1,`) || b.read("in/cards.xlsx") != "with notes" || slices.Contains(b.files("in"), "cards (2).xlsx") {
		t.Errorf("%s%q", b.out.String(), b.files("in"))
	}
	b.write("in/2.jpg", "样本乙")
	for range 2 {
		b.want(exit.OK, "", args...)
		if !strings.Contains(b.out.String(), `"passed_over":1,`) || !slices.Contains(b.files("in"), "cards (2).xlsx") {
			t.Errorf("%s%q", b.out.String(), b.files("in"))
		}
	}
}

func TestTheRowsOnTheirWayFollowNoLink(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	theirs := b.write("elsewhere/excelize-1", "not idrec's")
	if err := os.Symlink(filepath.Dir(theirs), b.path("x.xlsx.state.rows")); err != nil {
		t.Skip("no links here")
	}
	b.want(exit.OK, "", "recognize", b.write("in/1.jpg", "样本甲"), "--out", b.path("x.xlsx"))
	if !slices.Equal(b.files("elsewhere"), []string{"excelize-1"}) || slices.Contains(b.files("."), "x.xlsx.state.rows") {
		t.Errorf("%q, and elsewhere %q", b.files("."), b.files("elsewhere"))
	}
}

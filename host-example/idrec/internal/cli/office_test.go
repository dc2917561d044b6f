package cli

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/seed-6b91b535/idrec/host-example/idrec/internal/exit"
	"github.com/seed-6b91b535/idrec/host-example/idrec/internal/journal"
	"github.com/seed-6b91b535/idrec/shared"
)

// office fills a folder as one finds it: so many pictures, one of them twice, and what lies between them.
func (b *bench) office(pictures int) string {
	b.t.Helper()
	for n := range pictures {
		b.write(fmt.Sprintf("in/%d/%03d.jpg", n%3, n), fmt.Sprintf("picture %03d", n))
	}
	b.write("in/copy of 0.jpg", "picture 000")
	for _, name := range []string{"Thumbs.db", "0/desktop.ini", "1/.DS_Store", "1/contract.PDF", "2/notes.txt", "2/list.xlsx", "@eaDir/000.jpg"} {
		b.write("in/"+name, "no picture")
	}
	return b.path("in")
}

func TestADryRunSendsNothingAndSaysWhatThereIs(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	in := b.office(10)
	b.env["IDREC_WAPI_RATE"], b.env["IDREC_WAPI_SECRET_FILE"] = "2.5", "" // nobody has an account yet
	b.want(exit.OK, "", "recognize", "--dry-run", in, "--out", b.path("out.ndjson"))
	var o outlook
	if err := json.Unmarshal(b.out.Bytes(), &o); err != nil {
		t.Fatal(err, b.out.String())
	}
	price, cost, seconds := shared.Money(50), shared.Money(500), 4.0
	if o.Pictures != 11 || o.Ask != 11 || o.Duplicates != 1 || o.Calls != 10 || o.Kinds.Total() != 7 || o.Kinds["system"] != 4 || o.Kinds["pdf"] != 1 ||
		*o.PriceYuan != price || *o.CostYuan != cost || *o.Seconds != seconds {
		t.Errorf("%s", b.out.String())
	}
	if len(b.fake.asked) != 0 || b.fake.configured != nil {
		t.Error("the plugin was asked or configured")
	}
	if left, _ := filepath.Glob(b.path("out*")); len(left) != 0 {
		t.Errorf("it wrote %v", left)
	}
	b.tty = true
	b.want(exit.OK, "", "recognize", "--dry-run", in, "--limit", "4", "--budget-yuan", "0.1")
	for _, want := range []string{"4, with at most", "0.100 yuan", "at 0.050 a call", "PDF: 1", "the system's: 4"} {
		if !strings.Contains(b.out.String(), want) {
			t.Errorf("%q is not in\n%s", want, b.out.String())
		}
	}
	b.clean(b.out.String())
}

func TestALimitIsKeptAndTheSameCommandGoesOn(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	in := b.office(10)
	args := []string{"recognize", in, "--out", b.path("out.ndjson"), "--limit", "4"}
	for left := 11 - 4; left > 0; left -= 4 {
		b.want(exit.Later, fmt.Sprintf("--limit is reached, %d of 11 pictures", left), args...)
		if _, err := os.Stat(b.path("out.ndjson")); err == nil {
			t.Error("the file of --out looks complete")
		}
	}
	b.want(exit.OK, "", args...)
	if got := records(t, b.read("out.ndjson")); len(got) != 11 {
		t.Errorf("%d records", len(got))
	}
	for text, n := range b.fake.asked {
		if n != 1 && text != "picture 000" {
			t.Errorf("%q was asked for %d times", text, n)
		}
	}
	// What is left is told beforehand as well.
	b.want(exit.OK, "", append(args, "--dry-run")...)
	if !strings.Contains(b.out.String(), `"done":11`) || !strings.Contains(b.out.String(), `"calls_at_most":0`) {
		t.Error(b.out.String())
	}
	// Without a file the limit is all that is wanted.
	b.want(exit.OK, "", "recognize", in, "--output", "ndjson", "--limit", "2")
	if got := records(t, b.out.String()); len(got) != 2 {
		t.Errorf("%d records", len(got))
	}
}

func TestTheNextCommandIsShownToWhoeverLooks(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.write("in/a b.jpg", "code:balance_too_low")
	args := []string{"recognize", b.path("in"), "--out", b.path("out's.ndjson"), "--wait", "0"}
	b.want(exit.Later, "recharge", args...)
	if strings.Contains(b.err.String(), "next:") {
		t.Errorf("a log names files: %s", b.err.String())
	}
	b.seen, b.tty = true, true
	b.want(exit.Later, "next: bin/idrec recognize "+quote("linux", b.path("in"))+" --out '"+filepath.Dir(b.path("x"))+`/out'\''s.ndjson' --wait 0`, args...)
	if !strings.Contains(b.out.String(), "1 to go, for at most 0.050 yuan") {
		t.Errorf("%s", b.out.String())
	}
	b.write("in/a b.jpg", "code:gateway_error")
	b.want(exit.Failed, "next: bin/idrec ledger list --unclear --plugin wapi", append(args, "--plugin", "wapi")...)
	if !strings.Contains(b.out.String(), "1 unclear, for at most 0.050 yuan more") {
		t.Errorf("%s", b.out.String())
	}
	b.write("in/a b.jpg", "good")
	b.want(exit.OK, "", args...)
	if strings.Contains(b.err.String(), "next:") {
		t.Errorf("nothing is left to do: %s", b.err.String())
	}
}

func TestCommandsAreQuotedForTheShell(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ system, word, want string }{
		{"linux", "scans", "scans"}, {"linux", "扫描/张三.jpg", "扫描/张三.jpg"}, {"linux", "a b", "'a b'"}, {"linux", "it's", `'it'\''s'`},
		{"linux", "", "''"}, {"linux", "$HOME/*", "'$HOME/*'"}, {"darwin", `a\b`, `'a\b'`}, {"linux", "a；b", "a；b"}, {"linux", "~x", "'~x'"},
		{"windows", `C:\scans`, `C:\scans`}, {"windows", `C:\my scans\`, `"C:\my scans\\"`}, {"windows", `\\server\扫描`, `\\server\扫描`},
		{"windows", "a,b", `"a,b"`}, {"windows", "a&b", `"a&b"`}, {"windows", "", `""`}, {"windows", `a"b`, `"a\"b"`},
	} {
		if got := quote(c.system, c.word); got != c.want {
			t.Errorf("%s: %q is %s, want %s", c.system, c.word, got, c.want)
		}
	}
}

func TestProgressTellsRateTimeLeftAndMoney(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	for n := range 100 {
		b.write(fmt.Sprintf("in/%03d.jpg", n), fmt.Sprint(n))
	}
	at := time.Unix(0, 0)
	b.now = func() time.Time { at = at.Add(time.Second); return at } // a picture a second
	b.want(exit.OK, "", "recognize", b.path("in"), "--output", "ndjson")
	lines := 0
	for line := range strings.Lines(b.err.String()) {
		if strings.Contains(line, " a second") {
			lines++
		}
	}
	if lines != 3 || !strings.Contains(b.err.String(), "idrec: 30 of 100 pictures, 1.0 a second, about 70 s left, paid 1.500 yuan\n") {
		t.Errorf("%d lines: %s", lines, b.err.String())
	}
	b.want(exit.OK, "", "recognize", b.path("in"), "--output", "ndjson", "--quiet")
	if b.err.Len() > 0 {
		t.Errorf("quiet: %s", b.err.String())
	}
	b.seen = true
	b.env["LANG"] = "zh_CN.UTF-8"
	b.want(exit.OK, "", "recognize", b.path("in"), "--output", "ndjson")
	if !strings.Contains(b.err.String(), "每秒 1.0 张，约剩") || strings.Contains(b.err.String(), "a second") || strings.Count(b.err.String(), "\n") > 3 {
		t.Errorf("%q", b.err.String())
	}
}

func TestTheStateOfAShareLiesOnThisMachine(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.write("in/1.jpg", "one")
	home := b.path("state")
	b.env["XDG_STATE_HOME"] = home
	b.share = func(string) bool { return true }
	args := []string{"recognize", b.path("in"), "--out", b.path("out.ndjson")}
	b.want(exit.OK, "", args...)
	if here, _ := filepath.Glob(b.path("out.ndjson.*")); len(here) != 0 {
		t.Errorf("%v lie on the share", here)
	}
	states, _ := filepath.Glob(filepath.Join(home, "idrec", "runs", "*.state"))
	if len(states) != 1 || strings.Contains(states[0], "out") {
		t.Fatalf("%v", states)
	}
	b.want(exit.OK, "", args...)
	if b.fake.asked["one"] != 1 {
		t.Error("the state was not found again")
	}
	// One that lies on the share already is gone on with.
	other := b.path("other.ndjson")
	j, err := journal.Open(journal.Options{Out: other, Settings: (&work{r: &recognition{}, want: &asked{format: "ndjson"}, plugin: &opened{about: &shared.Description{Name: "wapi"}}}).settings()})
	if err != nil {
		t.Fatal(err)
	}
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	b.want(exit.OK, "", "recognize", b.path("in"), "--out", other)
	if states, _ := filepath.Glob(filepath.Join(home, "idrec", "runs", "*.state")); len(states) != 1 {
		t.Errorf("%v", states)
	}
}

func TestALostShareIsLaterAndNoPictureCountsAsUnreadable(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	in := b.office(30)
	gone := b.path("gone")
	n := 0
	b.fake.answer = func(text string, _ int) (*shared.Result, error) {
		if n++; n == 5 {
			_ = os.Rename(in, gone)
		}
		return result(text), nil
	}
	args := []string{"recognize", in, "--out", b.path("out.ndjson"), "--concurrency", "1"}
	b.want(exit.Later, "the folder of the pictures cannot be reached any more, 26 of 31 pictures", args...)
	if got := records(t, b.read("out.ndjson.part")); len(got) != 5 {
		t.Errorf("%d records", len(got))
	}
	if err := os.Rename(gone, in); err != nil {
		t.Fatal(err)
	}
	b.want(exit.OK, "", args...)
	all := records(t, b.read("out.ndjson"))
	for _, r := range all {
		if r.Error != nil {
			t.Errorf("%s", r.Error.Code)
		}
	}
	if len(all) != 31 {
		t.Errorf("%d records", len(all))
	}
}

func TestWhatIsWrittenIsNotReadByTheNextRun(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.write("in/a/1.jpg", "one")
	for masked, code := range map[string]int{"in": exit.Usage, "in/masked": exit.Usage, "in/a/b/c": exit.Usage, "in2": exit.OK, "..masked": exit.OK} {
		b.want(code, map[int]string{exit.Usage: "--masked-image lies in a folder"}[code], "recognize", b.path("in"), "--output", "ndjson", "--masked-image", b.path(masked))
	}
}

package cli

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"golang.org/x/text/encoding/simplifiedchinese"

	"github.com/seed-6b91b535/idrec/host-example/idrec/internal/exit"
	"github.com/seed-6b91b535/idrec/sdk/ledger"
	"github.com/seed-6b91b535/idrec/shared"
)

func TestVendorsCountsAreReadInTheFormsThatSpreadsheetsWrite(t *testing.T) {
	t.Parallel()
	gbk := func(s string) string {
		out, err := simplifiedchinese.GBK.NewEncoder().String(s)
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	for name, text := range map[string]string{
		"plain":          "date,count\n2026-11-01,3\n2026-11-02,0\n",
		"mark and CRLF":  "\xEF\xBB\xBFDate,Count\r\n2026/11/1,3\r\n2026/11/2,0\r\n",
		"Chinese in GBK": gbk("序号,日期,接口,调用次数\n1,2026年11月1日,身份证,3\n2,20261102,身份证,0\n"),
		"Chinese UTF-8":  "日期;扣费次数\n2026.11.1;3\n2026.11.2;0\n",
		"tabs, no head":  "2026-11-01\t3\n2026-11-02\t0\n",
		"own heading":    "Tag,Menge\n2026-11-01,3\n2026-11-02,0\n",
		"parts of a day": "count,day\n1,2026-11-01\n\"2\",2026-11-01\n\n0,2026-11-02\n",
	} {
		got, err := parseCounts([]byte(text))
		if err != nil || len(got) != 2 || got["2026-11-01"] != 3 || got["2026-11-02"] != 0 {
			t.Errorf("%s: %v, %v", name, got, err)
		}
	}
	for name, text := range map[string]string{
		"nothing": "", "heading only": "date,count\n", "no day": "date,count\n" + canaryName + ",1\n", "no number": "date,count\n2026-11-01," + canaryName + "\n",
		"negative": "2026-11-01,-1\n", "one column": "2026-11-01\n", "no text": "\xff\xfe\x00\x01", "impossible day": "date,count\n2026-02-30,1\n",
	} {
		if got, err := parseCounts([]byte(text)); err == nil || strings.Contains(err.Error(), canaryName) || exit.Of(err) != exit.NoInput {
			t.Errorf("%s: %v, %v", name, got, err)
		}
	}
}

func FuzzParseCounts(f *testing.F) {
	f.Add([]byte("date,count\n2026-11-01,3\n"))
	f.Add([]byte("\xEF\xBB\xBF日期;扣费次数\r\n2026/11/1;\"1,000\"\r\n"))
	f.Add([]byte{0xC8, 0xD5, 0xC6, 0xDA, ',', 0xB4, 0xCE, 0xCA, 0xFD, '\n'})
	f.Fuzz(func(t *testing.T, text []byte) {
		got, err := parseCounts(text)
		if (err == nil) != (len(got) > 0) {
			t.Errorf("%v, %v", got, err)
		}
		for day, n := range got {
			if _, err := time.Parse(time.DateOnly, day); err != nil || n < 0 {
				t.Errorf("%q: %d", day, n)
			}
		}
	})
}

func TestReconcileNamesTheUnclearCallsOfDaysThatDiffer(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	day := func(n int) time.Time { return time.Date(2026, 11, n, 12, 0, 0, 0, china) }
	at := func(n int, s ledger.Settlement) ledger.Settlement {
		s.Intent.At = day(n)
		return s
	}
	onRecord(t, b,
		at(1, call("a1", shared.OutcomeBilled)), at(1, call("b1", shared.OutcomeRejected)), // as the vendor says
		at(2, call("c1", shared.OutcomeBilled)), at(2, call("d1", shared.OutcomeAmbiguous)), at(2, call("e1", "")), // one of the two was billed
		at(3, call("f1", shared.OutcomeBilled)), // more than the vendor says
		at(5, call("g1", shared.OutcomeBilled)), // the vendor says nothing of it
		at(9, call("h1", shared.OutcomeBilled)), // later
	)
	file := b.write("bill.csv", "date,count\n2026-11-01,1\n2026-11-02,2\n2026-11-03,0\n2026-11-06,1\n")
	b.want(exit.Failed, "", "reconcile", file, "--json")
	var rows []reconciled
	if err := json.Unmarshal(b.out.Bytes(), &rows); err != nil {
		t.Fatal(err)
	}
	got := ""
	for _, r := range rows {
		got += r.Day[8:] + " " + r.Verdict
		for _, c := range r.Calls {
			got += " " + c.CallID
		}
		got += "; "
	}
	if got != "01 equal; 02 explained d1 e1; 03 unexplained; 05 unexplained; 06 unexplained; " {
		t.Errorf("%s", got)
	}
	b.want(exit.Failed, "", "reconcile", file)
	if !strings.Contains(b.out.String(), "2026-11-02 unclear: d1") {
		t.Errorf("%s", b.out.String())
	}
	b.in = "2026-11-01,1\n"
	b.want(exit.OK, "", "reconcile", "-")
	b.want(exit.NoInput, "cannot be opened", "reconcile", canaryFile)
	b.want(exit.Usage, "counts", "reconcile")
}

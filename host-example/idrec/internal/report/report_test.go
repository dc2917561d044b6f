package report_test

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/mattn/go-runewidth"
	"go.uber.org/goleak"

	"github.com/seed-6b91b535/idrec/host-example/idrec/internal/batch"
	"github.com/seed-6b91b535/idrec/host-example/idrec/internal/exit"
	"github.com/seed-6b91b535/idrec/host-example/idrec/internal/messages"
	"github.com/seed-6b91b535/idrec/host-example/idrec/internal/report"
	"github.com/seed-6b91b535/idrec/host-example/idrec/internal/source"
	"github.com/seed-6b91b535/idrec/shared"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	person = "李秀英样本"
	number = "110188194912310023"
)

func read(n int) batch.Answer {
	one := shared.NumberAgrees
	field := func(v string) shared.Field { return shared.Field{Raw: v, Value: v, State: shared.FieldPresent} }
	return batch.Answer{
		Item: source.Item{N: n, Source: "客户/" + person + ".jpg"}, Request: &shared.Request{Case: "c1"}, Elapsed: 12300 * time.Microsecond,
		Result: &shared.Result{
			Status: shared.StatusNormal, Side: shared.SidePortrait, Outcome: shared.OutcomeBilled, Basis: shared.BasisDocumented,
			AnsweredBy: shared.AnsweredLive, Price: 50, Attempts: 1, Provider: "wapi", RequestKey: "k", CallID: "c",
			Fields: map[shared.FieldName]shared.Field{shared.FieldFullName: field(person), shared.FieldNumber: field(number),
				shared.FieldSex: field("女"), shared.FieldAddress: field("=HYPERLINK(\"http://x\")")},
			Number:   shared.NumberChecks{Vendor: &one, Computed: &one},
			Findings: []shared.Finding{{Code: shared.FindingExpired, Severity: shared.SeverityWarning}, {Code: shared.FindingNumberSequence}},
			Picture:  shared.Picture{SHA256: "ab"},
		},
	}
}

func failed(n int, c shared.Code, o shared.Outcome) batch.Answer {
	return batch.Answer{Item: source.Item{N: n, Source: person + ".jpg"}, Request: &shared.Request{},
		Err: &shared.Error{Code: c, Outcome: o, Basis: shared.BasisProved, VendorText: "10.0.0.7 <not> allowed", Price: map[bool]shared.Money{true: 50}[o.MayBeBilled()]}}
}

func stream(t *testing.T, f report.Format, mask bool, answers ...batch.Answer) string {
	t.Helper()
	var b bytes.Buffer
	s, err := report.NewStream(&b, f, mask)
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range answers { // one group each, then all in one
		if err := s.Put([]batch.Answer{a}); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Put(answers); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestJSONIsOneArrayAndNDJSONALineEach(t *testing.T) {
	t.Parallel()
	a, b := read(1), failed(2, shared.CodeQuotaExhausted, shared.OutcomeRejected)
	var array []shared.Record
	if err := json.Unmarshal([]byte(stream(t, report.JSON, false, a, b)), &array); err != nil || len(array) != 4 {
		t.Fatalf("%d records, %v", len(array), err)
	}
	if array[0].Card[shared.FieldNumber] != number || array[1].Error.VendorText != "10.0.0.7 <not> allowed" {
		t.Error("incomplete")
	}
	if err := json.Unmarshal([]byte(stream(t, report.JSON, false)), &array); err != nil || len(array) != 0 {
		t.Errorf("no records: %d, %v", len(array), err)
	}
	text := stream(t, report.NDJSON, false, a, b)
	if strings.Count(text, "\n") != 4 || strings.Contains(text, `\u003c`) {
		t.Error(text)
	}
	for line := range strings.Lines(text) {
		var r shared.Record
		if err := json.Unmarshal([]byte(line), &r); err != nil {
			t.Error(err)
		}
	}
}

func TestMaskedOutputHasNothingPersonal(t *testing.T) {
	t.Parallel()
	for _, f := range []report.Format{report.JSON, report.NDJSON, report.CSV, report.CSVMark} {
		text := stream(t, f, true, read(7), failed(8, shared.CodePictureBroken, shared.OutcomeNotSent))
		for _, secret := range []string{person, person[3:], number, "客户", "HYPERLINK", "c1"} {
			if strings.Contains(text, secret) {
				t.Errorf("%s shows %s", f, secret)
			}
		}
		if !strings.Contains(text, "#7") || !strings.Contains(text, "#8") {
			t.Errorf("%s: aliases are missing", f)
		}
	}
}

func TestCSVHasTheSameColumnsForEveryRecordAndRunsNoFormula(t *testing.T) {
	t.Parallel()
	rows, err := csv.NewReader(strings.NewReader(stream(t, report.CSV, false, read(1), failed(2, shared.CodeOutcomeUnknown, shared.OutcomeAmbiguous)))).ReadAll()
	if err != nil || len(rows) != 5 {
		t.Fatalf("%d rows, %v", len(rows), err)
	}
	cell := func(row int, name string) string {
		for i, n := range rows[0] {
			if n == name {
				return rows[row][i]
			}
		}
		t.Fatalf("no column %s", name)
		return ""
	}
	for name, want := range map[string]string{"name": person, "number": number, "address": "'=HYPERLINK(\"http://x\")", "price_yuan": "0.050",
		"findings": "expired;number_sequence", "number_check_vendor": "1", "usable": "true", "elapsed_ms": "12.3", "outcome": "billed", "case": "c1"} {
		if got := cell(1, name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	for name, want := range map[string]string{"error_code": "outcome_unknown", "error_class": "unclear", "outcome": "ambiguous", "retryable": "false", "usable": "", "price_yuan": "0.050"} {
		if got := cell(2, name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
}

func TestNoCellBeginsAFormula(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"=1": "'=1", "+1+1": "'+1+1", "-1-1": "'-1-1", "@SUM(1)": "'@SUM(1)", "\t=1": "'\t=1", "\n=1": "'\n=1", "＝1": "'＝1", "＋1": "'＋1",
		"－1": "'－1", "＠SUM(1)": "'＠SUM(1)", "张三": "张三", "-1.5": "-1.5",
	} {
		line, err := report.CSV.Encode(shared.Record{Source: text})
		if err != nil {
			t.Fatal(err)
		}
		row, err := csv.NewReader(bytes.NewReader(line)).Read()
		if err != nil || row[0] != want {
			t.Errorf("%q is %q (%v)", text, row, err)
		}
	}
}

func TestANegativeNumberIsNoFormula(t *testing.T) {
	t.Parallel()
	a := read(1)
	empty := shared.NumberAllEmpty
	a.Result.Number.Vendor = &empty
	if text := stream(t, report.CSV, false, a); !strings.Contains(text, ",-1,1,") {
		t.Error(text)
	}
}

type pipe struct{ room int }

func (p *pipe) Write(b []byte) (int, error) {
	if p.room -= len(b); p.room < 0 {
		return 0, errors.New("write /dev/stdout: broken pipe")
	}
	return len(b), nil
}

func TestAClosedStreamIsOneLineAndComesBeforeTheFirstRequestWhereItCan(t *testing.T) {
	t.Parallel()
	if _, err := report.NewStream(&pipe{}, report.CSV, false); exit.Of(err) != exit.Later {
		t.Errorf("CSV: %v", err)
	}
	s, err := report.NewStream(&pipe{room: 10}, report.NDJSON, false)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Put([]batch.Answer{read(1)}); exit.Of(err) != exit.Later || !strings.Contains(err.Error(), "--out") || strings.Contains(err.Error(), "/dev") {
		t.Errorf("%v", err)
	}
}

func TestTheTableMasksUnlessAskedNotTo(t *testing.T) {
	t.Parallel()
	answers := []batch.Answer{failed(2, shared.CodeNotAPicture, shared.OutcomeNotSent), read(1)}
	var masked, open bytes.Buffer
	if err := report.WriteTable(&masked, messages.English, answers, false, 0); err != nil {
		t.Fatal(err)
	}
	if err := report.WriteTable(&open, messages.English, answers, true, 0); err != nil {
		t.Fatal(err)
	}
	for _, secret := range []string{person, number, "客户", ".jpg"} {
		if strings.Contains(masked.String(), secret) || !strings.Contains(open.String(), secret) {
			t.Errorf("%s: masked\n%s\nopen\n%s", secret, masked.String(), open.String())
		}
	}
	if m := masked.String(); strings.Index(m, "normal") > strings.Index(m, "not_a_picture") {
		t.Error("not in the order of the pictures")
	}
}

func TestTableColumnsAlignWithWideCharactersAndFitTheScreen(t *testing.T) {
	t.Parallel()
	wide := read(2)
	wide.Result.Fields[shared.FieldFullName] = shared.Field{State: shared.FieldPresent, Value: "阿卜杜拉·𠮷𠮷"}
	evil := read(3)
	evil.Result.Fields[shared.FieldFullName] = shared.Field{State: shared.FieldPresent, Value: "a\x1b[2Jb\u202e"}
	for _, width := range []int{0, 100} {
		var b bytes.Buffer
		if err := report.WriteTable(&b, messages.English, []batch.Answer{read(1), wide, evil}, true, width); err != nil {
			t.Fatal(err)
		}
		if strings.ContainsAny(b.String(), "\x1b\u202e") {
			t.Error("a card steers the terminal")
		}
		for _, whole := range []string{number, "0.050", "阿卜杜拉·𠮷𠮷"} {
			if !strings.Contains(b.String(), whole) {
				t.Errorf("%d: %s was cut:\n%s", width, whole, b.String())
			}
		}
		lines := strings.Split(strings.TrimRight(b.String(), "\n"), "\n")
		for _, l := range lines {
			if got := runewidth.StringWidth(l); width > 0 && got > width {
				t.Errorf("%d wide: %s", got, l)
			}
			if width == 0 && runewidth.StringWidth(l) != runewidth.StringWidth(lines[0]) {
				t.Errorf("%d wide, the head %d: %s", runewidth.StringWidth(l), runewidth.StringWidth(lines[0]), l)
			}
		}
	}
}

func TestTheTallyWeighsExitsAndNamesNobody(t *testing.T) {
	t.Parallel()
	unusable := read(3)
	unusable.Result.Status = shared.StatusBlurred
	for name, c := range map[string]struct {
		answers []batch.Answer
		accept  bool
		exit    int
		says    string
	}{
		"good":            {[]batch.Answer{read(1)}, false, exit.OK, "1 picture with findings (expired 1, number_sequence 1)"},
		"unusable":        {[]batch.Answer{read(1), unusable}, false, exit.Failed, "unusable"},
		"nothing":         {nil, false, exit.OK, ""},
		"accepted":        {[]batch.Answer{read(1), unusable}, true, exit.OK, "findings"},
		"input":           {[]batch.Answer{failed(4, shared.CodePictureEmpty, shared.OutcomeNotSent)}, false, exit.Failed, "picture #4: the picture has no bytes (picture_empty, not_sent): copy or take it again"},
		"later":           {[]batch.Answer{failed(1, shared.CodeQuotaExhausted, shared.OutcomeRejected), failed(2, shared.CodePictureEmpty, shared.OutcomeNotSent)}, false, exit.Later, "buy calls"},
		"refused":         {[]batch.Answer{failed(1, shared.CodeSignatureRefused, shared.OutcomeRejected), failed(2, shared.CodeQuotaExhausted, shared.OutcomeRejected)}, false, exit.Refused, "check the secret"},
		"unclear":         {[]batch.Answer{failed(1, shared.CodeGatewayError, shared.OutcomeAmbiguous)}, false, exit.Failed, "--unsafe-resend-ambiguous"},
		"answer lost":     {[]batch.Answer{failed(1, shared.CodeAnswerLost, shared.OutcomeBilled)}, false, exit.Failed, "--unsafe-buy-again"},
		"timeout unclear": {[]batch.Answer{failed(1, shared.CodeDeadlineExceeded, shared.OutcomeAmbiguous)}, false, exit.Failed, "--unsafe-resend-ambiguous"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tally := report.Tally{AcceptUnusable: c.accept}
			for _, a := range c.answers {
				tally.Add(a)
			}
			if tally.Exit() != c.exit {
				t.Errorf("exit %d, want %d", tally.Exit(), c.exit)
			}
			var b bytes.Buffer
			for _, line := range tally.Problems(false) {
				b.WriteString(line.In(messages.English) + "\n")
			}
			if !strings.Contains(b.String(), c.says) || (c.says == "") != (b.Len() == 0) {
				t.Errorf("says %q", b.String())
			}
			j, err := json.Marshal(&tally)
			if err != nil {
				t.Fatal(err)
			}
			for _, text := range []string{b.String(), string(j), tally.String()} {
				if strings.Contains(text, person) || strings.Contains(text, number) || strings.Contains(text, "10.0.0.7") {
					t.Errorf("personal: %s", text)
				}
			}
		})
	}
}

func TestManyFailuresOfAKindAreOneLine(t *testing.T) {
	t.Parallel()
	var tally report.Tally
	for n := range 100 {
		tally.Add(failed(n+1, shared.CodePictureBroken, shared.OutcomeNotSent))
	}
	tally.AddEarlier(101, batch.Unclear, shared.CodeGatewayError, exit.Failed, 50)
	tally.AddUndone(3)
	tally.SetPrice(50)
	tally.SetPassed(source.Passed{source.KindPDF: 2, source.KindSystem: 1})
	var lines []string
	for _, line := range tally.Problems(true) {
		lines = append(lines, line.In(messages.English))
	}
	if len(lines) != 3 || !strings.HasPrefix(lines[0], "100 pictures (#1 #2 #3 #4 #5 …): the picture is damaged") ||
		!strings.Contains(lines[1], "the vendor says") || !strings.Contains(lines[2], "picture #101") {
		t.Errorf("%q", lines)
	}
	if got := tally.String(); got != "104 pictures: 0 recognised, 100 failed, 1 unclear (may be billed), 3 not asked; 1 of them from an earlier run; paid 0.000 yuan; 3 to go, for at most 0.150 yuan; 1 unclear, for at most 0.050 yuan more if they are sent again; passed over by their names: PDF: 2, the system's: 1" {
		t.Error(got)
	}
}

func TestFormatsByName(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]report.Format{"a": report.NDJSON, "a.ndjson": report.NDJSON, "a.JSON": report.JSON, "a.csv": report.CSV, "a.jsonl": report.NDJSON} {
		if got := report.FormatOf(name); got != want {
			t.Errorf("%s: %s", name, got)
		}
	}
	if _, err := report.ParseFormat("xml"); exit.Of(err) != exit.Usage {
		t.Error(err)
	}
}

package cli

import (
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/spf13/cobra"
	"golang.org/x/text/encoding/simplifiedchinese"

	"github.com/seed-6b91b535/idrec/host-example/idrec/internal/exit"
	"github.com/seed-6b91b535/idrec/host-example/idrec/internal/messages"
	"github.com/seed-6b91b535/idrec/sdk/ledger"
	"github.com/seed-6b91b535/idrec/shared"
)

// maxBill bounds the vendor's file: ten years of days are 100 KB.
const maxBill = 4 << 20

// reconciled compares a day.
type reconciled struct {
	Day    string `json:"day"`
	Vendor int64  `json:"vendor"`
	// Billed are the calls that the ledger has as billed, Unclear those that may have been.
	Billed  int64 `json:"billed"`
	Unclear int64 `json:"unclear"`
	// Difference is Vendor minus Billed.
	Difference int64 `json:"difference"`
	// Verdict is equal, explained (the unclear calls can make the difference) or unexplained.
	Verdict string `json:"verdict"`
	// Calls are the unclear calls of a day that differs.
	Calls []callLine `json:"calls,omitempty"`
}

func (a *app) reconcile() *cobra.Command {
	c := &cobra.Command{
		Use: "reconcile FILE.csv", Short: "Compare the vendor's counts per day with the ledger", Args: oneArg("the file with the vendor's counts, or - for standard input"),
		Long: `Compare the vendor's counts of billed calls per day with the ledger, and name the unclear calls of each day
that differs: settle them with "idrec ledger settle".

FILE is CSV with a heading and a row for each day: a column with the day (date, day, 日期), as in 2026-01-31,
2026/1/31 or 20260131, and one with the number of billed calls (count, calls, billed, 次数, 调用次数, 扣费次数).
Other columns are passed over; without a known heading the first two columns are taken. Rows of one day
are added up. UTF-8, with or without a byte order mark, and GBK are read; the separator is a comma, a semicolon or
a tab. Days are those in China; days that FILE leaves out, between its first and its last, count as 0.

Exit 65 if a day differs.`,
	}
	p := bookFlags(c)
	var asJSON bool
	c.Flags().BoolVar(&asJSON, "json", false, "JSON")
	c.RunE = a.withBooks(p, func(ctx context.Context, b *books, args []string) error {
		counts, err := a.vendorCounts(args[0])
		if err != nil {
			return err
		}
		rows, err := b.reconcile(ctx, counts)
		if err != nil {
			return err
		}
		if asJSON {
			err = a.printJSON(rows)
		} else {
			err = a.print(a.reconciledTable(rows))
		}
		if err == nil && slices.ContainsFunc(rows, func(r reconciled) bool { return r.Verdict != "equal" }) {
			err = codeOnly(exit.Failed)
		}
		return err
	})
	return c
}

func (a *app) vendorCounts(name string) (map[string]int64, error) {
	from := a.In
	if name != "-" {
		f, err := os.Open(name)
		if err != nil {
			return nil, exit.Errorf(exit.NoInput, "the file with the vendor's counts cannot be opened: check its name and permissions")
		}
		defer func() { _ = f.Close() }()
		from = f
	}
	text, err := readAtMost(from, maxBill)
	if err != nil {
		return nil, exit.Errorf(exit.NoInput, "the file with the vendor's counts cannot be read, or has more than 4 MiB")
	}
	return parseCounts(text)
}

var errLarge = errors.New("too large")

// readAtMost reads everything, and fails beyond the limit.
func readAtMost(r io.Reader, most int64) ([]byte, error) {
	text, err := io.ReadAll(io.LimitReader(r, most+1))
	if err == nil && int64(len(text)) > most {
		err = errLarge
	}
	return text, err
}

// parseCounts reads the vendor's counts by day.
func parseCounts(text []byte) (map[string]int64, error) {
	bad := func(line int, what messages.Word) error {
		return exit.Errorf(exit.NoInput, "line %d of the vendor's counts: %s", line, what)
	}
	text = bytes.TrimPrefix(text, []byte("\xEF\xBB\xBF"))
	if !utf8.Valid(text) {
		var err error
		if text, err = simplifiedchinese.GB18030.NewDecoder().Bytes(text); err != nil || bytes.ContainsRune(text, utf8.RuneError) {
			return nil, exit.Errorf(exit.NoInput, "the vendor's counts are neither UTF-8 nor GBK: save the file as CSV in one of them")
		}
	}
	r := csv.NewReader(bytes.NewReader(text))
	r.FieldsPerRecord, r.TrimLeadingSpace, r.LazyQuotes, r.ReuseRecord = -1, true, true, true
	r.Comma = separator(text)
	counts := map[string]int64{}
	day, count, headed := 0, 1, false
	for n := 0; ; n++ {
		row, err := r.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		line, _ := r.FieldPos(0)
		if err != nil {
			return nil, bad(line, "it is no CSV")
		}
		if n == 0 {
			if d, c, ok := heading(row); ok {
				day, count, headed = d, c, true
				continue
			}
		}
		if len(row) == 1 && strings.TrimSpace(row[0]) == "" {
			continue
		}
		if len(row) <= max(day, count) {
			return nil, bad(line, "it has too few columns: give a day and a number")
		}
		d, ok := parseDay(strings.TrimSpace(row[day]))
		if !ok {
			if n == 0 && !headed {
				continue // a heading in words of its own
			}
			return nil, bad(line, "there is no day, as in 2026-01-31")
		}
		c, err := strconv.ParseInt(strings.ReplaceAll(strings.TrimSpace(row[count]), ",", ""), 10, 64)
		if err != nil || c < 0 {
			return nil, bad(line, "the number of calls is none")
		}
		counts[d] += c
	}
	if len(counts) == 0 {
		return nil, exit.Errorf(exit.NoInput, "the vendor's counts have no row: give a day and a number in each")
	}
	return counts, nil
}

func separator(text []byte) rune {
	first, _, _ := bytes.Cut(text, []byte("\n"))
	best, most := ',', bytes.Count(first, []byte(","))
	for _, c := range []rune{';', '\t'} {
		if n := bytes.Count(first, []byte(string(c))); n > most {
			best, most = c, n
		}
	}
	return best
}

// heading finds the two columns by their names.
func heading(row []string) (day, count int, ok bool) {
	find := func(names ...string) int {
		return slices.IndexFunc(row, func(h string) bool { return slices.Contains(names, strings.ToLower(strings.TrimSpace(h))) })
	}
	day = find("date", "day", "日期", "时间", "统计日期")
	count = find("count", "calls", "billed", "次数", "调用次数", "扣费次数", "计费次数")
	return day, count, day >= 0 && count >= 0
}

func parseDay(text string) (string, bool) {
	for _, layout := range []string{time.DateOnly, "2006-1-2", "2006/1/2", "2006.1.2", "20060102", "2006年1月2日"} {
		if t, err := time.Parse(layout, text); err == nil {
			return t.Format(time.DateOnly), true
		}
	}
	return "", false
}

// reconcile compares every day from the first to the last of the vendor's.
func (b *books) reconcile(ctx context.Context, counts map[string]int64) ([]reconciled, error) {
	first, last := "", ""
	for d := range counts {
		if first == "" || d < first {
			first = d
		}
		last = max(last, d)
	}
	all, err := b.Usage(ctx, first, last)
	if err != nil {
		return nil, err
	}
	days := map[string]*reconciled{}
	at := func(day string) *reconciled {
		if days[day] == nil {
			days[day] = &reconciled{Day: day}
		}
		return days[day]
	}
	for day, n := range counts {
		at(day).Vendor = n
	}
	for _, u := range all {
		switch {
		case u.Provider != b.plugin:
		case u.Outcome == shared.OutcomeBilled:
			at(u.Day).Billed += u.Calls
		case u.Outcome.MayBeBilled():
			at(u.Day).Unclear += u.Calls
		}
	}
	rows := []reconciled{}
	for _, r := range days {
		r.Difference = r.Vendor - r.Billed
		switch {
		case r.Difference == 0 && r.Unclear == 0:
			r.Verdict = "equal"
		case r.Difference == 0:
			r.Verdict = "equal" // so the unclear ones were most likely not billed
		case r.Difference > 0 && r.Difference <= r.Unclear:
			r.Verdict = "explained"
		default:
			r.Verdict = "unexplained"
		}
		if r.Verdict != "equal" || r.Unclear > 0 {
			if r.Calls, err = b.unclearOf(ctx, r.Day); err != nil {
				return nil, err
			}
		}
		rows = append(rows, *r)
	}
	slices.SortFunc(rows, func(x, y reconciled) int { return strings.Compare(x.Day, y.Day) })
	return rows, nil
}

func (b *books) unclearOf(ctx context.Context, day string) ([]callLine, error) {
	from, err := time.ParseInLocation(time.DateOnly, day, china)
	if err != nil {
		return nil, err
	}
	var calls []callLine
	for r, err := range b.Records(ctx, ledger.Filter{From: from, To: from.AddDate(0, 0, 1), Unclear: true}) {
		if err != nil {
			return nil, err
		}
		if r.Provider == b.plugin {
			calls = append(calls, lineOf(r))
		}
	}
	return calls, nil
}

func (a *app) reconciledTable(rows []reconciled) string {
	t := a.newTable("Day", "Vendor", "Billed", "Unclear", "Difference", "Verdict")
	text := ""
	for _, r := range rows {
		t.AppendRow(table.Row{r.Day, r.Vendor, r.Billed, r.Unclear, fmt.Sprintf("%+d", r.Difference), a.text(r.Verdict)})
		for _, c := range r.Calls {
			text += a.format("%s unclear: %s, picture %s, begun %s, %s yuan", r.Day, c.CallID, short(c.Key), c.Begun.In(china).Format(time.TimeOnly), c.PriceYuan.String()) + "\n"
		}
	}
	if text != "" {
		text += a.text("settle unclear calls with idrec ledger settle CALL --billed or --not-billed") + "\n"
	}
	return a.fit(t, 12) + text
}

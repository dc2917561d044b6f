// Command enginetable prints the figures of the samples as one table. Its input is what package
// enginetest's Report wrote, a JSON object a line.
//
//	enginetable < engines.ndjson
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/jedib0t/go-pretty/v6/table"

	"github.com/seed-6b91b535/idrec/host-example/internal/enginetest"
)

func main() {
	if err := run(os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "enginetable:", err)
		os.Exit(1)
	}
}

// enough is how many pictures a ratio needs to mean something.
const enough = 200

// run fails, after the table, if an engine paid twice or lost a picture. One that is slower than it must
// be is named: other work on the machine may be the cause, which only another run tells.
func run(in io.Reader, out io.Writer) error {
	t := table.NewWriter()
	t.SetOutputMirror(out)
	t.AppendHeader(table.Row{"engine", "version", "pictures", "results", "errors", "billed", "doubles", "pictures/s", "× CLI"})
	var bad, slow []string
	n := 0
	lines := bufio.NewScanner(in)
	for lines.Scan() {
		var r enginetest.Row
		if err := json.Unmarshal(lines.Bytes(), &r); err != nil {
			return fmt.Errorf("line %d: %w", n+1, err)
		}
		n++
		ratio := "–"
		if r.Ratio > 0 {
			ratio = fmt.Sprintf("%.2f", r.Ratio)
		}
		rate := "–"
		if r.Rate > 0 {
			rate = fmt.Sprintf("%.1f", r.Rate)
		}
		t.AppendRow(table.Row{r.Engine, r.Version, r.Pictures, r.Results, r.Errors, r.Billed, r.Doubles, rate, ratio})
		if r.Doubles != 0 || r.Results+r.Errors != r.Pictures {
			bad = append(bad, r.Engine)
		}
		if r.Ratio > 0 && r.Ratio < r.Least && r.Pictures >= enough {
			slow = append(slow, fmt.Sprintf("%s (at least %.2f)", r.Engine, r.Least))
		}
	}
	if err := lines.Err(); err != nil {
		return err
	}
	t.Render()
	if len(slow) > 0 {
		_, _ = fmt.Fprintf(out, "slower beside the program idrec than should be: %s; run it again on a machine that is idle\n", strings.Join(slow, ", "))
	}
	if len(bad) > 0 {
		return fmt.Errorf("pictures were paid twice or lost by %v", bad)
	}
	if n == 0 {
		return fmt.Errorf("there are no figures")
	}
	return nil
}

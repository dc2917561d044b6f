package cli

import (
	"context"
	"encoding/json"
	"slices"
	"strings"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/spf13/cobra"

	"github.com/seed-6b91b535/idrec/host-example/idrec/internal/exit"
	"github.com/seed-6b91b535/idrec/host-example/idrec/internal/report"
	"github.com/seed-6b91b535/idrec/shared"
)

func (a *app) errors() *cobra.Command {
	var output string
	c := &cobra.Command{
		Use: "errors", Short: "Print the table of error codes", Args: noArgs,
		Long: "Print every code that a record or a message can carry: its class, whether the same request may go through\nlater, the exit code, what it means and what to do.",
		RunE: do(func(context.Context, []string) error {
			switch output {
			case "json":
				type row struct {
					Code      shared.Code  `json:"code"`
					Class     shared.Class `json:"class"`
					Retryable bool         `json:"retryable"`
					Exit      int          `json:"exit"`
					Meaning   string       `json:"meaning"`
					Do        string       `json:"do"`
				}
				var rows []row
				for _, i := range shared.Codes() {
					rows = append(rows, row(i))
				}
				return a.printJSON(rows)
			case "table":
				t := a.newTable("Code", "Class", "Later", "Exit", "Meaning", "What to do")
				for _, i := range shared.Codes() {
					later := ""
					if i.Retryable {
						later = a.text("yes")
					}
					t.AppendRow(table.Row{string(i.Code), string(i.Class), later, i.Exit, a.text(i.Meaning), a.text(i.Do)})
				}
				return a.print(a.fit(t, 24, "What to do", "Meaning"))
			}
			return exit.Errorf(exit.Usage, "unknown output format: use table or json")
		}),
	}
	c.Flags().StringVar(&output, "output", "table", "table or json")
	return c
}

func (a *app) printJSON(v any) error {
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(v); err != nil {
		return err
	}
	return a.print(b.String())
}

// newTable is one for people, with its head in their language.
func (a *app) newTable(head ...string) table.Writer {
	t := report.NewTable()
	t.AppendHeader(report.Head(a.lang(), head...))
	return t
}

// fit renders a table for the terminal's width, and folds the columns named by their English heads.
func (a *app) fit(t table.Writer, least int, fold ...string) string {
	fold = slices.Clone(fold)
	for i, name := range fold {
		fold[i] = a.text(name)
	}
	return report.Fit(t, a.Width, least, fold...) + "\n"
}

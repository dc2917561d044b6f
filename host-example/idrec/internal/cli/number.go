package cli

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/seed-6b91b535/idrec/host-example/idrec/internal/exit"
	"github.com/seed-6b91b535/idrec/sdk/idcard"
)

// checked is what is said of one number. The number itself is masked, unless it is asked for.
type checked struct {
	Number   string   `json:"number"`
	Valid    bool     `json:"valid"`
	Kind     string   `json:"kind,omitempty"`
	Birth    string   `json:"birth_date,omitempty"`
	Sex      string   `json:"sex,omitempty"`
	Province string   `json:"province,omitempty"`
	Check    string   `json:"check_digit,omitempty"` // as it should be
	Problems []string `json:"problems,omitempty"`
}

func (a *app) number() *cobra.Command {
	var output string
	var personal bool
	c := &cobra.Command{
		Use: "number [flags] NUMBER…", Short: "Check identity numbers",
		Long: `Check numbers of resident identity cards, of residence permits and of permanent residents, by the rules
of GB 11643. A - reads numbers from standard input, one a line, which keeps them out of the list of
processes. Exit 65 if any is not valid.`,
		Example: "  idrec number - < numbers.txt\n  idrec number 11010519491231002X --output json",
		RunE: do(func(_ context.Context, args []string) error {
			if len(args) == 0 {
				return exit.Errorf(exit.NoInput, "no input: give numbers, or - to read them from standard input")
			}
			if output != "text" && output != "json" && output != "ndjson" {
				return exit.Errorf(exit.Usage, "unknown output format: use text, json or ndjson")
			}
			var all []checked
			bad := 0
			for _, arg := range args {
				numbers := []string{arg}
				if arg == "-" {
					numbers = nil
					lines := bufio.NewScanner(a.In)
					for lines.Scan() {
						if strings.TrimSpace(lines.Text()) != "" {
							numbers = append(numbers, lines.Text())
						}
					}
					if lines.Err() != nil {
						return exit.Errorf(exit.NoInput, "the numbers on standard input cannot be read: give one a line")
					}
				}
				for _, n := range numbers {
					c := checkNumber(n, personal)
					if !c.Valid {
						bad++
					}
					all = append(all, c)
				}
			}
			if len(all) == 0 {
				return exit.Errorf(exit.NoInput, "no numbers on standard input")
			}
			if err := a.printNumbers(all, output); err != nil {
				return err
			}
			if bad > 0 {
				return codeOnly(exit.Failed)
			}
			return nil
		}),
	}
	c.Flags().StringVar(&output, "output", "text", "text, json or ndjson")
	c.Flags().BoolVar(&personal, "show-personal", false, "show the numbers and what they tell")
	return c
}

func checkNumber(text string, personal bool) checked {
	n, err := idcard.ParseNumber(text)
	c := checked{Number: n.String(), Valid: err == nil, Kind: string(n.Kind()), Province: n.Province()}
	if e, ok := errors.AsType[*idcard.NumberError](err); ok {
		for _, p := range e.Problems {
			c.Problems = append(c.Problems, string(p))
		}
	}
	if n.Kind() == "" {
		c.Number = ""
	}
	if personal {
		c.Number = n.Text()
		c.Sex, c.Check = n.Sex(), n.CheckDigit()
		if b := n.Birth(); b != (idcard.Date{}) {
			c.Birth = b.String()
		}
	}
	return c
}

func (a *app) printNumbers(all []checked, output string) error {
	if output == "json" {
		return a.printJSON(all)
	}
	var b strings.Builder
	for i, c := range all {
		if output == "ndjson" {
			line, err := json.Marshal(c)
			if err != nil {
				return err
			}
			b.Write(append(line, '\n'))
			continue
		}
		verdict := a.text("valid")
		if !c.Valid {
			verdict = a.format("not valid: %s", strings.Join(c.Problems, ", "))
		}
		about := []string{}
		for _, s := range []string{c.Kind, c.Province, c.Birth, c.Sex} {
			if s != "" {
				about = append(about, s)
			}
		}
		fmt.Fprintf(&b, "#%d ", i+1)
		if c.Number != "" {
			b.WriteString(c.Number + " ")
		}
		b.WriteString(verdict)
		if len(about) > 0 {
			fmt.Fprintf(&b, " (%s)", strings.Join(about, ", "))
		}
		if !c.Valid && c.Check != "" {
			b.WriteString(a.format("; the check character would be %s", c.Check))
		}
		b.WriteByte('\n')
	}
	return a.print(b.String())
}

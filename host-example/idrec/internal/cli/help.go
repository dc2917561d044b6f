package cli

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/seed-6b91b535/idrec/host-example/idrec/internal/messages"
)

const (
	// helpWidth is that of help where there is no terminal, and the most on a wide one: longer lines are
	// hard to follow.
	helpWidth = 104
	// helpLeast is that of help on a narrow terminal.
	helpLeast = 60
	// flagIndent is the most that the explanation of a flag is indented; longer names have it on the
	// next line.
	flagIndent = 30
)

// helpOf is the help of a command, in the language of whoever looks.
func (a *app) helpOf(c *cobra.Command) string {
	h := &helpText{l: a.lang(), width: helpWidth}
	if a.Width > 0 {
		h.width = max(helpLeast, min(a.Width, helpWidth))
	}
	long := c.Long
	if long == "" {
		long = c.Short
	}
	for i, p := range messages.Paragraphs(long) {
		if i > 0 {
			h.line("")
		}
		h.paragraph(h.l.Text(p))
	}
	h.head("Usage:")
	if c.Runnable() && !c.HasAvailableSubCommands() || c.Parent() != nil && c.HasAvailableFlags() && !c.HasAvailableSubCommands() {
		h.line("  " + c.UseLine())
	}
	if c.HasAvailableSubCommands() {
		h.line("  " + c.CommandPath() + " COMMAND")
	}
	if len(c.Aliases) > 0 {
		h.head("Also:")
		h.line("  " + strings.Join(c.Aliases, ", "))
	}
	if c.HasExample() {
		h.head("Examples:")
		h.line(c.Example)
	}
	if c.HasAvailableSubCommands() {
		h.head("Commands:")
		for _, s := range c.Commands() {
			if s.IsAvailableCommand() {
				h.entry("  "+s.Name(), h.l.Text(s.Short), c.NamePadding()+4)
			}
		}
	}
	h.flags("Flags:", c.LocalFlags())
	h.flags("Flags of every command:", c.InheritedFlags())
	if c.HasAvailableSubCommands() {
		h.line("")
		h.paragraph(h.l.Format("%s COMMAND --help says more.", c.CommandPath()))
	}
	return h.b.String()
}

// helpCommand says more of a command.
func (a *app) helpCommand() *cobra.Command {
	return &cobra.Command{
		Use: "help [COMMAND]…", Short: "Say more of a command",
		RunE: func(c *cobra.Command, args []string) error {
			asked, rest, err := c.Root().Find(args)
			if err != nil || len(rest) > 0 {
				return noArgs(c.Root(), args)
			}
			return a.print(a.helpOf(asked))
		},
	}
}

// helpText is help as it is written.
type helpText struct {
	b     strings.Builder
	l     messages.Language
	width int
}

func (h *helpText) line(text string) { h.b.WriteString(text + "\n") }

func (h *helpText) head(english string) { h.line("\n" + h.l.Text(english)) }

func (h *helpText) paragraph(text string) {
	if strings.HasPrefix(text, " ") { // an example
		h.line(text)
		return
	}
	for _, line := range messages.Wrap(text, h.width) {
		h.line(line)
	}
}

// entry writes a name and its explanation in two columns.
func (h *helpText) entry(name, text string, indent int) {
	lines := messages.Wrap(text, h.width-indent)
	if messages.Width(name) >= indent {
		h.line(name)
	} else {
		h.line(strings.TrimRight(messages.Pad(name, indent)+lines[0], " "))
		lines = lines[1:]
	}
	for _, line := range lines {
		h.line(strings.Repeat(" ", indent) + line)
	}
}

func (h *helpText) flags(head string, all *pflag.FlagSet) {
	if !all.HasAvailableFlags() {
		return
	}
	h.head(head)
	all.VisitAll(func(f *pflag.Flag) {
		if f.Hidden {
			return
		}
		name := "      --" + f.Name
		if f.Shorthand != "" {
			name = "  -" + f.Shorthand + ", --" + f.Name
		}
		value, usage := h.usage(f)
		if value != "" {
			name += " " + value
		}
		h.entry(name, usage, flagIndent)
	})
}

// usage is a flag's explanation, and what its value is called.
func (h *helpText) usage(f *pflag.Flag) (value, usage string) {
	value, _ = pflag.UnquoteUsage(f)
	english := f.Usage
	switch f.Name {
	case "help":
		english = "show this help"
	case "version":
		english = "show the version"
	}
	usage = strings.ReplaceAll(h.l.Text(english), "`", "")
	if d := f.DefValue; d != "" && d != "false" && d != "0" && d != "0s" && d != "[]" {
		usage = h.l.Format("%s (default %s)", usage, d)
	}
	return value, usage
}

// cobraTexts are what cobra says of flags and commands, with what of it is the user's in the second
// group: that may be a secret or a name, and is not repeated.
var cobraTexts = []struct {
	form   *regexp.Regexp
	format string
}{
	{regexp.MustCompile(`^unknown flag: (--[a-z-]+)`), "unknown flag %s"},
	{regexp.MustCompile(`^unknown (?:short)?hand flag`), "unknown flag"},
	{regexp.MustCompile(`^flag needs an argument: (--[a-z-]+)`), "the flag %s needs a value"},
	{regexp.MustCompile(`^flag needs an argument`), "a flag needs a value"},
	{regexp.MustCompile(`^bad flag syntax`), "malformed flag"},
	{regexp.MustCompile(`^invalid argument [\s\S]*" for "((?:-[a-z], )?--[a-z-]+)" flag`), "invalid value for %s"},
	{regexp.MustCompile(`^invalid argument`), "invalid value of a flag"},
}

// flagError is the parser's text without the value that was given.
func flagError(err error) messages.Message {
	for _, t := range cobraTexts {
		if m := t.form.FindStringSubmatch(err.Error()); m != nil {
			if len(m) > 1 {
				return messages.Of(t.format, m[1])
			}
			return messages.Of(t.format)
		}
	}
	return messages.Of("malformed command line (%s)", fmt.Sprintf("%T", err))
}

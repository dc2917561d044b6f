package cli

import (
	"runtime"
	"slices"
	"strings"
)

// next shows the command that goes on from here, to be pasted, to somebody who looks: it may name files,
// as it was given. Where standard input is one of the inputs, it is not the whole of what was typed.
func (w *work) next() {
	if !w.ErrTerminal || w.Program == "" || slices.Contains(w.args, "-") || w.r.manifest == "-" {
		return
	}
	switch {
	case w.tally.Unfinished():
		w.tellf("next: %s", quoteCommand(runtime.GOOS, append([]string{w.Program}, w.args...)))
	case w.tally.Unclear() > 0:
		command := []string{w.Program, "ledger", "list", "--unclear"}
		for _, name := range []string{"config", "plugin", "ledger", "ledger-key-file"} {
			if f := w.r.flags.Lookup(name); f != nil && f.Changed {
				command = append(command, "--"+name, f.Value.String())
			}
		}
		w.tellf("next: %s", quoteCommand(runtime.GOOS, command))
	}
}

// quoteCommand writes a command as the shell of a system reads it: sh, or what cmd.exe and PowerShell have
// in common.
func quoteCommand(system string, words []string) string {
	quoted := make([]string, len(words))
	for i, word := range words {
		quoted[i] = quote(system, word)
	}
	return strings.Join(quoted, " ")
}

// plainWord are the characters, besides letters of any script, that no shell gives a meaning.
const plainWord = "0123456789-_./,:=+@"

func quote(system, word string) string {
	special := func(r rune) bool {
		letter := r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r > 0x2E80 // CJK and beyond
		return !letter && !strings.ContainsRune(plainWord, r) && (system != "windows" || r != '\\')
	}
	switch {
	case word != "" && !strings.ContainsFunc(word, special) && (system != "windows" || !strings.ContainsAny(word, ",@")):
		return word
	case system == "windows":
		// The rules of CommandLineToArgvW: backslashes count only before a quotation mark.
		var b strings.Builder
		slashes := 0
		for _, r := range word {
			if r == '"' {
				b.WriteString(strings.Repeat(`\`, slashes+1))
			}
			slashes++
			if r != '\\' {
				slashes = 0
			}
			b.WriteRune(r)
		}
		return `"` + b.String() + strings.Repeat(`\`, slashes) + `"`
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}

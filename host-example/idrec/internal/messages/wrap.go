package messages

import (
	"strings"

	"github.com/mattn/go-runewidth"
)

// columns counts like a terminal that shows only CJK characters wide, whatever the locale says of those
// that are wide in some fonts.
var columns = &runewidth.Condition{}

// Width is how many columns of a terminal a text takes.
func Width(text string) int { return columns.StringWidth(text) }

// Pad fills a text up with spaces.
func Pad(text string, width int) string { return text + strings.Repeat(" ", max(0, width-Width(text))) }

// closing are characters that do not begin a line.
const closing = "，。、；：？！）》〉」』】”’…,.;:?!)]}%"

// opening are characters that do not end a line.
const opening = "（《〈「『【“‘([{"

// Wrap breaks a text into lines of so many columns: between words, and between Chinese characters where
// no punctuation forbids it. A word that is longer stands alone.
func Wrap(text string, width int) []string {
	var lines []string
	line, used := "", 0
	for _, t := range tokens(text) {
		w := Width(t)
		if used > 0 && used+Width(strings.TrimRight(t, " ")) > width {
			lines = append(lines, strings.TrimRight(line, " "))
			line, used = "", 0
		}
		line += t
		used += w
	}
	if line = strings.TrimRight(line, " "); line != "" || len(lines) == 0 {
		lines = append(lines, line)
	}
	return lines
}

// tokens splits a text into pieces that no line break divides, each with the spaces behind it.
func tokens(text string) []string {
	var all []string
	token := ""
	var last rune
	for _, r := range text {
		if token != "" && breaks(last, r) {
			all = append(all, token)
			token = ""
		}
		token += string(r)
		last = r
	}
	if token != "" {
		all = append(all, token)
	}
	return all
}

// breaks reports whether a line may end between two characters.
func breaks(before, after rune) bool {
	switch {
	case after == ' ':
		return false
	case before == ' ':
		return true
	case strings.ContainsRune(closing, after), strings.ContainsRune(opening, before):
		return false
	}
	return columns.RuneWidth(before) == 2 || columns.RuneWidth(after) == 2
}

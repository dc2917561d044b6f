package messages

import "strings"

// Paragraphs splits a long text, whose lines are broken for those who read the code, into its paragraphs,
// each on one line. Lines that begin with a space are examples, and stay as they are.
func Paragraphs(text string) []string {
	var all []string
	for p := range strings.SplitSeq(text, "\n\n") {
		if strings.HasPrefix(p, " ") {
			all = append(all, p)
			continue
		}
		all = append(all, strings.Join(strings.Fields(p), " "))
	}
	return all
}

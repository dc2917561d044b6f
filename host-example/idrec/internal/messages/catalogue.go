package messages

import (
	"maps"
	"slices"
)

// catalogue is the Chinese for each English text, in parts by where the texts stand. A text stands in one
// of them only.
var catalogue = []map[string]string{words, said, flags, help, codes, settings, elsewhere}

// chinese finds the twin of an English text.
func chinese(english string) (string, bool) {
	for _, part := range catalogue {
		if text, known := part[english]; known {
			return text, true
		}
	}
	return "", false
}

// Texts are the English texts that have a twin.
func Texts() []string {
	var all []string
	for _, part := range catalogue {
		all = append(all, slices.Collect(maps.Keys(part))...)
	}
	return all
}

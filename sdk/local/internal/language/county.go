package language

import (
	"bytes"
	"compress/gzip"
	_ "embed"
	"io"
	"strings"
	"sync"
)

//go:embed counties.txt.gz
var countyFile []byte

// counties maps the six digits of GB/T 2260 to the names from the province down.
var counties = sync.OnceValue(func() map[string][]string {
	z, err := gzip.NewReader(bytes.NewReader(countyFile))
	if err != nil {
		return nil
	}
	text, err := io.ReadAll(z)
	if err != nil {
		return nil
	}
	m := make(map[string][]string, 3000)
	for line := range strings.Lines(string(text)) {
		f := strings.Fields(line)
		if len(f) > 1 {
			m[f[0]] = f[1:]
		}
	}
	return m
})

// County returns the names of a county-level division from its province down, by the six digits with
// which numbers of people registered there begin; nil for a code that is not in force.
func County(code string) []string { return counties()[code] }

// Counties returns the codes of all county-level divisions, in no order.
func Counties() []string {
	m := counties()
	out := make([]string, 0, len(m))
	for c := range m {
		out = append(out, c)
	}
	return out
}

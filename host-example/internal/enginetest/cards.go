package enginetest

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/seed-6b91b535/idrec/sdk/specimen"
)

// cardWidth is the smallest, in pixels, at which the code strip is read for certain.
const cardWidth = 480

// Cards draws n specimens, an even number, into a folder, and returns their paths. The same seed gives
// the same people.
func Cards(tb testing.TB, dir string, n int, seed uint64) []string {
	tb.Helper()
	o := specimen.GenerateOptions{People: (n + 1) / 2, Seed: seed}
	o.Width = cardWidth
	files, err := specimen.Generate(tb.Context(), dir, o)
	if err != nil {
		tb.Fatal(err)
	}
	paths := make([]string, len(files))
	for i, f := range files {
		paths[i] = filepath.Join(dir, f.Name)
	}
	return paths
}

// Canaries are texts that stand on the pictures of Cards with that seed: names, numbers and addresses,
// which must be found nowhere but in results.
func Canaries(n int, seed uint64) []string {
	var out []string
	for _, p := range specimen.People((n+1)/2, seed) {
		out = append(out, p.Name, p.Number, p.Address)
	}
	return out
}

// Leaks returns how many of the canaries stand in the text.
func Leaks(text string, canaries []string) int {
	n := 0
	for _, c := range canaries {
		if strings.Contains(text, c) {
			n++
		}
	}
	return n
}

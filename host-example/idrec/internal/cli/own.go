package cli

import (
	"path/filepath"
	"strings"
)

// own reports whether a file is one of those that the run makes, or keeps beside them. They are none of the
// office's, so they are not counted where they lie among the pictures; and if they were, what is made would
// change with every run.
func (r *recognition) own(path string) bool {
	folder, name := splitWhole(path)
	for _, made := range []string{r.out, r.report, r.state} {
		if made == "" {
			continue
		}
		where, base := splitWhole(made)
		ending := filepath.Ext(base)
		beside := strings.HasPrefix(name, strings.TrimSuffix(base, ending)+" (") && strings.HasSuffix(name, ")"+ending)
		if where == folder && (name == base || strings.HasPrefix(name, base+".") || beside) {
			return true
		}
	}
	return false
}

// splitWhole is the folder of a file by its whole name, and its name there.
func splitWhole(name string) (folder, base string) {
	if whole, err := filepath.Abs(name); err == nil {
		name = whole
	}
	return filepath.Split(name)
}

package shared_test

import (
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "github.com/seed-6b91b535/idrec/"

// rooms says which of our packages each room may import besides shared. A folder belongs to the room
// with the longest name that it starts with; packages below a room may import each other. "*" is all.
var rooms = map[string][]string{
	"shared":               {},
	"shared/rpc":           {},
	"sdk/gate":             {},
	"sdk/idcard":           {},
	"sdk/picture":          {},
	"sdk/specimen":         {"sdk/idcard", "sdk/picture"},
	"sdk/ledger":           {},
	"sdk/layers":           {"sdk/idcard", "sdk/picture", "sdk/ledger", "sdk/gate"},
	"sdk/metrics":          {"sdk/layers"},
	"sdk/wapi":             {"sdk/idcard", "sdk/picture", "sdk/gate"},
	"sdk/wapi/sandbox":     {"sdk/wapi", "sdk/picture", "sdk/idcard"},
	"sdk/local":            {"sdk/idcard", "sdk/picture"},
	"sdk/local/train":      {"sdk/idcard", "sdk/picture", "sdk/specimen", "sdk/local"},
	"sdk/serve":            {"shared/rpc"},
	"sdk/host":             {"shared/rpc"},
	"sdk/conformance":      {"sdk/host", "shared/rpc"},
	"sdk/internal":         {},
	"plugin":               {"*"},
	"host-example":         {"*"},
	"host-example/minimal": {"shared/rpc"},
}

func roomOf(dir string) string {
	for d := dir; d != "."; d = path.Dir(d) {
		if _, ok := rooms[d]; ok {
			return d
		}
	}
	return ""
}

// TestRoomsImportOnlyWhatTheTableAllows reads the imports of every file that is not a test. Tests of a
// room against another are outside of it, in packages named x_test.
func TestRoomsImportOnlyWhatTheTableAllows(t *testing.T) {
	t.Parallel()
	seen := 0
	err := filepath.WalkDir("..", func(file string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if n := d.Name(); n == "testdata" || n == "bin" || (strings.HasPrefix(n, ".") && n != "..") {
				return filepath.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(file, ".go") {
			return nil
		}
		rel, err := filepath.Rel("..", file)
		if err != nil {
			return err
		}
		dir := path.Dir(filepath.ToSlash(rel))
		f, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		if strings.HasSuffix(f.Name.Name, "_test") {
			return nil
		}
		room := roomOf(dir)
		if room == "" {
			t.Errorf("%s: stands in no room of the table", rel)
			return nil
		}
		seen++
		for _, imp := range f.Imports {
			name, err := strconv.Unquote(imp.Path.Value)
			if err != nil {
				return err
			}
			ours, ok := strings.CutPrefix(name, module)
			if !ok || ours == "shared" {
				if room == "shared" && strings.Contains(name, ".") && !strings.HasSuffix(file, "_test.go") {
					t.Errorf("%s imports %s: the contract imports nothing but the standard library", rel, name)
				}
				continue
			}
			other := roomOf(ours)
			if other == "sdk/specimen" && strings.HasSuffix(file, "_test.go") {
				continue // pictures with their truth are what tests live on, those of unexported parts too
			}
			if other != room && !slices.Contains(rooms[room], other) && !slices.Contains(rooms[room], "*") {
				t.Errorf("%s: room %s may not import %s", rel, room, ours)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if seen < 10 {
		t.Fatalf("only %d files were read; does the test run in shared/?", seen)
	}
}

package enginetest

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"

	"go.uber.org/goleak"
)

const module = "github.com/seed-6b91b535/idrec"

var shop struct {
	mu    sync.Mutex
	dir   string
	built map[string]bool
}

// Main runs the tests of a package, looks for goroutines that are left, and removes what was built.
func Main(m *testing.M, options ...goleak.Option) {
	dir, err := os.MkdirTemp("", "idrec-engine-")
	if err != nil {
		panic(err)
	}
	shop.dir, shop.built = dir, map[string]bool{}
	goleak.VerifyTestMain(m, append(options, goleak.Cleanup(func(code int) {
		_ = os.RemoveAll(dir)
		os.Exit(code)
	}))...)
}

// Build makes programs of this repository, named from its root, once for all tests of the process and
// side by side, and returns their folder.
func Build(tb testing.TB, packages ...string) string {
	tb.Helper()
	shop.mu.Lock()
	defer shop.mu.Unlock()
	for _, pkg := range packages {
		if shop.built[pkg] {
			continue
		}
		out := filepath.Join(shop.dir, exe(filepath.Base(pkg)))
		// In its own module, whose sums know its dependencies.
		cmd := exec.CommandContext(tb.Context(), "go", "build", "-o", out, ".") //nolint:gosec // programs of this repository
		cmd.Dir = filepath.Join(root(tb), filepath.FromSlash(pkg))
		if text, err := cmd.CombinedOutput(); err != nil {
			tb.Fatal(fmt.Errorf("build %s: %w\n%s", pkg, err, text))
		}
		shop.built[pkg] = true
	}
	return shop.dir
}

// Plugin is the path of the plugin of the hosted service.
func Plugin(tb testing.TB) string {
	tb.Helper()
	return filepath.Join(Build(tb, "plugin/idrec-plugin-wapi"), exe("idrec-plugin-wapi"))
}

// Idrec is the path of the program idrec, with the plugin beside it.
func Idrec(tb testing.TB) string {
	tb.Helper()
	return filepath.Join(Build(tb, "host-example/idrec", "plugin/idrec-plugin-wapi"), exe("idrec"))
}

// root is the repository's.
func root(tb testing.TB) string {
	tb.Helper()
	dir, err := exec.CommandContext(tb.Context(), "go", "list", "-m", "-f", "{{.Dir}}", module).Output()
	if err != nil {
		tb.Fatal(err)
	}
	return strings.TrimSpace(string(dir))
}

func exe(name string) string {
	if runtime.GOOS == "windows" {
		return name + ".exe"
	}
	return name
}

package pgtest

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// The environment variables that this package reads.
const (
	binVariable     = "IDREC_POSTGRES_BIN"
	requireVariable = "IDREC_REQUIRE_POSTGRES"
)

var errMissing = errors.New("PostgreSQL (initdb, postgres) is not installed here: install the package postgresql, or name its bin folder in " + binVariable)

// find returns the folder with initdb and postgres, those of the newest version where there are several.
func find() (string, error) {
	if dir := os.Getenv(binVariable); dir != "" {
		if complete(dir) {
			return dir, nil
		}
		return "", errMissing
	}
	if path, err := exec.LookPath("initdb"); err == nil {
		if target, err := filepath.EvalSymlinks(path); err == nil && complete(filepath.Dir(target)) {
			return filepath.Dir(target), nil
		}
	}
	var dirs []string
	for _, pattern := range []string{
		"/usr/lib/postgresql/*/bin",         // Debian
		"/usr/pgsql-*/bin",                  // the PostgreSQL project's RPMs
		"/usr/local/opt/postgresql*/bin",    // Homebrew
		"/opt/homebrew/opt/postgresql*/bin", // the same on Apple silicon
		"/Applications/Postgres.app/Contents/*/latest/bin",
	} {
		found, _ := filepath.Glob(pattern)
		dirs = append(dirs, found...)
	}
	slices.SortFunc(dirs, func(a, b string) int { return -compareVersions(a, b) })
	for _, dir := range dirs {
		if complete(dir) {
			return dir, nil
		}
	}
	return "", errMissing
}

// compareVersions orders paths so that .../9/bin comes before .../15/bin.
func compareVersions(a, b string) int {
	if len(a) != len(b) {
		return len(a) - len(b)
	}
	return strings.Compare(a, b)
}

func complete(dir string) bool {
	for _, program := range []string{"initdb", "postgres"} {
		if _, err := exec.LookPath(filepath.Join(dir, program)); err != nil {
			return false
		}
	}
	return true
}

// Need skips the test where PostgreSQL is not installed, or fails it where it is required.
func Need(tb testing.TB) {
	tb.Helper()
	if _, err := find(); err != nil {
		if os.Getenv(requireVariable) == "1" {
			tb.Fatal(err)
		}
		tb.Skip(err)
	}
}

package enginetest

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
	"time"
)

// CommandLineRate is how many pictures a second the program idrec itself reads from the folder, so many
// at a time, from a vendor of that latency: what an engine's figure is compared with.
func CommandLineRate(tb testing.TB, folder string, latency time.Duration, concurrency int) float64 {
	tb.Helper()
	v := NewVendor(tb, latency)
	dir := tb.TempDir()
	cmd := exec.CommandContext(tb.Context(), Idrec(tb), "recognize", folder, "--quiet", //nolint:gosec // our own program
		"--concurrency", strconv.Itoa(concurrency), "--out", filepath.Join(dir, "out.ndjson"))
	cmd.Dir, cmd.Env = dir, append(Environ(dir), v.Environ()...)
	if text, err := cmd.CombinedOutput(); err != nil {
		tb.Fatalf("idrec recognize: %v\n%s", err, text)
	}
	return v.Rate()
}

// CompareRates runs an engine and the program idrec one after the other, several times, and returns the
// median of the ratios: other work on the machine hits both.
func CompareRates(tb testing.TB, engine, program func() float64) float64 {
	tb.Helper()
	const pairs = 3
	var ratios []float64
	for range pairs {
		e, p := engine(), program()
		tb.Logf("%.1f pictures/s, the program idrec %.1f", e, p)
		ratios = append(ratios, e/p)
	}
	slices.Sort(ratios)
	return ratios[pairs/2]
}

// Environ is the environment of a program under test: its home and its temporary files are in dir.
func Environ(dir string) []string {
	return []string{"PATH=" + os.Getenv("PATH"), "HOME=" + dir, "XDG_CONFIG_HOME=" + dir, "XDG_STATE_HOME=" + dir, "TMPDIR=" + dir, "GORACE=atexit_sleep_ms=0"}
}

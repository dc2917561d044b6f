package serve

import (
	"os"
	"runtime/debug"
)

// collectAt is how much the memory in use may grow, in percent, before it is collected. Nearly all of a
// plugin's memory is pictures, which the collector need not look into, so collecting often costs little
// and halves the peak (BenchmarkPeakMemory of idrec-plugin-wapi).
const collectAt = 25

// collectOften sets collectAt, unless the user has a wish of their own.
func collectOften() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(collectAt)
	}
}

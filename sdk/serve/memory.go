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
		ballast = make([]byte, ballastBytes)
	}
}

// ballastBytes is counted as memory in use, and is never touched, so that the system never has to provide
// it. Without it, a quarter of nearly nothing is reached every few calls: the collector would run all the
// time in a plugin that has little in memory. So it runs every 4 MiB at most.
const ballastBytes = 16 << 20

var ballast []byte //nolint:unused // it is there to be there

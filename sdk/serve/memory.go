package serve

import (
	"os"
	"runtime/debug"
	"sync"
)

// collectAt is how much the memory in use may grow, in percent, before it is collected. Nearly all of a
// plugin's memory is pictures, which the collector need not look into, so collecting often costs little
// and halves the peak (BenchmarkPeakMemory of idrec-plugin-wapi).
const collectAt = 25

// collectOften sets collectAt, unless the user has a wish of their own. It is called with the first picture:
// before, there is next to nothing in memory, so that the collector would run again and again while the plugin
// starts.
var collectOften = sync.OnceFunc(func() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(collectAt)
	}
})

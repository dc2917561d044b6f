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

// ballast counts as memory in use and is never touched, so that it takes none: without it, collectAt of next
// to nothing would have the collector run with every few calls of pictures that are not in memory, those in
// files.
var ballast []byte //nolint:unused // it is only kept

const ballastBytes = 16 << 20 // of which collectAt is 4 MiB between two collections at the least

// collectOften sets collectAt, unless the user has a wish of their own. It is called with the first picture:
// before, there is next to nothing in memory, so that the collector would run again and again while the plugin
// starts.
var collectOften = sync.OnceFunc(func() {
	if os.Getenv("GOGC") == "" {
		ballast = make([]byte, ballastBytes)
		debug.SetGCPercent(collectAt)
	}
})

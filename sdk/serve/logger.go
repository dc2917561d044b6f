package serve

import (
	"io"
	"os"
	"sync"

	"github.com/hashicorp/go-hclog"

	"github.com/seed-6b91b535/idrec/shared/rpc"
)

// Logger returns the plugin's logger: JSON lines on standard error, which is how a go-plugin host
// takes them, at the level that the host asks for. It is there before [Main] too. Nothing personal and
// no secret belongs in it.
var Logger = sync.OnceValue(func() hclog.Logger {
	level := hclog.LevelFromString(os.Getenv(rpc.EnvLogLevel))
	if level == hclog.NoLevel {
		level = hclog.Info
	}
	return newLogger(level)
})

func newLogger(level hclog.Level) hclog.Logger {
	return hclog.New(&hclog.LoggerOptions{Level: level, Output: dropping{os.Stderr}, JSONFormat: true})
}

// dropping drops what cannot be written: the reader of a plugin's log is its host, and hclog panics
// when a host that is gone takes no more.
type dropping struct{ w io.Writer }

func (d dropping) Write(b []byte) (int, error) {
	_, _ = d.w.Write(b)
	return len(b), nil
}

//go:build unix

package crash_test

import (
	"os"
	"testing"

	"go.uber.org/goleak"

	"github.com/seed-6b91b535/idrec/sdk/ledger/postgres/pgtest"
)

// roleEnv makes this test binary a host or a plugin.
const roleEnv = "IDREC_CRASH_ROLE"

func TestMain(m *testing.M) {
	switch os.Getenv(roleEnv) {
	case "plugin":
		servePlugin()
	case "host":
		runHost()
	default:
		goleak.VerifyTestMain(m, goleak.Cleanup(func(code int) {
			pgtest.CloseShared()
			os.Exit(code)
		}))
	}
}

// start makes a test one of those that run at the same time, and leaves it out of the short ones: with the
// race detector every process would be ten times as slow, and what is in them is tested with it elsewhere.
func start(t *testing.T) {
	t.Helper()
	if testing.Short() {
		t.Skip("it needs many processes; run it without -short")
	}
	t.Parallel()
}

// soak reports whether the tests run at length.
func soak() bool { return os.Getenv("IDREC_SOAK") == "1" }

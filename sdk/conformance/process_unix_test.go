//go:build unix

package conformance_test

import (
	"os"
	"os/exec"
	"strings"
	"testing"
)

// Under nohup and behind a shell's &, a plugin that dies of a hang-up would inherit that it is ignored.
func TestWhatTheKitIgnoresThePluginDoesNot(t *testing.T) {
	t.Parallel()
	cmd := exec.CommandContext(t.Context(), "sh", "-c", `trap "" HUP INT; exec "$0" "$@"`,
		os.Args[0], "-test.v", "-test.run", "^TestAFlawedPluginFailsAtThePoint$/^stock$")
	if out, err := cmd.CombinedOutput(); err != nil || !strings.Contains(string(out), "--- PASS: TestAFlawedPluginFailsAtThePoint/stock") {
		t.Errorf("%v\n%s", err, out)
	}
}

//go:build unix

package layers

import (
	"path/filepath"
	"syscall"
	"testing"

	"github.com/seed-6b91b535/idrec/shared"
)

// Neither hangs: a pipe without a writer and a device without an end.
func TestPipesAndDevicesAreNoPictures(t *testing.T) {
	t.Parallel()
	s := around(t, newVendor(always(play{})), nil, quick())
	pipe := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{pipe, "/dev/zero"} {
		fail(t, s, byPath(path), shared.CodePictureUnreadable, shared.OutcomeNotSent)
	}
}

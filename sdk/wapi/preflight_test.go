package wapi

import (
	"errors"
	"os"
	"testing"

	"github.com/seed-6b91b535/idrec/shared"
)

// A file that is cut while it is looked at was a picture when it was opened, and is none now.
func TestAFileThatIsCutWhileItIsLookedAtHasChanged(t *testing.T) {
	t.Parallel()
	for name, left := range map[string]int64{"in its beginning": 100, "behind it": inspectHead + 1} {
		path := writePicture(t, lateJPEG(t))
		s, err := openSource(shared.Image{Path: path})
		if err != nil {
			t.Fatal(err)
		}
		if info, err := s.inspect(); err != nil || info.Width != 30 {
			t.Error(info, err)
		}
		if err := os.Truncate(path, left); err != nil {
			t.Fatal(err)
		}
		var e *shared.Error
		if err := s.preflight(true, ""); !errors.As(err, &e) || e.Code != shared.CodePictureChanged || e.Outcome != shared.OutcomeNotSent {
			t.Errorf("%s: %v", name, err)
		}
		s.close()
	}
}

package sqlite

import (
	"errors"
	"fmt"
	"path/filepath"
	"testing"

	"github.com/seed-6b91b535/idrec/sdk/ledger"
)

// A transaction that is larger than the cache and rolled back leaves nothing that is written later, over what
// others have committed in its place.
func TestWhatIsRolledBackIsNeverWritten(t *testing.T) {
	t.Parallel()
	for _, then := range []string{"goes on", "closes"} {
		t.Run(then, func(t *testing.T) {
			t.Parallel()
			path, keys := filepath.Join(memoryDir(t), "ledger.db"), newKeys(t)
			a, b := mustOpen(t, path, keys), mustOpen(t, path, keys)
			settled(t, a, "k", "c")
			errMind := errors.New("changed its mind")
			err := a.writer.do(t.Context(), func(c *conn) error {
				for i := range 1500 { // 6 MB, of a cache of 2
					if err := c.exec(`INSERT INTO held (seq, answer) VALUES (?, ?)`, int64(100000+i), make([]byte, 2000)); err != nil {
						return err
					}
				}
				return errMind
			})
			if !errors.Is(err, errMind) {
				t.Fatal(err)
			}
			const calls = 40
			for i := range calls {
				settled(t, b, fmt.Sprint("b", i), fmt.Sprint("cb", i))
			}
			if then == "closes" {
				if err := a.Close(); err != nil {
					t.Error(err)
				}
			} else {
				settled(t, a, "a2", "ca2")
			}
			crashed := filepath.Join(memoryDir(t), "crashed.db")
			copyFiles(t, path, crashed)
			n := 0
			for _, err := range mustOpen(t, crashed, keys).Records(t.Context(), ledger.Filter{}) {
				if err != nil {
					t.Fatal(err)
				}
				n++
			}
			if n < calls+1 {
				t.Errorf("%d calls of %d", n, calls+1)
			}
		})
	}
}

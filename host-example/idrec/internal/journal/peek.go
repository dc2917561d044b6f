package journal

import (
	"errors"
	"io/fs"
	"os"

	"github.com/seed-6b91b535/idrec/host-example/idrec/internal/exit"
)

// Peek reads the state without a lock and without changing anything, for who wants to know what a run
// would do. Of the journal only [Journal.Lookup], [Journal.Content], [Journal.Len] and [Journal.Run] can be
// used. It fails where [Open] would for what the files say, but does not look at the records.
func Peek(o Options) (*Journal, error) {
	if o.State == "" {
		o.State = o.Out + ".state"
	}
	j := &Journal{o: o, entries: make(map[string]Entry, o.Items)}
	text, err := os.ReadFile(o.State)
	switch {
	case errors.Is(err, fs.ErrNotExist) || err == nil && notBegun(text):
		return j, j.free()
	case err != nil:
		return nil, exit.Errorf(exit.Usage, "the state file cannot be read")
	}
	if _, err := j.parse(text); err != nil {
		return nil, err
	}
	return j, nil
}

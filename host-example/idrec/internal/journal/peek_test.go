package journal

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/seed-6b91b535/idrec/host-example/idrec/internal/exit"
)

func TestPeekingKnowsWhatOpeningDoesAndChangesNothing(t *testing.T) {
	t.Parallel()
	o := options(t, array)
	folder := filepath.Dir(o.Out)
	left := func() int {
		files, err := os.ReadDir(folder)
		must(t, err)
		return len(files)
	}
	before := left()
	j, err := Peek(o)
	must(t, err)
	if j.Len() != 0 || left() != before {
		t.Errorf("%d entries, %d files of a run that was never begun", j.Len(), left())
	}
	run := open(t, o)
	must(t, run.Append([]Record{record("a", 1, true, "1"), record("b", 2, false, "2")}))
	// While another works with it, and with a torn end.
	f, err := os.OpenFile(o.Out+".state", os.O_WRONLY|os.O_APPEND, 0)
	must(t, err)
	_, err = f.WriteString(`{"item":"torn`)
	must(t, err)
	must(t, f.Close())
	state := content(t, o.Out+".state")
	if j, err = Peek(o); err != nil || j.Len() != 2 || j.Run() != run.Run() {
		t.Fatalf("%v, %d entries", err, j.Len())
	}
	if e, known := j.Lookup("b"); !known || e.Final || e.N != 2 {
		t.Errorf("%+v", e)
	}
	if content(t, o.Out+".state") != state {
		t.Error("the state was changed")
	}
	must(t, run.Close())

	other := o
	other.Settings = map[string]string{"--fields": "other"}
	if _, err := Peek(other); exit.Of(err) != exit.Usage {
		t.Errorf("another setting: %v", err)
	}
	must(t, os.Remove(o.Out+".state"))
	if _, err := Peek(o); exit.Of(err) != exit.Usage {
		t.Errorf("a .part file without a state: %v", err)
	}
}

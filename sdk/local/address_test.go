package local

import (
	"testing"

	"github.com/seed-6b91b535/idrec/sdk/specimen"
	"github.com/seed-6b91b535/idrec/shared"
)

// Copies with a stamp or a note behind or below the address: none of it is read as a part.
func TestNotesOnCopiesAreNoAddress(t *testing.T) {
	t.Parallel()
	x := trials{set: specimen.SetTune, level: specimen.LevelCopy, finder: known(0)}
	p := New(Options{Readers: 1})
	for _, i := range []int{25, 47, 50, 71, 73, 92} {
		tr := x.one(t, p, specimen.SubjectPortrait, i)
		if got, want := tr.result.Value(shared.FieldAddress), tr.truth.Address; got != want {
			t.Errorf("%d: %s, want %s", i, got, want)
		}
	}
}

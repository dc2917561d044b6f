package enginetest_test

import (
	"strings"
	"testing"

	"github.com/seed-6b91b535/idrec/host-example/internal/enginetest"
	"github.com/seed-6b91b535/idrec/sdk/specimen"
	"github.com/seed-6b91b535/idrec/shared"
)

func TestMain(m *testing.M) { enginetest.Main(m) }

// TestTheCardsCanBeRead holds the width of the cards, on which all samples rest, and the canaries, which
// must be what stands on them.
func TestTheCardsCanBeRead(t *testing.T) {
	t.Parallel()
	canaries := strings.Join(enginetest.Canaries(6, 3), "\n")
	for _, path := range enginetest.Cards(t, t.TempDir(), 6, 3) {
		r, err := (&specimen.Recognizer{}).Recognize(t.Context(), &shared.Request{Image: shared.Image{Path: path}})
		if err != nil || r.Status != shared.StatusNormal {
			t.Errorf("%v %v", r, err)
			continue
		}
		if r.Side == shared.SidePortrait && !strings.Contains(canaries, r.Value(shared.FieldNumber)) {
			t.Error("the number is no canary")
		}
	}
	if enginetest.Leaks("nothing", enginetest.Canaries(6, 3)) != 0 || enginetest.Leaks(canaries, enginetest.Canaries(6, 3)) != 9 {
		t.Error("leaks are counted wrong")
	}
}

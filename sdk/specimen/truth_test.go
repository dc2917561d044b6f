package specimen

import (
	"encoding/json"
	"maps"
	"testing"

	"github.com/seed-6b91b535/idrec/shared"
)

func TestTruthAsJSONIsTheSideAndTheCardOfARecord(t *testing.T) {
	t.Parallel()
	for _, p := range Cast() {
		for _, side := range []shared.Side{shared.SidePortrait, shared.SideEmblem} {
			truth := p.Truth(side)
			b, err := json.Marshal(truth)
			if err != nil {
				t.Fatal(err)
			}
			var flat map[string]string
			if err := json.Unmarshal(b, &flat); err != nil {
				t.Fatal(err)
			}
			if flat["side"] != string(side) {
				t.Errorf("side %q", flat["side"])
			}
			delete(flat, "side")
			record := shared.NewRecord("x.jpg", nil, &shared.Result{Fields: truth.Fields()}, nil, 0)
			card := map[string]string{}
			for name, v := range record.Card {
				card[string(name)] = v
				if name.Side() != side {
					t.Errorf("%s stands on the side %s", name, side)
				}
			}
			if !maps.Equal(flat, card) {
				t.Errorf("truth %v, card %v", flat, card)
			}
		}
	}
}

func TestNoCardHasAnEmptySideAndNoFields(t *testing.T) {
	t.Parallel()
	b, err := json.Marshal(Truth{})
	if err != nil || string(b) != `{"side":""}` || len(Truth{}.Fields()) != 0 {
		t.Errorf("%s, %v", b, err)
	}
}

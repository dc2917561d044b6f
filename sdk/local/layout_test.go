package local

import (
	"testing"

	"github.com/seed-6b91b535/idrec/sdk/local/internal/page"
	"github.com/seed-6b91b535/idrec/sdk/specimen"
	"github.com/seed-6b91b535/idrec/shared"
)

// The widest prints of the tuning set stand in the address's slot with all of their ink.
func TestAddressSlotHoldsTheWidestPrints(t *testing.T) {
	t.Parallel()
	const bearing = 0.04 * 3.3 // millimetres of a full-width character's box behind its ink
	widest := 0.0
	for _, one := range []struct {
		level specimen.Level
		i     int
	}{{specimen.LevelFlat, 44}, {specimen.LevelEasy, 79}, {specimen.LevelCopy, 57}} {
		x := trials{set: specimen.SetTune, level: one.level}
		_, truth := x.photo(t, specimen.SubjectPortrait, one.i)
		onto, err := page.Onto(cardWidth, cardHeight, truth.Cards[0].Quad)
		if err != nil {
			t.Fatal(err)
		}
		for _, l := range truth.Cards[0].Lines {
			if l.Field != shared.FieldAddress {
				continue
			}
			left, right := onCard(&onto, page.Point(l.Quad[0])), onCard(&onto, page.Point(l.Quad[1]))
			widest = max(widest, right.X)
			if left.X < slotAddress.left || right.X-bearing > slotAddress.right {
				t.Errorf("%s %d: %s stands from %.2f to %.2f mm, the slot is from %.2f to %.2f", one.level, one.i, l.Text, left.X, right.X, slotAddress.left, slotAddress.right)
			}
		}
	}
	if widest < slotAddress.right-0.3 {
		t.Errorf("the widest print ends at %.2f mm, which tests nothing", widest)
	}
}

package local

import (
	"math"
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
			left, right := onCard(&onto, l.Quad[0]), onCard(&onto, l.Quad[1])
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

// The fields begin where their slots say, as far as personalisation meets the form.
func TestFieldsBeginWhereTheirSlotsSay(t *testing.T) {
	t.Parallel()
	const aim = 0.45 // millimetres
	seen := map[shared.FieldName]bool{}
	for _, subject := range []specimen.Subject{specimen.SubjectPortrait, specimen.SubjectEmblem} {
		_, truth := trials{set: specimen.SetTune, level: specimen.LevelFlat}.photo(t, subject, 2)
		onto, err := page.Onto(cardWidth, cardHeight, truth.Cards[0].Quad)
		if err != nil {
			t.Fatal(err)
		}
		for _, l := range truth.Cards[0].Lines {
			s, ok := map[shared.FieldName]slot{
				shared.FieldFullName: slotName, shared.FieldEthnicity: slotEthnicity, shared.FieldAddress: slotAddress, shared.FieldAuthority: slotAuthority,
			}[l.Field]
			if !ok {
				continue
			}
			seen[l.Field] = true
			if left := onCard(&onto, l.Quad[0]); math.Abs(left.X-s.begins) > aim {
				t.Errorf("%s begins at %.2f mm, its slot says %.2f", l.Field, left.X, s.begins)
			}
		}
	}
	if len(seen) != 4 {
		t.Errorf("%d fields", len(seen))
	}
}

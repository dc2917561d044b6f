package find

import (
	"testing"

	"github.com/seed-6b91b535/idrec/sdk/local/internal/page"
	"github.com/seed-6b91b535/idrec/sdk/picture"
	"github.com/seed-6b91b535/idrec/sdk/specimen"
)

// Photos of the tuning set on which the looks end with a corner that is off by a tenth of the card's width and more. If
// none of them is after training the networks anew, others must be looked for.
func TestACornerThatIsOffIsFound(t *testing.T) {
	t.Parallel()
	f, err := New()
	if err != nil {
		t.Fatal(err)
	}
	tested := false
	for _, one := range []struct {
		level specimen.Level
		i     int
	}{{specimen.LevelExtreme, 89}, {specimen.LevelCopy, 31}} {
		data, truth := specimen.PhotoSet{Level: one.level, Set: specimen.SetTune, Seed: 4, Subject: specimen.SubjectPortrait}.At(one.i)
		g, _, err := picture.DecodeLuma(data)
		if err != nil {
			t.Fatal(err)
		}
		p := &page.Plane{Pix: g.Pix, Stride: g.Stride, Width: g.Rect.Dx(), Height: g.Rect.Dy()}
		f.reseats = 0
		before := f.pass(p)
		after := f.Find(p)
		if len(before) == 0 || len(after) == 0 {
			t.Errorf("%s %d: no card", one.level, one.i)
			continue
		}
		q := truth.Cards[0].Quad
		tested = tested || farthest(q, before[0].Quad) > 0.08
		if off := farthest(q, after[0].Quad); off > 0.03 {
			t.Errorf("%s %d: a corner is off by %.3f of the width, spread %.2f", one.level, one.i, off, after[0].Spread)
		}
	}
	if !tested {
		t.Error("no corner was off before")
	}
}

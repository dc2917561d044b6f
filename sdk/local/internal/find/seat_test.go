package find_test

import (
	"math"
	"testing"

	"github.com/seed-6b91b535/idrec/sdk/local/internal/page"
	"github.com/seed-6b91b535/idrec/sdk/picture"
	"github.com/seed-6b91b535/idrec/sdk/specimen"
)

// Photos of the tuning set on which the looks end with a corner that is off by a tenth of the card's width and more.
func TestACornerThatIsOffIsFound(t *testing.T) {
	t.Parallel()
	f := finder(t)
	for _, one := range []struct {
		level specimen.Level
		i     int
	}{{specimen.LevelExtreme, 89}, {specimen.LevelCopy, 31}} {
		data, truth := specimen.PhotoSet{Level: one.level, Set: specimen.SetTune, Seed: 4, Subject: specimen.SubjectPortrait}.At(one.i)
		g, _, err := picture.DecodeLuma(data)
		if err != nil {
			t.Fatal(err)
		}
		cards := f.Find(&page.Plane{Pix: g.Pix, Stride: g.Stride, Width: g.Rect.Dx(), Height: g.Rect.Dy()})
		if len(cards) == 0 {
			t.Errorf("%s %d: no card", one.level, one.i)
			continue
		}
		q, off := truth.Cards[0].Quad, 0.0
		for i, at := range cards[0].Quad {
			off = max(off, math.Hypot(at.X-q[i].X, at.Y-q[i].Y)/math.Hypot(q[1].X-q[0].X, q[1].Y-q[0].Y))
		}
		if off > 0.03 {
			t.Errorf("%s %d: a corner is off by %.3f of the width, spread %.2f", one.level, one.i, off, cards[0].Spread)
		}
	}
}

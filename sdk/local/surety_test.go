package local

import (
	"strconv"
	"testing"

	"github.com/seed-6b91b535/idrec/sdk/local/internal/page"
	"github.com/seed-6b91b535/idrec/sdk/specimen"
	"github.com/seed-6b91b535/idrec/shared"
)

// doubting is a finder that finds nothing, and is that unsure of it.
type doubting float64

func (d doubting) find(*page.Plane) []sighting { return nil }
func (d doubting) doubt() float64              { return float64(d) }

// sureOf returns the status of a picture and how sure the engine is of it.
func sureOf(tb testing.TB, p *Provider, data []byte) (shared.PictureStatus, float64) {
	tb.Helper()
	res := ask(tb, p, &shared.Request{Image: bytesOfPicture(data)})
	v, err := strconv.ParseFloat(res.Extras["local.status_confidence"], 64)
	if err != nil || v < 0 || v > 1 {
		tb.Fatalf("the status's confidence is %q", res.Extras["local.status_confidence"])
	}
	return res.Status, v
}

func unsure(d float64) *Provider {
	p := New(Options{Readers: 1})
	p.finder = func() (finder, error) { return doubting(d), nil }
	return p
}

func TestAPictureWithWhatMayBeACardIsLessSurelyNone(t *testing.T) {
	t.Parallel()
	page, _ := specimen.PhotoSet{Level: specimen.LevelEasy, Set: specimen.SetTune, Seed: 3, Subject: specimen.SubjectNone, Width: 700}.At(0)
	before := 2.0
	for _, d := range []float64{0, 0.3, 0.6, 0.85} {
		status, v := sureOf(t, unsure(d), page)
		if status != shared.StatusNonIDCard || v >= before {
			t.Errorf("with a doubt of %v it is %s with %v, with less doubt %v", d, status, v, before)
		}
		before = v
	}
	if _, v := sureOf(t, unsure(0), page); v < 0.9 {
		t.Errorf("a page of which nothing looks like a card is none with %v", v)
	}
}

func TestACardThatIsReadIsSurelyOne(t *testing.T) {
	t.Parallel()
	card := straight(t, specimen.Cast()[0], shared.SidePortrait)
	if status, v := sureOf(t, with(whole(shared.SidePortrait)), card); status != shared.StatusNormal || v < 0.95 {
		t.Errorf("%s with %v", status, v)
	}
	res := ask(t, with(whole(shared.SidePortrait)), &shared.Request{Image: bytesOfPicture(card), Side: shared.SideEmblem})
	if v, _ := strconv.ParseFloat(res.Extras["local.status_confidence"], 64); res.Status != shared.StatusReversedSide || v < 0.95 {
		t.Errorf("asked for the other side: %s with %v", res.Status, v)
	}
}

package local

import (
	"bytes"
	"image"
	"math"
	"testing"

	"github.com/seed-6b91b535/idrec/sdk/local/internal/lattice"
	"github.com/seed-6b91b535/idrec/sdk/local/internal/lines"
	"github.com/seed-6b91b535/idrec/sdk/specimen"
	"github.com/seed-6b91b535/idrec/shared"
)

// burnt is a card of whose number everything between two places, in millimetres from the left, is within a few
// levels of white.
func burnt(p specimen.Person, from, to float64, levels int) *image.RGBA {
	img := specimen.Draw(p, shared.SidePortrait, specimen.Options{NoStrip: true, Width: 900})
	for y := 475; y < 545; y++ {
		for x := int(from * 900 / cardWidth); x < int(to*900/cardWidth); x++ {
			for i := range 3 {
				v := &img.Pix[img.PixOffset(x, y)+i]
				*v = uint8(255 - levels + int(*v)*levels/255)
			}
		}
	}
	return img
}

func TestFaintDigitsAreReadWithTheContrastEvened(t *testing.T) {
	t.Parallel()
	person := specimen.Cast()[0]
	want := person.Truth(shared.SidePortrait).Values()[shared.FieldNumber]
	// The seven last digits, of which three are told by nothing else.
	res := ask(t, with(whole(shared.SidePortrait)), &shared.Request{Image: bytesOfPicture(encoded(t, burnt(person, 29.5+2.62*11, 80, 8)))})
	if got := res.Value(shared.FieldNumber); got != want {
		t.Errorf("%q, not %s", got, want)
	}
	res = ask(t, with(whole(shared.SidePortrait)), &shared.Request{Image: bytesOfPicture(encoded(t, burnt(person, 29.5+2.62*11, 80, 0)))})
	if f := res.Fields[shared.FieldNumber]; f.State != shared.FieldIllegible {
		t.Errorf("with nothing of them left it is %+v", f)
	}
}

func TestEveningKeepsBarePaperBare(t *testing.T) {
	t.Parallel()
	const w = 200
	gray := bytes.Repeat([]byte{250}, w*lines.Height)
	for i := range gray {
		gray[i] += byte(i * 7 % 3) // noise of a level
	}
	out := evened(gray, w)
	for i, v := range out {
		if v < 110 || v > 190 {
			t.Fatalf("pixel %d is %d: paper became writing", i, v)
		}
	}
	for y := 12; y < 20; y++ { // a stroke of 5 levels
		gray[y*w+100] -= 5
	}
	if v := evened(gray, w)[16*w+100]; v > 100 {
		t.Errorf("a faint stroke is %d", v)
	}
}

func TestWhatIsReadFaintlyIsNeverSure(t *testing.T) {
	t.Parallel()
	out := doubted([]lines.Candidate{{Rune: '3', LogP: -0.001}, {Rune: 'X', LogP: -8}})
	if len(out) != 11 || out[0].Rune != '3' {
		t.Fatalf("%+v", out)
	}
	sum := 0.0
	for _, c := range out {
		sum += math.Exp(float64(c.LogP))
		if c.LogP < lattice.Floor {
			t.Errorf("%c is excluded", c.Rune)
		}
	}
	if p := math.Exp(float64(out[0].LogP)); math.Abs(sum-1) > 0.01 || p > 0.6 {
		t.Errorf("3 with %.2f, all with %.2f", p, sum)
	}
}

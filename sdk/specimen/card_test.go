package specimen

import (
	"bytes"
	"image"
	"image/color"
	"testing"

	"github.com/seed-6b91b535/idrec/shared"
)

var bothSides = []shared.Side{shared.SidePortrait, shared.SideEmblem}

// testWidth keeps tests quick; it is a usual width in photos.
const testWidth = 640

func TestDrawIsDeterministicAndOfTheCardsShape(t *testing.T) {
	t.Parallel()
	for _, width := range []int{MinWidth, 641, DefaultWidth} {
		for _, side := range bothSides {
			a, b := Draw(Cast()[0], side, Options{Width: width}), Draw(Cast()[0], side, Options{Width: width})
			if !bytes.Equal(a.Pix, b.Pix) {
				t.Errorf("%s, %d pixels: two drawings differ", side, width)
			}
			ratio := float64(a.Rect.Dx()) / float64(a.Rect.Dy())
			if a.Rect.Dx() != width || ratio < 1.575 || ratio > 1.595 {
				t.Errorf("%s: %v", side, a.Rect)
			}
			for i := 3; i < len(a.Pix); i += 4 {
				if a.Pix[i] != 0xFF {
					t.Fatalf("%s: a pixel is not opaque", side)
				}
			}
		}
	}
}

func TestWidthsAreBroughtIntoBounds(t *testing.T) {
	t.Parallel()
	for given, want := range map[int]int{0: DefaultWidth, -5: MinWidth, 3: MinWidth, 640: 640, 1 << 30: MaxWidth} {
		if got := (Options{Width: given}).width(); got != want {
			t.Errorf("%d gives %d", given, got)
		}
	}
}

func TestTheStripCoversNoField(t *testing.T) {
	t.Parallel()
	for _, p := range append(Cast(), People(20, 3)...) {
		for _, side := range bothSides {
			with, without := Draw(p, side, Options{Width: testWidth}), Draw(p, side, Options{Width: testWidth, NoStrip: true})
			place := portraitBox
			if side == shared.SideEmblem {
				place = emblemBox
			}
			allowed := place.pixels(float64(testWidth) / CardWidth).Inset(-1)
			changed := 0
			for y := range with.Rect.Dy() {
				for x := range with.Rect.Dx() {
					if with.RGBAAt(x, y) == without.RGBAAt(x, y) {
						continue
					}
					changed++
					if !(image.Point{x, y}).In(allowed) {
						t.Fatalf("%s: the strip changes the pixel %d,%d", side, x, y)
					}
				}
			}
			if changed == 0 {
				t.Fatalf("%s: no strip", side)
			}
		}
	}
}

func TestTextsEndBeforeWhatStandsBesideThem(t *testing.T) {
	t.Parallel()
	c := &canvas{}
	for _, p := range append(Cast(), People(1000, 4)...) {
		for _, l := range p.AddressText() {
			if end := valueX + c.width(text{s: l, em: textEm, font: hei()}); end > portraitBox.x-1 {
				t.Errorf("an address ends at %.1f mm", end)
			}
		}
		if end := ethnicityX + c.width(text{s: p.Ethnicity, em: textEm, font: hei()}); end > portraitBox.x-1 {
			t.Errorf("an ethnicity ends at %.1f mm", end)
		}
		// Names and authorities are set smaller where they would not fit, but stay readable.
		if w := c.width(text{s: p.Name, em: nameEm, font: hei()}); w > nameWidth*1.8 {
			t.Errorf("a name of %.1f mm", w)
		}
		if w := c.width(text{s: p.Authority, em: textEm, font: hei()}); w > authorityMax*1.5 {
			t.Errorf("an authority of %.1f mm", w)
		}
	}
	if end := numberX + 18*numberPitch; end > CardWidth-4 {
		t.Errorf("the number ends at %.1f mm", end)
	}
	if last := addressY + (AddressLines-1)*addressStep + textEm/2; last > numberY-numberEm/2 {
		t.Errorf("the address ends at %.1f mm", last)
	}
}

// redness is how much red stands out.
func redness(c color.RGBA) int { return int(c.R) - (int(c.G)+int(c.B))/2 }

func TestSpecimenIsBurntIn(t *testing.T) {
	t.Parallel()
	const scale = float64(testWidth) / CardWidth
	marks := map[shared.Side]box{shared.SidePortrait: {68.2, 41, 13, 4.4}, shared.SideEmblem: {66.6, 28.6, 15, 6.4}}
	pale := map[shared.Side]box{shared.SidePortrait: {10, 14, 38, 24}, shared.SideEmblem: {22, 26, 40, 12}}
	for _, o := range []Options{{Width: testWidth}, {Width: testWidth, NoStrip: true}} {
		for _, side := range bothSides {
			img := Draw(Cast()[0], side, o)
			count := func(b box, least int) (n, all int) {
				r := b.pixels(scale)
				for y := r.Min.Y; y < r.Max.Y; y++ {
					for x := r.Min.X; x < r.Max.X; x++ {
						all++
						if redness(img.RGBAAt(x, y)) >= least {
							n++
						}
					}
				}
				return n, all
			}
			if n, all := count(marks[side], 90); n*100 < all*12 {
				t.Errorf("%s: the mark has %d red pixels of %d", side, n, all)
			}
			if n, all := count(pale[side], 22); n*100 < all*12 {
				t.Errorf("%s: the watermark has %d red pixels of %d", side, n, all)
			}
		}
	}
}

func TestEveryFieldChangesThePrint(t *testing.T) {
	t.Parallel()
	p, q := Cast()[0], Cast()[4]
	changes := map[string]func(*Person){
		"name": func(p *Person) { p.Name = q.Name }, "sex": func(p *Person) { p.Sex = q.Sex },
		"ethnicity": func(p *Person) { p.Ethnicity = q.Ethnicity }, "birth": func(p *Person) { p.Birth = q.Birth },
		"address": func(p *Person) { p.Address = q.Address }, "number": func(p *Person) { p.Number = q.Number },
		"authority": func(p *Person) { p.Authority = q.Authority }, "issued": func(p *Person) { p.Issued = q.Issued },
		"expires": func(p *Person) { p.Expires = q.Expires },
	}
	o := Options{Width: testWidth, NoStrip: true}
	for name, change := range changes {
		other := p
		change(&other)
		if bytes.Equal(Draw(p, shared.SidePortrait, o).Pix, Draw(other, shared.SidePortrait, o).Pix) &&
			bytes.Equal(Draw(p, shared.SideEmblem, o).Pix, Draw(other, shared.SideEmblem, o).Pix) {
			t.Errorf("another %s is not printed", name)
		}
	}
}

func TestAPersonWhomNoStripHoldsIsDrawnWithout(t *testing.T) {
	t.Parallel()
	p := Cast()[0]
	p.Number = "not a number, and no card has it; but longer than two hundred and fifty-five bytes: " + string(bytes.Repeat([]byte("0"), 255))
	o := Options{Width: testWidth}
	with := Draw(p, shared.SidePortrait, o)
	o.NoStrip = true
	if !bytes.Equal(with.Pix, Draw(p, shared.SidePortrait, o).Pix) {
		t.Error("something else was drawn")
	}
}

func TestCachedBasesAreNotDrawnOn(t *testing.T) {
	t.Parallel()
	first := Draw(Cast()[0], shared.SidePortrait, Options{Width: 333})
	Draw(Cast()[1], shared.SidePortrait, Options{Width: 333})
	for width := 400; width < 400+2*maxBases; width++ { // push it out of the cache
		Draw(Cast()[1], shared.SideEmblem, Options{Width: width})
	}
	if !bytes.Equal(first.Pix, Draw(Cast()[0], shared.SidePortrait, Options{Width: 333}).Pix) {
		t.Error("the ground changed")
	}
}

func BenchmarkDraw(b *testing.B) {
	p := Cast()[4]
	Draw(p, shared.SidePortrait, Options{})
	b.ReportAllocs()
	for b.Loop() {
		Draw(p, shared.SidePortrait, Options{})
	}
}

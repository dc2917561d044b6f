package local

import (
	"bytes"
	"context"
	"errors"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"math"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/seed-6b91b535/idrec/sdk/picture"
	"github.com/seed-6b91b535/idrec/sdk/specimen"
	"github.com/seed-6b91b535/idrec/shared"
)

// straight returns a crop of one side of a card, without a code, as a JPEG.
func straight(tb testing.TB, p specimen.Person, side shared.Side) []byte {
	tb.Helper()
	return encoded(tb, specimen.Draw(p, side, specimen.Options{NoStrip: true, Width: 900}))
}

func encoded(tb testing.TB, img image.Image) []byte {
	tb.Helper()
	var b bytes.Buffer
	if err := jpeg.Encode(&b, img, &jpeg.Options{Quality: 90}); err != nil {
		tb.Fatal(err)
	}
	return b.Bytes()
}

// corners is the quadrilateral of a whole picture.
func corners(w, h float64) shared.Quad { return shared.Quad{{}, {X: w}, {X: w, Y: h}, {Y: h}} }

// with returns an engine whose finder says what the test says.
func with(found ...sighting) *Provider {
	p := New(Options{Readers: 1})
	p.finder = func() (finder, error) { return fixed(found), nil }
	return p
}

func whole(side shared.Side) sighting {
	return sighting{quad: corners(900, 568), side: side, p: 1}
}

func ask(tb testing.TB, p *Provider, req *shared.Request) *shared.Result {
	tb.Helper()
	res, err := p.Recognize(context.Background(), req)
	if err != nil {
		tb.Fatal(err)
	}
	return res
}

func bytesOfPicture(b []byte) shared.Image { return shared.Image{Bytes: b} }

// A name has two characters at least; under a lamp's reflection one may be left.
func TestNameOfOneCharacterIsNeverSure(t *testing.T) {
	t.Parallel()
	person := specimen.Cast()[0]
	person.Name = string([]rune(person.Name)[:1])
	res := ask(t, with(whole(shared.SidePortrait)), &shared.Request{Image: bytesOfPicture(straight(t, person, shared.SidePortrait))})
	if f := res.Fields[shared.FieldFullName]; f.Value != person.Name || f.Confidence.Value > mostIncomplete {
		t.Errorf("%s with a confidence of %v", f.Value, f.Confidence.Value)
	}
}

// A lamp's reflection hides digits of the number. Where birth and check character tell them they are given, with a
// finding, and otherwise there is no number.
func TestANumberWithDigitsUnseen(t *testing.T) {
	t.Parallel()
	hidden := func(person specimen.Person, from, to int, fields ...shared.FieldName) *shared.Result {
		const left, pitch = 29.5, 2.62
		img := burnt(person, left+float64(from)*pitch, left+float64(to)*pitch, 0)
		return ask(t, with(whole(shared.SidePortrait)), &shared.Request{Image: bytesOfPicture(encoded(t, img)), Fields: fields})
	}
	for _, person := range specimen.Cast() {
		want := person.Truth(shared.SidePortrait).Values()[shared.FieldNumber]
		res := hidden(person, 8, 10)
		if got := res.Value(shared.FieldNumber); got != want {
			t.Errorf("with two digits of the birth hidden it is %q, not %s", got, want)
		}
		if len(res.Findings) != 1 || res.Findings[0].Code != "local.unseen_digits" || res.Findings[0].Count != 2 || res.Findings[0].Field != shared.FieldNumber {
			t.Errorf("findings %+v", res.Findings)
		}
		for _, span := range [][2]int{{0, 2}, {0, 3}, {1, 6}, {3, 6}, {14, 17}} {
			res = hidden(person, span[0], span[1])
			if f := res.Fields[shared.FieldNumber]; f.State != shared.FieldIllegible || f.Value != "" || len(res.Findings) != 0 {
				t.Errorf("with digits %d to %d of %s hidden it is %+v, findings %+v", span[0], span[1], want, f, res.Findings)
			}
		}
	}
	res := hidden(specimen.Cast()[0], 8, 10, shared.FieldFullName)
	if f := res.Fields[shared.FieldNumber]; f.State != shared.FieldMasked || len(res.Findings) != 0 {
		t.Errorf("where only the name is asked for the number is %s, findings %+v", f.State, res.Findings)
	}
}

// A stamp below the ethnicity has more edges than its one character.
func TestTheEthnicityStandsBesideTheSex(t *testing.T) {
	t.Parallel()
	person := specimen.Cast()[0]
	img := specimen.Draw(person, shared.SidePortrait, specimen.Options{NoStrip: true, Width: 900})
	for y := 178; y < 200; y++ {
		for x := 410; x < 560; x++ {
			if x/4%2 == 0 {
				img.SetRGBA(x, y, color.RGBA{A: 255})
			}
		}
	}
	res := ask(t, with(whole(shared.SidePortrait)), &shared.Request{Image: bytesOfPicture(encoded(t, img))})
	if got := res.Value(shared.FieldEthnicity); got != person.Ethnicity {
		t.Errorf("%q, not %s", got, person.Ethnicity)
	}
}

func TestCastIsReadExactly(t *testing.T) {
	t.Parallel()
	for _, side := range []shared.Side{shared.SidePortrait, shared.SideEmblem} {
		p := with(whole(side))
		for i, person := range specimen.Cast() {
			res := ask(t, p, &shared.Request{Image: bytesOfPicture(straight(t, person, side)), CallID: "c", WantRaw: true})
			if res.Status != shared.StatusNormal || res.Side != side || res.Outcome != shared.OutcomeFree || res.Basis != shared.BasisProved || res.CallID != "c" || !res.Usable() || len(res.Raw) == 0 {
				t.Errorf("person %d: %v", i, res)
			}
			for name, want := range person.Truth(side).Values() {
				f := res.Fields[name]
				if f.Value != want || f.State != shared.FieldPresent || f.Confidence.Origin != shared.ConfidenceDerived || f.Quad == nil {
					t.Errorf("person %d, %s: %+v", i, name, map[string]any{"value": f.Value, "want": want, "state": f.State, "confidence": f.Confidence})
				}
			}
		}
	}
}

// The places of fields are those of their print.
func TestQuadsAreWhereTheFieldsAre(t *testing.T) {
	t.Parallel()
	person := specimen.Cast()[0]
	data, truth := specimen.Photo([]specimen.PhotoCard{{Person: person}}, specimen.PhotoOptions{Level: specimen.LevelEasy, Seed: 3})
	res := ask(t, with(sighting{quad: truth.Cards[0].Quad, side: shared.SidePortrait, p: 1}), &shared.Request{Image: bytesOfPicture(data)})
	w := math.Hypot(truth.Cards[0].Quad[1].X-truth.Cards[0].Quad[0].X, truth.Cards[0].Quad[1].Y-truth.Cards[0].Quad[0].Y)
	for name, want := range truth.Cards[0].Fields {
		got := res.Fields[name].Quad
		if got == nil {
			t.Errorf("%s has no place", name)
			continue
		}
		for i := range want {
			// 4 % of the card's width are 3.4 mm, about a character.
			if d := math.Hypot(got[i].X-want[i].X, got[i].Y-want[i].Y); d > 0.04*w {
				t.Errorf("%s: corner %d is %.0f pixels off, the card is %.0f wide", name, i, d, w)
			}
		}
	}
	places, ok := picture.Personal(res)
	if !ok || len(places) != 4 {
		t.Errorf("%d places to mask, %v", len(places), ok)
	}
}

func TestTheOtherSideIsReversed(t *testing.T) {
	t.Parallel()
	p := with(whole(shared.SideEmblem))
	img := bytesOfPicture(straight(t, specimen.Cast()[0], shared.SideEmblem))
	if res := ask(t, p, &shared.Request{Image: img, Side: shared.SidePortrait}); res.Status != shared.StatusReversedSide || res.Value(shared.FieldAuthority) == "" {
		t.Errorf("%v", res)
	}
	if res := ask(t, p, &shared.Request{Image: img, Side: shared.SideEmblem}); res.Status != shared.StatusNormal {
		t.Errorf("%v", res)
	}
}

func TestOnlyTheFieldsAskedForHaveValues(t *testing.T) {
	t.Parallel()
	res := ask(t, with(whole(shared.SidePortrait)), &shared.Request{
		Image: bytesOfPicture(straight(t, specimen.Cast()[0], shared.SidePortrait)), Fields: []shared.FieldName{shared.FieldSex}, WantRaw: true,
	})
	for name, f := range res.Fields {
		if asked := name == shared.FieldSex; asked != (f.State == shared.FieldPresent) || asked != (f.Value != "") {
			t.Errorf("%s: %v", name, f)
		}
	}
	if strings.Contains(string(res.Raw), specimen.Cast()[0].Name) {
		t.Error("the raw answer has a field that was not asked for")
	}
}

// page lays cards one above the other.
func sheetOf(cards ...image.Image) (img *image.RGBA, quads []shared.Quad) {
	b := cards[0].Bounds()
	img = image.NewRGBA(image.Rect(0, 0, b.Dx()+80, 40+(b.Dy()+40)*len(cards)))
	for i := range img.Pix {
		img.Pix[i] = 0xF0
	}
	for i, c := range cards {
		top := 40 + (b.Dy()+40)*i
		for y := range b.Dy() {
			for x := range b.Dx() {
				img.Set(40+x, top+y, c.At(x, y))
			}
		}
		q := corners(float64(b.Dx()), float64(b.Dy()))
		for k := range q {
			q[k].X += 40
			q[k].Y += float64(top)
		}
		quads = append(quads, q)
	}
	return img, quads
}

func TestBothSidesOnAPageAreOneCard(t *testing.T) {
	t.Parallel()
	person := specimen.Cast()[0]
	o := specimen.Options{NoStrip: true, Width: 700}
	img, quads := sheetOf(specimen.Draw(person, shared.SidePortrait, o), specimen.Draw(person, shared.SideEmblem, o))
	p := with(sighting{quad: quads[1], side: shared.SideEmblem, p: 0.9}, sighting{quad: quads[0], side: shared.SidePortrait, p: 0.8})
	for _, asked := range []shared.Side{shared.SideDetect, shared.SidePortrait, shared.SideEmblem} {
		res := ask(t, p, &shared.Request{Image: bytesOfPicture(encoded(t, img)), Side: asked})
		if res.Side != shared.SideBoth || res.Status != shared.StatusNormal || len(res.Findings) != 0 {
			t.Errorf("asked for %q: %v", asked, res)
		}
		for name, want := range person.Truth(shared.SideBoth).Values() {
			if res.Value(name) != want {
				t.Errorf("%s is wrong", name)
			}
		}
	}
}

func TestTwoPeopleAreNotMixed(t *testing.T) {
	t.Parallel()
	a, b := specimen.Cast()[0], specimen.Cast()[1]
	o := specimen.Options{NoStrip: true, Width: 700}
	img, quads := sheetOf(specimen.Draw(a, shared.SidePortrait, o), specimen.Draw(b, shared.SidePortrait, o), specimen.Draw(b, shared.SideEmblem, o))
	p := with(sighting{quad: quads[0], side: shared.SidePortrait, p: 0.9}, sighting{quad: quads[1], side: shared.SidePortrait, p: 0.9}, sighting{quad: quads[2], side: shared.SideEmblem, p: 0.9})
	res := ask(t, p, &shared.Request{Image: bytesOfPicture(encoded(t, img))})
	if len(res.Findings) != 1 || res.Findings[0].Code != shared.FindingSeveralCards || res.Findings[0].Count != 2 {
		t.Errorf("findings %+v", res.Findings)
	}
	if res.Side != shared.SidePortrait || res.Value(shared.FieldAuthority) != "" {
		t.Errorf("%v: whose authority is it?", res)
	}
	// The same card twice is one person's.
	p = with(sighting{quad: quads[0], side: shared.SidePortrait, p: 0.9}, sighting{quad: quads[0], side: shared.SidePortrait, p: 0.8})
	if res := ask(t, p, &shared.Request{Image: bytesOfPicture(encoded(t, img))}); len(res.Findings) != 0 {
		t.Errorf("findings %+v", res.Findings)
	}
}

// spotted is a page with lines of print on a dark desk, and a lamp's reflection of that radius in the middle.
func spotted(tb testing.TB, radius int) []byte {
	tb.Helper()
	img := image.NewGray(image.Rect(0, 0, 900, 568))
	for i := range img.Pix {
		x, y := i%900, i/900
		img.Pix[i] = 90 + uint8(i%3)
		if x > 60 && x < 840 && y > 40 && y < 530 {
			if img.Pix[i] = 253; y%24 < 11 && x%17 < 8 {
				img.Pix[i] = 40
			}
		}
		if dx, dy := x-450, y-284; radius > 0 {
			img.Pix[i] = 120 + uint8(i%3)
			if dx*dx+dy*dy < radius*radius {
				img.Pix[i] = 254
			}
		}
	}
	return encoded(tb, img)
}

func TestStatusesOfWhatIsNotRead(t *testing.T) {
	t.Parallel()
	card := straight(t, specimen.Cast()[0], shared.SidePortrait)
	flat := func(level uint8) []byte {
		img := image.NewGray(image.Rect(0, 0, 900, 568))
		for i := range img.Pix {
			img.Pix[i] = level + uint8(i%3)
		}
		return encoded(t, img)
	}
	mirrored := whole(shared.SidePortrait)
	mirrored.mirrored = true
	cut := specimen.Draw(specimen.Cast()[0], shared.SidePortrait, specimen.Options{NoStrip: true, Width: 900}).SubImage(image.Rect(0, 0, 900, 480))
	part := whole(shared.SidePortrait)
	part.part = true
	burnt := mirrored
	burnt.quad = shared.Quad{mirrored.quad[1], mirrored.quad[0], mirrored.quad[3], mirrored.quad[2]}
	cutOff := sighting{quad: corners(2000, 1262), side: shared.SidePortrait, p: 1}
	for name, c := range map[string]struct {
		data   []byte
		found  []sighting
		status shared.PictureStatus
	}{
		"a page":             {spotted(t, 0), nil, shared.StatusNonIDCard},
		"a reflection":       {spotted(t, 160), nil, shared.StatusOverExposure},
		"a small one":        {spotted(t, 40), nil, shared.StatusNonIDCard},
		"half of a card":     {flat(150), []sighting{{quad: shared.Quad{{X: -250, Y: 10}, {X: 600, Y: 10}, {X: 600, Y: 540}, {X: -250, Y: 540}}, side: shared.SidePortrait, p: 0.6}}, shared.StatusUnknown},
		"nothing":            {card, nil, shared.StatusNonIDCard},
		"another card":       {card, []sighting{{quad: corners(900, 568), p: 1}}, shared.StatusOtherTypeCard},
		"mirrored":           {card, []sighting{mirrored}, shared.StatusUnknown},
		"cut off":            {card, []sighting{cutOff}, shared.StatusUnknown},
		"dark":               {flat(3), []sighting{whole(shared.SidePortrait)}, shared.StatusOverDark},
		"without its number": {encoded(t, cut), []sighting{part}, shared.StatusUnknown},
		"mirrored by light":  {flat(252), []sighting{burnt}, shared.StatusOverExposure},
		"burnt":              {flat(252), []sighting{whole(shared.SidePortrait)}, shared.StatusOverExposure},
		"nothing legible":    {flat(150), []sighting{whole(shared.SidePortrait)}, shared.StatusBlurred},
		"hardly a card":      {flat(150), []sighting{{quad: corners(900, 568), side: shared.SidePortrait, p: 0.6}}, shared.StatusNonIDCard},
		"corners of no use":  {card, []sighting{{quad: shared.Quad{}, side: shared.SidePortrait, p: 1}}, shared.StatusNonIDCard},
	} {
		res := ask(t, with(c.found...), &shared.Request{Image: bytesOfPicture(c.data)})
		if res.Status != c.status || res.Usable() {
			t.Errorf("%s: %v", name, res)
		}
		for field, f := range res.Fields {
			if f.State != shared.FieldIllegible || f.Value != "" || f.Raw != "" {
				t.Errorf("%s: %s is %v", name, field, f)
			}
		}
		if wantFinding := name == "mirrored"; wantFinding != (len(res.Findings) == 1) {
			t.Errorf("%s: findings %+v", name, res.Findings)
		}
	}
}

// A picture that EXIF calls mirrored is read, and the places are those of the picture as given.
func TestMirroredByEXIFIsReadAsItIsMeant(t *testing.T) {
	t.Parallel()
	person := specimen.Cast()[0]
	img := specimen.Draw(person, shared.SidePortrait, specimen.Options{NoStrip: true, Width: 900})
	b := img.Bounds()
	stored := image.NewRGBA(b)
	for y := range b.Dy() {
		for x := range b.Dx() {
			stored.Set(b.Dx()-1-x, y, img.At(x, y))
		}
	}
	file := encoded(t, stored)
	exif := "\xff\xe1\x00\x22Exif\x00\x00MM\x00*\x00\x00\x00\x08\x00\x01\x01\x12\x00\x03\x00\x00\x00\x01\x00\x02\x00\x00\x00\x00\x00\x00"
	file = append([]byte("\xff\xd8"+exif), file[2:]...)
	res := ask(t, with(whole(shared.SidePortrait)), &shared.Request{Image: bytesOfPicture(file)})
	if res.Value(shared.FieldFullName) != person.Name {
		t.Fatalf("%v", res)
	}
	if q := res.Fields[shared.FieldFullName].Quad; q[0].X < q[1].X || q[0].X < 450 {
		t.Errorf("the name is at %v", *q)
	}
}

func TestErrorsAreTyped(t *testing.T) {
	t.Parallel()
	p := with()
	canceled, cancel := context.WithCancel(context.Background())
	cancel()
	card := bytesOfPicture(straight(t, specimen.Cast()[0], shared.SidePortrait))
	missing := shared.Image{Path: filepath.Join(t.TempDir(), "王小明.jpg")}
	for name, c := range map[string]struct {
		ctx  context.Context
		req  *shared.Request
		code shared.Code
	}{
		"no request":     {context.Background(), nil, shared.CodeInvalidRequest},
		"no picture":     {context.Background(), &shared.Request{}, shared.CodeInvalidRequest},
		"an option":      {context.Background(), &shared.Request{Image: card, Options: map[string]string{"a": "b"}}, shared.CodeInvalidRequest},
		"an address":     {context.Background(), &shared.Request{Image: shared.Image{URL: "https://a.example/x.jpg"}}, shared.CodeNotSupported},
		"no file":        {context.Background(), &shared.Request{Image: missing}, shared.CodePictureUnreadable},
		"a folder":       {context.Background(), &shared.Request{Image: shared.Image{Path: t.TempDir()}}, shared.CodePictureUnreadable},
		"a text":         {context.Background(), &shared.Request{Image: bytesOfPicture([]byte("hello"))}, shared.CodeNotAPicture},
		"nothing":        {context.Background(), &shared.Request{Image: bytesOfPicture([]byte{})}, shared.CodePictureEmpty},
		"cut short":      {context.Background(), &shared.Request{Image: bytesOfPicture(card.Bytes[:len(card.Bytes)/2])}, shared.CodePictureBroken},
		"another digest": {context.Background(), &shared.Request{Image: card, SHA256: strings.Repeat("0", 64)}, shared.CodePictureChanged},
		"canceled":       {canceled, &shared.Request{Image: card}, shared.CodeCanceled},
		"too large":      {context.Background(), &shared.Request{Image: bytesOfPicture(hugePNG(t))}, shared.CodePictureTooLarge},
	} {
		res, err := p.Recognize(c.ctx, c.req)
		var e *shared.Error
		if res != nil || !errors.As(err, &e) || e.Code != c.code || e.Outcome != shared.OutcomeNotSent || e.Basis != shared.BasisProved {
			t.Errorf("%s: %v, %v", name, res, err)
		}
		if err != nil && strings.Contains(err.Error(), "小明") {
			t.Errorf("%s: the text names the file", name)
		}
	}
}

// hugePNG is a small file of a picture that would need more memory than is given to one.
func hugePNG(tb testing.TB) []byte {
	tb.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, image.NewPaletted(image.Rect(0, 0, 6000, 6000), color.Palette{color.White})); err != nil {
		tb.Fatal(err)
	}
	return b.Bytes()
}

func TestAPathIsRead(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "a.jpg")
	person := specimen.Cast()[2]
	if err := os.WriteFile(file, straight(t, person, shared.SidePortrait), 0o600); err != nil {
		t.Fatal(err)
	}
	if res := ask(t, with(whole(shared.SidePortrait)), &shared.Request{Image: shared.Image{Path: file}}); res.Value(shared.FieldFullName) != person.Name {
		t.Errorf("%v", res)
	}
}

func TestDescriptionIsOfAFreeLocalProvider(t *testing.T) {
	t.Parallel()
	d, err := New(Options{Version: "1.2", Readers: 3}).Describe(context.Background())
	if err != nil || d.Name != Name || d.Paid || d.Remote || d.Version != "1.2" || d.Limits.Concurrency != 3 || len(d.Limits.Formats) != 6 {
		t.Errorf("%+v, %v", d, err)
	}
}

// Many at once give what one after the other does.
func TestManyAtOnce(t *testing.T) {
	t.Parallel()
	p := New(Options{Readers: 2})
	p.finder = func() (finder, error) { return fixed{whole(shared.SideEmblem)}, nil }
	var wg sync.WaitGroup
	for _, person := range specimen.Cast() {
		data := straight(t, person, shared.SideEmblem)
		wg.Go(func() {
			res, err := p.Recognize(context.Background(), &shared.Request{Image: bytesOfPicture(data)})
			if err != nil || res.Value(shared.FieldAuthority) != person.Authority {
				t.Errorf("%v, %v", res, err)
			}
		})
	}
	wg.Wait()
}

// Whoever waits for a reader can give up.
func TestWaitingIsEndedByTheContext(t *testing.T) {
	t.Parallel()
	p := with()
	c, err := p.take(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	defer p.give(c)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error)
	go func() {
		_, err := p.take(ctx)
		done <- err
	}()
	cancel()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

// Whatever is given, there is a result or an error, and never both.
func FuzzRecognize(f *testing.F) {
	card := straight(f, specimen.Cast()[0], shared.SidePortrait)
	f.Add(card, 0.0, 0.0, 900.0, 568.0, false)
	f.Add(card[:3000], -5.0, 1.0, 20.0, 1e9, true)
	f.Add([]byte("GIF89a"), math.NaN(), 0.0, 1.0, 1.0, true)
	f.Fuzz(func(t *testing.T, data []byte, left, top, right, bottom float64, emblem bool) {
		if info, err := picture.Inspect(data); err == nil && info.Width*info.Height > 2<<20 {
			return
		}
		s := sighting{quad: shared.Quad{{X: left, Y: top}, {X: right, Y: top}, {X: right, Y: bottom}, {X: left, Y: bottom}}, side: shared.SidePortrait, p: 1}
		if emblem {
			s.side = shared.SideEmblem
		}
		res, err := with(s).Recognize(context.Background(), &shared.Request{Image: bytesOfPicture(data)})
		if (res == nil) == (err == nil) {
			t.Fatalf("%v and %v", res, err)
		}
		if res != nil && !res.Status.Known() {
			t.Fatalf("status %q", res.Status)
		}
	})
}

// What a stamp left behind an authority's name is no part of it.
func TestAnAuthorityIsReadUpToItsEnd(t *testing.T) {
	t.Parallel()
	person := specimen.Cast()[0]
	want := person.Authority
	person.Authority += "效"
	res := ask(t, with(whole(shared.SideEmblem)), &shared.Request{Image: bytesOfPicture(straight(t, person, shared.SideEmblem))})
	if got := res.Value(shared.FieldAuthority); got != want {
		t.Errorf("read %q, want %q", got, want)
	}
}

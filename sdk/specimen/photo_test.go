package specimen

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"image"
	"image/color"
	"math"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"

	"github.com/seed-6b91b535/idrec/sdk/picture"
	"github.com/seed-6b91b535/idrec/shared"
)

// photoWidth keeps tests quick; cards are then 200 to 400 pixels wide.
const photoWidth = 420

func decoded(t testing.TB, data []byte) image.Image {
	t.Helper()
	img, _, err := picture.Decode(data)
	if err != nil {
		t.Fatal(err)
	}
	return img
}

// grey is a picture's brightness; beyond its edges it repeats them.
func grey(img image.Image) func(x, y int) float64 {
	l := lumaOf(img, 1)
	return func(x, y int) float64 {
		return float64(l.pix[min(max(y, 0), l.h-1)*l.w+min(max(x, 0), l.w-1)])
	}
}

// upright returns the projection from the card's millimetres to where the quadrilateral is (Heckbert
// 1989, section 2.2.3).
func upright(q shared.Quad) projection {
	dx1, dx2, dx3 := q[1].X-q[2].X, q[3].X-q[2].X, q[0].X-q[1].X+q[2].X-q[3].X
	dy1, dy2, dy3 := q[1].Y-q[2].Y, q[3].Y-q[2].Y, q[0].Y-q[1].Y+q[2].Y-q[3].Y
	det := dx1*dy2 - dx2*dy1
	g, h := (dx3*dy2-dx2*dy3)/det, (dx1*dy3-dx3*dy1)/det
	unit := projection{
		q[1].X - q[0].X + g*q[1].X, q[3].X - q[0].X + h*q[3].X, q[0].X,
		q[1].Y - q[0].Y + g*q[1].Y, q[3].Y - q[0].Y + h*q[3].Y, q[0].Y,
		g, h, 1,
	}
	return unit.after(projection{1 / CardWidth, 0, 0, 0, 1 / CardHeight, 0, 0, 0, 1})
}

// straight returns a part of the card as it would look if it lay straight, scale pixels a millimetre.
func straight(greyAt func(x, y int) float64, p projection, b box, scale float64) (pix []float64, w, h int) {
	w, h = int(b.w*scale), int(b.h*scale)
	for y := range h {
		for x := range w {
			at := p.at(point{b.x + (float64(x)+0.5)/scale, b.y + (float64(y)+0.5)/scale})
			fx, fy := math.Floor(at.x-0.5), math.Floor(at.y-0.5)
			u, v := at.x-0.5-fx, at.y-0.5-fy
			x0, y0 := int(fx), int(fy)
			pix = append(pix, (greyAt(x0, y0)*(1-u)+greyAt(x0+1, y0)*u)*(1-v)+(greyAt(x0, y0+1)*(1-u)+greyAt(x0+1, y0+1)*u)*v)
		}
	}
	return pix, w, h
}

// likeness is the correlation of two pictures of the same size.
func likeness(a, b []float64) float64 {
	var ma, mb float64
	for i := range a {
		ma, mb = ma+a[i], mb+b[i]
	}
	ma, mb = ma/float64(len(a)), mb/float64(len(b))
	var ab, aa, bb float64
	for i := range a {
		ab += (a[i] - ma) * (b[i] - mb)
		aa += (a[i] - ma) * (a[i] - ma)
		bb += (b[i] - mb) * (b[i] - mb)
	}
	return ab / math.Sqrt(aa*bb+1e-9)
}

// TestTheTruthIsWhereThePrintIs straightens what the truth calls the card, and finds labels that are on
// every card within a pixel of their place.
func TestTheTruthIsWhereThePrintIs(t *testing.T) {
	if testing.Short() {
		t.Skip("short runs are those with the race detector, and there is one goroutine here")
	}
	t.Parallel()
	marks := map[shared.Side][]box{
		shared.SidePortrait: {{4, 6, 9, 5}, {4, 25.5, 9, 5}, {4, 46, 22, 5}, {67, 40, 15, 6.5}},
		shared.SideEmblem:   {{35, 6, 40, 9}, {17, 39, 14, 5}, {17, 46, 14, 5}, {66, 28, 17, 8}},
	}
	for i, level := range Levels() {
		for seed := range uint64(2) {
			side := bothSides[(i+int(seed))%2]
			p := People(1, seed)[0]
			data, truth := Photo([]PhotoCard{{Person: p, Side: side}}, PhotoOptions{Level: level, Seed: seed + 3, Set: SetTest, Width: 700})
			img := decoded(t, data)
			shown := grey(img)
			if b := img.Bounds(); b.Dx() != truth.Width || b.Dy() != truth.Height {
				t.Fatalf("%s: %v, the truth is %d × %d", level, b, truth.Width, truth.Height)
			}
			q := truth.Cards[0].Quad
			place := upright(q)
			scale := edges(q) / CardWidth
			width := max(int(edges(q)), MinWidth)
			drawn := grey(Draw(p, side, Options{Width: width, NoStrip: true}))
			flat := zoom(float64(width) / CardWidth)
			found := 0
			for _, b := range marks[side] {
				want, _, _ := straight(drawn, flat, b, scale)
				best, off := -1.0, point{}
				for dy := -3.0; dy <= 3; dy++ {
					for dx := -3.0; dx <= 3; dx++ {
						got, _, _ := straight(shown, place, box{b.x + dx*0.7/scale, b.y + dy*0.7/scale, b.w, b.h}, scale)
						if l := likeness(got, want); l > best {
							best, off = l, point{dx * 0.7, dy * 0.7}
						}
					}
				}
				if best > 0.6 && math.Hypot(off.x, off.y) <= 1 {
					found++
				}
			}
			if found < 3 { // one may be under a stamp or glare
				t.Errorf("%s, %d: %d of 4 marks stand where the truth says", level, seed, found)
			}
		}
	}
}

func TestSheetsAreLaidWhereTheProjectionSays(t *testing.T) {
	t.Parallel()
	const cells, cell = 8, 10
	c := newChance(SetTest, 77)
	s := sheet{img: image.NewRGBA(image.Rect(0, 0, cells*cell, cells*cell)), w: 80, h: 80}
	var colours [cells][cells]color.RGBA
	for y := range s.img.Rect.Dy() {
		for x := range s.img.Rect.Dx() {
			k := &colours[y/cell][x/cell]
			if *k == (color.RGBA{}) {
				*k = hsv(c.Float64(), 1, c.between(0.3, 1))
			}
			s.img.SetRGBA(x, y, *k)
		}
	}
	p := shift(400, 300).after(zoom(5)).after(view(0.5, -0.3, 0.7, 300)).after(shift(-40, -40))
	img := blank(800, 600, color.RGBA{0xFF, 0xFF, 0xFF, 0xFF})
	put(img, s, p, cast{})
	for y := range cells {
		for x := range cells {
			for _, d := range [][2]float64{{0.5, 0.5}, {0.2, 0.2}, {0.8, 0.2}, {0.8, 0.8}, {0.2, 0.8}} { // 0.2 of a cell: the pixels of its own
				at := p.at(point{(float64(x) + d[0]) * 10, (float64(y) + d[1]) * 10})
				if got := img.RGBAAt(int(at.x), int(at.y)); got != colours[y][x] {
					t.Fatalf("cell %d,%d at %v: %v, want %v", x, y, d, got, colours[y][x])
				}
			}
		}
	}
	outside := p.at(point{-2, 40})
	if img.RGBAAt(int(outside.x), int(outside.y)) != (color.RGBA{0xFF, 0xFF, 0xFF, 0xFF}) {
		t.Error("the sheet is larger than it is")
	}
}

func TestEveryLevelKeepsItsWidthAndShowsTheCardWhole(t *testing.T) {
	if testing.Short() {
		t.Skip("short runs are those with the race detector, and there is one goroutine here")
	}
	t.Parallel()
	for n, level := range Levels() {
		for i := range 1 + n%2 {
			_, truth := PhotoSet{Level: level, Set: SetTune, Seed: 4, Subject: Subject(bothSides[i%2])}.At(i)
			card := truth.Cards[0]
			w := hardnesses[level].width
			if got := edges(card.Quad); got < w[0]-1 || got > w[1]+1 {
				t.Errorf("%s: a card of %.0f pixels", level, got)
			}
			if card.Visible < 0.999 || truth.Status != shared.StatusNormal || card.Truth != truth.Truth || truth.Level != level || truth.Set != SetTune {
				t.Errorf("%s: %.3f visible, %s", level, card.Visible, truth.Status)
			}
			checkLines(t, card)
		}
	}
}

// checkLines: every field has a place inside the card, and its lines are inside that and say the value.
func checkLines(t *testing.T, card CardTruth) {
	t.Helper()
	values := card.Fields
	for name := range card.Values() {
		q, ok := values[name]
		if !ok {
			t.Errorf("%s has no place", name)
			continue
		}
		for _, p := range q {
			if !inside(card.Quad, point{p.X, p.Y}) {
				t.Errorf("%s stands outside its card", name)
			}
		}
	}
	if len(values) != len(card.Values()) {
		t.Errorf("%d places for %d fields", len(values), len(card.Values()))
	}
	text := map[shared.FieldName]string{}
	for _, l := range card.Lines {
		text[l.Field] += l.Text
	}
	for name, f := range card.Truth.Fields() {
		if text[name] != f.Raw {
			t.Errorf("the lines of %s say something else than the field", name)
		}
	}
}

func TestTheSameOptionsGiveTheSameBytes(t *testing.T) {
	t.Parallel()
	sets := Sets()
	if testing.Short() {
		sets = sets[:1]
	}
	var wait sync.WaitGroup
	for _, level := range Levels() {
		for _, set := range sets {
			wait.Go(func() {
				s := PhotoSet{Level: level, Set: set, Seed: 8, Width: photoWidth}
				a, ta := s.At(5)
				b, tb := s.At(5)
				if !bytes.Equal(a, b) || fmt.Sprint(ta) != fmt.Sprint(tb) {
					t.Errorf("%s, %s: two photos differ", level, set)
				}
				if c, _ := s.At(6); bytes.Equal(a, c) {
					t.Errorf("%s, %s: the next photo is the same", level, set)
				}
			})
		}
	}
	wait.Wait()
}

func TestFamiliesShareNothing(t *testing.T) {
	if testing.Short() {
		t.Skip("short runs are those with the race detector, and there is one goroutine here")
	}
	t.Parallel()
	seen := map[string]Set{}
	for _, set := range Sets() {
		c := newChance(set, 1)
		for range 300 {
			band := int(c.banded(0, 1) * 3 * bands)
			if band%3 != set.index() {
				t.Fatalf("%s draws from the band %d", set, band)
			}
		}
		bank := textureBank[set.index()]()
		for i := range 6 {
			data, truth := PhotoSet{Level: LevelEasy, Set: set, Seed: 1, Width: MinPhotoWidth, Subject: SubjectPortrait}.At(i)
			for _, key := range []string{string(data), truth.Number, string(bank.fine.pix), string(bank.clouds.pix)} {
				if other, ok := seen[key]; ok && other != set {
					t.Errorf("%s and %s share something", set, other)
				}
				seen[key] = set
			}
		}
	}
	var all []backdrop
	for _, kinds := range backdrops {
		for _, k := range kinds {
			if !slices.Contains(all, k) {
				all = append(all, k)
			}
		}
	}
	for i, kinds := range backdrops {
		if len(kinds) > len(all) || !slices.ContainsFunc(all, func(k backdrop) bool { return !slices.Contains(kinds, k) }) {
			t.Errorf("the family %d has every kind of background", i)
		}
	}
}

func TestOnlyPhotosWithAStripHaveOne(t *testing.T) {
	if testing.Short() {
		t.Skip("short runs are those with the race detector, and there is one goroutine here")
	}
	t.Parallel()
	for i, level := range []Level{LevelFlat, LevelEasy} {
		s := PhotoSet{Level: level, Seed: 2, Width: 1000, Subject: Subject(bothSides[i])}
		data, truth := s.At(0)
		if _, ok := ReadStrip(decoded(t, data)); ok {
			t.Errorf("%s: a strip", level)
		}
		s.Strip = true
		data, _ = s.At(0)
		if got, ok := ReadStrip(decoded(t, data)); !ok || got != truth.Truth {
			t.Errorf("%s: no strip", level)
		}
	}
}

// TestSpecimenIsBurntIntoPhotos looks for the red of the mark, and of the large 样本, in colour photos.
func TestSpecimenIsBurntIntoPhotos(t *testing.T) {
	if testing.Short() {
		t.Skip("short runs are those with the race detector, and there is one goroutine here")
	}
	t.Parallel()
	red := func(img image.Image, p projection, b box) (share float64) {
		const n = 40
		for y := range n {
			for x := range n {
				at := p.at(point{b.x + b.w*(float64(x)+0.5)/n, b.y + b.h*(float64(y)+0.5)/n})
				c, _ := color.RGBAModel.Convert(img.At(int(at.x), int(at.y))).(color.RGBA)
				if redness(c) > 25 {
					share += 1. / (n * n)
				}
			}
		}
		return share
	}
	for i := range 4 {
		side := bothSides[i%2]
		data, truth := PhotoSet{Level: []Level{LevelFlat, LevelEasy}[i/2], Set: SetTune, Seed: 6, Width: 900, Subject: Subject(side)}.At(i)
		b := map[shared.Side]box{shared.SidePortrait: {68.2, 41, 13, 4.4}, shared.SideEmblem: {66.6, 28.6, 15, 6.4}}[side]
		if got := red(decoded(t, data), upright(truth.Cards[0].Quad), b); got < 0.1 {
			t.Errorf("%d: %.2f of the mark is red", i, got)
		}
	}
	for _, kind := range otherKinds {
		c := newChance(SetTest, 3)
		s := c.otherCard(kind, 500)
		if got := red(s.img, zoom(500/CardWidth), box{58, 2, 24, 8}); got < 0.05 {
			t.Errorf("%s: %.2f of the mark is red", kind, got)
		}
	}
}

func TestTheStatusIsWhatIsSeen(t *testing.T) {
	if testing.Short() {
		t.Skip("short runs are those with the race detector, and there is one goroutine here")
	}
	t.Parallel()
	want := map[Subject]shared.PictureStatus{
		SubjectPortrait: shared.StatusNormal, SubjectEmblem: shared.StatusNormal, SubjectBoth: shared.StatusNormal, SubjectTwo: shared.StatusNormal,
		SubjectOther: shared.StatusOtherTypeCard, SubjectNone: shared.StatusNonIDCard, SubjectCut: shared.StatusNormal, SubjectFragment: shared.StatusUnknown,
		SubjectBlurred: shared.StatusBlurred, SubjectBright: shared.StatusOverExposure, SubjectDark: shared.StatusOverDark,
	}
	for _, subject := range Subjects() {
		for _, level := range []Level{LevelMedium, LevelCopy} {
			if level == LevelCopy && (subject == SubjectCut || subject == SubjectFragment) {
				continue // a sheet shows its cards whole
			}
			data, truth := PhotoSet{Level: level, Seed: 3, Width: 300, Subject: subject}.At(1)
			if truth.Status != want[subject] || len(data) == 0 {
				t.Errorf("%s, %s: %s", level, subject, truth.Status)
			}
			if subject == SubjectBoth && (truth.Side != shared.SideBoth || truth.Number == "" || truth.Authority == "" || truth.Cards[0].Side == shared.SideBoth) {
				t.Errorf("%s: the sides of one card are %q", level, truth.Side)
			}
			if subject == SubjectTwo && (truth.Side == shared.SideBoth || truth.Truth != truth.Cards[0].Truth) {
				t.Errorf("%s: two people are one", level)
			}
		}
	}
}

func TestContrastTellsWhatIsLeftOfThePrint(t *testing.T) {
	if testing.Short() {
		t.Skip("short runs are those with the race detector, and there is one goroutine here")
	}
	t.Parallel()
	least := func(subject Subject) int {
		least := 255
		for i := range 2 {
			_, truth := PhotoSet{Level: LevelEasy, Set: SetTest, Seed: 9, Width: 700, Subject: subject}.At(i)
			for _, l := range truth.Cards[0].Lines {
				least = min(least, l.Contrast)
			}
		}
		return least
	}
	if got := least(SubjectPortrait); got < 50 {
		t.Errorf("contrast %d in good light", got)
	}
	for _, subject := range []Subject{SubjectBlurred, SubjectBright, SubjectDark, SubjectFragment} {
		if got := least(subject); got > 40 {
			t.Errorf("contrast %d where it is %s", got, subject)
		}
	}
}

func TestFaultsAreSeen(t *testing.T) {
	if testing.Short() {
		t.Skip("short runs are those with the race detector, and there is one goroutine here")
	}
	t.Parallel()
	mean := func(subject Subject) (level, contrast float64) {
		data, truth := PhotoSet{Level: LevelEasy, Set: SetTest, Seed: 9, Width: 600, Subject: subject}.At(0)
		p := upright(truth.Cards[0].Quad)
		pix, _, _ := straight(grey(decoded(t, data)), p, box{15, 6, 38, 44}, 6)
		var sum, steps float64
		for i, v := range pix {
			sum += v
			if i > 0 {
				steps += math.Abs(v - pix[i-1])
			}
		}
		return sum / float64(len(pix)), steps / float64(len(pix))
	}
	_, sharp := mean(SubjectPortrait)
	if _, soft := mean(SubjectBlurred); soft > sharp/2 {
		t.Errorf("steps of %.1f in a blurred photo, %.1f in a sharp one", soft, sharp)
	}
	if bright, _ := mean(SubjectBright); bright < 235 {
		t.Errorf("brightness %.0f in an over-exposed photo", bright)
	}
	if dark, _ := mean(SubjectDark); dark > 45 {
		t.Errorf("brightness %.0f in the dark", dark)
	}
}

func TestGeneratedPhotosAreNamedByTheirFormat(t *testing.T) {
	if testing.Short() {
		t.Skip("short runs are those with the race detector, and what fills folders is tested in them with cards")
	}
	t.Parallel()
	dir := t.TempDir()
	set := PhotoSet{Level: LevelCopy, Seed: 1, Width: 1700, Subject: SubjectEmblem}
	const n = 2
	for range 2 { // the second time, everything is there with the same content
		if err := GeneratePhotos(t.Context(), dir, set, n); err != nil {
			t.Fatal(err)
		}
	}
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 2*n {
		t.Fatalf("%d files, %v", len(entries), err)
	}
	seen := map[string]int{}
	for i := range n {
		data, want := set.At(i)
		format := formatOf(data)
		seen[format]++
		name := File{Name: fmt.Sprintf("photo-%05d.%s", i+1, format)}
		got, err := os.ReadFile(filepath.Join(dir, name.Name))
		if err != nil || !bytes.Equal(got, data) {
			t.Errorf("%s: %v", name.Name, err)
		}
		text, err := os.ReadFile(filepath.Join(dir, name.TruthName()))
		if err != nil {
			t.Fatal(err)
		}
		var truth PhotoTruth
		if err := json.Unmarshal(text, &truth); err != nil || fmt.Sprint(truth) != fmt.Sprint(want) {
			t.Errorf("%s: another truth than the photo's, %v", name.TruthName(), err)
		}
	}
	if seen[FormatPNG] == 0 || seen[FormatJPEG] == 0 {
		t.Errorf("formats %v: choose a seed with both", seen)
	}
	for _, n := range []int{0, -1, MaxPhotos + 1} {
		if err := GeneratePhotos(t.Context(), dir, set, n); !errors.Is(err, shared.CodeInvalidRequest) {
			t.Errorf("%d photos: %v", n, err)
		}
	}
}

func FuzzPhoto(f *testing.F) {
	f.Add(uint8(0), uint8(0), uint64(1), uint16(200), uint8(0), uint8(0), uint8(0), uint8(1), uint8(0))
	f.Add(uint8(5), uint8(2), uint64(7), uint16(90), uint8(1), uint8(1), uint8(1), uint8(4), uint8(3))
	f.Add(uint8(3), uint8(1), uint64(99), uint16(64), uint8(2), uint8(4), uint8(3), uint8(9), uint8(7))
	f.Add(uint8(9), uint8(9), uint64(0), uint16(1), uint8(9), uint8(2), uint8(9), uint8(0), uint8(9))
	f.Fuzz(func(t *testing.T, level, set uint8, seed uint64, width uint16, frame, ground, fault, n, kinds uint8) {
		name := func(names []string, i uint8) string { return names[int(i)%len(names)] }
		o := PhotoOptions{
			Level: Level(name([]string{"flat", "easy", "medium", "hard", "extreme", "copy", "?"}, level)),
			Set:   Set(name([]string{"train", "tune", "test", "?"}, set)), Seed: seed, Width: int(width)%260 + 1,
			Frame:  Frame(name([]string{"", "cut", "fragment", "?"}, frame)),
			Ground: Ground(name([]string{"", "page", "form", "blank", "landscape", "?"}, ground)),
			Fault:  shared.PictureStatus(name([]string{"", "blurred", "over_exposure", "over_dark", "?"}, fault)),
			Strip:  kinds&1 == 1,
		}
		people := People(3, seed)
		people[2].Name, people[2].Number, people[2].Address = "", "?", "\xff"
		var cards []PhotoCard
		for i := range int(n % 8) {
			cards = append(cards, PhotoCard{Person: people[i%3], Side: bothSides[i%2], Kind: CardKind(name([]string{"", "identity", "bank", "licence", "permit", "business", "?"}, kinds+uint8(i)))})
		}
		data, truth := Photo(cards, o)
		img, _, err := picture.Decode(data)
		if err != nil {
			t.Fatal(err)
		}
		if b := img.Bounds(); b.Dx() != truth.Width || b.Dy() != truth.Height || truth.Status == "" || len(truth.Cards) < min(len(cards), 4) {
			t.Errorf("%v, %d × %d, %q, %d cards", b, truth.Width, truth.Height, truth.Status, len(truth.Cards))
		}
	})
}

func BenchmarkPhoto(b *testing.B) {
	for _, width := range []int{384, 1600} {
		s := PhotoSet{Level: LevelMedium, Set: SetTest, Width: width, Subject: SubjectPortrait}
		for i := range 20 { // what is drawn once
			PhotoSet{Level: LevelMedium, Set: SetTest, Width: MinPhotoWidth}.At(i)
		}
		b.Run(fmt.Sprint(width), func(b *testing.B) {
			for i := 0; b.Loop(); i++ {
				s.At(i)
			}
		})
	}
}

package local

import (
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"testing"

	"github.com/seed-6b91b535/idrec/sdk/local/internal/page"
	"github.com/seed-6b91b535/idrec/sdk/specimen"
	"github.com/seed-6b91b535/idrec/shared"
)

// TestCeiling asks of every character of an address, a name or an authority that was read as another whether the
// picture shows the difference. The photo is drawn again with the other character in its place, all else being
// the same by the same seed, and once without the text, but for a 一 in the first place: the first two pictures differ
// by the signal, and the third has what disturbs it there, noise, compression and the card's pattern. It prints how many of the errors
// an observer who knows both would make too (the ideal one of two known signals in white noise, whose errors are
// those of a normal deviate of half the distance):
//
//	IDREC_SOAK=1 IDREC_LEVEL=extreme IDREC_N=100 go test ./sdk/local -run Ceiling -v -timeout 1h
//
// IDREC_FACE must name a typeface that can draw the characters that were read (the embedded one has those of the
// specimens only); IDREC_SHOW=1 prints every one.
func TestCeiling(t *testing.T) {
	if os.Getenv("IDREC_SOAK") == "" {
		t.Skip("takes minutes: set IDREC_SOAK=1")
	}
	n := int(env(t, "IDREC_N", 100))
	x := trials{set: setOf(), n: n, people: specimen.People(n, trialSeed), face: face(t),
		subjects: subjects(specimen.SubjectPortrait, specimen.SubjectEmblem)}
	for _, x.level = range levels() {
		var distances []float64
		wrong, other := 0, 0
		for _, tr := range x.run(t) {
			for _, name := range []shared.FieldName{shared.FieldFullName, shared.FieldAddress, shared.FieldAuthority} {
				want := tr.truth.Values()[name]
				if tr.result.Value(name) == want {
					continue
				}
				wrong++
				read := ""
				for _, k := range tr.report.cards {
					if f, ok := k.fields[name]; ok {
						read = f.Text
					}
				}
				ds, ok := x.distances(t, &tr, name, []rune(want), []rune(read))
				if !ok {
					other++
					continue
				}
				distances = append(distances, ds...)
			}
		}
		slices.Sort(distances)
		lost, hard := 0.0, 0
		for _, d := range distances {
			p := math.Erfc(d/2/math.Sqrt2) / 2
			lost += p
			if p > 0.01 {
				hard++
			}
		}
		line := fmt.Sprintf("%s: %d fields wrong, %d of them not by a character read as another; %d such characters, of which an ideal observer would miss %.1f, and %d with more than one chance in a hundred",
			x.level, wrong, other, len(distances), lost, hard)
		if n := len(distances); n > 0 {
			line += fmt.Sprintf("; distance at least %.1f, half of them above %.1f", distances[0], distances[n/2])
		}
		fmt.Println(line)
	}
}

// TestNumberCeiling asks of every number that was not read whether the picture shows it. The photo is drawn again with
// other digits, all else being the same by the same seed, until each digit has been each other one (an X is compared
// with 0 to 8, and none with it); a digit cannot be told if the ideal observer of [TestCeiling] would take it for its
// nearest rival once in a hundred times. Digits of the birth are printed once more, and one more follows from the
// check character: a number of which two others cannot be told is legible to nobody.
//
//	IDREC_SOAK=1 IDREC_LEVEL=hard IDREC_N=1000 go test ./sdk/local -run NumberCeiling -v -timeout 1h
//
// IDREC_SHOW=1 prints every one.
func TestNumberCeiling(t *testing.T) {
	if os.Getenv("IDREC_SOAK") == "" {
		t.Skip("takes minutes: set IDREC_SOAK=1")
	}
	const told = 4.65 // deviations between two pictures; half of them is exceeded once in a hundred times
	n := int(env(t, "IDREC_N", 100))
	x := trials{set: setOf(), n: n, people: specimen.People(n, trialSeed), subjects: []specimen.Subject{specimen.SubjectPortrait}}
	for _, x.level = range levels() {
		unread, wrong, hidden := 0, 0, 0
		for _, tr := range x.run(t) {
			want, got := tr.truth.Values()[shared.FieldNumber], tr.result.Value(shared.FieldNumber)
			if got == want {
				continue
			}
			unread++
			if got != "" {
				wrong++
			}
			nearest, lost := x.rivals(t, &tr), 0
			for i, d := range nearest {
				if d < told && (i < 6 || i > 13) {
					lost++
				}
			}
			if lost > 1 {
				hidden++
			}
			if os.Getenv("IDREC_SHOW") != "" {
				fmt.Printf("  %s %d: %s read as %q, %d digits cannot be told, nearest rivals at %.1f\n", tr.level, tr.i, want, got, lost, nearest)
			}
		}
		fmt.Printf("%s: %d of %d numbers are not read, %d of them wrong; %d are legible to nobody\n", x.level, unread, n, wrong, hidden)
	}
}

// rivals returns how far the picture of each digit of the number is from the nearest with another digit there, in
// standard deviations of what disturbs it.
func (x trials) rivals(tb testing.TB, tr *trial) []float64 {
	tb.Helper()
	number := x.people[tr.i].Number
	right, truth := x.drawn(tb, tr, shared.FieldNumber, number)
	empty, _ := x.drawn(tb, tr, shared.FieldNumber, "")
	out := make([]float64, len(number))
	for i := range out {
		out[i] = math.Inf(1)
	}
	for change := range 18 { // every other digit at a time: the box of one has the edge of its neighbours
		shift, parity := byte(change/2)+1, change%2
		other := []byte(number)
		for i := parity; i < len(other); i += 2 {
			if other[i] == 'X' {
				other[i] = '0' + shift - 1
			} else {
				other[i] = '0' + (other[i]-'0'+shift)%10
			}
		}
		wrong, moved := x.drawn(tb, tr, shared.FieldNumber, string(other))
		if moved.Cards[0].Quad != truth.Cards[0].Quad {
			tb.Fatal("the seed does not fix the pose")
		}
		for _, l := range truth.Cards[0].Lines {
			if l.Field != shared.FieldNumber {
				continue
			}
			for i := parity; i < len(out); i += 2 {
				out[i] = min(out[i], distance(right, wrong, empty, place(l, i)))
			}
		}
	}
	return out
}

// distances tells of each character that was read as another how far apart the pictures of the two are, in
// standard deviations of what disturbs them.
func (x trials) distances(tb testing.TB, tr *trial, name shared.FieldName, want, read []rune) (out []float64, ok bool) {
	tb.Helper()
	if len(want) != len(read) {
		return nil, false
	}
	right, truth := x.drawn(tb, tr, name, string(want))
	empty, _ := x.drawn(tb, tr, name, "一")
	at := 0
	for _, l := range truth.Cards[0].Lines {
		if l.Field != name {
			continue
		}
		text := []rune(l.Text)
		for i, c := range text {
			if at+i >= len(want) || c != want[at+i] {
				return nil, false
			}
			if read[at+i] == c || c < 0x100 || read[at+i] < 0x100 {
				continue
			}
			line := append([]rune(nil), want...)
			line[at+i] = read[at+i]
			wrong, other := x.drawn(tb, tr, name, string(line))
			if other.Cards[0].Quad != truth.Cards[0].Quad {
				tb.Fatal("the seed does not fix the pose")
			}
			d := distance(right, wrong, empty, place(l, i))
			if os.Getenv("IDREC_SHOW") != "" {
				fmt.Printf("  %s %s %d %s: %c read as %c, %.1f\n", tr.level, tr.subject, tr.i, name, c, read[at+i], d)
			}
			out = append(out, d)
		}
		at += len(text)
	}
	return out, len(out) > 0
}

// drawn is the trial's photo with another text.
func (x trials) drawn(tb testing.TB, tr *trial, name shared.FieldName, text string) (*page.Plane, specimen.PhotoTruth) {
	tb.Helper()
	p := x.people[tr.i]
	switch name {
	case shared.FieldFullName:
		p.Name = text
	case shared.FieldAddress:
		p.Address = text
	case shared.FieldNumber:
		p.Number = text
	default:
		p.Authority = text
	}
	x.people = slices.Clone(x.people)
	x.people[tr.i] = p
	data, truth := x.photo(tb, tr.subject, tr.i)
	s, err := open(&shared.Request{Image: shared.Image{Bytes: data}})
	if err != nil {
		tb.Fatal(err)
	}
	return s.plane, truth
}

// place is the box of pixels around the i-th character of a line.
func place(l specimen.LineTruth, i int) (box [4]int) {
	long, spans := spansOf(l)
	onto, err := page.Onto(long, 1, l.Quad)
	if err != nil {
		return box
	}
	from, to := spans[i][0], spans[i][1]
	box = [4]int{math.MaxInt, math.MaxInt, 0, 0}
	for _, c := range [][2]float64{{from, 0}, {to, 0}, {to, 1}, {from, 1}} {
		p := onto.At(c[0], c[1])
		box[0], box[1] = min(box[0], int(p.X)-1), min(box[1], int(p.Y)-1)
		box[2], box[3] = max(box[2], int(p.X)+2), max(box[3], int(p.Y)+2)
	}
	return box
}

// distance is how far two pictures are apart within a box, in standard deviations of what is there without text,
// less a plane through it.
func distance(a, b, empty *page.Plane, box [4]int) float64 {
	var signal, n, sum, sx, sy, sxx, syy, sxy, vx, vy, vv float64
	for y := max(box[1], 0); y < min(box[3], empty.Height); y++ {
		for x := max(box[0], 0); x < min(box[2], empty.Width); x++ {
			at := y*empty.Stride + x
			d := float64(a.Pix[at]) - float64(b.Pix[at])
			signal += d * d
			v, fx, fy := float64(empty.Pix[at]), float64(x-box[0]), float64(y-box[1])
			n, sum, sx, sy, vv = n+1, sum+v, sx+fx, sy+fy, vv+v*v
			sxx, syy, sxy, vx, vy = sxx+fx*fx, syy+fy*fy, sxy+fx*fy, vx+v*fx, vy+v*fy
		}
	}
	if n < 9 {
		return 0
	}
	cxx, cyy, cxy := sxx-sx*sx/n, syy-sy*sy/n, sxy-sx*sy/n
	cvx, cvy, cvv := vx-sum*sx/n, vy-sum*sy/n, vv-sum*sum/n
	det := cxx*cyy - cxy*cxy
	bx, by := (cvx*cyy-cvy*cxy)/det, (cvy*cxx-cvx*cxy)/det
	rest := max(cvv-bx*cvx-by*cvy, n/12) / (n - 3) // whole levels are a noise of their own
	return math.Sqrt(signal / rest)
}

// A step of 6 levels over 16 pixels in noise of 3 levels is 8 standard deviations.
func TestDistanceIsInDeviationsOfTheNoise(t *testing.T) {
	const side = 40
	blank := func() *page.Plane {
		return &page.Plane{Pix: make([]byte, side*side), Stride: side, Width: side, Height: side}
	}
	with, without, empty := blank(), blank(), blank()
	r := rand.New(rand.NewPCG(1, 1))
	for i := range empty.Pix {
		slope := float64(i%side) + float64(i/side) // light is uneven, which disturbs nobody
		noise := byte(100 + slope + 3*r.NormFloat64())
		with.Pix[i], without.Pix[i], empty.Pix[i] = noise, noise, noise
		if x, y := i%side, i/side; x >= 10 && x < 14 && y >= 10 && y < 14 {
			with.Pix[i] -= 6
		}
	}
	if d := distance(with, without, empty, [4]int{0, 0, side, side}); math.Abs(d-8) > 0.5 {
		t.Errorf("%.2f", d)
	}
	if d := distance(with, with, empty, [4]int{0, 0, side, side}); d != 0 {
		t.Errorf("a picture is %.2f from itself", d)
	}
}

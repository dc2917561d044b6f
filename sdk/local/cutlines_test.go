package local

import (
	"bufio"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/seed-6b91b535/idrec/sdk/idcard"
	"github.com/seed-6b91b535/idrec/sdk/local/internal/lines"
	"github.com/seed-6b91b535/idrec/sdk/local/internal/page"
	"github.com/seed-6b91b535/idrec/sdk/specimen"
	"github.com/seed-6b91b535/idrec/shared"
)

// cutText is what is printed on a card of which lines are cut: an invented text, mostly of characters that
// have nothing to do with each other.
type cutText struct {
	Name      string `json:"name"`
	Address   string `json:"address"`
	Authority string `json:"authority"`
	Face      int    `json:"face"` // which of IDREC_FACES, from 0
}

// cutLine is a line as the engine cuts it, and where each character stands in it, in pixels.
type cutLine struct {
	Width  int      `json:"w"`
	Pix    []byte   `json:"pix"`
	Places [][3]any `json:"places"` // character, middle, width
}

// TestCutLines writes lines of drawn photos of the training set as the engine cuts them, for training the
// line network: a file of JSON lines for each 300 photos. The texts come from sdk/local/train/cuts.py.
//
//	python3 cuts.py 4000 > TEXTS
//	IDREC_TEXTS=TEXTS IDREC_CUTS=DIR IDREC_FACES=$(python3 cuts.py --faces) go test ./sdk/local -run CutLines -v -timeout 3h
//
// IDREC_SHARES says how often each level comes, in hundredths (hard=10,extreme=90).
func TestCutLines(t *testing.T) {
	dir := os.Getenv("IDREC_CUTS")
	if dir == "" {
		t.Skip("draws photos for training: set IDREC_CUTS")
	}
	printed := faces(t, "IDREC_FACES")
	seed := uint64(env(t, "IDREC_SEED", 1))
	mixture, err := parseShares(cmp.Or(os.Getenv("IDREC_SHARES"), usualShares))
	if err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(os.Getenv("IDREC_TEXTS"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	texts := json.NewDecoder(bufio.NewReader(f))
	for file := 0; ; file++ {
		var batch []cutText
		for len(batch) < 300 {
			var one cutText
			if err := texts.Decode(&one); err == io.EOF {
				break
			} else if err != nil {
				t.Fatal(err)
			}
			batch = append(batch, one)
		}
		if len(batch) == 0 {
			return
		}
		if err := writeCuts(filepath.Join(dir, fmt.Sprintf("%d-%04d.jsonl", seed, file)), seed<<32|uint64(file)<<16, batch, printed, mixture); err != nil {
			t.Fatal(err)
		}
		fmt.Println(file, len(batch))
	}
}

// writeCuts draws a photo for each text and writes the lines of all, whole or not at all.
func writeCuts(path string, seed uint64, batch []cutText, faces []*specimen.Typeface, mixture []levelShare) error {
	f, err := os.Create(path + ".new")
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	buffered := bufio.NewWriter(f)
	out, next := json.NewEncoder(buffered), make(chan int)
	var mu sync.Mutex
	var wg sync.WaitGroup
	var failed error
	for range runtime.GOMAXPROCS(0) {
		wg.Go(func() {
			c, err := newCutter()
			for i := range next {
				var ls []cutLine
				if err == nil {
					ls, err = cutsOf(c, seed+uint64(i), batch[i], faces, mixture)
				}
				mu.Lock()
				for _, l := range ls {
					if e := out.Encode(l); e != nil {
						failed = e
					}
				}
				if err != nil {
					failed = err
				}
				mu.Unlock()
			}
		})
	}
	for i := range batch {
		next <- i
	}
	close(next)
	wg.Wait()
	if failed == nil {
		failed = buffered.Flush()
	}
	if failed != nil {
		return failed
	}
	return os.Rename(path+".new", path)
}

// usualShares has more of what is hard to read.
const usualShares = "flat=3,easy=3,medium=6,hard=18,extreme=38,copy=32"

// levelShare is how often a level comes, in hundredths.
type levelShare struct {
	level specimen.Level
	share int
}

// parseShares reads them; together they are a hundred.
func parseShares(text string) ([]levelShare, error) {
	var out []levelShare
	left := 100
	for one := range strings.SplitSeq(text, ",") {
		level, number, _ := strings.Cut(one, "=")
		share, err := strconv.Atoi(number)
		if err != nil || share < 1 || !slices.Contains(specimen.Levels(), specimen.Level(level)) {
			return nil, fmt.Errorf("IDREC_SHARES: %q is no level with a share, as hard=10 is", one)
		}
		out = append(out, levelShare{specimen.Level(level), share})
		left -= share
	}
	if left != 0 {
		return nil, fmt.Errorf("IDREC_SHARES: the shares of %s are not a hundred together", text)
	}
	return out, nil
}

// contrastToLearn is the contrast of a line from which it teaches more than that everything may stand anywhere.
const contrastToLearn = 10

// cutsOf draws a card with the text and cuts its lines, twice, with corners that are a little off, as a finder's are.
func cutsOf(c *cutter, seed uint64, text cutText, faces []*specimen.Typeface, mixture []levelShare) ([]cutLine, error) {
	r := rand.New(rand.NewPCG(seed, 77))
	o := specimen.PhotoOptions{Set: specimen.SetTrain, Seed: seed, Typeface: faces[text.Face%len(faces)]}
	n := r.IntN(100)
	for _, l := range mixture {
		if o.Level = l.level; n < l.share {
			break
		}
		n -= l.share
	}
	person := specimen.Person{Name: text.Name, Sex: "女", Ethnicity: "汉", Birth: idcard.Date{Year: 1990, Month: 1, Day: 1}, Address: text.Address,
		Number: "110088199001010000", Authority: text.Authority, Issued: idcard.Date{Year: 2020, Month: 1, Day: 1}}
	side := shared.SidePortrait
	if text.Authority != "" {
		side = shared.SideEmblem
	}
	data, truth := specimen.Photo([]specimen.PhotoCard{{Person: person, Side: side}}, o)
	s, err := open(&shared.Request{Image: shared.Image{Bytes: data}})
	if err != nil {
		return nil, err
	}
	var out []cutLine
	for again := range uint64(2) {
		found := known(0.003)(truth, seed*2+again).find(nil)
		onto, err := page.Onto(cardWidth, cardHeight, found[0].quad)
		if err != nil {
			continue
		}
		k := &card{s.plane, onto}
		address, around := slotAddress, searchY
	cards:
		for _, l := range truth.Cards[0].Lines {
			if l.Contrast < contrastToLearn {
				if l.Field == shared.FieldAddress {
					break cards // those below it are looked for from it
				}
				continue
			}
			switch l.Field {
			case shared.FieldFullName:
				out = append(out, cutOne(c, k, slotName, searchY, l))
			case shared.FieldAuthority:
				out = append(out, cutOne(c, k, slotAuthority, searchY, l))
			case shared.FieldAddress:
				out = append(out, cutOne(c, k, address, around, l))
				_, _, at := c.line(k, address, around)
				address.middle, around = at.middle+addressStep, 0.5
			default: // little that could be printed there
			}
		}
	}
	return out, nil
}

// cutOne cuts a line and finds its characters in it.
func cutOne(c *cutter, k *card, s slot, around float64, l specimen.LineTruth) cutLine {
	gray, w, at := c.line(k, s, around)
	out := cutLine{Width: w, Pix: append([]byte(nil), gray[:w*lines.Height]...)}
	long, spans := spansOf(l)
	onto, err := page.Onto(long, 1, l.Quad)
	if err != nil {
		return out
	}
	for i, ch := range []rune(l.Text) {
		from, to := spans[i][0], spans[i][1]
		mid := onCard(&k.onto, onto.At((from+to)/2, 0.5))
		a, b := onCard(&k.onto, onto.At(from, 0.5)), onCard(&k.onto, onto.At(to, 0.5))
		out.Places = append(out.Places, [3]any{string(ch), (mid.X - at.Left) * at.Scale, (b.X - a.X) * at.Scale})
	}
	return out
}

// spansOf says how long a line is, and where each of its characters begins and ends, in ems: full-width ones are as
// wide as an em, and the others share the rest.
func spansOf(l specimen.LineTruth) (long float64, spans [][2]float64) {
	full, half := 0, 0
	for _, c := range l.Text {
		if c < 0x100 {
			half++
		} else {
			full++
		}
	}
	long = edge(l.Quad[0], l.Quad[1]) / edge(l.Quad[0], l.Quad[3])
	each := (long - float64(full)) / float64(max(1, half))
	if half == 0 {
		each = long / float64(max(1, full))
	}
	x := 0.0
	for _, c := range l.Text {
		width := each
		if c >= 0x100 && half > 0 {
			width = 1
		}
		spans = append(spans, [2]float64{x, x + width})
		x += width
	}
	return long, spans
}

// edge is the distance of two corners.
func edge(a, b shared.Point) float64 { return math.Hypot(b.X-a.X, b.Y-a.Y) }

// onCard is the inverse of the card's projection, by Newton's method.
func onCard(onto *page.Projection, at page.Point) page.Point {
	p := page.Point{X: cardWidth / 2, Y: cardHeight / 2}
	for range 20 {
		const d = 0.01
		o, dx, dy := onto.At(p.X, p.Y), onto.At(p.X+d, p.Y), onto.At(p.X, p.Y+d)
		a, b, e, f := (dx.X-o.X)/d, (dy.X-o.X)/d, (dx.Y-o.Y)/d, (dy.Y-o.Y)/d
		u, v := at.X-o.X, at.Y-o.Y
		det := a*f - b*e
		p.X += (u*f - v*b) / det
		p.Y += (a*v - e*u) / det
	}
	return p
}

func TestSharesAreAHundred(t *testing.T) {
	if got, err := parseShares(usualShares); err != nil || len(got) != len(specimen.Levels()) {
		t.Errorf("%v %v", got, err)
	}
	for _, bad := range []string{"hard=99", "hard=50,tiny=50", "hard", "hard=x", "hard=-100,copy=200", ""} {
		if got, err := parseShares(bad); err == nil {
			t.Errorf("%q is read as %v", bad, got)
		}
	}
}

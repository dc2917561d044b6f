package find_test

import (
	"fmt"
	"image"
	"math"
	"os"
	"runtime"
	"slices"
	"strconv"
	"sync"
	"testing"

	"github.com/seed-6b91b535/idrec/sdk/local/internal/find"
	"github.com/seed-6b91b535/idrec/sdk/local/internal/page"
	"github.com/seed-6b91b535/idrec/sdk/picture"
	"github.com/seed-6b91b535/idrec/sdk/specimen"
	"github.com/seed-6b91b535/idrec/shared"
)

// row counts what was found on the photos of one level.
type row struct {
	mu                           sync.Mutex
	cards, found, sides, turns   int
	none, falseCards, otherCards int
	others, otherFound           int
	errors                       []float64 // of corners, in hundredths of the card's width
	missed                       []string
}

// measure finds the cards of a photo and counts.
func (r *row) measure(tb testing.TB, f *find.Finder, name string, data []byte, truth *specimen.PhotoTruth) {
	tb.Helper()
	img, _, err := picture.Decode(data)
	if err != nil {
		tb.Fatal(err)
	}
	cards := f.Find(plane(img))
	r.mu.Lock()
	defer r.mu.Unlock()
	taken := make([]bool, len(cards))
	for _, t := range truth.Cards {
		i, e := closest(cards, t.Quad)
		if i >= 0 {
			taken[i] = true
		}
		switch {
		case t.Visible < 0.7:
		case t.Kind != specimen.KindIdentity:
			r.others++
			if i >= 0 {
				r.otherFound++
				if cards[i].Kind != find.Other {
					r.otherCards++
				}
			}
		default:
			r.cards++
			if i < 0 || cards[i].Kind == find.Other || e > 20 && !flipped(cards[i].Quad, t.Quad) {
				r.missed = append(r.missed, name)
				continue
			}
			r.found++
			if cards[i].Kind == kindOf(t.Side) {
				r.sides++
			}
			if e < 20 {
				r.turns++
				r.errors = append(r.errors, e)
				if e > 2 {
					r.missed = append(r.missed, fmt.Sprintf("%s (%.1f)", name, e))
				}
			}
		}
	}
	for i, c := range cards {
		if !taken[i] && c.Kind != find.Other {
			r.falseCards++
			r.missed = append(r.missed, name+" false")
		}
	}
	if len(truth.Cards) == 0 {
		r.none++
	}
}

func kindOf(s shared.Side) find.Kind {
	if s == shared.SideEmblem {
		return find.Emblem
	}
	return find.Portrait
}

// closest returns the card that lies on q, -1 if none does, and the largest error of a corner in
// hundredths of the width.
func closest(cards []find.Card, q shared.Quad) (int, float64) {
	best, off := -1, math.Inf(1)
	w := math.Hypot(q[1].X-q[0].X, q[1].Y-q[0].Y)
	for i, c := range cards {
		var e, m float64
		for k := range q {
			e = max(e, math.Hypot(c.Quad[k].X-q[k].X, c.Quad[k].Y-q[k].Y))
		}
		m = math.Hypot(sumX(c.Quad)-sumX(q), sumY(c.Quad)-sumY(q)) / 4
		if m < w*0.25 && e < off {
			best, off = i, e
		}
	}
	return best, off / w * 100
}

func sumX(q shared.Quad) float64 { return q[0].X + q[1].X + q[2].X + q[3].X }
func sumY(q shared.Quad) float64 { return q[0].Y + q[1].Y + q[2].Y + q[3].Y }

// flipped reports whether a is b upside down.
func flipped(a, b shared.Quad) bool {
	_, e := closest([]find.Card{{Quad: shared.Quad{a[2], a[3], a[0], a[1]}}}, b)
	return e < 20
}

func (r *row) String() string {
	share := func(n, of int) float64 { return 100 * float64(n) / float64(max(1, of)) }
	slices.Sort(r.errors)
	at := func(p float64) float64 {
		if len(r.errors) == 0 {
			return 0
		}
		return r.errors[int(p*float64(len(r.errors)-1))]
	}
	return fmt.Sprintf("%4d cards: found %5.1f %%, side %5.1f %%, way up %5.1f %%, corners median %.2f p95 %.2f; %d false on all pictures, %d of %d other cards taken for one, %d found",
		r.cards, share(r.found, r.cards), share(r.sides, r.found), share(r.turns, r.found), at(0.5), at(0.95),
		r.falseCards, r.otherCards, r.others, r.otherFound)
}

// table measures n photos of each level and kind of subject, their longer side of so many pixels.
func table(t *testing.T, o specimen.PhotoSet, n int, subjects ...specimen.Subject) map[specimen.Level]*row {
	t.Helper()
	rows := map[specimen.Level]*row{}
	for _, l := range specimen.Levels() {
		rows[l] = new(row)
	}
	jobs := make(chan func(*find.Finder))
	var wg sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		f := finder(t)
		wg.Go(func() {
			for job := range jobs {
				job(f)
			}
		})
	}
	for i := range n {
		for _, s := range subjects {
			for _, l := range specimen.Levels() {
				jobs <- func(f *find.Finder) {
					set := o
					set.Level, set.Subject = l, s
					data, truth := set.At(i)
					rows[l].measure(t, f, fmt.Sprintf("%s %s %d", l, s, i), data, &truth)
				}
			}
		}
	}
	close(jobs)
	wg.Wait()
	return rows
}

// A few photos of every level, smaller than users send. The table below says what to expect of many.
func TestCardsAreFound(t *testing.T) {
	t.Parallel()
	set := specimen.PhotoSet{Set: specimen.SetTest, Seed: 3, Width: 800}
	all := new(row)
	for l, r := range table(t, set, 2, specimen.SubjectPortrait, specimen.SubjectEmblem, specimen.SubjectBoth) {
		t.Logf("%-8s %v", l, r)
		all.cards, all.found, all.sides, all.turns = all.cards+r.cards, all.found+r.found, all.sides+r.sides, all.turns+r.turns
		all.falseCards += r.falseCards
		all.errors = append(all.errors, r.errors...)
	}
	slices.Sort(all.errors)
	if all.cards < 40 || all.found < all.cards*9/10 || all.sides < all.found*95/100 || all.turns < all.found*95/100 || all.falseCards > 3 {
		t.Errorf("%v", all)
	}
	if m := all.errors[len(all.errors)/2]; m > 1 {
		t.Errorf("the corners are off by %.2f %% of the width", m)
	}
}

// Desks, pages, forms and landscapes have no cards on them.
func TestNothingIsFoundWhereNothingIs(t *testing.T) {
	t.Parallel()
	n := 0
	for l, r := range table(t, specimen.PhotoSet{Set: specimen.SetTest, Seed: 4, Width: 640}, 5, specimen.SubjectNone) {
		n += r.falseCards
		t.Logf("%-8s %v", l, r.missed)
	}
	if n > 1 {
		t.Errorf("%d cards on 30 pictures of none", n)
	}
}

// The table of the finder, on N photos (30) of each level and subject of a SET (test), and 1,000 without
// a card if N is 100:
//
//	IDREC_SOAK=1 IDREC_FIND_N=100 go test -run TestFindTable -timeout 2h -v ./sdk/local/internal/find
func TestFindTable(t *testing.T) {
	if os.Getenv("IDREC_SOAK") == "" {
		t.Skip("IDREC_SOAK=1 measures all levels")
	}
	n := 30
	if v, err := strconv.Atoi(os.Getenv("IDREC_FIND_N")); err == nil {
		n = v
	}
	set := specimen.PhotoSet{Set: specimen.SetTest, Seed: 1}
	if v := os.Getenv("IDREC_FIND_SET"); v != "" {
		set.Set = specimen.Set(v)
	}
	rows := table(t, set, n, specimen.SubjectPortrait, specimen.SubjectEmblem, specimen.SubjectBoth, specimen.SubjectTwo, specimen.SubjectOther)
	for _, l := range specimen.Levels() {
		t.Logf("%-8s %v", l, rows[l])
		for _, m := range rows[l].missed {
			t.Log("    ", m)
		}
	}
	set.Seed = 2
	none, wrong := 0, 0
	for l, r := range table(t, set, (n*5+2)/3, specimen.SubjectNone) {
		none, wrong = none+r.none, wrong+r.falseCards
		for _, m := range r.missed {
			t.Log("    ", l, m)
		}
	}
	t.Logf("%d cards on %d pictures of none", wrong, none)
}

// plane is the picture's grey levels.
func plane(img image.Image) *page.Plane {
	g := picture.Luma(img)
	return &page.Plane{Pix: g.Pix, Stride: g.Stride, Width: g.Rect.Dx(), Height: g.Rect.Dy()}
}

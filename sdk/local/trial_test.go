package local

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"hash/crc32"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/seed-6b91b535/idrec/sdk/local/internal/page"
	"github.com/seed-6b91b535/idrec/sdk/specimen"
	"github.com/seed-6b91b535/idrec/shared"
)

// trial is a photo with its truth and what was read.
type trial struct {
	level   specimen.Level
	subject specimen.Subject
	i       int
	truth   specimen.PhotoTruth
	report  *report
	result  *shared.Result
	took    time.Duration
}

// trials says which photos are read, and by which finder. No set, and no seed, meets another's people.
type trials struct {
	set      specimen.Set
	level    specimen.Level
	subjects []specimen.Subject
	n        int               // of each subject
	people   []specimen.Person // whose cards they are; nil is those of the set
	face     *specimen.Typeface
	finder   func(specimen.PhotoTruth, uint64) finder // nil is the engine's own
}

// trialSeed is that of the people.
const trialSeed = 4

// run reads the photos, on as many processors as there are.
func (x trials) run(tb testing.TB) []trial {
	tb.Helper()
	p := New(Options{})
	if x.finder != nil {
		p.finder = func() (finder, error) { return fixed{}, nil }
	}
	out := make([]trial, x.n*len(x.subjects))
	next := make(chan int)
	var wg sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		wg.Go(func() {
			for i := range next {
				out[i] = x.one(tb, p, x.subjects[i%len(x.subjects)], i/len(x.subjects))
			}
		})
	}
	for i := range out {
		next <- i
	}
	close(next)
	wg.Wait()
	return out
}

func (x trials) one(tb testing.TB, p *Provider, subject specimen.Subject, i int) trial {
	data, truth := x.photo(tb, subject, i)
	t := trial{level: x.level, subject: subject, i: i, truth: truth, report: &report{}, result: &shared.Result{}}
	c, err := p.take(context.Background())
	if err != nil {
		tb.Error(err)
		return t
	}
	defer p.give(c)
	f := c.finder
	if x.finder != nil {
		f = x.finder(truth, uint64(i))
	}
	start := time.Now()
	req := &shared.Request{Image: shared.Image{Bytes: data}}
	s, err := open(req)
	if err != nil {
		tb.Errorf("%s %s %d: %v", x.level, subject, i, err)
		return t
	}
	if t.report, err = c.look(context.Background(), s, f); err != nil {
		tb.Errorf("%s %s %d: %v", x.level, subject, i, err)
		return t
	}
	t.result = t.report.result(s, req)
	t.took = time.Since(start)
	return t
}

// photo draws a photo. IDREC_PHOTOS names a folder that keeps them, since drawing takes longer than reading.
func (x trials) photo(tb testing.TB, subject specimen.Subject, i int) (data []byte, truth specimen.PhotoTruth) {
	tb.Helper()
	draw := func() ([]byte, specimen.PhotoTruth) {
		if x.people != nil {
			side := shared.SidePortrait
			if subject == specimen.SubjectEmblem {
				side = shared.SideEmblem
			}
			return specimen.Photo([]specimen.PhotoCard{{Person: x.people[i%len(x.people)], Side: side}},
				specimen.PhotoOptions{Level: x.level, Set: x.set, Seed: trialSeed<<32 | uint64(i), Typeface: x.face})
		}
		return specimen.PhotoSet{Level: x.level, Set: x.set, Seed: trialSeed, Subject: subject, Typeface: x.face}.At(i)
	}
	dir := os.Getenv("IDREC_PHOTOS")
	if dir == "" || x.face != nil {
		return draw()
	}
	type kept struct {
		Photo []byte              `json:"photo"`
		Truth specimen.PhotoTruth `json:"truth"`
	}
	name := fmt.Sprintf("%s-%s-%s-%d.json", x.set, x.level, subject, i)
	if x.people != nil {
		name = fmt.Sprintf("texts-%08x-%s", crc32.ChecksumIEEE(fmt.Append(nil, x.people)), name)
	}
	path := filepath.Join(dir, name)
	if text, err := os.ReadFile(path); err == nil {
		var k kept
		if err := json.Unmarshal(text, &k); err != nil {
			tb.Fatalf("%s is damaged: remove it: %v", path, err)
		}
		return k.Photo, k.Truth
	}
	data, truth = draw()
	text, err := json.Marshal(kept{data, truth})
	if err == nil {
		err = os.WriteFile(path, text, 0o600)
	}
	if err != nil {
		tb.Error(err)
	}
	return data, truth
}

// fixed is a finder that says what it was told.
type fixed []sighting

func (f fixed) find(*page.Plane) []sighting { return f }
func (f fixed) doubt() float64              { return 0 }

// known tells a finder what there is to find, with corners that are off by a share of the card's width.
func known(off float64) func(specimen.PhotoTruth, uint64) finder {
	return func(t specimen.PhotoTruth, seed uint64) finder {
		r := rand.New(rand.NewPCG(seed, 9))
		var f fixed
		for _, c := range t.Cards {
			s := sighting{quad: c.Quad, side: c.Side, p: 1}
			w := math.Hypot(c.Quad[1].X-c.Quad[0].X, c.Quad[1].Y-c.Quad[0].Y)
			for i := range s.quad {
				s.quad[i].X += r.NormFloat64() * off * w
				s.quad[i].Y += r.NormFloat64() * off * w
			}
			f = append(f, s)
		}
		return f
	}
}

// env reads a number from the environment.
func env(tb testing.TB, name string, def float64) float64 {
	tb.Helper()
	text := os.Getenv(name)
	if text == "" {
		return def
	}
	n, err := strconv.ParseFloat(text, 64)
	if err != nil {
		tb.Fatalf("%s is no number", name)
	}
	return n
}

// people are invented people with the names, addresses and authorities of the file that IDREC_TEXTS names, a JSON
// object a line, but for those that a card has no room for or the typeface cannot draw. Nil are those of the set.
func people(tb testing.TB) []specimen.Person {
	tb.Helper()
	path := os.Getenv("IDREC_TEXTS")
	if path == "" {
		return nil
	}
	text, err := os.ReadFile(path)
	if err != nil {
		tb.Fatal(err)
	}
	drawn := map[rune]bool{}
	for _, c := range specimen.Characters() {
		drawn[c] = true
	}
	var out []specimen.Person
	for line := range bytes.Lines(text) {
		var one cutText
		if err := json.Unmarshal(line, &one); err != nil {
			tb.Fatal(err)
		}
		bad := strings.ContainsFunc(one.Name+one.Address+one.Authority, func(c rune) bool { return !drawn[c] })
		if bad || utf8.RuneCountInString(one.Address) > specimen.AddressColumns*specimen.AddressLines || utf8.RuneCountInString(one.Name) > 15 {
			continue
		}
		out = append(out, specimen.Person{Name: one.Name, Address: one.Address, Authority: one.Authority})
	}
	if len(out) == 0 {
		tb.Fatalf("%s has no text that can be drawn", path)
	}
	for i, p := range specimen.People(len(out), trialSeed) { // whose numbers are of other regions than the addresses
		p.Name, p.Address, p.Authority = out[i].Name, out[i].Address, out[i].Authority
		out[i] = p
	}
	return out
}

// face is the typeface of the file that IDREC_FACE names; nil is the embedded one.
func face(tb testing.TB) *specimen.Typeface {
	tb.Helper()
	if fs := faces(tb, "IDREC_FACE"); len(fs) > 0 {
		return fs[0]
	}
	return nil
}

// faces are the typefaces that the environment names: files between commas, with # and a number where a file has several.
func faces(tb testing.TB, variable string) []*specimen.Typeface {
	tb.Helper()
	var out []*specimen.Typeface
	for path := range strings.SplitSeq(os.Getenv(variable), ",") {
		if path == "" {
			continue
		}
		index := 0
		if file, number, found := strings.Cut(path, "#"); found {
			var err error
			if index, err = strconv.Atoi(number); err != nil {
				tb.Fatalf("%s: %s ends in no number", variable, path)
			}
			path = file
		}
		f, err := specimen.LoadTypeface(path, index)
		if err != nil {
			tb.Fatal(err)
		}
		out = append(out, f)
	}
	return out
}

// quads is the finder that IDREC_QUADS asks for: one that knows the corners, but for that share of the
// card's width. Nil is the engine's own.
func quads(tb testing.TB) func(specimen.PhotoTruth, uint64) finder {
	tb.Helper()
	if off := env(tb, "IDREC_QUADS", -1); off >= 0 {
		return known(off)
	}
	return nil
}

// subjects are those that are given, or the one that IDREC_SUBJECT names.
func subjects(usual ...specimen.Subject) []specimen.Subject {
	if s := os.Getenv("IDREC_SUBJECT"); s != "" {
		return []specimen.Subject{specimen.Subject(s)}
	}
	return usual
}

// levels are all, or the one that IDREC_LEVEL names.
func levels() []specimen.Level {
	if l := os.Getenv("IDREC_LEVEL"); l != "" {
		return []specimen.Level{specimen.Level(l)}
	}
	return specimen.Levels()
}

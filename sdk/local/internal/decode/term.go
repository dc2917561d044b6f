package decode

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/seed-6b91b535/idrec/sdk/idcard"
	"github.com/seed-6b91b535/idrec/sdk/local/internal/lattice"
	"github.com/seed-6b91b535/idrec/sdk/local/internal/lines"
	"github.com/seed-6b91b535/idrec/shared"
)

// What a term costs that the law does not know, in nats, and one whose issue lies before the first cards
// of this kind (2004) or far ahead.
const (
	costOddTerm = 8
	costOddYear = 8
)

// Term is the two days of the validity.
type Term struct{ From, Until Field }

// pair is a term as the contract has it.
type pair struct{ from, until string }

// terms are the terms that a line may show, each with its score and as it would be printed.
type terms struct {
	line    []lines.Position
	scores  map[pair]float32
	printed map[pair]string
}

// add adds a term, unless it is none.
func (t *terms) add(from, until idcard.Date) {
	if !from.Valid() || !until.Valid() || until.Before(from) {
		return
	}
	var cost float32
	if !usual(from, until) {
		cost = costOddTerm
	}
	t.put(pair{from.String(), until.String()}, day10(from)+"-"+day10(until), cost+costOfIssue(from))
}

// addLong adds a term without end.
func (t *terms) addLong(from idcard.Date) {
	if from.Valid() {
		t.put(pair{from.String(), shared.LongTerm}, day10(from)+"-长期", costOfIssue(from))
	}
}

func (t *terms) put(p pair, text string, cost float32) {
	if _, ok := t.scores[p]; !ok {
		t.scores[p], t.printed[p] = lattice.Score(t.line, text)-cost, text
	}
}

func costOfIssue(from idcard.Date) float32 {
	if from.Year < 2004 || from.Year > 2045 {
		return costOddYear
	}
	return 0
}

// best returns the most probable term. Ties are broken by the text, so that the order of a map does not
// show.
func (t *terms) best() (best pair, ok bool) {
	for p, s := range t.scores {
		if top := t.scores[best]; !ok || s > top || s == top && p.from+p.until < best.from+best.until {
			best, ok = p, true
		}
	}
	return best, ok
}

// lengths are the years of the terms that end.
var lengths = []int{5, 10, 20}

// Validity decodes the term, both days together: 5, 10 or 20 years or without end.
func Validity(l Line) Term {
	all := &terms{l.Positions, map[pair]float32{}, map[pair]string{}}
	froms, untils := termDates(l.Positions)
	for _, f := range froms {
		all.addLong(f)
		for _, years := range lengths {
			for _, u := range ends(f, years) {
				all.add(f, u)
			}
		}
		for _, u := range untils {
			all.add(f, u)
		}
	}
	for _, u := range untils { // the end may be clearer than the beginning
		for _, years := range lengths {
			all.add(idcard.Date{Year: u.Year - years, Month: u.Month, Day: u.Day}, u)
		}
	}
	nothing := Field{Raw: lattice.Best(l.Positions), Empty: len(l.Positions) == 0, Margin: -maxMargin, Worst: minScore, Mean: minScore}
	best, ok := all.best()
	if !ok {
		return Term{nothing, nothing}
	}
	byFrom, byUntil := map[string]float32{}, map[string]float32{}
	for p, s := range all.scores {
		keepBest(byFrom, p.from, s)
		keepBest(byUntil, p.until, s)
	}
	half := func(text string, m map[string]float32) Field {
		f := Field{Text: text, Margin: margin(all.scores[best], others(m, text))}
		f.measure(l.Positions, all.printed[best])
		return f
	}
	return Term{half(best.from, byFrom), half(best.until, byUntil)}
}

func keepBest(m map[string]float32, key string, score float32) {
	if old, ok := m[key]; !ok || score > old {
		m[key] = score
	}
}

func day10(d idcard.Date) string { return strings.ReplaceAll(d.String(), "-", ".") }

// usual reports whether the term has one of the lengths of the law.
func usual(from, until idcard.Date) bool {
	for _, years := range lengths {
		if slices.Contains(ends(from, years), until) {
			return true
		}
	}
	return false
}

// ends returns the last days that a term of so many years may have: on the same day of the year, and of
// one that began on 29 February on the last of February or on 1 March.
func ends(from idcard.Date, years int) []idcard.Date {
	d := idcard.Date{Year: from.Year + years, Month: from.Month, Day: from.Day}
	if d.Valid() {
		return []idcard.Date{d}
	}
	return []idcard.Date{{Year: d.Year, Month: 2, Day: 28}, {Year: d.Year, Month: 3, Day: 1}}
}

// How many alternatives of a digit are tried in a day of eight digits, and how many days in all.
const (
	altDigits = 2
	maxDays   = 60
)

// termDates returns the days that the first and the second half of the line may show.
func termDates(ps []lines.Position) (from, until []idcard.Date) {
	var digits []*lines.Position
	for i := range ps {
		if digitLike(&ps[i]) {
			digits = append(digits, &ps[i])
		}
	}
	n := len(digits)
	if n >= 8 {
		from = days(digits[:8])
	}
	if n > 10 { // with some of the first day lost, the last one tells what it must be
		until = days(digits[n-8:])
	}
	return from, until
}

// days returns the days that eight digits may be, those with the fewest changes first.
func days(ps []*lines.Position) []idcard.Date {
	type alt struct {
		digits string
		cost   float32
	}
	beam := []alt{{}}
	for _, p := range ps {
		var next []alt
		n := 0
		for _, c := range p.Candidates {
			if c.Rune >= '0' && c.Rune <= '9' && n < altDigits {
				n++
				for _, b := range beam {
					next = append(next, alt{b.digits + string(c.Rune), b.cost - c.LogP})
				}
			}
		}
		beam = next
	}
	slices.SortStableFunc(beam, func(a, b alt) int { return cmp.Compare(a.cost, b.cost) })
	var out []idcard.Date
	for _, b := range beam {
		var d idcard.Date
		if n, err := fmt.Sscanf(b.digits, "%4d%2d%2d", &d.Year, &d.Month, &d.Day); err == nil && n == 3 && d.Valid() && d.Year > 1990 && d.Year < 2100 {
			if out = append(out, d); len(out) == maxDays {
				break
			}
		}
	}
	return out
}

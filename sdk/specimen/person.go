package specimen

import (
	"fmt"
	"math/rand/v2"
	"strings"

	"github.com/seed-6b91b535/idrec/sdk/idcard"
	"github.com/seed-6b91b535/idrec/shared"
)

// The form of the printed address.
const (
	// AddressColumns is how many characters stand on a line of the address.
	AddressColumns = 11
	// AddressLines is how many lines there is room for.
	AddressLines = 4
)

// Person is an invented holder of a card. The fields are what is printed, so that a test can change
// one to make a card that contradicts itself.
type Person struct {
	Name      string // U+00B7 between the parts of minority names
	Sex       string // 男 or 女
	Ethnicity string // without 族
	Birth     idcard.Date
	Address   string // on one line; at most AddressColumns × AddressLines characters fit the card
	Number    string // 18 characters
	Authority string
	Issued    idcard.Date
	Expires   idcard.Date // the zero Date is 长期
}

// LongTerm reports whether the card does not expire.
func (p Person) LongTerm() bool { return p.Expires == idcard.Date{} }

// AddressText returns the address as it is broken into lines on the card.
func (p Person) AddressText() []string {
	var lines []string
	for rest := []rune(p.Address); len(rest) > 0; {
		n := min(AddressColumns, len(rest))
		lines = append(lines, string(rest[:n]))
		rest = rest[n:]
	}
	return lines
}

// Truth returns what the given side shows, or both sides where [shared.SideBoth] is given. Every other
// side but [shared.SideEmblem] is the portrait side.
func (p Person) Truth(side shared.Side) Truth {
	if side == shared.SideBoth {
		return p.Truth(shared.SidePortrait).with(p.Truth(shared.SideEmblem))
	}
	if side == shared.SideEmblem {
		until := p.Expires.String()
		if p.LongTerm() {
			until = shared.LongTerm
		}
		return Truth{Side: shared.SideEmblem, Authority: p.Authority, ValidFrom: p.Issued.String(), ValidUntil: until}
	}
	return Truth{Side: shared.SidePortrait, Name: p.Name, Sex: p.Sex, Ethnicity: p.Ethnicity,
		BirthDate: p.Birth.String(), Address: p.Address, Number: p.Number}
}

// People invents n people. The same seed gives the same people, and the first m of n are those of
// People(m, seed). Among them are rare characters, characters beyond the BMP, minority names with ·,
// two-character surnames, children and 长期 cards, addresses of one to four lines.
//
// The dates are fixed by the seed and not by today: all cards are valid at the end of 2026, and some
// expire after.
func People(n int, seed uint64) []Person {
	people := make([]Person, 0, max(n, 0))
	for i := range n {
		people = append(people, invent(newRand(seed, i)))
	}
	return people
}

// newRand returns the source of the i-th person, so that one does not depend on how many came before.
func newRand(seed uint64, i int) *rand.Rand {
	const golden = 0x9E3779B97F4A7C15                        // spreads neighbouring numbers over the whole state
	return rand.New(rand.NewPCG(seed, (uint64(i)+1)*golden)) //nolint:gosec // the same people again is the point
}

func pick[T any](r *rand.Rand, from []T) T { return from[r.IntN(len(from))] }

func invent(r *rand.Rand) Person {
	var p Person
	p.Sex = pick(r, []string{"男", "女"})
	p.Ethnicity = "汉"
	if r.IntN(10) < 3 {
		p.Ethnicity = pick(r, idcard.Ethnicities())
	}
	p.Name = inventName(r, p.Ethnicity, p.Sex)
	p.Birth, p.Issued, p.Expires = inventTerm(r)
	place := inventPlace(r)
	p.Address = place.address(r)
	p.Authority = place.authority(r)
	p.Number = numberFor(place.region(), p.Birth, p.Sex, r.IntN(499)+1)
	return p
}

// numberFor makes the number of the n-th (1 to 499) man or woman born on that day in that region.
func numberFor(region string, birth idcard.Date, sex string, n int) string {
	sequence := 2 * n // even: a woman
	if sex == "男" {
		sequence = 2*n - 1
	}
	first17 := fmt.Sprintf("%s%s%03d", region, strings.ReplaceAll(birth.String(), "-", ""), sequence)
	check, _ := idcard.CheckDigit(first17)
	return first17 + string(check)
}

// inventTerm returns a birth, and the first and last day of a card that is valid at the end of 2026.
func inventTerm(r *rand.Rand) (birth, issued, expires idcard.Date) {
	const lastIssue = 2025
	// The ages at issue of the four terms of the law, and how long ago such a card can be issued and
	// still be valid.
	terms := []struct{ weight, youngest, oldest, firstIssue int }{
		{8, 1, 15, 2022},
		{22, 16, 25, 2017},
		{40, 26, 45, 2007},
		{30, 46, 95, 2005},
	}
	t := terms[len(terms)-1]
	for w, i := r.IntN(100), 0; i < len(terms); i++ {
		if w -= terms[i].weight; w < 0 {
			t = terms[i]
			break
		}
	}
	// Days up to 28 exist in every month, and in every year that a term ends in.
	issued = idcard.Date{Year: t.firstIssue + r.IntN(lastIssue-t.firstIssue+1), Month: 1 + r.IntN(12), Day: 1 + r.IntN(28)}
	age := t.youngest + r.IntN(t.oldest-t.youngest+1)
	birth = idcard.Date{Year: issued.Year - age, Month: 1 + r.IntN(12), Day: 1 + r.IntN(31)}
	if birth.YearsUntil(issued) < age { // the birthday of that year is yet to come
		birth.Year--
	}
	for !birth.Valid() { // a month's last days
		birth.Day--
	}
	if years, longTerm := idcard.ExpectedTerm(birth, issued); !longTerm {
		expires = idcard.Date{Year: issued.Year + years, Month: issued.Month, Day: issued.Day}
	}
	return birth, issued, expires
}

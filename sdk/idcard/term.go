package idcard

// ExpectedTerm returns how long a citizen's card issued on that day is valid, by the Resident Identity
// Card Law, article 5: 5 years for holders under 16, 10 from 16 to 25, 20 from 26 to 45, and long-term
// from 46. Both are zero if a date is none or the birth is after the issue.
func ExpectedTerm(birth, issued Date) (years int, longTerm bool) {
	if !birth.Valid() || !issued.Valid() || issued.Before(birth) {
		return 0, false
	}
	switch age := birth.YearsUntil(issued); {
	case age < 16:
		return 5, false
	case age <= 25:
		return 10, false
	case age <= 45:
		return 20, false
	}
	return 0, true
}

// maxIssueDays is the longest time between the application, at which the holder's age may have been
// taken, and the issue: 60 days, and 30 more for remote places (article 12).
const maxIssueDays = 90

// term is the validity printed on a card.
type term struct {
	from, until Date
	longTerm    bool
}

// lasts reports whether t lasts that many whole years. A card issued on 29 February may end on the
// last of February or on 1 March.
func (t term) lasts(years int) bool {
	if t.longTerm || t.until.Year-t.from.Year != years {
		return false
	}
	end := Date{t.from.Year + years, t.from.Month, t.from.Day}
	if end.Valid() {
		return t.until == end
	}
	return t.until == Date{end.Year, 2, 28} || t.until == Date{end.Year, 3, 1}
}

// usual reports whether t is a term that any card of the law has, whoever holds it.
func (t term) usual() bool { return t.longTerm || t.lasts(5) || t.lasts(10) || t.lasts(20) }

// fits reports whether t is the term that a holder with such a number and birth gets. Permits for
// residents of Hong Kong, Macau and Taiwan last 5 years, permanent residents' cards 5 or 10.
func (t term) fits(kind Kind, birth Date) bool {
	switch kind {
	case KindResidencePermit:
		return t.lasts(5)
	case KindPermanentResident, KindPermanentResidentLegacy:
		return t.lasts(5) || t.lasts(10)
	case KindResident, KindResident15:
	}
	return t.fitsAge(birth, t.from) || t.fitsAge(birth, t.from.AddDays(-maxIssueDays))
}

func (t term) fitsAge(birth, on Date) bool {
	years, longTerm := ExpectedTerm(birth, on)
	if longTerm || t.longTerm {
		return longTerm && t.longTerm
	}
	return years > 0 && t.lasts(years)
}

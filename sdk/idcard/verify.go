package idcard

import (
	"strings"
	"unicode"

	"github.com/seed-6b91b535/idrec/shared"
)

// oldestAge is the age above which a birth is more likely misread or misregistered than true: nobody
// is known to have lived longer. Cards that say more exist, so it is a warning only.
const oldestAge = 122

// longestName is the number of runes above which a name is suspicious. Registers hold names of
// minorities with somewhat over twenty.
const longestName = 30

// Verify judges what was read from one picture: each field by itself, the fields against each other,
// and the term against today and against the holder's age where both are at hand. asked is the side
// that the caller wanted. The findings are new ones in a stable order, those of the picture as a whole
// first, then in the order of [shared.CardFields]; the result is not changed, and what others found
// (in res.Findings) is neither read nor repeated.
//
// computed is our judgement of the number against the printed sex and birth, nil where one of them is
// not at hand. As the vendor's, it does not look at the check character, which has a finding of its
// own: a number that ends in a wrong one can agree with sex and birth.
//
// An expired card is a warning: the card is real and was read right, but it proves nothing any more,
// and a workflow that goes on must do so by decision.
func Verify(res *shared.Result, asked shared.Side, today Date) (findings []shared.Finding, computed *shared.NumberCheck) {
	if res == nil {
		return nil, nil
	}
	v := verifier{card: card{res}, today: today}
	v.side(asked)
	v.missing()
	v.name()
	v.sex()
	v.ethnicity()
	v.births()
	v.number()
	v.terms()
	computed = v.numberCheck()
	if vendor := res.Number.Vendor; vendor != nil && computed != nil && *vendor != *computed {
		v.find(shared.FindingVendorCheck, shared.SeverityWarning, shared.FieldNumber, "the vendor judges the number against sex and birth differently")
	}
	return v.findings, computed
}

type verifier struct {
	card

	today    Date
	findings []shared.Finding
}

func (v *verifier) find(code shared.FindingCode, severity shared.Severity, field shared.FieldName, message string) {
	v.findings = append(v.findings, shared.Finding{Code: code, Severity: severity, Field: field, Message: message})
}

func (v *verifier) side(asked shared.Side) {
	shown := v.res.Side
	other := asked != shared.SideDetect && shown != shared.SideDetect && shown != shared.SideBoth && shown != asked
	if other || v.res.Status == shared.StatusReversedSide {
		v.find(shared.FindingReversedSide, shared.SeverityInfo, "", "the picture shows the other side than the one asked for")
	}
}

// missing reports fields that the side shown has and that were not read. On a picture that is no card
// or cannot be read, that says nothing new.
func (v *verifier) missing() {
	if !v.read() {
		return
	}
	n, _, _ := v.card.number()
	for _, name := range shared.CardFields() {
		if !v.shows(name.Side()) || v.has(name) || v.masked(name) || !printed(n.Kind(), name) {
			continue
		}
		v.find(shared.FindingFieldMissing, shared.SeverityWarning, name, "this field stands on the side shown and was not read")
	}
}

// printed reports whether cards with such a number have the field: permits show no ethnicity, and
// permanent residents' cards no address either.
func printed(kind Kind, name shared.FieldName) bool {
	switch kind {
	case KindResidencePermit:
		return name != shared.FieldEthnicity
	case KindPermanentResident, KindPermanentResidentLegacy:
		return name != shared.FieldEthnicity && name != shared.FieldAddress
	case KindResident, KindResident15:
	}
	return true
}

func (v *verifier) name() {
	name, ok := v.text(shared.FieldFullName)
	if !ok {
		return
	}
	n, _, _ := v.card.number()
	foreign := n.Kind() == KindPermanentResident || n.Kind() == KindPermanentResidentLegacy
	if !plausibleName(name, foreign) {
		v.find(shared.FindingNameSuspicious, shared.SeverityWarning, shared.FieldFullName, "the name has a character or a length that names do not have")
	}
}

// plausibleName reports whether a name consists of Han characters, at least two, with single
// separators between them. Foreigners' names may be Latin.
func plausibleName(name string, foreign bool) bool {
	rs := []rune(name)
	if len(rs) < 2 || len(rs) > longestName && !foreign {
		return false
	}
	if strings.HasPrefix(name, "·") || strings.HasSuffix(name, "·") || strings.Contains(name, "··") {
		return false
	}
	for _, r := range rs {
		switch {
		case r == '·', unicode.Is(unicode.Han, r):
		case foreign && (unicode.Is(unicode.Latin, r) || strings.ContainsRune(" .,-'", r)):
		default:
			return false
		}
	}
	return true
}

func (v *verifier) sex() {
	sex, ok := v.text(shared.FieldSex)
	if sex == "" {
		return
	}
	if !ok {
		v.find(shared.FindingSexInvalid, shared.SeverityError, shared.FieldSex, "the sex is neither 男 nor 女")
		return
	}
	if n, _, _ := v.card.number(); n.Sex() != "" && n.Sex() != sex {
		v.find(shared.FindingSexMismatch, shared.SeverityError, shared.FieldSex, "the printed sex is not the one that the number tells")
	}
}

func (v *verifier) ethnicity() {
	if e, ok := v.text(shared.FieldEthnicity); e != "" && !ok {
		v.find(shared.FindingEthnicityUnknown, shared.SeverityWarning, shared.FieldEthnicity, "the ethnicity is not one of GB/T 3304")
	}
}

// births judges the printed birth, and that of the number where it is another one or the only one.
func (v *verifier) births() {
	n, _, _ := v.card.number()
	printed := v.date(shared.FieldBirthDate)
	if v.has(shared.FieldBirthDate) {
		v.birthday(printed, shared.FieldBirthDate)
	}
	if n.Birth() == (Date{}) || n.Birth() == printed {
		return
	}
	if printed != (Date{}) {
		v.find(shared.FindingBirthMismatch, shared.SeverityError, shared.FieldBirthDate, "the printed birth is not the one that the number tells")
	}
	v.birthday(n.Birth(), shared.FieldNumber)
}

func (v *verifier) birthday(d Date, field shared.FieldName) {
	switch {
	case d == Date{}:
		v.find(shared.FindingBirthInvalid, shared.SeverityError, field, "the birth is no day of the calendar")
	case v.today.Before(d):
		v.find(shared.FindingBirthInvalid, shared.SeverityError, field, "the birth is in the future")
	case d.Before(firstBirth):
		v.find(shared.FindingBirthInvalid, shared.SeverityError, field, "the birth is before that of anybody who could have a card")
	case d.YearsUntil(v.today) > oldestAge:
		v.find(shared.FindingBirthInvalid, shared.SeverityWarning, field, "the holder would be older than anybody known")
	}
}

func (v *verifier) number() {
	n, problems, ok := v.card.number()
	if !ok {
		return
	}
	const field = shared.FieldNumber
	if !problems.readable() {
		v.find(shared.FindingNumberFormat, shared.SeverityError, field, "the number has not the form of any identity number")
		return
	}
	switch n.Kind() {
	case KindResident15:
		v.find(shared.FindingNumberLegacy, shared.SeverityWarning, field, "a number of 15 digits; cards in force have 18")
	case KindPermanentResidentLegacy:
		v.find(shared.FindingNumberLegacy, shared.SeverityInfo, field, "a permanent resident's number of the form before December 2023")
	case KindResident, KindResidencePermit, KindPermanentResident:
	}
	if problems.has(ProblemProvince) {
		v.find(shared.FindingNumberRegion, shared.SeverityWarning, field, "the number begins with no province that is known")
	}
	if problems.has(ProblemBirth) {
		v.find(shared.FindingBirthInvalid, shared.SeverityError, field, "the birth in the number is no possible day")
	}
	if problems.has(ProblemSequence) {
		v.find(shared.FindingNumberSequence, shared.SeverityError, field, "the number has the sequence 000, which is never given")
	}
	if problems.has(ProblemCheckDigit) {
		v.find(shared.FindingNumberCheckDigit, shared.SeverityError, field, "the number does not end in the check character of GB 11643")
	}
}

func (v *verifier) terms() {
	from, until := v.date(shared.FieldValidFrom), v.date(shared.FieldValidUntil)
	untilText, _ := v.text(shared.FieldValidUntil)
	longTerm := untilText == shared.LongTerm

	if v.has(shared.FieldValidFrom) && from == (Date{}) {
		v.find(shared.FindingTermInvalid, shared.SeverityError, shared.FieldValidFrom, "the first day of validity is no date")
	}
	if untilText != "" && !longTerm && until == (Date{}) {
		v.find(shared.FindingTermInvalid, shared.SeverityError, shared.FieldValidUntil, "the last day of validity is no date and not long-term")
	}
	if t, ok := v.term(); ok {
		v.findings = append(v.findings, termFindings(t, v.card)...)
	} else if from != (Date{}) && until != (Date{}) {
		v.find(shared.FindingTermInvalid, shared.SeverityError, shared.FieldValidUntil, "the validity ends before it begins")
	}
	if v.today.Before(from) {
		v.find(shared.FindingNotYetValid, shared.SeverityWarning, shared.FieldValidFrom, "the card is not valid yet")
	}
	// The last day counts.
	if until != (Date{}) && until.Before(v.today) {
		v.find(shared.FindingExpired, shared.SeverityWarning, shared.FieldValidUntil, "the card has expired")
	}
}

// termFindings judges a term by itself and, where the birth is at hand, by the holder's age.
func termFindings(t term, portrait card) []shared.Finding {
	n, _, _ := portrait.number()
	birth := portrait.birth()
	switch {
	case birth != Date{} && t.from.Before(birth):
		return []shared.Finding{{Code: shared.FindingTermInvalid, Severity: shared.SeverityError, Field: shared.FieldValidFrom,
			Message: "the card was issued before its holder was born"}}
	case !t.usual():
		return []shared.Finding{{Code: shared.FindingTermUnexpected, Severity: shared.SeverityWarning, Field: shared.FieldValidUntil,
			Message: "the term is neither 5, 10 or 20 years nor long-term"}}
	case (birth != Date{}) && !t.fits(n.Kind(), birth):
		return []shared.Finding{{Code: shared.FindingTermUnexpected, Severity: shared.SeverityWarning, Field: shared.FieldValidUntil,
			Message: "the term is not the one for the holder's age at issue"}}
	}
	return nil
}

// numberCheck judges the number against the printed sex and birth, in the vendor's values.
func (v *verifier) numberCheck() *shared.NumberCheck {
	judge := func(c shared.NumberCheck) *shared.NumberCheck { return &c }
	if v.masked(shared.FieldNumber) {
		return nil
	}
	if !v.any(shared.SidePortrait) {
		return judge(shared.NumberAllEmpty)
	}
	n, problems, ok := v.card.number()
	if !ok || !problems.readable() || problems.has(ProblemBirth) {
		return judge(shared.NumberInvalid)
	}
	sex, sexOK := v.text(shared.FieldSex)
	birth := v.date(shared.FieldBirthDate)
	if !sexOK || birth == (Date{}) || n.Sex() == "" {
		return nil
	}
	switch sexDiffers, birthDiffers := n.Sex() != sex, n.Birth() != birth; {
	case sexDiffers && birthDiffers:
		return judge(shared.NumberDisagrees)
	case birthDiffers:
		return judge(shared.NumberBirthDiffers)
	case sexDiffers:
		return judge(shared.NumberSexDiffers)
	}
	return judge(shared.NumberAgrees)
}

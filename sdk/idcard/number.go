package idcard

import (
	"fmt"
	"log/slog"
	"slices"
	"strings"

	"github.com/seed-6b91b535/idrec/shared"
)

// Kind says whose number it is and in which form.
type Kind string

// The kinds.
const (
	// KindResident is a citizen's number of GB 11643-1999, 18 characters.
	KindResident Kind = "resident"
	// KindResident15 is a citizen's number of GB 11643-1989, 15 digits, of somebody born in the 1900s.
	KindResident15 Kind = "resident_15"
	// KindResidencePermit is the number on a residence permit for residents of Hong Kong (810000),
	// Macau (820000) or Taiwan (830000), 18 characters.
	KindResidencePermit Kind = "residence_permit"
	// KindPermanentResident is a foreigner's number on the permanent resident's card issued since
	// 2023-12-01: 9, two digits of the place of application, three of the nationality, then birth,
	// sequence and check character as in GB 11643.
	KindPermanentResident Kind = "permanent_resident"
	// KindPermanentResidentLegacy is the number on permanent residents' cards issued before: three
	// letters of the nationality and twelve digits. Such cards are valid to the end of their term.
	KindPermanentResidentLegacy Kind = "permanent_resident_legacy"
)

// Problem is one thing that is wrong with a number. It is an error, for errors.Is.
type Problem string

// The problems, in the order in which [NumberError] lists them.
const (
	ProblemLength     Problem = "length"      // neither 18 nor 15 characters
	ProblemCharacter  Problem = "character"   // a character that cannot stand where it stands
	ProblemProvince   Problem = "province"    // the first two digits are no province of GB/T 2260
	ProblemBirth      Problem = "birth"       // no such day, or before anybody with a number was born
	ProblemSequence   Problem = "sequence"    // 000, which is never given
	ProblemCheckDigit Problem = "check_digit" // the last character is not what the others ask for
)

// Error makes a Problem usable as the target of errors.Is.
func (p Problem) Error() string { return "identity number: " + string(p) }

// NumberError lists everything that is wrong with a number, without the number.
type NumberError struct{ Problems []Problem }

// Error names the problems.
func (e *NumberError) Error() string {
	names := make([]string, len(e.Problems))
	for i, p := range e.Problems {
		names[i] = string(p)
	}
	return "not a valid identity number: wrong " + strings.ReplaceAll(strings.Join(names, ", "), "_", " ")
}

// Is reports whether target is one of the problems.
func (e *NumberError) Is(target error) bool {
	p, ok := target.(Problem)
	return ok && e.has(p)
}

func (e *NumberError) has(p Problem) bool {
	return e != nil && slices.Contains(e.Problems, p)
}

// readable reports whether the text has the form of a number, so that its parts can be told apart.
func (e *NumberError) readable() bool { return !e.has(ProblemLength) && !e.has(ProblemCharacter) }

// Number is an identity number in its canonical form. Numbers are comparable. The zero Number is none.
// It prints without the number; [Number.Text] has it.
type Number struct {
	text  string
	kind  Kind
	birth Date
}

// firstBirth bounds the births that a number can have. Numbers are given since 1984, and no human is
// known to have lived longer than 122 years, so nobody born before 1862 ever had one. The standard's
// own example of 1880 is inside: whether somebody can still be alive depends on today, and is for
// [Verify] to say.
var firstBirth = Date{Year: 1984 - 122, Month: 1, Day: 1}

// ParseNumber reads a number of any [Kind]: with x, Ⅹ (U+2169, U+2179) and full-width forms, and with
// spaces inside. The error is a [*NumberError] that lists all problems. If they are neither
// [ProblemLength] nor [ProblemCharacter], the Number is returned with it, so that its parts can be
// looked at.
func ParseNumber(s string) (Number, error) {
	n, problems := parseNumber(s)
	if problems != nil {
		return n, problems
	}
	return n, nil
}

func parseNumber(s string) (Number, *NumberError) {
	n := Number{text: strings.Map(numberCharacter, compact(s))}
	var problems []Problem
	n.kind, problems = formOf(n.text)
	if problems != nil {
		return Number{}, &NumberError{Problems: problems}
	}
	if n.kind == KindPermanentResidentLegacy {
		// The rule of its last digit is not public.
		return n, nil
	}

	// GB/T 2260 says nothing of foreigners.
	if n.kind != KindPermanentResident && n.Province() == "" {
		problems = append(problems, ProblemProvince)
	}
	if birth, err := ParseDate(n.birthText()); err == nil && !birth.Before(firstBirth) {
		n.birth = birth
	} else {
		problems = append(problems, ProblemBirth)
	}
	if n.Sequence() == "000" {
		problems = append(problems, ProblemSequence)
	}
	if n.kind != KindResident15 && n.CheckDigit() != n.text[17:] {
		problems = append(problems, ProblemCheckDigit)
	}
	if problems != nil {
		return n, &NumberError{Problems: problems}
	}
	return n, nil
}

// numberCharacter writes the forms of the check character as X, and letters in upper case.
func numberCharacter(r rune) rune {
	switch {
	case r == 'Ⅹ', r == 'ⅹ':
		return 'X'
	case r >= 'a' && r <= 'z':
		return r - 'a' + 'A'
	}
	return r
}

// formOf tells the kind of a number from its length and its first characters, and whether the others
// are what can stand there.
func formOf(t string) (Kind, []Problem) {
	wrong := []Problem{ProblemCharacter}
	switch len([]rune(t)) {
	case 15:
		if len(t) == 15 && lettersOnly(t[:3]) && digitsOnly(t[3:]) {
			return KindPermanentResidentLegacy, nil
		}
		if digitsOnly(t) {
			return KindResident15, nil
		}
		return "", wrong
	case 18:
		if len(t) == 18 && digitsOnly(t[:17]) && (t[17] == 'X' || digitsOnly(t[17:])) {
			return kindOf18(t), nil
		}
		return "", wrong
	}
	if strings.Trim(t, "0123456789X") != "" {
		return "", append([]Problem{ProblemLength}, wrong...)
	}
	return "", []Problem{ProblemLength}
}

func lettersOnly(s string) bool {
	for i := range len(s) {
		if s[i] < 'A' || s[i] > 'Z' {
			return false
		}
	}
	return true
}

func kindOf18(t string) Kind {
	switch {
	case strings.HasPrefix(t, "9"):
		return KindPermanentResident
	case strings.HasPrefix(t, "810000"), strings.HasPrefix(t, "820000"), strings.HasPrefix(t, "830000"):
		return KindResidencePermit
	}
	return KindResident
}

// Text returns the number, with X in upper case. It is personal.
func (n Number) Text() string { return n.text }

// Kind returns whose number it is, empty for the zero Number.
func (n Number) Kind() Kind { return n.kind }

// Region returns the six digits of GB/T 2260 with which a resident's number begins, of a county as it
// was when the number was given; empty for foreigners.
func (n Number) Region() string {
	switch n.kind {
	case KindResident, KindResident15, KindResidencePermit:
		return n.text[:6]
	case KindPermanentResident, KindPermanentResidentLegacy:
	}
	return ""
}

// Province returns the name of the province where the number was given, empty where it is unknown.
func (n Number) Province() string {
	switch n.kind {
	case KindResident, KindResident15:
		return provinces[n.text[:2]]
	case KindResidencePermit:
		return origins[n.text[:2]]
	case KindPermanentResident:
		return provinces[n.text[1:3]]
	case KindPermanentResidentLegacy:
	}
	return ""
}

func (n Number) birthText() string {
	switch n.kind {
	case KindResident15:
		return "19" + n.text[6:12]
	case KindResident, KindResidencePermit, KindPermanentResident:
		return n.text[6:14]
	case KindPermanentResidentLegacy:
	}
	return ""
}

// Birth returns the day of birth, the zero Date where the number tells none.
func (n Number) Birth() Date { return n.birth }

// Sequence returns the three digits that tell apart people of one region born on one day, empty where
// the number has none.
func (n Number) Sequence() string {
	switch n.kind {
	case KindResident15:
		return n.text[12:]
	case KindResident, KindResidencePermit, KindPermanentResident:
		return n.text[14:17]
	case KindPermanentResidentLegacy:
	}
	return ""
}

// Sex returns 男 for an odd sequence and 女 for an even one, empty where the number has none.
func (n Number) Sex() string {
	seq := n.Sequence()
	switch {
	case seq == "":
		return ""
	case seq[2]%2 == 1:
		return "男"
	}
	return "女"
}

// CheckDigit returns the check character as it should be, whether or not the number ends in it; empty
// for kinds that have none.
func (n Number) CheckDigit() string {
	switch n.kind {
	case KindResident, KindResidencePermit, KindPermanentResident:
		c, _ := CheckDigit(n.text[:17])
		return string(c)
	case KindResident15, KindPermanentResidentLegacy:
	}
	return ""
}

// Upgrade returns the 18-character form of a 15-digit number, and every other number as it is.
func (n Number) Upgrade() Number {
	if n.kind != KindResident15 {
		return n
	}
	first17 := n.text[:6] + "19" + n.text[6:]
	c, _ := CheckDigit(first17)
	return Number{text: first17 + string(c), kind: KindResident, birth: n.birth}
}

// String returns the number masked: its first three characters and the last one.
func (n Number) String() string { return shared.Mask(shared.FieldNumber, n.text) }

// Format writes what String returns, whatever the verb.
func (n Number) Format(s fmt.State, _ rune) { _, _ = s.Write([]byte(n.String())) }

// LogValue is what package log/slog writes.
func (n Number) LogValue() slog.Value { return slog.StringValue(n.String()) }

// checkCharacters are those of GB 11643 for the weighted sums 0 to 10 modulo 11.
const checkCharacters = "10X98765432"

// CheckDigit returns the check character of ISO 7064 MOD 11-2 for the first 17 digits of a number: a
// digit or X. ok is false if they are not 17 ASCII digits.
func CheckDigit(first17 string) (c byte, ok bool) {
	if len(first17) != 17 || !digitsOnly(first17) {
		return 0, false
	}
	// The standard's weights 7 9 10 5 8 4 2 … are the powers of 2 modulo 11, from 2^17 down to 2^1: so
	// the sum is a polynomial in 2, by Horner's rule.
	sum := 0
	for i := range len(first17) {
		sum = (sum + int(first17[i]-'0')) * 2 % 11
	}
	return checkCharacters[sum], true
}

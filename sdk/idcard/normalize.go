package idcard

import (
	"strings"
	"unicode"

	"github.com/seed-6b91b535/idrec/shared"
)

// Normalize returns the value of a card field in the contract's form, from what a provider or a person
// wrote. ok is false if raw is empty or has no such form (an unknown ethnicity, no date, a number of
// the wrong length); value is then raw tidied, so that a caller can still show it, and [Verify] says
// what is wrong with it. Whether a value of the right form can be true, [Verify] says too: a number
// with a wrong check character is ok here.
//
// Normalize of a value gives the value again.
func Normalize(name shared.FieldName, raw string) (value string, ok bool) {
	s := tidy(raw)
	if s == "" {
		return "", false
	}
	switch name {
	case shared.FieldFullName:
		return fullName(s), true
	case shared.FieldSex:
		switch s {
		case "男", "男性":
			return "男", true
		case "女", "女性":
			return "女", true
		}
	case shared.FieldEthnicity:
		return ethnicity(s)
	case shared.FieldBirthDate, shared.FieldValidFrom:
		if d, err := ParseDate(s); err == nil {
			return d.String(), true
		}
	case shared.FieldValidUntil:
		switch strings.ToLower(s) {
		case "长期", "长期有效", "長期", "長期有效", shared.LongTerm:
			return shared.LongTerm, true
		}
		if d, err := ParseDate(s); err == nil {
			return d.String(), true
		}
	case shared.FieldNumber:
		n, problems := parseNumber(s)
		if problems.readable() {
			return n.Text(), true
		}
		return compact(s), false
	case shared.FieldAddress, shared.FieldAuthority:
		return s, true
	}
	return s, false
}

// dots are the characters that stand for the separator of minority names, U+00B7, in texts typed or
// read by machines. A full-width full stop arrives as the ASCII one.
const dots = "•・‧∙⋅･·ᐧ●"

// fullName writes the separators of a tidied name as U+00B7. An ASCII full stop is one only between
// Han characters: in a foreigner's name it ends an initial.
func fullName(s string) string {
	rs := []rune(s)
	for i, r := range rs {
		if strings.ContainsRune(dots, r) || r == '.' && i > 0 && i < len(rs)-1 && unicode.Is(unicode.Han, rs[i-1]) && unicode.Is(unicode.Han, rs[i+1]) {
			rs[i] = '·'
		}
	}
	return string(rs)
}

package idcard

import (
	"strings"
	"unicode"
)

// fold writes full-width digits, letters and the signs of dates and numbers as ASCII. Brackets and
// punctuation stay, because addresses are printed with the full-width ones.
func fold(r rune) rune {
	switch {
	case r >= '０' && r <= '９', r >= 'Ａ' && r <= 'Ｚ', r >= 'ａ' && r <= 'ｚ', r == '－', r == '．', r == '／':
		return r - '！' + '!'
	}
	return r
}

// invisible reports whether r takes no room and says nothing: byte order marks, joiners, direction
// marks and control characters, which copying from other programs brings along, fillers, and selectors of
// a variant of the character before, which no card tells apart.
func invisible(r rune) bool {
	return unicode.IsControl(r) || unicode.In(r, unicode.Cf, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector)
}

// compact folds the width and drops everything that cannot be seen.
func compact(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) || invisible(r) {
			return -1
		}
		return fold(r)
	}, s)
}

// tidy folds the width and drops spaces (line breaks too), but for one between two Latin letters or
// digits: Chinese is written without, and cards break lines anywhere.
func tidy(s string) string {
	var b strings.Builder
	var last rune
	space := false
	for _, r := range s {
		switch {
		case unicode.IsSpace(r):
			space = true
			continue
		case invisible(r):
			continue
		}
		r = fold(r)
		if space && latin(last) && latin(r) {
			b.WriteByte(' ')
		}
		b.WriteRune(r)
		last, space = r, false
	}
	return b.String()
}

func latin(r rune) bool { return unicode.Is(unicode.Latin, r) || r >= '0' && r <= '9' }

func digitsOnly(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}

package sandbox

import (
	"strings"
	"time"

	"github.com/seed-6b91b535/idrec/shared"
)

// numberType judges a number against birth (YYYYMMDD) and sex as idcard_number_type does. What is
// empty does not disagree. It is computed here, not taken from the engine.
func numberType(number, birth, sex string, frontEmpty bool) shared.NumberCheck {
	if frontEmpty {
		return shared.NumberAllEmpty
	}
	born, male, ok := readNumber(strings.ToUpper(number))
	if !ok {
		return shared.NumberInvalid
	}
	birthDiffers := birth != "" && birth != born
	sexDiffers := sex != "" && (sex == "男") != male
	switch {
	case birthDiffers && sexDiffers:
		return shared.NumberDisagrees
	case birthDiffers:
		return shared.NumberBirthDiffers
	case sexDiffers:
		return shared.NumberSexDiffers
	}
	return shared.NumberAgrees
}

// readNumber reads birth and sex from a number of 18 characters whose check character agrees
// (GB 11643-1999, ISO 7064 MOD 11-2), or of 15 digits.
func readNumber(n string) (born string, male, ok bool) {
	digits, sex := n, len(n)-1
	switch len(n) {
	case 18:
		digits, born, sex = n[:17], n[6:14], 16
	case 15:
		born = "19" + n[6:12] // the sex is in the last digit
	default:
		return "", false, false
	}
	if strings.Trim(digits, "0123456789") != "" || len(n) == 18 && n[17] != checkCharacter(digits) {
		return "", false, false
	}
	if _, err := time.Parse("20060102", born); err != nil {
		return "", false, false
	}
	return born, n[sex]%2 == 1, true
}

// checkCharacter doubles and adds from the left: the standard's weights are the powers of 2 modulo 11.
func checkCharacter(digits string) byte {
	sum := 0
	for _, d := range digits {
		sum = (sum + int(d-'0')) * 2 % 11
	}
	return "10X98765432"[sum]
}

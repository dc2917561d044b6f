package shared

import (
	"fmt"
	"strconv"
	"strings"
)

// Money is an amount in thousandths of a yuan; vendors charge fractions of a fen (0.042 yuan a call).
// In JSON and text it is a decimal string with three places: "0.042".
type Money int64

// Yuan is one yuan.
const Yuan Money = 1000

// String returns the amount in yuan with three decimal places, as in "0.042".
func (m Money) String() string {
	u, sign := uint64(m), ""
	if m < 0 {
		u, sign = -u, "-"
	}
	return fmt.Sprintf("%s%d.%03d", sign, u/1000, u%1000)
}

// ParseMoney reads a decimal number of yuan with at most three places, such as "5", "0.1" or "0.042".
func ParseMoney(s string) (Money, error) {
	bad := func() (Money, error) {
		return 0, fmt.Errorf("%q is not an amount in yuan: write a decimal number with at most three places, as in 0.042", s)
	}
	t, neg := strings.CutPrefix(strings.TrimSpace(s), "-")
	whole, frac, _ := strings.Cut(t, ".")
	if whole == "" || len(frac) > 3 || strings.Trim(whole+frac, "0123456789") != "" {
		return bad()
	}
	n, err := strconv.ParseInt(whole+(frac + "000")[:3], 10, 64)
	if err != nil {
		return bad()
	}
	if neg {
		n = -n
	}
	return Money(n), nil
}

// MarshalText writes the amount as [Money.String] does.
func (m Money) MarshalText() ([]byte, error) { return []byte(m.String()), nil }

// UnmarshalText reads what [ParseMoney] reads.
func (m *Money) UnmarshalText(b []byte) error {
	v, err := ParseMoney(string(b))
	if err != nil {
		return err
	}
	*m = v
	return nil
}

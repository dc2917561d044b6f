package idcard

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// Date is a civil date of the Gregorian calendar, without time and zone. The zero Date is no date.
type Date struct{ Year, Month, Day int }

// The reasons why a text is no date.
var (
	ErrDateForm = errors.New("not written as a date: use YYYYMMDD, YYYY-MM-DD, YYYY.MM.DD, YYYY/M/D or YYYY年M月D日")
	ErrDateDay  = errors.New("no such day in the calendar")
)

// ParseDate reads 20170313, 2017-03-13, 2017.03.13, 2017/3/13 and 2017年3月13日, in full-width forms
// and with spaces too. It returns [ErrDateForm] or [ErrDateDay].
func ParseDate(s string) (Date, error) {
	s = compact(s)
	if len(s) == 8 && digitsOnly(s) {
		return newDate(s[:4], s[4:6], s[6:])
	}
	for _, sep := range []struct{ year, month, day string }{{"-", "-", ""}, {".", ".", ""}, {"/", "/", ""}, {"年", "月", "日"}} {
		y, rest, ok := strings.Cut(s, sep.year)
		if !ok {
			continue
		}
		m, d, ok := strings.Cut(rest, sep.month)
		d = strings.TrimSuffix(d, sep.day)
		if ok && len(y) == 4 && (len(m) == 1 || len(m) == 2) && (len(d) == 1 || len(d) == 2) && digitsOnly(y+m+d) {
			return newDate(y, m, d)
		}
	}
	return Date{}, ErrDateForm
}

func newDate(y, m, d string) (Date, error) {
	date := Date{Year: number(y), Month: number(m), Day: number(d)}
	if !date.Valid() {
		return Date{}, ErrDateDay
	}
	return date, nil
}

// number reads decimal digits, which the caller has checked and counted.
func number(digits string) int {
	n := 0
	for i := range len(digits) {
		n = n*10 + int(digits[i]-'0')
	}
	return n
}

// china is the zone in which cards are issued and days are counted. It has no summer time since 1991,
// so a fixed zone is exact for every day of today, and needs no zone database on the machine.
var china = time.FixedZone("Asia/Shanghai", 8*60*60)

// Today returns the day that t falls on in China.
func Today(t time.Time) Date { return dateOf(t.In(china)) }

func dateOf(t time.Time) Date {
	y, m, d := t.Date()
	return Date{Year: y, Month: int(m), Day: d}
}

func (d Date) time() time.Time {
	return time.Date(d.Year, time.Month(d.Month), d.Day, 0, 0, 0, 0, time.UTC)
}

// Valid reports whether d is a day of the calendar, in the years 1 to 9999.
func (d Date) Valid() bool {
	return d.Year >= 1 && d.Year <= 9999 && dateOf(d.time()) == d
}

// String returns YYYY-MM-DD, and nothing for the zero Date.
func (d Date) String() string {
	if d == (Date{}) {
		return ""
	}
	return fmt.Sprintf("%04d-%02d-%02d", d.Year, d.Month, d.Day)
}

// Before reports whether d is earlier than e.
func (d Date) Before(e Date) bool {
	switch {
	case d.Year != e.Year:
		return d.Year < e.Year
	case d.Month != e.Month:
		return d.Month < e.Month
	}
	return d.Day < e.Day
}

// AddDays returns the day n days after d.
func (d Date) AddDays(n int) Date { return dateOf(d.time().AddDate(0, 0, n)) }

// YearsUntil returns how many whole years lie between d and e: the age on day e of somebody born on
// day d. Somebody born on 29 February completes a year on 1 March where there is no 29 February. It
// is negative if e is before d.
func (d Date) YearsUntil(e Date) int {
	n := e.Year - d.Year
	if e.Month < d.Month || e.Month == d.Month && e.Day < d.Day {
		n--
	}
	return n
}

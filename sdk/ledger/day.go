package ledger

import "time"

// china is the vendor's time. It has had no summer time since 1991, so that the fixed offset is the
// zone for every day that a call can have, on machines without zone data too.
var china = time.FixedZone("Asia/Shanghai", 8*60*60)

// Day returns the day in Asia/Shanghai on which a call at t counts, as YYYY-MM-DD.
func Day(t time.Time) string { return t.In(china).Format(time.DateOnly) }

// NextDay returns when the day after that of t begins, in Asia/Shanghai.
func NextDay(t time.Time) time.Time {
	y, m, d := t.In(china).Date()
	return time.Date(y, m, d+1, 0, 0, 0, 0, china)
}

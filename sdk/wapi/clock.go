package wapi

import (
	"net/http"
	"strconv"
	"sync"
	"time"
)

// clock gives the time that requests are signed with. The vendor refuses a request whose time differs
// by more than ten minutes from its own (10004). What one call learns from such an answer, the next
// ones use from the start.
type clock struct {
	now func() time.Time

	mu      sync.Mutex
	ahead   time.Duration // of the local clock, as last corrected for
	without bool          // no time is sent at all
}

// tolerance is how much a correction must differ from the one in use to be worth an attempt. The
// vendor allows ten minutes, so a difference of seconds cannot be why it refused.
const tolerance = time.Minute

// stamp returns the time to sign with; zero: sign without.
func (c *clock) stamp() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.without {
		return time.Time{}
	}
	return c.now().Add(-c.ahead)
}

// refused takes note that a request signed with the time at was refused for it. skew is how much the
// local clock was ahead, if that is known from a trusted answer. It reports whether it can do anything
// about it.
func (c *clock) refused(at time.Time, skew time.Duration, known bool) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case at.IsZero(): // sent without a time, and refused for it all the same
		return false
	case c.without: // another call found out meanwhile
	case known && (skew-c.ahead).Abs() >= tolerance:
		c.ahead = skew
	case known && (c.now().Add(-c.ahead).Sub(at)).Abs() >= tolerance:
		// another call corrected it meanwhile
	default:
		c.without = true
	}
	return true
}

func formatTime(t time.Time) string { return strconv.FormatInt(t.Unix(), 10) }

// skew measures how much the local clock is ahead of the server's. Only an answer that came straight
// from the server counts: trusted says that nobody could have changed it on the way, and one from a
// cache has an Age.
func skew(h http.Header, now time.Time, trusted bool) (ahead time.Duration, known bool) {
	date := h.Get("Date")
	if !trusted || date == "" || h.Get("Age") != "" {
		return 0, false
	}
	at, err := http.ParseTime(date)
	if err != nil {
		return 0, false
	}
	return now.Sub(at).Round(time.Second), true
}

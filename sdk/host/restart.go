package host

import (
	"math/rand/v2"
	"time"
)

// The pause before a plugin that keeps ending is started again.
const (
	firstPause = 100 * time.Millisecond
	maxPause   = 30 * time.Second
	// quietPeriod is how long a plugin must live for its earlier ends to be forgotten.
	quietPeriod = time.Minute
)

// restarts paces the starts of one plugin. Its memory survives them: a supervisor that forgets at each
// start never stops a crash loop.
type restarts struct {
	ends    int // starts that failed and plugins that ended, since the last quiet period
	until   time.Time
	fortune func() float64 // in [0, 1)
}

// ended notes the end of a plugin that lived so long, or a start that failed (zero).
func (r *restarts) ended(now time.Time, lived time.Duration) {
	if lived >= quietPeriod {
		r.ends = 0
	}
	r.ends++
	if r.ends == 1 {
		r.until = now // the first time it is probably an accident
		return
	}
	pause := min(firstPause<<min(r.ends-2, 16), maxPause)
	fortune := r.fortune
	if fortune == nil {
		fortune = rand.Float64 // spreads load, keeps no secret
	}
	// Between half and the whole, so that many hosts do not start at once what failed at once.
	r.until = now.Add(pause/2 + time.Duration(fortune()*float64(pause/2)))
}

// wait is how long not to start yet.
func (r *restarts) wait(now time.Time) time.Duration { return max(r.until.Sub(now), 0) }

package wapi

import (
	"time"

	"github.com/seed-6b91b535/idrec/shared"
)

// resend names a rule under which an attempt may be made again.
type resend int

const (
	resendNever   resend = iota
	resendConnect        // no connection, or one that was dead before the first byte: NotSent, proved
	resendUpload         // the connection broke, or stalled, before the last byte: NotSent, proved
	resendBusy           // HTTP 429, 503, 408: Rejected, assumed
	resendCutBody        // 10002: the signature, our last field, did not arrive
	resendClock          // 10004: with the clock corrected, or without time
	resendUnknown        // 10014
	resendServer         // 10021
	resendMessage        // 10019, if the caller's rule says so
)

// resendRule bounds the resends of one kind within a call, and says how long to wait before the nth:
// floor, plus full jitter over base doubled n times, at most cap. Full jitter (a uniform share of the
// whole, rather than of the last half) spreads the callers of one account the most.
type resendRule struct {
	max              int
	floor, base, cap time.Duration
}

// resendRules is the policy.
var resendRules = [...]resendRule{
	resendNever:   {},
	resendConnect: {max: 3, base: 200 * time.Millisecond, cap: 5 * time.Second},
	resendUpload:  {max: 1, base: 200 * time.Millisecond, cap: 5 * time.Second},
	resendBusy:    {max: 2, base: time.Second, cap: maxRetryAfter},
	resendCutBody: {max: 1, base: 200 * time.Millisecond, cap: 5 * time.Second},
	resendClock:   {max: 1}, // there is nothing to wait for
	resendUnknown: {max: 1, floor: time.Second, base: time.Second, cap: 5 * time.Second},
	resendServer:  {max: 2, base: time.Second, cap: 5 * time.Second},
	resendMessage: {max: 2, base: time.Second, cap: 5 * time.Second},
}

const (
	// maxResends bounds all resends of one call together, whatever their kinds: five resends of the
	// largest picture are 24 MB of upload.
	maxResends = 5
	// maxRetryAfter caps what a Retry-After header can make a call wait; longer ones are the caller's
	// affair, who gets the figure with the error.
	maxRetryAfter = 30 * time.Second
)

// delay returns how long to wait before the nth resend (from 0) of kind r, with random in [0, 1).
func (r resend) delay(n int, random float64, retryAfter time.Duration) time.Duration {
	if retryAfter > 0 {
		return min(retryAfter, maxRetryAfter)
	}
	rule := resendRules[r]
	return rule.floor + time.Duration(random*float64(min(rule.base<<n, rule.cap)))
}

// budget counts the resends of one call.
type budget struct {
	bound shared.Basis // what an outcome must at least be known by
	total int
	kinds [len(resendRules)]int
}

// next decides whether an attempt that ended with v is made again, and after which wait.
func (b *budget) next(v verdict, random func() float64) (wait time.Duration, again bool) {
	rule := resendRules[v.resend]
	if v.outcome.MayBeBilled() || !b.bound.Allows(v.basis) || b.kinds[v.resend] >= rule.max || b.total >= maxResends {
		return 0, false
	}
	wait = v.resend.delay(b.kinds[v.resend], random(), v.retryAfter)
	b.kinds[v.resend]++
	b.total++
	return wait, true
}

package layers

import (
	"encoding/json"
	"time"

	"github.com/seed-6b91b535/idrec/sdk/ledger"
	"github.com/seed-6b91b535/idrec/shared"
)

const (
	// maxFailures bounds circuit_failures, since the times of that many unclear answers are kept.
	maxFailures = 1000
	// longestProbe bounds the doubling of circuit_probe.
	longestProbe = 5 * time.Minute
	// probeLease is how long a probe keeps others from probing if its end is never heard of, because
	// its process died: longer than the wait for an answer.
	probeLease = 2 * time.Minute
	// whileProbing is what callers are told to wait while somebody probes.
	whileProbing = 2 * time.Second
)

// circuitSettings say when unclear answers stop the sending.
type circuitSettings struct {
	failures int
	window   time.Duration
	// probe is the time until the first probe; it doubles with each that fails. The default of half a
	// minute lets at most one probe fail in an outage of a minute, so that such an outage costs no more
	// unclear items than there were failures and calls in flight.
	probe time.Duration
}

// halt is the state that all processes of an account share: whether sending is stopped, why, and who
// may try next. It is a value with pure transitions; layer pause keeps it in a register of the ledger.
type halt struct {
	// Stop is nil while calls are sent.
	Stop *stop `json:"stop,omitempty"`
	// Unclear are the times of the unclear answers within the window.
	Unclear []time.Time `json:"unclear,omitempty"`
}

// stop is a pause of the account or an open circuit; a pause outranks the circuit.
type stop struct {
	// Answer is the encoded error that waiting calls get.
	Answer json.RawMessage `json:"answer"`
	Since  time.Time       `json:"since"`
	// Next is when an item may probe, and Probing until when one does, at most.
	Next    time.Time     `json:"next"`
	Probing time.Time     `json:"probing,omitzero"`
	Step    time.Duration `json:"step"`
}

// verdict is what the end of a call tells of the account and of its upstream.
type verdict int

const (
	verdictNone    verdict = iota // nothing
	verdictSick                   // the upstream did not serve it, and did not bill it
	verdictAlive                  // it answered
	verdictPaused                 // it refuses until somebody acts
	verdictUnclear                // it may have billed, and gave no answer
)

func verdictOf(res *shared.Result, err *shared.Error) verdict {
	switch {
	case res != nil:
		return verdictAlive
	case err.Outcome == shared.OutcomeBilled:
		return verdictAlive
	case err.Outcome == shared.OutcomeFree:
		return verdictNone
	case err.Outcome == shared.OutcomeAmbiguous:
		return verdictUnclear
	case err.Outcome == shared.OutcomeNotSent && err.Code.Class() == shared.ClassTransient && err.Attempts > 0:
		return verdictSick
	case err.Outcome == shared.OutcomeNotSent:
		return verdictNone
	case err.Class() == shared.ClassPaused:
		return verdictPaused
	case err.Basis == shared.BasisAssumed:
		return verdictSick // a gateway's answer, not the vendor's
	}
	return verdictAlive
}

// admit decides on a call at now: an error is what it is answered with; probe says that it is the one
// item that tries, and changed that h was changed.
func (h *halt) admit(now time.Time) (probe, changed bool, refused *shared.Error) {
	s := h.Stop
	if s == nil {
		return false, false, nil
	}
	// No wait is longer than it was set for, even if the clock was set back.
	next, probing := earlier(s.Next, now.Add(s.Step)), earlier(s.Probing, now.Add(probeLease))
	changed = next != s.Next || probing != s.Probing
	s.Next, s.Probing = next, probing
	if now.Before(s.Next) || now.Before(s.Probing) {
		return false, changed, s.refusal(now)
	}
	s.Probing = now.Add(probeLease)
	return true, true, nil
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

// refusal is the error of a call that is not sent.
func (s *stop) refusal(now time.Time) *shared.Error {
	_, e, err := ledger.Decode(s.Answer)
	if err != nil || e == nil {
		e = &shared.Error{Code: shared.CodeUpstreamUnstable}
	}
	e.Outcome, e.Basis, e.Attempts, e.Price, e.ClockSkew = shared.OutcomeNotSent, shared.BasisProved, 0, 0, 0
	if e.RetryAfter = s.Next.Sub(now); now.Before(s.Probing) || e.RetryAfter <= 0 {
		e.RetryAfter = whileProbing
	}
	return e
}

// observe learns from the end of a call; it reports whether h was changed.
func (h *halt) observe(now time.Time, probe bool, v verdict, failure *shared.Error, c circuitSettings, interval time.Duration) (changed bool) {
	if v == verdictUnclear {
		h.unclear(now, c)
		changed = true
	}
	switch {
	case v == verdictPaused:
		return h.paused(now, probe, failure, interval) || changed
	case probe && h.Stop != nil:
		h.probed(now, v, interval)
		return true
	case v == verdictUnclear && h.Stop == nil && len(h.Unclear) >= c.failures:
		h.Stop = &stop{Answer: ledger.EncodeError(&shared.Error{Code: shared.CodeUpstreamUnstable}), Since: now, Next: now.Add(c.probe), Step: c.probe}
	}
	return changed
}

// unclear counts an unclear answer, and forgets those that left the window.
func (h *halt) unclear(now time.Time, c circuitSettings) {
	recent := h.Unclear[:0:0]
	for _, t := range append(h.Unclear, now) {
		if now.Sub(t) < c.window {
			recent = append(recent, t)
		}
	}
	h.Unclear = recent[max(0, len(recent)-c.failures):]
}

func (h *halt) paused(now time.Time, probe bool, failure *shared.Error, interval time.Duration) bool {
	if h.isPaused() && !probe {
		return false // one of those that were in flight when it was paused
	}
	since := now
	if h.isPaused() {
		since = h.Stop.Since
	}
	h.Stop = &stop{Answer: ledger.EncodeError(failure), Since: since, Next: now.Add(interval), Step: interval}
	return true
}

// probed ends a probe.
func (h *halt) probed(now time.Time, v verdict, interval time.Duration) {
	s := h.Stop
	s.Probing = time.Time{}
	switch v {
	case verdictAlive:
		*h = halt{}
	case verdictUnclear:
		if !h.isPaused() {
			s.Step = min(2*s.Step, max(longestProbe, s.Step))
		}
		s.Next = now.Add(s.Step)
	case verdictSick:
		s.Next = now.Add(s.Step)
	case verdictNone:
		// It told nothing, so the next item may try.
		s.Next = now
	case verdictPaused:
		h.paused(now, true, nil, interval)
	}
}

// isPaused tells a paused account from an open circuit.
func (h *halt) isPaused() bool {
	if h.Stop == nil {
		return false
	}
	_, e, err := ledger.Decode(h.Stop.Answer)
	return err == nil && e != nil && e.Code != shared.CodeUpstreamUnstable
}

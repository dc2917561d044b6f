package layers

import (
	"time"

	"github.com/seed-6b91b535/idrec/shared"
)

// Observation is what [Options.Observe] is told of a call that came to its end. It holds nothing
// personal, and only values of small sets beside the numbers.
type Observation struct {
	// Code is that of the error; empty: there is a result, with the Status.
	Code       shared.Code
	Class      shared.Class
	Status     shared.PictureStatus
	Outcome    shared.Outcome
	Basis      shared.Basis
	AnsweredBy shared.AnsweredBy // empty for an error
	Price      shared.Money      // what this call paid, or may have
	Attempts   int
	Elapsed    time.Duration
	Timings    shared.Timings // zero for an error
}

func (s *Stack) observed(res *shared.Result, e *shared.Error, took time.Duration) {
	if s.observe == nil {
		return
	}
	if e != nil {
		s.observe(Observation{Code: e.Code, Class: e.Class(), Outcome: e.Outcome, Basis: e.Basis, Price: e.Price, Attempts: e.Attempts, Elapsed: took})
		return
	}
	s.observe(Observation{Status: res.Status, Outcome: res.Outcome, Basis: res.Basis, AnsweredBy: res.AnsweredBy, Price: res.Price, Attempts: res.Attempts, Elapsed: took, Timings: res.Timings})
}

// notice tells the process something that somebody should see. The text holds nothing personal.
func (s *Stack) notice(text string) {
	if s.onNotice != nil && text != "" {
		s.onNotice(text)
	}
}

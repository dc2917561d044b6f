package sandbox

import (
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"
)

// DropPoint says when a connection is dropped.
type DropPoint string

// The points at which a connection is dropped.
const (
	DropBeforeReading DropPoint = "before_reading" // nothing of the body is read
	DropMidBody       DropPoint = "mid_body"       // half of the body is read
	DropAfterReading  DropPoint = "after_reading"  // the whole request is read, nothing is billed
	DropAfterBilling  DropPoint = "after_billing"  // the request is judged and billed, and the answer lost
)

// Fault is one entry of the script of what goes wrong. Of Code, Status, Drop, CutAt, Garbage and
// Redirect at most one is set; with none, Delay is the fault.
type Fault struct {
	// App limits the fault to one app's requests; empty: any.
	App string `json:"app,omitempty"`
	// After lets so many matching requests pass first.
	After int `json:"after,omitempty"`
	// Repeat is for how many requests the fault holds; 0 is one, negative until the script is replaced.
	Repeat int `json:"repeat,omitempty"`

	// DelayMS is how long the answer, or the drop, is held back, in milliseconds. What is billed is
	// billed before.
	DelayMS int64 `json:"delay_ms,omitempty"`
	// Bill judges and bills the request as usual before Code, Status, Garbage or Redirect answers it.
	Bill bool `json:"bill,omitempty"`

	// Code is answered, with Message or its usual text. It may be one that is not in the table, and
	// not 10000.
	Code    int    `json:"code,omitempty"`
	Message string `json:"message,omitempty"`
	// Status is an HTTP status, with Body or a short page, and RetryAfter as its Retry-After header.
	Status     int    `json:"status,omitempty"`
	RetryAfter string `json:"retry_after,omitempty"`
	Body       string `json:"body,omitempty"`
	// Drop closes the connection; Reset says how: with RST instead of FIN. (A connection with bytes that
	// nobody read is reset by the system anyhow.)
	Drop  DropPoint `json:"drop,omitempty"`
	Reset bool      `json:"reset,omitempty"`
	// CutAt closes the connection after so many bytes of the usual answer's body.
	CutAt *int `json:"cut_at,omitempty"`
	// Garbage answers 200 with bytes that are neither JSON, XML nor text.
	Garbage bool `json:"garbage,omitempty"`
	// Redirect answers Status, or else 307, with this Location.
	Redirect string `json:"redirect,omitempty"`
}

// maxDelay keeps a script from holding connections for ever, one hour.
const maxDelay = time.Hour

// early reports a fault that comes before the request is read, and so before its app is known.
func (f *Fault) early() bool { return f.Drop == DropBeforeReading || f.Drop == DropMidBody }

func (f *Fault) validate() error {
	kinds := 0
	for _, set := range []bool{f.Code != 0, f.Status != 0 && f.Redirect == "", f.Drop != "", f.CutAt != nil, f.Garbage, f.Redirect != ""} {
		if set {
			kinds++
		}
	}
	switch {
	case kinds > 1:
		return errors.New("only one of code, status, drop, cut_at, garbage and redirect")
	case kinds == 0 && f.DelayMS == 0:
		return errors.New("one of code, status, drop, cut_at, garbage, redirect and delay_ms is needed")
	case f.Code == codeSuccess:
		return errors.New("code 10000 is what a request without a fault gets; leave room for it with after")
	case f.Status != 0 && (f.Status < http.StatusOK || f.Status > 999):
		return errors.New("status must be a final HTTP status, 200 or above")
	case f.DelayMS < 0 || f.DelayMS > maxDelay.Milliseconds():
		return fmt.Errorf("delay_ms must be between 0 and %d", maxDelay.Milliseconds())
	case f.After < 0 || f.CutAt != nil && *f.CutAt < 0:
		return errors.New("after and cut_at cannot be negative")
	case f.early() && f.App != "":
		return errors.New("a drop before the request is read cannot depend on its app")
	}
	switch f.Drop {
	case "", DropBeforeReading, DropMidBody, DropAfterReading, DropAfterBilling:
		return nil
	}
	return errors.New("drop must be before_reading, mid_body, after_reading or after_billing")
}

// script is the faults to come.
type script struct {
	mu     sync.Mutex
	faults []Fault
}

func (s *script) set(faults []Fault) error {
	for i := range faults {
		if err := faults[i].validate(); err != nil {
			return fmt.Errorf("fault %d: %w", i, err)
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = append([]Fault(nil), faults...)
	return nil
}

func (s *script) left() []Fault {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Fault{}, s.faults...)
}

// next returns what an arriving request takes from the script. It is asked twice: early, before the
// request is read, when only a drop at the head of the script can apply, and late, when the app is
// known. done says that the request has been dealt with early, as one that passes an early drop's After.
func (s *script) next(app string, early bool) (f *Fault, done bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range s.faults {
		at := &s.faults[i]
		if at.early() != early {
			return nil, false // only the head counts early, and an early drop waits for its turn
		}
		if at.App != "" && at.App != app {
			if early {
				return nil, false
			}
			continue
		}
		if at.After > 0 {
			at.After--
			return nil, true
		}
		taken := *at
		switch {
		case at.Repeat > 1:
			at.Repeat--
		case at.Repeat >= 0:
			s.faults = append(s.faults[:i:i], s.faults[i+1:]...)
		}
		return &taken, true
	}
	return nil, false
}

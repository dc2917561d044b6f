package server

import (
	"context"
	"slices"
	"sync"
)

// The answers to a cancel, as the proto has them.
const (
	stateInFlight   = "in_flight"
	stateNotRunning = "not_running"
)

// maxForgone bounds how many call ids that were cancelled before they began are remembered. A cancel
// overtakes its call only while the picture is still on its way, so a few are enough.
const maxForgone = 1024

// calls holds the calls that are being worked on, so that each can be told to give up.
type calls struct {
	mu      sync.Mutex
	running map[string]context.CancelFunc
	forgone map[string]struct{} // cancelled before they began: they never will
	order   []string            // of forgone, the oldest first
}

// begin notes a call under its id and returns the function that takes it off again. ok is false if the
// id is in use; gone is true if it was cancelled before it began.
func (c *calls) begin(id string, cancel context.CancelFunc) (end func(), ok, gone bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, gone = c.forgone[id]; gone {
		// One cancel is for one call: the caller may ask again under the same name.
		delete(c.forgone, id)
		c.order = slices.DeleteFunc(c.order, func(o string) bool { return o == id })
		return nil, true, true
	}
	if _, used := c.running[id]; used {
		return nil, false, false
	}
	if c.running == nil {
		c.running = map[string]context.CancelFunc{}
	}
	c.running[id] = cancel
	return func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		delete(c.running, id)
	}, true, false
}

// cancel tells the call to give up, and returns what it found.
func (c *calls) cancel(id string) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	if f, ok := c.running[id]; ok {
		f()
		return stateInFlight
	}
	if _, known := c.forgone[id]; !known {
		if c.forgone == nil {
			c.forgone = map[string]struct{}{}
		}
		if len(c.order) == maxForgone {
			delete(c.forgone, c.order[0])
			c.order = c.order[1:]
		}
		c.forgone[id] = struct{}{}
		c.order = append(c.order, id)
	}
	return stateNotRunning
}

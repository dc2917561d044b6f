//go:build unix

package crash_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
)

// point is a named point of a call at which a process can be stopped.
type point string

// The points, in the order in which a call comes through them.
const (
	beforeBegin  point = "before_begin"  // nothing is on record
	afterBegin   point = "after_begin"   // the intent is durable, nothing is sent
	midUpload    point = "mid_upload"    // half of the request is on its way
	sent         point = "sent"          // the vendor has read the request, billed it, and not answered
	beforeSettle point = "before_settle" // the answer was read and is not on record
	afterSettle  point = "after_settle"  // the outcome is durable, the caller has no answer
)

var points = []point{beforeBegin, afterBegin, midUpload, sent, beforeSettle, afterSettle}

// trap stops a call at a point until the test lets it go.
type trap struct {
	hit  chan struct{}
	word chan string // what the one who is stopped is told; closed: go
	once sync.Once
}

func newTrap() *trap { return &trap{hit: make(chan struct{}), word: make(chan string, 1)} }

// enter is called by the one who is stopped.
func (t *trap) enter(over <-chan struct{}) (word string) {
	t.once.Do(func() { close(t.hit) })
	select {
	case word = <-t.word:
	case <-over:
	}
	return word
}

// release lets go whoever is stopped, or comes to be: the first is told the word, others just go on.
func (t *trap) release(word string) {
	t.word <- word
	close(t.word)
}

// traps are the test's side of the points inside of plugins.
type traps struct {
	server *httptest.Server

	mu    sync.Mutex
	armed map[string]*trap // "point/call id"
	fails map[string]bool  // the same: the store fails there
}

func newTraps(t *testing.T) *traps {
	t.Helper()
	ts := &traps{armed: map[string]*trap{}, fails: map[string]bool{}}
	ts.server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		name := strings.TrimPrefix(r.URL.Path, "/")
		ts.mu.Lock()
		armed, fails := ts.armed[name], ts.fails[name]
		ts.mu.Unlock()
		word := "go"
		if armed != nil {
			armed.enter(r.Context().Done())
		}
		if fails {
			word = "fail"
		}
		_, _ = w.Write([]byte(word))
	}))
	t.Cleanup(ts.server.Close)
	return ts
}

func (ts *traps) arm(p point, callID string) *trap {
	t := newTrap()
	ts.mu.Lock()
	defer ts.mu.Unlock()
	ts.armed[string(p)+"/"+callID] = t
	return t
}

// fail makes the store fail at the point of a call, or not any more.
func (ts *traps) fail(p point, callID string, fails bool) {
	ts.mu.Lock()
	defer ts.mu.Unlock()
	ts.fails[string(p)+"/"+callID] = fails
}

package sandbox

import (
	"encoding/hex"
	"sync"
	"time"
)

// maxRecent is how many requests are remembered.
const maxRecent = 256

// Entry is what is remembered of one request to the API: nothing that says whose card it was.
type Entry struct {
	Time    time.Time `json:"time"`
	Method  string    `json:"method"`
	App     string    `json:"app,omitempty"` // only of an app that exists
	Result  string    `json:"result"`        // a status code, "http_502", "dropped"
	Billed  bool      `json:"billed"`
	Fault   bool      `json:"fault"`             // it took an entry of the script
	Picture string    `json:"picture,omitempty"` // hexadecimal SHA-256
}

// recent is a ring of the last requests.
type recent struct {
	mu   sync.Mutex
	ring [maxRecent]Entry
	n    int
}

func (l *recent) add(e Entry) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.ring[l.n%maxRecent] = e
	l.n++
}

// list returns the entries, the oldest first.
func (l *recent) list() []Entry {
	l.mu.Lock()
	defer l.mu.Unlock()
	out := make([]Entry, 0, min(l.n, maxRecent))
	for i := max(0, l.n-maxRecent); i < l.n; i++ {
		out = append(out, l.ring[i%maxRecent])
	}
	return out
}

func (c *call) entry(result string, billed, fault bool) Entry {
	e := Entry{Time: c.now, Method: c.r.Method, Result: result, Billed: billed, Fault: fault}
	if c.app != nil {
		e.App = c.app.ID
	}
	if c.picture != nil {
		e.Picture = hex.EncodeToString(c.digest[:])
	}
	return e
}

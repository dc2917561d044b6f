package sandbox

import (
	"encoding/hex"
	"errors"
	"maps"
	"sync"

	"github.com/seed-6b91b535/idrec/shared"
)

// books hold the apps and what each asked for and paid. Every change happens under one lock, so a call
// is charged once or not at all.
type books struct {
	mu     sync.Mutex
	apps   map[string]*account
	others map[string]int64 // answers to requests of no known app
	strays int64            // those requests
}

type account struct {
	app      App
	requests int64
	billed   int64
	prepaid  int64 // of them, those taken from calls left
	spent    shared.Money
	codes    map[string]int64
	asked    map[digest]int64
	paid     map[digest]int64
}

func newAccount(a App) *account {
	return &account{app: a.clone(), codes: map[string]int64{}, asked: map[digest]int64{}, paid: map[digest]int64{}}
}

// arrive counts a request and returns a copy of its app, nil if it is not known.
func (b *books) arrive(id string, d digest) *App {
	b.mu.Lock()
	defer b.mu.Unlock()
	acc := b.apps[id]
	if acc == nil {
		b.strays++
		return nil
	}
	acc.requests++
	if d != (digest{}) {
		acc.asked[d]++
	}
	a := acc.app.clone()
	return &a
}

// stray counts a request that was dropped before anybody knew whose it was.
func (b *books) stray() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.strays++
}

// fetched counts a picture that came by URL.
func (b *books) fetched(id string, d digest) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.apps[id].asked[d]++
}

// answered counts an answer, by its code or by what happened instead of one.
func (b *books) answered(app *App, what string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if app == nil {
		b.others[what]++
		return
	}
	b.apps[app.ID].codes[what]++
}

// charge is one billed call.
type charge struct {
	books   *books
	id      string
	digest  digest
	price   shared.Money
	prepaid bool
}

// charge bills a call: from the calls left, else from the balance. It returns a reply if neither pays.
func (b *books) charge(id string, d digest) (*charge, *reply) {
	b.mu.Lock()
	defer b.mu.Unlock()
	acc := b.apps[id]
	c := &charge{books: b, id: id, digest: d}
	switch {
	case acc.app.CallsLeft > 0:
		c.prepaid, c.price = true, acc.app.price(acc.prepaid)
	case acc.app.PerCall == 0:
		return nil, refuse(codeNoCallsLeft)
	case acc.app.Balance < acc.app.PerCall:
		return nil, refuse(codeBalance)
	default:
		c.price = acc.app.PerCall
	}
	c.apply(acc, 1)
	return c, nil
}

// takeBack undoes a charge whose call was not answered with success.
func (c *charge) takeBack() {
	c.books.mu.Lock()
	defer c.books.mu.Unlock()
	acc := c.books.apps[c.id]
	c.apply(acc, -1)
	if acc.paid[c.digest] == 0 {
		delete(acc.paid, c.digest)
	}
}

func (c *charge) apply(acc *account, n int64) {
	if c.prepaid {
		acc.app.CallsLeft -= n
		acc.prepaid += n
	} else {
		acc.app.Balance -= c.price * shared.Money(n)
	}
	acc.billed += n
	acc.spent += c.price * shared.Money(n)
	acc.paid[c.digest] += n
}

// update changes an app under the lock, or makes one if make is true. change works on a copy; nothing
// happens if it fails or leaves the app invalid.
func (b *books) update(id string, create bool, change func(*App) error) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	acc := b.apps[id]
	if acc == nil && !create {
		return errors.New("there is no such app")
	}
	next := NewApp(id, "")
	if acc != nil {
		next = acc.app.clone()
	}
	if err := change(&next); err != nil {
		return err
	}
	if next.ID != id {
		return errors.New("an app's id cannot be changed")
	}
	if err := next.validate(); err != nil {
		return err
	}
	if acc == nil {
		b.apps[id] = newAccount(next)
		return nil
	}
	acc.app = next.clone()
	return nil
}

// State is what reached the server and what was billed since it was made.
type State struct {
	Engine string `json:"engine"`
	// Apps by id.
	Apps map[string]AppState `json:"apps"`
	// Unattributed counts requests of no known app, those dropped before they were read among them.
	Unattributed Tally `json:"unattributed"`
	// FaultsLeft counts the entries of the script that are not used up.
	FaultsLeft int `json:"faults_left"`
	// InFlight counts the requests being served.
	InFlight int64 `json:"in_flight"`
}

// Tally counts requests and answers. The answers are keyed by status code ("10000"), or by what
// happened instead: "http_502", "dropped".
type Tally struct {
	Requests int64            `json:"requests"`
	Codes    map[string]int64 `json:"codes"`
}

// AppState is the state of one app.
type AppState struct {
	Tally
	Billed    int64        `json:"billed"`
	Billing   shared.Money `json:"billed_yuan"`
	CallsLeft int64        `json:"calls_left"`
	Balance   shared.Money `json:"balance"`
	// Pictures counts how often a picture was billed, and PicturesRequested how often it was sent, by the
	// hexadecimal SHA-256 of its bytes as they were received.
	Pictures          map[string]int64 `json:"pictures"`
	PicturesRequested map[string]int64 `json:"pictures_requested"`
}

func (b *books) state() State {
	b.mu.Lock()
	defer b.mu.Unlock()
	st := State{Apps: make(map[string]AppState, len(b.apps)), Unattributed: Tally{b.strays, copyCounts(b.others)}}
	for id, acc := range b.apps {
		st.Apps[id] = AppState{
			Tally: Tally{acc.requests, copyCounts(acc.codes)}, Billed: acc.billed, Billing: acc.spent,
			CallsLeft: acc.app.CallsLeft, Balance: acc.app.Balance,
			Pictures: inHex(acc.paid), PicturesRequested: inHex(acc.asked),
		}
	}
	return st
}

func copyCounts(m map[string]int64) map[string]int64 {
	out := make(map[string]int64, len(m))
	maps.Copy(out, m)
	return out
}

func inHex(m map[digest]int64) map[string]int64 {
	out := make(map[string]int64, len(m))
	for d, n := range m {
		out[hex.EncodeToString(d[:])] = n
	}
	return out
}

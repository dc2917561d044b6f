package layers

import (
	"bytes"
	"context"
	"slices"
	"sync"

	"github.com/seed-6b91b535/idrec/shared"
)

// linksKept is how many callers that gave up after their call was sent in another's name are
// remembered, so that they can ask for its fate by their own CallID.
const linksKept = 10_000

// shareLayer makes identical calls in flight one. The call runs on its own, detached from whoever came
// first; each caller waits as long as it likes.
type shareLayer struct {
	layer

	sharing *sharing
	// book is kept open while a call runs, also when all of its callers gave up.
	book *book
	// reservation is what a call may cost at most.
	reservation shared.Money
}

// sharing is the calls in flight in this process, whatever configuration they began with.
type sharing struct {
	panicked func(v any, outcome shared.Outcome) *shared.Error

	mu      sync.Mutex
	flights map[flightName]*flight
	running map[*flight]struct{} // those abandoned but not yet over too
	closed  bool
	idle    chan struct{} // closed when closed and nothing is running
	links   map[string]string
	linked  []string
}

// flightName tells calls apart that may not be answered by each other's. What only changes how an
// answer is seen (side, fields) is not in it.
type flightName struct {
	key              string
	retry            shared.Basis
	resend, buyAgain bool
}

// flight is one call in flight and who waits for it. Its fields are guarded by sharing.mu, but for
// what is written before done is closed and read after it.
type flight struct {
	sharing *sharing
	book    *book
	name    flightName
	cancel  context.CancelFunc
	callers []*caller // who still waits, in the order of arrival
	// payer is in whose name it was sent; nil before.
	payer *caller
	over  bool

	done chan struct{}
	res  *shared.Result
	err  *shared.Error
}

// caller is one caller of a flight.
type caller struct {
	req *shared.Request
	id  identity
	// refused is why the flight goes on without this caller: its own budget or key forbids it.
	refused chan *shared.Error
}

type flightKey struct{}

func flightOf(ctx context.Context) *flight {
	f, _ := ctx.Value(flightKey{}).(*flight)
	return f
}

func newSharing(panicked func(any, shared.Outcome) *shared.Error) *sharing {
	return &sharing{panicked: panicked, flights: map[flightName]*flight{}, running: map[*flight]struct{}{}, idle: make(chan struct{}), links: map[string]string{}}
}

func (l *shareLayer) Recognize(ctx context.Context, req *shared.Request) (*shared.Result, error) {
	if err := ctx.Err(); err != nil {
		return nil, gaveUp(err)
	}
	id := identityOf(ctx)
	c := &caller{req: req, id: id, refused: make(chan *shared.Error, 1)}
	f, err := l.join(ctx, c)
	if err != nil {
		return nil, err
	}
	select {
	case <-f.done:
		return f.answer(c)
	case e := <-c.refused:
		return nil, e
	case <-ctx.Done():
	}
	if e := l.leave(f, c, ctx.Err()); e != nil {
		return nil, e
	}
	// It was decided in the same moment.
	select {
	case e := <-c.refused:
		return nil, e
	case <-f.done:
		return f.answer(c)
	}
}

// join adds the caller to the flight of its name, or starts one.
func (l *shareLayer) join(ctx context.Context, c *caller) (*flight, error) {
	s := l.sharing
	name := flightName{c.id.key, c.req.Retry, c.req.UnsafeResendAmbiguous, c.req.UnsafeBuyAgain}
	if name.retry == "" {
		name.retry = shared.BasisDocumented
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil, shuttingDown()
	}
	if f := s.flights[name]; f != nil {
		f.callers = append(f.callers, c)
		return f, nil
	}
	l.book.keep()
	f := &flight{sharing: s, book: l.book, name: name, callers: []*caller{c}, done: make(chan struct{})}
	detached, cancel := context.WithCancel(context.WithValue(context.WithoutCancel(ctx), flightKey{}, f))
	f.cancel = cancel
	s.flights[name] = f
	s.running[f] = struct{}{}
	// The call is made for all who will have joined, so it asks for everything; each caller gets what
	// it asked for.
	req := c.req.Clone()
	req.Fields, req.WantRaw = nil, true
	release := func() {}
	if !c.id.owned {
		// It may outlive the caller, who may use the buffer again afterwards.
		var held bool
		if release, held = shared.HoldImage(ctx); !held {
			req.Image.Bytes = bytes.Clone(req.Image.Bytes)
		}
	}
	go func() {
		defer release() // providers do not touch a picture any more when they have returned
		f.run(detached, l.inner, req)
	}()
	return f, nil
}

func shuttingDown() *shared.Error {
	return notSent(shared.CodePluginUnavailable, "the recognizer is shutting down, and nothing was sent: try again", nil)
}

func (f *flight) run(ctx context.Context, inner shared.Recognizer, req *shared.Request) {
	defer f.book.release()
	defer f.cancel()
	var res *shared.Result
	var err error
	func() {
		defer func() {
			if v := recover(); v != nil {
				outcome := shared.OutcomeNotSent
				if f.departed() {
					outcome = shared.OutcomeAmbiguous
				}
				res, err = nil, f.sharing.panicked(v, outcome)
			}
		}()
		res, err = inner.Recognize(ctx, req)
	}()
	f.finish(res, err)
}

func (f *flight) finish(res *shared.Result, err error) {
	s := f.sharing
	s.mu.Lock()
	defer s.mu.Unlock()
	f.over = true
	if f.res = res; err != nil {
		f.res, f.err = nil, shared.ErrorOf(err, shared.OutcomeAmbiguous, shared.BasisProved)
		if s.closed && f.err.Code == shared.CodeCanceled {
			f.err = shuttingDown() // who still waits has not given up
		}
	}
	if f.payer == nil && len(f.callers) > 0 {
		f.payer = f.callers[0]
	}
	f.remove()
	delete(s.running, f)
	if s.closed && len(s.running) == 0 {
		close(s.idle)
	}
	close(f.done)
}

// remove makes later callers start a flight of their own.
func (f *flight) remove() {
	if f.sharing.flights[f.name] == f {
		delete(f.sharing.flights, f.name)
	}
}

// depart chooses in whose name the call is sent: who has waited longest. From then on whoever gives up
// leaves an unclear call behind. Without a caller nothing is sent.
func (f *flight) depart() (*caller, bool) {
	f.sharing.mu.Lock()
	defer f.sharing.mu.Unlock()
	if len(f.callers) == 0 || f.sharing.closed {
		return nil, false
	}
	f.payer = f.callers[0]
	return f.payer, true
}

func (f *flight) departed() bool {
	f.sharing.mu.Lock()
	defer f.sharing.mu.Unlock()
	return f.payer != nil
}

// stay takes depart back: the call was not sent after all.
func (f *flight) stay() {
	f.sharing.mu.Lock()
	defer f.sharing.mu.Unlock()
	f.payer = nil
	f.abandonIfEmpty()
}

// refuse takes depart back and lets the flight go on without the caller in whose name it was to be sent.
func (f *flight) refuse(c *caller, e *shared.Error) {
	f.sharing.mu.Lock()
	defer f.sharing.mu.Unlock()
	f.payer = nil
	if f.drop(c) {
		c.refused <- e
	}
	f.abandonIfEmpty()
}

func (f *flight) drop(c *caller) bool {
	i := slices.Index(f.callers, c)
	if i < 0 {
		return false
	}
	f.callers = slices.Delete(f.callers, i, i+1)
	return true
}

func (f *flight) abandonIfEmpty() {
	if len(f.callers) == 0 && f.payer == nil {
		f.remove()
		f.cancel()
	}
}

// leave takes out a caller that gave up, and returns its error; nil if its answer is there already.
func (l *shareLayer) leave(f *flight, c *caller, cause error) *shared.Error {
	s := f.sharing
	s.mu.Lock()
	defer s.mu.Unlock()
	if f.over || !f.drop(c) {
		return nil
	}
	if f.payer == nil {
		f.abandonIfEmpty()
		return gaveUp(cause)
	}
	e := &shared.Error{
		Code: shared.CodeOutcomeUnknown, Outcome: shared.OutcomeAmbiguous, Basis: shared.BasisProved, CallID: c.req.CallID, RequestKey: f.name.key, Err: cause,
		Message: "the caller gave up after the picture was sent: it may be billed, and its answer is kept when it comes; ask again for it",
	}
	if f.payer == c {
		e.Price = l.reservation
	} else {
		s.link(c.req.CallID, f.payer.req.CallID)
	}
	return e
}

func (s *sharing) link(from, to string) {
	s.links[from] = to
	if s.linked = append(s.linked, from); len(s.linked) > linksKept {
		delete(s.links, s.linked[0])
		s.linked = s.linked[1:]
	}
}

// find tells whether a caller with this CallID is waiting, and under which CallID its call is booked.
func (s *sharing) find(callID string) (booked string, waiting bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for f := range s.running {
		for _, c := range f.callers {
			if c.req.CallID == callID {
				return callID, true
			}
		}
	}
	if to, ok := s.links[callID]; ok {
		return to, false
	}
	return callID, false
}

// flying reports whether a call for the key is in flight in this process.
func (s *sharing) flying(key string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for f := range s.running {
		if f.name.key == key {
			return true
		}
	}
	return false
}

// close refuses new callers, cancels what was not sent, and waits for the rest until ctx is done.
func (s *sharing) close(ctx context.Context) error {
	s.mu.Lock()
	if !s.closed {
		s.closed = true
		if len(s.running) == 0 {
			close(s.idle)
		}
		for f := range s.running {
			if f.payer == nil {
				f.cancel()
			}
		}
	}
	s.mu.Unlock()
	select {
	case <-s.idle:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// answer is what a caller that waited to the end gets. Only the payer's says what was paid.
func (f *flight) answer(c *caller) (*shared.Result, error) {
	paid := f.payer == c
	if f.err != nil {
		e := *f.err
		if !paid {
			e.Price, e.Attempts = 0, 0
		}
		e.CallID = c.req.CallID
		return nil, &e
	}
	res := f.res.Clone()
	if !paid && res.AnsweredBy != shared.AnsweredLedger {
		res.AnsweredBy, res.Price, res.Attempts, res.Timings = shared.AnsweredShared, 0, 0, shared.Timings{}
	}
	if !c.req.WantRaw {
		res.Raw = nil
	}
	res.CallID = c.req.CallID
	return res, nil
}

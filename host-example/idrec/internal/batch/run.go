// Package batch asks a recognizer for many pictures, so many at a time, and hands each answer to a
// sink exactly once. What is transient it waits out within bounds; what will fail for every picture it
// asks only a few times; when it is told to stop, or the folder of the pictures is not there any more, it
// takes nothing new and lets what is paid for arrive.
package batch

import (
	"container/heap"
	"context"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/seed-6b91b535/idrec/host-example/idrec/internal/exit"
	"github.com/seed-6b91b535/idrec/host-example/idrec/internal/source"
	"github.com/seed-6b91b535/idrec/shared"
)

// Sink takes the answers.
type Sink interface {
	// Reserve makes sure that n answers can be put. It is called before anything is asked for; after
	// an error nothing more is.
	Reserve(n int) error
	// Put takes a group of answers. After an error none of the group counts as taken.
	Put(group []Answer) error
}

// The defaults.
const (
	DefaultWait    = 3 * time.Minute
	DefaultTimeout = 3 * time.Minute // the vendor gets 60 s to answer; the rest is for the rate and resends
	DefaultGrace   = 75 * time.Second
)

const (
	// firstContact bounds the wait for a vendor that was never reached: most likely the URL is wrong,
	// and the user should hear of it soon.
	firstContact = 10 * time.Second
	// refusedAfter so many answers of class configuration in a row, the next would be the same.
	refusedAfter = 3
	// pausedAfter likewise for class paused; more, since an answer on record is given all the same.
	pausedAfter = 20
	// abandonAfter a cancel, a call that has not returned never will.
	abandonAfter = 10 * time.Second

	// lookFor bounds the look at a folder of which a picture could not be read: a share that went away may
	// never answer.
	lookFor = 10 * time.Second

	backoffFirst = time.Second
	backoffLimit = 15 * time.Second
)

// Options of a run; a zero is the default.
type Options struct {
	Concurrency int           // calls at once; 1
	Timeout     time.Duration // of one call; [DefaultTimeout]
	// Wait is how long a transient failure is waited out, and how long the run goes on without any
	// answer but transient failures; [DefaultWait]. Negative: not at all.
	Wait time.Duration
	// Grace is how long calls in flight may go on once the run is to stop; [DefaultGrace].
	Grace time.Duration
	// Abort, when closed, ends the grace.
	Abort <-chan struct{}
	// Request makes what is asked for an item.
	Request func(source.Item) *shared.Request
	// Settled is called for each answer that the sink took.
	Settled func(Answer)
	Log     *slog.Logger
}

// Report says how a run ended.
type Report struct {
	// Undone counts the items that no answer was put for, because the run was stopped.
	Undone int
	// Away: it was stopped because a folder of the pictures cannot be reached any more.
	Away bool
	// Lost are answers that the sink did not take.
	Lost []Answer
}

// Run asks r for every item. It returns the sink's error, if that ended the run; that ctx was done
// shows in [Report.Undone] only.
func Run(ctx context.Context, r shared.Recognizer, items []source.Item, sink Sink, o Options) (Report, error) {
	if o.Concurrency < 1 {
		o.Concurrency = 1
	}
	if o.Timeout == 0 {
		o.Timeout = DefaultTimeout
	}
	if o.Wait == 0 {
		o.Wait = DefaultWait
	}
	if o.Grace == 0 {
		o.Grace = DefaultGrace
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	b := &run{r: r, sink: sink, o: o, work: make(chan *task), answers: make(chan answered, o.Concurrency), flying: map[*task]bool{}}
	b.fresh = items
	b.loop(ctx)
	return Report{Undone: len(b.fresh) + len(b.waiting) + b.dropped, Away: b.away, Lost: b.lost}, b.err
}

// task is an item on its way.
type task struct {
	item  source.Item
	begun time.Time // of its last call
	first time.Time // of its first transient failure
	tries int       // that failed for a while
	ready time.Time // not to be asked before
}

type answered struct {
	task   *task
	answer Answer
	away   bool // it could not be read, as nothing can in its folder
}

type run struct {
	r    shared.Recognizer
	sink Sink
	o    Options

	work    chan *task
	answers chan answered

	// All below belong to the loop.
	fresh   []source.Item // never asked
	head    *task         // that of the first of them, once it was looked at
	waiting queue         // failed for a while
	flying  map[*task]bool
	dropped int // came back for another try when the run was to stop

	hold     time.Time // nobody is asked before: what failed last concerns everybody
	stalled  time.Time // since when everybody fails for a while; zero: there is progress
	contact  bool      // the vendor answered once
	refused  int       // answers of class configuration in a row
	paused   int       // likewise of class paused
	stopping bool
	away     bool // a folder cannot be reached any more
	lost     []Answer
	err      error
}

func (b *run) loop(ctx context.Context) {
	// Calls outlive the order to stop: what is sent is paid for.
	calls, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	var workers sync.WaitGroup
	for range b.o.Concurrency {
		workers.Go(func() {
			for t := range b.work {
				a := b.ask(calls, t)
				b.answers <- answered{t, a, isAway(calls, a)}
			}
		})
	}
	abandoned := false
	defer func() {
		close(b.work)
		if !abandoned { // else some never end
			workers.Wait()
		}
	}()

	stop, abort := ctx.Done(), b.o.Abort
	var grace, abandon <-chan time.Time
	for {
		// A stop that has come is never a toss-up with the next item.
		if ctx.Err() != nil || b.err != nil || b.away {
			b.stopping, stop = true, nil
		}
		if b.stopping && grace == nil {
			grace = time.After(b.o.Grace)
		}
		next, wake := b.next()
		if len(b.flying) == 0 && next == nil && wake == nil {
			return
		}
		var work chan<- *task
		if next != nil {
			if b.err = b.sink.Reserve(len(b.flying) + 1); b.err != nil {
				continue
			}
			next.begun = time.Now()
			work = b.work
		}
		cut := false
		select {
		case work <- next:
			b.take(next)
		case a := <-b.answers:
			b.settle(b.gather(a))
		case <-wake:
		case <-stop:
		case <-grace:
			cut = true
		case <-abort:
			cut, b.stopping = true, true
		case <-abandon:
			b.abandon()
			abandoned = true
			return
		}
		if cut {
			abort, grace = nil, make(chan time.Time)
			cancel()
			abandon = time.After(abandonAfter)
		}
	}
}

// ask asks for one item; it runs beside the loop.
func (b *run) ask(ctx context.Context, t *task) Answer {
	ctx, cancel := context.WithTimeout(ctx, b.o.Timeout)
	defer cancel()
	a := Answer{Item: t.item, Request: b.o.Request(t.item)}
	begun := time.Now()
	res, err := b.r.Recognize(ctx, a.Request)
	a.Elapsed = time.Since(begun)
	switch {
	case err != nil:
		a.Err = shared.ErrorOf(err, shared.OutcomeAmbiguous, shared.BasisProved)
	case res == nil:
		a.Err = unknownOutcome("the recognizer returned nothing: it may be billed")
	default:
		a.Result = res
	}
	return a
}

// isAway reports whether a picture could not be read because its folder is not there any more, as when
// a share is lost: it says nothing of the picture, and all others would fail like it.
func isAway(ctx context.Context, a Answer) bool {
	if a.Err == nil || a.Err.Code != shared.CodePictureUnreadable || a.Item.Root == nil {
		return false
	}
	ctx, cancel := context.WithTimeout(ctx, lookFor)
	defer cancel()
	return !a.Item.Root.Reachable(ctx)
}

func unknownOutcome(why string) *shared.Error {
	return &shared.Error{Code: shared.CodeOutcomeUnknown, Message: why, Outcome: shared.OutcomeAmbiguous, Basis: shared.BasisProved}
}

// next is the item that is to be asked now, if there is one and a call is free; otherwise wake says
// when to look again. Both are nil when there is nothing to wait for but calls in flight.
func (b *run) next() (t *task, wake <-chan time.Time) {
	if b.stopping || len(b.flying) >= b.o.Concurrency {
		return nil, nil
	}
	now, at := time.Now(), b.hold
	switch {
	case len(b.waiting) > 0 && (len(b.fresh) == 0 || !b.waiting[0].ready.After(now)):
		t = b.waiting[0]
		if t.ready.After(at) {
			at = t.ready
		}
	case len(b.fresh) > 0:
		if b.head == nil {
			b.head = &task{item: b.fresh[0]}
		}
		t = b.head
	default:
		return nil, nil
	}
	if wait := at.Sub(now); wait > 0 {
		return nil, time.After(wait)
	}
	return t, nil
}

// take takes what next found.
func (b *run) take(t *task) {
	if b.head == t {
		b.fresh, b.head = b.fresh[1:], nil
	} else {
		heap.Pop(&b.waiting)
	}
	b.flying[t] = true
}

// gather takes the answers that are there already: a group costs the sink as much as one.
func (b *run) gather(first answered) []answered {
	group := []answered{first}
	for {
		select {
		case a := <-b.answers:
			group = append(group, a)
		default:
			return group
		}
	}
}

// settle decides which answers stand, and puts those.
func (b *run) settle(group []answered) {
	var put []Answer
	for _, a := range group {
		delete(b.flying, a.task)
		if a.away {
			b.away = true
			b.dropped++
			continue
		}
		err := a.answer.Err
		if err != nil {
			b.o.Log.Info("picture failed", "item", a.task.item.Alias(), "error", err)
		}
		if err == nil || err.Outcome != shared.OutcomeNotSent {
			b.contact = true
		}
		if err != nil && err.Class() == shared.ClassTransient {
			if b.stopping {
				b.dropped++
				continue
			}
			again, everybody := b.wait(a.task, err)
			if again {
				continue
			}
			put = append(put, a.answer)
			if everybody {
				put = append(put, b.giveUp(err)...)
			}
			continue
		}
		put = append(put, a.answer)
		if err == nil || err.Outcome == shared.OutcomeRejected {
			b.stalled = time.Time{}
		}
		if b.hopeless(err) {
			put = append(put, b.giveUp(err)...)
		}
	}
	b.put(put)
}

// hopeless counts what fails in a row for a reason that is not the picture's.
func (b *run) hopeless(err *shared.Error) bool {
	var class shared.Class
	if err != nil {
		class = err.Class()
	}
	switch class {
	case shared.ClassConfiguration:
		b.refused++
		switch err.Code {
		case shared.CodeCredentialsLatched, shared.CodeNotConfigured, shared.CodePluginFailed, shared.CodePluginNotFound, shared.CodePluginRefused:
			return true // these say themselves that nothing will be sent
		default:
		}
	case shared.ClassPaused:
		b.paused++
	default:
		if err == nil || err.Outcome != shared.OutcomeNotSent {
			b.refused, b.paused = 0, 0
		}
	}
	return b.refused >= refusedAfter || b.paused >= pausedAfter
}

// put hands answers to the sink.
func (b *run) put(group []Answer) {
	if len(group) == 0 {
		return
	}
	if b.err == nil || len(b.lost) == 0 {
		err := b.sink.Put(group)
		if err == nil {
			for _, a := range group {
				if b.o.Settled != nil {
					b.o.Settled(a)
				}
			}
			return
		}
		b.err = err
	}
	b.lost = append(b.lost, group...)
}

// giveUp answers for all that are not asked yet with what the others failed with.
func (b *run) giveUp(err *shared.Error) []Answer {
	rest := slices.Clone(b.fresh)
	for _, t := range b.waiting {
		rest = append(rest, t.item)
	}
	b.fresh, b.head, b.waiting = nil, nil, nil
	if len(rest) == 0 {
		return nil
	}
	info, _ := err.Code.Info()
	e := &shared.Error{Code: err.Code, Message: exit.NotAsked + info.Meaning, Outcome: shared.OutcomeNotSent, Basis: shared.BasisProved, RetryAfter: err.RetryAfter}
	slices.SortFunc(rest, func(a, c source.Item) int { return a.N - c.N })
	answers := make([]Answer, len(rest))
	for i, item := range rest {
		answers[i] = Answer{Item: item, Request: b.o.Request(item), Err: e}
	}
	b.o.Log.Info("the rest is not asked", "items", len(rest), "code", string(err.Code))
	return answers
}

// abandon answers for the calls that do not return.
func (b *run) abandon() {
	var group []Answer
	for t := range b.flying {
		group = append(group, Answer{Item: t.item, Request: b.o.Request(t.item), Elapsed: time.Since(t.begun),
			Err: unknownOutcome("the call did not return when it was cancelled: it may be billed")})
	}
	b.put(group)
}

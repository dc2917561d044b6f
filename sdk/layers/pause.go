package layers

import (
	"context"
	"encoding/json"
	"errors"
	"sync"
	"time"

	"github.com/seed-6b91b535/idrec/sdk/ledger"
	"github.com/seed-6b91b535/idrec/shared"
)

// pauser is what a process knows of whether an account may be asked: the state that it shares with all
// processes of the account, its own latch, and the calls of its own that wait inside.
type pauser struct {
	registers ledger.Registers
	register  string // the name of the account's register
	now       func() time.Time
	circuit   circuitSettings
	interval  time.Duration
	// condemned returns the refusal where no credential is left that the vendor takes.
	condemned func() *shared.Error

	mu      sync.Mutex
	waiting map[*waiter]struct{}
}

// waiter is a call that was let in and has not been sent.
type waiter struct{ cancel context.CancelCauseFunc }

// errHalted is the cause with which waiting calls are called back.
var errHalted = errors.New("sending was stopped")

// pauseLayer answers calls at once while the account is paused, the credentials are condemned or the
// upstream is unstable, and lets one of them try now and then.
type pauseLayer struct {
	layer

	pauser *pauser
}

// watchLayer, the inner half of pause, learns from what the provider returns. It stands inside of the
// gate, so that a call gives its place to the next one only after what it learnt is known: an outage
// costs no more than the calls that were in flight.
type watchLayer struct {
	layer

	pauser *pauser
}

// admission is what pauseLayer tells watchLayer of a call.
type admission struct {
	probe   bool
	watched bool
}

type admissionKey struct{}

func (l *watchLayer) Recognize(ctx context.Context, req *shared.Request) (*shared.Result, error) {
	a, _ := ctx.Value(admissionKey{}).(*admission)
	a.watched = true
	res, err := l.inner.Recognize(ctx, req)
	var failure *shared.Error
	if err != nil {
		failure = shared.ErrorOf(err, shared.OutcomeAmbiguous, shared.BasisProved)
	}
	l.pauser.observe(ctx, a.probe, verdictOf(res, failure), failure)
	return res, err
}

func (l *pauseLayer) Recognize(ctx context.Context, req *shared.Request) (*shared.Result, error) {
	p := l.pauser
	probe, refused := p.admit(ctx)
	if refused != nil {
		return nil, refused
	}
	a := &admission{probe: probe}
	inner, cancel := context.WithCancelCause(context.WithValue(ctx, admissionKey{}, a))
	defer cancel(nil)
	hooked := inner
	if !probe { // whose errand it is to go while others wait
		w := &waiter{cancel}
		p.enter(w)
		defer p.depart(w)
		hooked = shared.WithBeforeSend(inner, func(context.Context) error {
			// Another look, since it may have waited long.
			if e := p.look(ctx); e != nil {
				return e
			}
			if !p.depart(w) {
				return notSent(shared.CodeCanceled, "", errHalted)
			}
			return shared.BeforeSend(ctx)
		})
	}
	res, err := l.inner.Recognize(hooked, req)
	if probe && !a.watched {
		p.observe(ctx, true, verdictNone, nil) // it did not get as far as the provider
	}
	if err == nil {
		return res, nil
	}
	if failure := shared.ErrorOf(err, shared.OutcomeAmbiguous, shared.BasisProved); failure.Outcome == shared.OutcomeNotSent && errors.Is(context.Cause(inner), errHalted) {
		if e := p.look(ctx); e != nil {
			return nil, e
		}
		return l.Recognize(ctx, req) // it was lifted again
	}
	return nil, err
}

func (p *pauser) enter(w *waiter) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.waiting[w] = struct{}{}
}

// depart takes a call out of those that can be called back, and reports whether it was still there.
func (p *pauser) depart(w *waiter) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	_, ok := p.waiting[w]
	delete(p.waiting, w)
	return ok
}

// callBack cancels all calls that were let in and have not been sent.
func (p *pauser) callBack() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for w := range p.waiting {
		w.cancel(errHalted)
		delete(p.waiting, w)
	}
}

// admit decides whether a call may go in.
func (p *pauser) admit(ctx context.Context) (probe bool, refused error) {
	if e := p.condemned(); e != nil {
		return false, e
	}
	var e *shared.Error
	err := p.change(ctx, func(h *halt) (changed bool) {
		probe, changed, e = h.admit(p.now())
		return changed
	})
	switch {
	case err != nil:
		return false, ledgerFailed(ctx, err)
	case e != nil:
		return false, e
	}
	return probe, nil
}

// look tells what a call that is no probe would be answered with now, nil if it may be sent.
func (p *pauser) look(ctx context.Context) error {
	if e := p.condemned(); e != nil {
		return e
	}
	h, _, err := p.load(ctx)
	switch {
	case err != nil:
		return ledgerFailed(ctx, err)
	case h.Stop != nil:
		return h.Stop.refusal(p.now())
	}
	return nil
}

func (p *pauser) observe(ctx context.Context, probe bool, v verdict, failure *shared.Error) {
	// What was learnt counts although the caller has gone.
	ctx = context.WithoutCancel(ctx)
	stopped := false
	if probe || v == verdictPaused || v == verdictUnclear {
		// A register that cannot be written is no reason to lose the answer; with the ledger out of
		// reach nothing more is sent anyway, and the lease of a probe ends by itself.
		_ = p.change(ctx, func(h *halt) bool {
			changed := h.observe(p.now(), probe, v, failure, p.circuit, p.interval)
			stopped = h.Stop != nil
			return changed
		})
	}
	if stopped || p.condemned() != nil {
		p.callBack()
	}
}

func (p *pauser) load(ctx context.Context) (h halt, revision int64, err error) {
	value, revision, err := p.registers.Load(ctx, p.register)
	if err != nil || value == nil {
		return halt{}, revision, err
	}
	if json.Unmarshal(value, &h) != nil {
		h = halt{} // written by a version that we cannot read: the next answers will tell
	}
	return h, revision, nil
}

// change applies f to the shared state until nobody was faster; f reports whether it changed it.
func (p *pauser) change(ctx context.Context, f func(*halt) bool) error {
	for {
		h, revision, err := p.load(ctx)
		if err != nil {
			return err
		}
		if !f(&h) {
			return nil
		}
		value, err := json.Marshal(h)
		if err != nil {
			return err
		}
		if swapped, err := p.registers.Swap(ctx, p.register, revision, value); err != nil || swapped {
			return err
		}
	}
}

// resume lifts a pause and an open circuit; the latch stays.
func (p *pauser) resume(ctx context.Context) error {
	return p.change(ctx, func(h *halt) bool {
		changed := h.Stop != nil || len(h.Unclear) > 0
		*h = halt{}
		return changed
	})
}

package layers

import (
	"context"
	"sync"
	"time"

	"github.com/seed-6b91b535/idrec/sdk/ledger"
	"github.com/seed-6b91b535/idrec/shared"
)

const (
	// settleTimeout bounds one write of an outcome; a ledger that takes longer counts as failed.
	settleTimeout = 10 * time.Second
	// settleAgain is the first wait before an outcome that could not be written is tried again; it
	// doubles up to settleAtMost.
	settleAgain  = time.Second
	settleAtMost = 30 * time.Second
)

// pending holds the outcomes that the ledger could not take. They are tried again until it takes them,
// and meanwhile nothing that costs may be sent: the ledger would not know of the answers that it
// should give.
type pending struct {
	ledger ledger.Store

	mu      sync.Mutex
	waiting []ledger.Settlement
	busy    bool // a goroutine tries
	stop    chan struct{}
	stopped bool
	wg      sync.WaitGroup
}

func newPending(l ledger.Store) *pending { return &pending{ledger: l, stop: make(chan struct{})} }

// settle writes an outcome, or keeps it to be written later and reports false.
func (p *pending) settle(ctx context.Context, s ledger.Settlement) bool {
	if p.write(ctx, s) == nil {
		return true
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.waiting = append(p.waiting, s)
	if !p.busy && !p.stopped {
		p.busy = true
		p.wg.Go(p.keepTrying)
	}
	return false
}

// write makes one attempt. That the caller has gone is no reason not to make it.
func (p *pending) write(ctx context.Context, s ledger.Settlement) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), settleTimeout)
	defer cancel()
	return p.ledger.Settle(ctx, s)
}

func (p *pending) keepTrying() {
	wait := settleAgain
	for {
		t := time.NewTimer(wait)
		select {
		case <-t.C:
		case <-p.stop:
			t.Stop()
			return
		}
		p.tryAll(context.Background())
		p.mu.Lock()
		if len(p.waiting) == 0 {
			p.busy = false
			p.mu.Unlock()
			return
		}
		p.mu.Unlock()
		wait = min(2*wait, settleAtMost)
	}
}

// tryAll writes what waits, and stops at the first that fails.
func (p *pending) tryAll(ctx context.Context) bool {
	for {
		p.mu.Lock()
		if len(p.waiting) == 0 {
			p.mu.Unlock()
			return true
		}
		s := p.waiting[0]
		p.mu.Unlock()
		if p.write(ctx, s) != nil {
			return false
		}
		p.mu.Lock()
		// Another attempt may have written and removed it meanwhile.
		if len(p.waiting) > 0 && p.waiting[0].Intent.CallID == s.Intent.CallID {
			p.waiting = p.waiting[1:]
		}
		p.mu.Unlock()
	}
}

// clear returns the error of a paid call that cannot be made because outcomes wait, after one attempt
// to write them.
func (p *pending) clear(ctx context.Context) error {
	if p.tryAll(ctx) {
		return nil
	}
	return notSent(shared.CodeLedgerUnavailable, "", nil)
}

// find returns what would be on record for a key or a call, if that could be written.
func (p *pending) find(match func(ledger.Settlement) bool) (ledger.Entry, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, s := range p.waiting {
		if match(s) {
			return ledger.Entry{
				State: shared.RecallSettled, Key: s.Intent.Key, CallID: s.Intent.CallID, Own: true, Outcome: s.Outcome, Basis: s.Basis,
				Price: s.Price, Answer: s.Answer, HasResult: s.HasResult, Begun: s.Intent.At, Ended: s.At,
			}, true
		}
	}
	return ledger.Entry{}, false
}

// close makes a last attempt, and leaves it to itself when ctx is done.
func (p *pending) close(ctx context.Context) error {
	p.mu.Lock()
	if !p.stopped {
		p.stopped = true
		close(p.stop)
	}
	p.mu.Unlock()
	over := make(chan error, 1)
	go func() {
		p.wg.Wait()
		over <- p.clear(ctx)
	}()
	select {
	case err := <-over:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

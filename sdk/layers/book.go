package layers

import (
	"context"
	"sync"
	"time"

	"github.com/seed-6b91b535/idrec/sdk/ledger"
	"github.com/seed-6b91b535/idrec/shared"
)

// book is an open ledger, and the outcomes that it could not take yet. Calls hold it while they use it;
// one that a new configuration replaced is closed after the last of them.
type book struct {
	store   ledger.Store
	pending *pending
	place   LedgerPlace
	// opened here, so it is closed here.
	opened bool

	mu    sync.Mutex
	holds int
	gone  bool          // nobody can hold it any more
	idle  chan struct{} // closed when it is gone and nobody holds it
}

func newBook(store ledger.Store, place LedgerPlace, opened bool) *book {
	return &book{store: store, pending: newPending(store), place: place, opened: opened, idle: make(chan struct{})}
}

// hold reports false once the book was let go.
func (b *book) hold() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.gone {
		return false
	}
	b.holds++
	return true
}

// keep is hold for somebody who works for one who holds it.
func (b *book) keep() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.holds++
}

func (b *book) release() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.holds--
	b.idleLocked()
}

func (b *book) letGo() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.gone = true
	b.idleLocked()
}

func (b *book) idleLocked() {
	if b.gone && b.holds == 0 {
		select {
		case <-b.idle:
		default:
			close(b.idle)
		}
	}
}

// openBook returns the book for a place: the one in use, if it is the same place.
func (s *Stack) openBook(ctx context.Context, d *shared.Description, place LedgerPlace) (*book, error) {
	switch present := s.chain.Load(); {
	case present != nil && present.book.place == place:
		return present.book, nil
	case s.open == nil || !d.Paid:
		return s.given, nil
	}
	store, err := s.open(ctx, place)
	if err != nil {
		return nil, ledgerFailed(ctx, err)
	}
	return newBook(store, place, true), nil
}

// replace ends a book that a new configuration does without: its calls go on, their outcomes are
// written, however long it takes the ledger to take them, and then it is closed.
func (s *Stack) replace(b *book) {
	b.letGo()
	s.replaced.Go(func() {
		select {
		case <-b.idle:
		case <-s.ending:
			return // Close closes it
		}
		ctx, cancel := context.WithCancel(context.Background())
		defer cancel()
		go func() {
			select {
			case <-s.ending:
				cancel()
			case <-ctx.Done():
			}
		}()
		for wait := settleAgain; !b.pending.tryAll(ctx); wait = min(2*wait, settleAtMost) {
			t := time.NewTimer(wait)
			select {
			case <-t.C:
			case <-s.ending:
				t.Stop()
				return
			}
		}
		s.shut(b)
	})
}

// shut closes a book that was opened here, once.
func (s *Stack) shut(b *book) {
	s.books.Lock()
	_, open := s.opened[b]
	delete(s.opened, b)
	s.books.Unlock()
	if open {
		// Everything that could be written is; what an error of Close leaves behind is in doubt.
		_ = b.store.Close()
	}
}

// remember makes Close close the book, if nothing else does.
func (s *Stack) remember(b *book) {
	if b.opened {
		s.books.Lock()
		defer s.books.Unlock()
		s.opened[b] = struct{}{}
	}
}

// unsettled are the books that may still have outcomes to be written.
func (s *Stack) unsettled() []*book {
	s.books.Lock()
	defer s.books.Unlock()
	all := []*book{s.given}
	for b := range s.opened {
		all = append(all, b)
	}
	return all
}

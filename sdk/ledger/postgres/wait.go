package postgres

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/seed-6b91b535/idrec/sdk/ledger"
	"github.com/seed-6b91b535/idrec/shared"
)

const (
	// An announcement can be lost, and nothing announces the death of an owner: a waiter asks by itself
	// too, at intervals that double from the first to the last.
	askFirst  = 20 * time.Millisecond
	askAtMost = 500 * time.Millisecond
	// newsKept bounds the announcements that wait to be sent; what is beyond is found by asking.
	newsKept = 1024
)

// channel is the name under which the ends of calls are announced.
func (s *Store) channel() string { return "idrec_" + s.schema }

// announcement is a call's name among all, short and without the call id, which a caller may have chosen.
func announcement(callID string) string {
	sum := sha256.Sum256([]byte(callID))
	return hex.EncodeToString(sum[:16])
}

// waiters are those who wait for a call to end, by its announcement.
type waiters struct {
	mu sync.Mutex
	by map[string]map[chan struct{}]struct{}
}

func (w *waiters) add(name string) (called chan struct{}, remove func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.by == nil {
		w.by = map[string]map[chan struct{}]struct{}{}
	}
	if w.by[name] == nil {
		w.by[name] = map[chan struct{}]struct{}{}
	}
	called = make(chan struct{}, 1)
	w.by[name][called] = struct{}{}
	return called, func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		if delete(w.by[name], called); len(w.by[name]) == 0 {
			delete(w.by, name)
		}
	}
}

func (w *waiters) wake(name string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for called := range w.by[name] {
		select {
		case called <- struct{}{}:
		default:
		}
	}
}

// news are the announcements that wait to be sent.
type news struct {
	mu    sync.Mutex
	names []string
	more  chan struct{} // of capacity 1
}

// tell announces the end of a call, soon.
func (s *Store) tell(callID string) {
	name := announcement(callID)
	s.waiters.wake(name)
	n := &s.news
	n.mu.Lock()
	defer n.mu.Unlock()
	if len(n.names) < newsKept {
		n.names = append(n.names, name)
	}
	select {
	case n.more <- struct{}{}:
	default:
	}
}

// announce sends announcements until Close. Its commits do not wait for a sync, since a NOTIFY holds a
// lock of the whole database until its commit.
func (s *Store) announce() {
	for {
		select {
		case <-s.news.more:
		case <-s.ctx.Done():
			return
		}
		s.news.mu.Lock()
		names := s.news.names
		s.news.names = nil
		s.news.mu.Unlock()
		_ = s.do(s.ctx, func(ctx context.Context, c *pgx.Conn) error {
			var b pgx.Batch // one transaction
			b.Queue(`select set_config('synchronous_commit', 'off', true)`)
			b.Queue(`select pg_notify($1, name) from unnest($2::text[]) as name`, s.channel(), names)
			return c.SendBatch(ctx, &b).Close()
		})
	}
}

// Wait is documented at [ledger.Calls].
func (s *Store) Wait(ctx context.Context, callID string) (ledger.Entry, error) {
	called, remove := s.waiters.add(announcement(callID))
	defer remove()
	for interval := askFirst; ; interval = min(2*interval, askAtMost) {
		e, err := s.Call(ctx, callID)
		if err != nil || e.State != shared.RecallInFlight {
			return e, err
		}
		t := time.NewTimer(interval)
		select {
		case <-called:
			t.Stop()
		case <-t.C:
		case <-ctx.Done():
			t.Stop()
			return ledger.Entry{}, ctx.Err()
		case <-s.ctx.Done():
			t.Stop()
			return ledger.Entry{}, errClosed
		}
	}
}

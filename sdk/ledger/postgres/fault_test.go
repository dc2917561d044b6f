package postgres_test

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/seed-6b91b535/idrec/sdk/ledger"
	"github.com/seed-6b91b535/idrec/sdk/ledger/postgres"
	"github.com/seed-6b91b535/idrec/sdk/ledger/postgres/pgtest"
	"github.com/seed-6b91b535/idrec/shared"
)

const price = 50

func intent(key, callID string) ledger.Intent {
	return ledger.Intent{Key: key, CallID: callID, At: time.Date(2026, 3, 4, 4, 0, 0, 0, time.UTC), Price: price, Provider: "fake", Product: "card"}
}

func billed(in ledger.Intent) ledger.Settlement {
	return ledger.Settlement{Intent: in, At: in.At.Add(time.Second), Outcome: shared.OutcomeBilled, Basis: shared.BasisDocumented, Price: price,
		Answer: []byte("answer of " + in.CallID), HasResult: true}
}

func begin(t *testing.T, s ledger.Store, in ledger.Intent) {
	t.Helper()
	if e, began, err := s.Begin(t.Context(), in); err != nil || !began {
		t.Fatalf("Begin: %v, %v (%v), the record has %s", began, err, cause(err), e.State)
	}
}

func wantState(t *testing.T, s ledger.Store, callID string, state shared.RecallState) {
	t.Helper()
	if e, err := s.Call(t.Context(), callID); err != nil || e.State != state {
		t.Errorf("the call is %s, %v; want it %s", e.State, err, state)
	}
}

// once returns a hook that does an action to the first message for which f is true.
func once(action pgtest.Action, f func(pgtest.Message) bool) (hook func(pgtest.Message) pgtest.Action, done *atomic.Bool) {
	done = &atomic.Bool{}
	return func(m pgtest.Message) pgtest.Action {
		if !done.Load() && f(m) {
			done.Store(true)
			return action
		}
		return pgtest.Pass
	}, done
}

func answerOfCommit(m pgtest.Message) bool { return m.Tag() == "COMMIT" }

// afterReady is true for the first message of a client after the server has reported an open transaction:
// that is the one with the write and the commit.
func afterReady() func(pgtest.Message) bool {
	open := false
	return func(m pgtest.Message) bool {
		if m.FromServer {
			open = open || m.Status() == 'T'
			return false
		}
		return open
	}
}

// behind opens a store through a proxy, and one beside it.
func behind(t *testing.T, opts postgres.Options) (*pgtest.Proxy, *postgres.Store, *postgres.Store) {
	t.Helper()
	srv := pgtest.Shared(t)
	opts.Schema, opts.MaxConns = schema(), 3
	proxy := pgtest.NewProxy(t, srv)
	s := open(t, proxy.DSN(), opts)
	return proxy, s, open(t, srv.DSN(), opts)
}

func TestCommitWhoseAnswerIsLostIsReadBackBeforeItCounts(t *testing.T) {
	t.Parallel()
	for name, where := range map[string]func(pgtest.Message) bool{
		"after the commit": answerOfCommit, "before the write": afterReady(),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			proxy, s, other := behind(t, postgres.Options{})
			hook, done := once(pgtest.Cut, where)
			proxy.Hook(hook)
			in := intent("k", "c")
			in.Alias, in.Run, in.RunLimit, in.KeyLimit.Calls = "a", "r", ledger.Limit{Calls: 1}, 1
			begin(t, s, in)
			if !done.Load() {
				t.Fatal("the connection was not cut")
			}
			if e, began, err := other.Begin(t.Context(), intent("k", "d")); began || err != nil || e.State != shared.RecallInFlight || e.CallID != "c" {
				t.Errorf("another process may begin too: %v, %v, %s", began, err, e.State)
			}
			if err := s.Settle(t.Context(), billed(in)); err != nil {
				t.Fatal(err)
			}
			_, total, err := other.Tally(t.Context(), in.At)
			if want := (shared.Tally{Billed: 1, Spent: price}); total != want || err != nil {
				t.Errorf("the books have %+v, %v", total, err)
			}
		})
	}
}

func TestCommitThatCannotBeReadBackIsAnErrorAndNeverBegun(t *testing.T) {
	t.Parallel()
	proxy, s, other := behind(t, postgres.Options{Timeout: 2 * time.Second})
	hook, done := once(pgtest.Cut, func(m pgtest.Message) bool {
		if answerOfCommit(m) {
			go proxy.Refuse(true)
			return true
		}
		return false
	})
	proxy.Hook(func(m pgtest.Message) pgtest.Action {
		if done.Load() {
			return pgtest.Cut
		}
		return hook(m)
	})
	in := intent("k", "c")
	_, began, err := s.Begin(t.Context(), in)
	var refusal *shared.Error
	if began || err == nil || errors.As(err, &refusal) {
		t.Fatalf("Begin: %v, %v; want an error that is no refusal", began, err)
	}
	// It is on record all the same, so the caller settles it as not sent, as soon as that can be written.
	not := ledger.Settlement{Intent: in, At: in.At, Outcome: shared.OutcomeNotSent, Basis: shared.BasisProved}
	if err := s.Settle(t.Context(), not); err == nil {
		t.Error("Settle without a database is no error")
	}
	proxy.Hook(nil)
	proxy.Refuse(false)
	if err := s.Settle(t.Context(), not); err != nil {
		t.Fatalf("Settle: %v", err)
	}
	wantState(t, other, "c", shared.RecallSettled)
	begin(t, other, intent("k", "d"))
}

func TestOutcomeWhoseAnswerIsLostIsBookedOnce(t *testing.T) {
	t.Parallel()
	proxy, s, other := behind(t, postgres.Options{})
	in := intent("k", "c")
	in.Run = "r"
	begin(t, s, in)
	for _, e := range []ledger.Settlement{billed(in), billed(intent("l", "unannounced"))} {
		hook, done := once(pgtest.Cut, func(m pgtest.Message) bool { return m.FromServer && m.Type == 'Z' })
		proxy.Hook(hook)
		if err := s.Settle(t.Context(), e); err != nil {
			t.Fatal(err)
		}
		if !done.Load() {
			t.Fatal("the connection was not cut")
		}
	}
	_, total, err := other.Tally(t.Context(), in.At)
	if want := (shared.Tally{Billed: 2, Spent: 2 * price}); total != want || err != nil {
		t.Errorf("the books have %+v, %v", total, err)
	}
}

func TestSwapWhoseAnswerIsLostIsNotSomebodyElses(t *testing.T) {
	t.Parallel()
	proxy, s, _ := behind(t, postgres.Options{})
	for revision := range int64(2) {
		hook, done := once(pgtest.Cut, func(m pgtest.Message) bool { return m.FromServer && m.Type == 'Z' })
		proxy.Hook(hook)
		if ok, err := s.Swap(t.Context(), "r", revision, []byte("v")); !ok || err != nil || !done.Load() {
			t.Errorf("Swap: %v, %v; cut: %v", ok, err, done.Load())
		}
	}
}

func TestSilentDatabaseIsAnErrorWithinTheTimeout(t *testing.T) {
	t.Parallel()
	proxy, s, _ := behind(t, postgres.Options{Timeout: 2 * time.Second})
	proxy.Hook(func(m pgtest.Message) pgtest.Action {
		if m.FromServer {
			return pgtest.Stall
		}
		return pgtest.Pass
	})
	for _, patience := range []time.Duration{100 * time.Millisecond, time.Minute} {
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		start := time.Now()
		_, began, err := s.Begin(ctx, intent("k", "c"+patience.String()))
		took := time.Since(start)
		cancel()
		if began || err == nil || took > min(patience, 2*time.Second)+3*time.Second {
			t.Errorf("Begin: %v, %v after %v", began, err, took)
		}
		if patience < time.Second && !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("a caller whose time was over got %v", err)
		}
	}
}

func TestOwnerThatLostItsConnectionGoesOnUnderANewLock(t *testing.T) {
	t.Parallel()
	proxy, s, other := behind(t, postgres.Options{})
	in, later := intent("k", "c"), intent("l", "d")
	begin(t, s, in)
	old := s.Lock()
	proxy.Refuse(true)
	proxy.CutAll()
	// Others cannot tell that it lives.
	e, err := other.Wait(t.Context(), "c")
	if err != nil || e.State != shared.RecallInDoubt {
		t.Fatalf("a call whose owner's connection is gone is %s, %v", e.State, err)
	}
	if _, began, err := other.Begin(t.Context(), intent("k", "e")); began || err != nil {
		t.Errorf("a call in doubt may be sent again: %v, %v", began, err)
	}
	proxy.Refuse(false)
	begin(t, s, later)
	if s.Lock() == old {
		t.Error("the lock is the old one")
	}
	// Its open calls have come along.
	for _, c := range []string{"c", "d"} {
		wantState(t, other, c, shared.RecallInFlight)
		if e, err := s.Call(t.Context(), c); err != nil || !e.Own || e.State != shared.RecallInFlight {
			t.Errorf("its own call is %+v, %v", e, err)
		}
	}
	if err := s.Settle(t.Context(), billed(in)); err != nil {
		t.Fatal(err)
	}
	if e, err := other.Lookup(t.Context(), "k", ""); err != nil || e.Outcome != shared.OutcomeBilled || string(e.Answer) != "answer of c" {
		t.Errorf("its answer is %+v, %v", e, err)
	}
}

func TestLockThatWasTakenAwayIsNoticedByTheNextCall(t *testing.T) {
	t.Parallel()
	srv := pgtest.Shared(t)
	opts := postgres.Options{Schema: schema()}
	s, other := open(t, srv.DSN(), opts), open(t, srv.DSN(), opts)
	begin(t, s, intent("k", "c"))
	exec(t, srv.DSN(), `select pg_terminate_backend(pid) from pg_locks where locktype = 'advisory' and objsubid = 1 and granted
 and ((classid::bigint << 32) | objid::bigint) = `+strconv.FormatInt(s.Lock(), 10))
	begin(t, s, intent("l", "d"))
	for _, c := range []string{"c", "d"} {
		wantState(t, other, c, shared.RecallInFlight)
	}
}

func TestWaiterHearsOfTheEndBothWays(t *testing.T) {
	t.Parallel()
	proxy, s, other := behind(t, postgres.Options{Timeout: 2 * time.Second})
	for i, deaf := range []bool{false, true} {
		in := intent("k"+strconv.Itoa(i), "c"+strconv.Itoa(i))
		begin(t, other, in)
		if deaf {
			proxy.Hook(func(m pgtest.Message) pgtest.Action {
				if m.FromServer && m.Type == 'A' { // NotificationResponse
					return pgtest.Stall
				}
				return pgtest.Pass
			})
		}
		done := make(chan ledger.Entry, 1)
		go func() {
			e, err := s.Wait(t.Context(), in.CallID)
			if err != nil {
				t.Errorf("Wait: %v", err)
			}
			done <- e
		}()
		if err := other.Settle(t.Context(), billed(in)); err != nil {
			t.Fatal(err)
		}
		if e := <-done; e.State != shared.RecallSettled {
			t.Errorf("Wait returned %s", e.State)
		}
	}
}

// storm begins and settles calls of few keys from several stores until they all are answered, and holds
// them to what every process believed: whoever was told that it began a key is the only one who was.
func storm(t *testing.T, stores []*postgres.Store, keys int, disturb func()) {
	t.Helper()
	var begun, ids atomic.Int64
	mayPay := make([]atomic.Int64, keys)
	var wg sync.WaitGroup
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for w := range 4 * len(stores) {
		s := stores[w%len(stores)]
		wg.Go(func() {
			for k := range keys {
				k = (k + w*keys/7) % keys
				for ctx.Err() == nil {
					in := intent("k"+strconv.Itoa(k), "c"+strconv.FormatInt(ids.Add(1), 10))
					e, began, err := s.Begin(ctx, in)
					if _, refused := errors.AsType[*shared.Error](err); refused {
						t.Errorf("Begin: %v", err)
						return
					}
					if err != nil {
						end := ledger.Settlement{Intent: in, At: in.At, Outcome: shared.OutcomeNotSent, Basis: shared.BasisProved}
						for ctx.Err() == nil && s.Settle(ctx, end) != nil {
						}
						continue
					}
					if began {
						begun.Add(1)
						mayPay[k].Add(1)
						for ctx.Err() == nil && s.Settle(ctx, billed(in)) != nil {
						}
						break
					}
					if e.State == shared.RecallSettled {
						break
					}
					// In doubt only while its owner has no lock: it lives, and will settle.
					_, _ = s.Wait(ctx, e.CallID)
				}
			}
		})
	}
	disturb()
	wg.Wait()
	if ctx.Err() != nil {
		t.Fatal("it did not end in time")
	}
	for k := range mayPay {
		if n := mayPay[k].Load(); n != 1 {
			t.Errorf("key %d was begun %d times", k, n)
		}
		e, err := stores[0].Lookup(t.Context(), "k"+strconv.Itoa(k), "")
		if err != nil || e.Outcome != shared.OutcomeBilled || !strings.HasPrefix(string(e.Answer), "answer of ") {
			t.Errorf("key %d is answered with %s/%s, %v", k, e.State, e.Outcome, err)
		}
	}
	_, total, err := stores[0].Tally(t.Context(), time.Now())
	if err != nil || total.Billed != int64(keys) || total.Spent != shared.Money(keys*price) || total.Ambiguous != 0 {
		t.Errorf("the books have %+v, %v", total, err)
	}
}

func TestConnectionsThatBreakAnywhereCostNoCall(t *testing.T) {
	t.Parallel()
	proxy, s, other := behind(t, postgres.Options{})
	var n atomic.Int64
	proxy.Hook(func(pgtest.Message) pgtest.Action {
		if i := n.Add(1); i > 200 && i%211 == 0 && i < 8_000 {
			return pgtest.Cut
		}
		return pgtest.Pass
	})
	storm(t, []*postgres.Store{s, other}, 60, func() {})
	if n.Load() < 500 {
		t.Errorf("only %d messages went through the proxy", n.Load())
	}
}

func TestServerKilledAndRestartedInTheMiddleCostsNoCall(t *testing.T) {
	t.Parallel()
	srv := pgtest.Own(t, pgtest.Options{})
	opts := postgres.Options{Schema: schema(), Timeout: 10 * time.Second, MaxConns: 4}
	stores := []*postgres.Store{open(t, srv.DSN(), opts), open(t, srv.DSN(), opts)}
	storm(t, stores, 150, func() {
		for range 2 {
			time.Sleep(150 * time.Millisecond) // into the middle; there is no sign to wait for
			if err := srv.Kill(); err != nil {
				t.Error(err)
			}
			if err := srv.Start(); err != nil {
				t.Error(err)
			}
		}
	})
}

func TestServerWithoutConnectionsLeftIsSaidSo(t *testing.T) {
	t.Parallel()
	srv := pgtest.Own(t, pgtest.Options{Settings: map[string]string{"max_connections": "5", "superuser_reserved_connections": "0", "max_wal_senders": "0"}})
	opts := postgres.Options{Schema: schema(), Timeout: 2 * time.Second, MaxConns: 2}
	s := open(t, srv.DSN(), opts)
	begin(t, s, intent("k", "c"))
	var taken []interface{ Close() error }
	for range 5 {
		o, err := postgres.Open(t.Context(), srv.DSN(), ring, opts)
		if err != nil {
			if !strings.Contains(err.Error(), "no connection left") || !errors.Is(err, shared.CodeLedgerUnavailable) {
				t.Errorf("Open: %v (%v)", err, cause(err))
			}
			break
		}
		taken = append(taken, o)
	}
	// What is open goes on.
	if err := s.Settle(t.Context(), billed(intent("k", "c"))); err != nil {
		t.Error(err)
	}
	for _, o := range taken {
		_ = o.Close()
	}
}

// A commit that did not wait for its standby is reported as made, with a warning; a failover loses it.
func TestCommitWithoutItsStandbyIsNotBegun(t *testing.T) {
	t.Parallel()
	srv := pgtest.Own(t, pgtest.Options{})
	opts := postgres.Options{Schema: schema(), Timeout: 2 * time.Second}
	s := open(t, srv.DSN(), opts)
	exec(t, srv.DSN(), "alter system set synchronous_standby_names = 'nobody'", "select pg_reload_conf()")
	// The setting reaches sessions a moment after the reload.
	for i := 0; ; i++ {
		if v, err := s.Ask(t.Context(), "show synchronous_standby_names"); err == nil && v == "nobody" {
			break
		}
		if i > 500 {
			t.Fatal("the setting does not arrive")
		}
		time.Sleep(time.Millisecond)
	}
	// Commits wait once the checkpointer has seen it too, which it looks for before a checkpoint; the signal may
	// reach it during the first.
	exec(t, srv.DSN(), "checkpoint", "checkpoint")
	// Somebody ends the wait by hand, as often as it takes.
	watched := func(f func()) {
		over := make(chan struct{})
		go func() { defer close(over); f() }()
		tick := time.NewTicker(20 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				exec(t, srv.DSN(), "select pg_cancel_backend(pid) from pg_stat_activity where wait_event = 'SyncRep'")
			case <-over:
				return
			}
		}
	}
	in := intent("k", "c")
	watched(func() {
		if _, began, err := s.Begin(t.Context(), in); began || err == nil {
			t.Errorf("Begin: %v, %v; want an error", began, err)
		}
	})
	watched(func() {
		if err := s.Settle(t.Context(), billed(in)); err == nil {
			t.Error("Settle is no error although no standby has it")
		}
	})
	exec(t, srv.DSN(), "alter system reset synchronous_standby_names", "select pg_reload_conf()")
	if err := s.Settle(t.Context(), billed(in)); err != nil {
		t.Errorf("Settle once it can be confirmed: %v", err)
	}
	wantState(t, s, "c", shared.RecallSettled)
}

package layers

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed-6b91b535/idrec/sdk/ledger"
	"github.com/seed-6b91b535/idrec/shared"
)

// shelf opens records in memory by their address, each for one more owner.
type shelf struct {
	mu     sync.Mutex
	stores map[string]*ledger.Memory
	open   int // how many are open
	opened []LedgerPlace
	broken bool
}

type shelved struct {
	ledger.Store

	shelf *shelf
	once  sync.Once
}

func (s *shelved) Close() error {
	s.once.Do(func() {
		s.shelf.mu.Lock()
		defer s.shelf.mu.Unlock()
		s.shelf.open--
	})
	return s.Store.Close()
}

func (s *shelf) Open(_ context.Context, p LedgerPlace) (ledger.Store, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.broken {
		return nil, errors.New("no room on /disk")
	}
	if s.stores == nil {
		s.stores = map[string]*ledger.Memory{}
	}
	name := p.Address.Reveal()
	if s.stores[name] == nil {
		s.stores[name] = ledger.NewMemory(ledger.MemoryOptions{})
	}
	s.opened = append(s.opened, p)
	s.open++
	return &shelved{Store: s.stores[name].Share(), shelf: s}, nil
}

func (s *shelf) want(t *testing.T, opened, open int) {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.opened) != opened || s.open != open {
		t.Errorf("%d ledgers were opened and %d are open, want %d and %d", len(s.opened), s.open, opened, open)
	}
}

func opening(t *testing.T, v shared.Recognizer, s *shelf, settings map[string]string) *Stack {
	t.Helper()
	st := Around(v, Options{Open: s.Open})
	t.Cleanup(func() {
		_ = st.Drain(context.Background())
		_ = st.Close()
	})
	if err := st.Configure(t.Context(), shared.Configuration{Values: settings}); err != nil {
		t.Fatalf("Configure: %v", err)
	}
	return st
}

func TestLedgerIsOpenedWhereTheSettingsSay(t *testing.T) {
	t.Parallel()
	s := &shelf{}
	v := newVendor(always(play{}))
	st := opening(t, v, s, quick("ledger", "/a"))
	read(t, st, request("a"))
	// Another process on the same ledger.
	if res := read(t, opening(t, v, s, quick("ledger", "/a")), request("a")); res.AnsweredBy != shared.AnsweredLedger {
		t.Errorf("got %v", res)
	}
	v.want(t, 1, 1)
	if err := st.Configure(t.Context(), shared.Configuration{Values: quick("ledger", "/a", "rate", "5")}); err != nil {
		t.Fatal(err)
	}
	s.want(t, 2, 2) // the same place is kept
}

func TestAnotherLedgerTakesOverWhenTheCallsOnTheOldOneAreOver(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &shelf{}
		v := newVendor(always(play{delay: time.Minute}))
		st := opening(t, v, s, quick("ledger", "/a"))
		var wg sync.WaitGroup
		wg.Go(func() { read(t, st, request("on the old one")) })
		synctest.Wait()
		if err := st.Configure(t.Context(), shared.Configuration{Values: quick("ledger", "/b")}); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		s.want(t, 2, 2)
		wg.Go(func() { read(t, st, request("on the new one")) })
		wg.Wait()
		synctest.Wait()
		s.want(t, 2, 1)
		for name, picture := range map[string]string{"/a": "on the old one", "/b": "on the new one"} {
			_, total, err := s.stores[name].Tally(t.Context(), time.Now())
			if err != nil || total.Billed != 1 || total.Ambiguous != 0 {
				t.Errorf("%s, of %q, has %+v, %v", name, picture, total, err)
			}
		}
	})
}

// An outcome that the old ledger cannot take yet is not dropped with it.
func TestOldLedgerIsKeptUntilItTookWhatIsOwedToIt(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &shelf{}
		v := newVendor(always(play{}))
		st := opening(t, v, s, quick("ledger", "/a"))
		down := &forgetful{Store: st.chain.Load().book.store}
		st.chain.Load().book.store, st.chain.Load().book.pending.ledger = down, down
		down.set(errors.New("down"))
		if res := read(t, st, request("a")); !res.Unrecorded {
			t.Errorf("got %v", res)
		}
		if err := st.Configure(t.Context(), shared.Configuration{Values: quick("ledger", "/b")}); err != nil {
			t.Fatal(err)
		}
		time.Sleep(5 * time.Minute)
		synctest.Wait()
		s.want(t, 2, 2)
		down.set(nil)
		time.Sleep(time.Minute)
		synctest.Wait()
		s.want(t, 2, 1)
		if _, total, err := s.stores["/a"].Tally(t.Context(), time.Now()); err != nil || total.Billed != 1 {
			t.Errorf("the old ledger has %+v, %v", total, err)
		}
	})
}

// forgetful is a ledger whose settlements fail as long as it is told so.
type forgetful struct {
	ledger.Store

	mu  sync.Mutex
	err error
}

func (f *forgetful) set(err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.err = err
}

func (f *forgetful) Settle(ctx context.Context, s ledger.Settlement) error {
	f.mu.Lock()
	err := f.err
	f.mu.Unlock()
	if err != nil {
		return err
	}
	return f.Store.Settle(ctx, s)
}

func TestLedgerThatCannotBeOpenedChangesNothing(t *testing.T) {
	t.Parallel()
	s := &shelf{}
	v := &configurable{fakeVendor: newVendor(always(play{}))}
	st := opening(t, v, s, quick("ledger", "/a", "appid", "1"))
	s.broken = true
	err := st.Configure(t.Context(), shared.Configuration{Values: quick("ledger", "/b", "appid", "2")})
	if e := shared.ErrorOf(err, "", ""); e == nil || e.Code != shared.CodeLedgerUnavailable || v.values["appid"] != "1" {
		t.Errorf("Configure: %v; the provider has %v", err, v.values)
	}
	s.broken, v.refuse = false, true
	if err := st.Configure(t.Context(), shared.Configuration{Values: quick("ledger", "/b")}); err == nil {
		t.Error("the provider's refusal was taken for consent")
	}
	s.want(t, 2, 1) // what was opened in vain is closed
	v.refuse = false
	read(t, st, request("a"))
	if _, total, err := s.stores["/a"].Tally(t.Context(), time.Now()); err != nil || total.Billed != 1 {
		t.Errorf("the ledger has %+v, %v", total, err)
	}
}

func TestClosedStackHoldsNoLedger(t *testing.T) {
	t.Parallel()
	s := &shelf{}
	st := opening(t, newVendor(always(play{})), s, quick("ledger", "/a", "result_ttl", "1h"))
	read(t, st, request("a"))
	if err := st.Drain(t.Context()); err != nil {
		t.Fatal(err)
	}
	s.want(t, 1, 1)
	for range 2 {
		if err := st.Close(); err != nil {
			t.Fatal(err)
		}
	}
	s.want(t, 1, 0)
	fail(t, st, request("b"), shared.CodePluginUnavailable, shared.OutcomeNotSent)
	if err := st.Configure(t.Context(), shared.Configuration{Values: quick("ledger", "/b")}); !errors.Is(err, shared.CodePluginUnavailable) {
		t.Errorf("Configure: %v", err)
	}
	s.want(t, 1, 0)
}

// Nothing is written anywhere before somebody said what is wanted.
func TestNothingIsOpenedBeforeItIsNeeded(t *testing.T) {
	t.Parallel()
	s := &shelf{}
	v := newVendor(always(play{}))
	v.description.Fields = []shared.ConfigField{{Name: "secret", Secret: true, Required: true}}
	st := Around(v, Options{Open: s.Open})
	if _, err := st.Describe(t.Context()); err != nil {
		t.Fatal(err)
	}
	fail(t, st, request("a"), shared.CodeNotConfigured, shared.OutcomeNotSent)
	s.want(t, 0, 0)

	free := newVendor(always(play{outcome: shared.OutcomeFree}))
	free.description.Paid = false
	gratis := opening(t, free, s, quick())
	read(t, gratis, request("a"))
	s.want(t, 0, 0)
	if err := gratis.Configure(t.Context(), shared.Configuration{Values: quick("ledger", "/a")}); !errors.Is(err, shared.CodeConfigurationInvalid) {
		t.Errorf("a free provider took the setting ledger: %v", err)
	}
	// Without a required setting the defaults are enough.
	bare := Around(newVendor(always(play{})), Options{Open: s.Open})
	fail(t, bare, request("a"), shared.CodeNotAPicture, shared.OutcomeNotSent)
	s.want(t, 1, 1)
	if err := bare.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestFreshProcessTellsWhatBecameOfACall(t *testing.T) {
	t.Parallel()
	s := &shelf{}
	v := newVendor(always(play{}))
	req := request("a")
	req.CallID = "mine"
	res := read(t, opening(t, v, s, quick("ledger", "/a")), req)
	fresh := opening(t, v, s, quick("ledger", "/a"))
	for _, q := range []shared.RecallQuery{{CallID: "mine"}, {RequestKey: res.RequestKey}} {
		r, err := fresh.Recall(t.Context(), q)
		if err != nil || r.State != shared.RecallSettled || r.Outcome != shared.OutcomeBilled || r.Result == nil || r.Result.Value(shared.FieldFullName) != "样本" {
			t.Errorf("Recall(%+v) = %+v, %v", q, r, err)
		}
	}
	if r, err := fresh.Recall(t.Context(), shared.RecallQuery{CallID: "another"}); err != nil || r.State != shared.RecallUnknown {
		t.Errorf("Recall = %+v, %v", r, err)
	}
}

// Somebody else pays, and everybody gets the answer, each in its own time.
func TestAnotherProcessAnswerIsSharedWithinEachCallersDeadline(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &shelf{}
		v := newVendor(always(play{delay: time.Minute}))
		one, two := opening(t, v, s, quick("ledger", "/a")), opening(t, v, s, quick("ledger", "/a"))
		var wg sync.WaitGroup
		wg.Go(func() { read(t, one, request("a")) })
		synctest.Wait()
		start := time.Now()
		wg.Go(func() {
			if res := read(t, two, request("a")); res.AnsweredBy != shared.AnsweredLedger || res.Price != 0 || time.Since(start) > 2*time.Minute {
				t.Errorf("got %v after %v", res, time.Since(start))
			}
		})
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		failWith(t, ctx, two, request("a"), shared.CodeDeadlineExceeded, shared.OutcomeNotSent)
		if took := time.Since(start); took != time.Second {
			t.Errorf("the impatient one waited %v", took)
		}
		wg.Wait()
		v.want(t, 1, 1)
	})
}

package serve

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hashicorp/go-hclog"

	"github.com/seed-6b91b535/idrec/shared"
)

// slow works on a call until told to give up, and then for a while, as on a call that is sent.
type slow struct {
	after   time.Duration // zero: it gives up at once
	detach  time.Duration // how long Drain has to wait
	drained bool
}

func (s *slow) Describe(context.Context) (*shared.Description, error) {
	return &shared.Description{Name: "slow"}, nil
}

func (s *slow) Recognize(ctx context.Context, _ *shared.Request) (*shared.Result, error) {
	<-ctx.Done()
	time.Sleep(s.after)
	return nil, errors.New("given up")
}

func (s *slow) Drain(ctx context.Context) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	select {
	case <-time.After(s.detach):
		s.drained = true
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// run begins a call, drains, and returns how long that took.
func drainWith(t *testing.T, s *slow, finish time.Duration, orphaned bool) (took time.Duration, exited *atomic.Int32) {
	t.Helper()
	p := newProcess(s, 5*time.Second, hclog.NewNullLogger())
	exited = new(atomic.Int32)
	p.exit = func(int) { exited.Add(1) }
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	if finish > 0 {
		time.AfterFunc(finish, cancel)
	}
	go func() { _, _ = p.calls.Recognize(ctx, &shared.Request{}) }()
	synctest.Wait()
	start := time.Now()
	p.drain(orphaned)
	return time.Since(start), exited
}

func TestDraining(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		slow     slow
		finish   time.Duration // the call ends by itself
		orphaned bool
		want     time.Duration
		drained  bool
	}{
		"a call may end by itself":                  {slow{}, 2 * time.Second, false, 2 * time.Second, true},
		"after the grace it must give up":           {slow{}, 0, false, 5 * time.Second, true},
		"what is sent gets the grace again":         {slow{after: 3 * time.Second}, 0, false, 8 * time.Second, true},
		"and no more":                               {slow{after: time.Minute}, 0, false, 10 * time.Second, false},
		"without a host, calls give up at once":     {slow{}, 0, true, 0, true},
		"and what is sent gets the grace":           {slow{after: 3 * time.Second}, 0, true, 3 * time.Second, true},
		"and no more, orphaned":                     {slow{after: time.Minute}, 0, true, 5 * time.Second, false},
		"work that outlives its call is waited for": {slow{detach: 4 * time.Second}, 0, true, 4 * time.Second, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				took, exited := drainWith(t, &c.slow, c.finish, c.orphaned)
				if took != c.want || c.slow.drained != c.drained || exited.Load() != 0 {
					t.Errorf("took %v, drained %v, exits %d", took, c.slow.drained, exited.Load())
				}
				time.Sleep(2 * time.Minute)
				if exited.Load() != 1 { // the watchdog, since the test does not end the process
					t.Error("a process that does not end is not ended")
				}
			})
		})
	}
}

func TestAnOrphanInTheMiddleOfADrainHurriesIt(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := newProcess(&slow{}, 5*time.Second, hclog.NewNullLogger())
		p.exit = func(int) {}
		go func() { _, _ = p.calls.Recognize(context.Background(), &shared.Request{}) }()
		synctest.Wait()
		start := time.Now()
		time.AfterFunc(time.Second, func() { p.drain(true) })
		p.drain(false)
		if took := time.Since(start); took != time.Second {
			t.Error(took)
		}
	})
}

func TestADrainingPluginRefusesNewCallsUnsent(t *testing.T) {
	t.Parallel()
	c := newCalls(&slow{})
	c.refuse()
	c.refuse()
	_, err := c.Recognize(t.Context(), &shared.Request{CallID: "x"})
	var e *shared.Error
	if !errors.As(err, &e) || e.Code != shared.CodePluginUnavailable || e.Outcome != shared.OutcomeNotSent || e.CallID != "x" || !e.Retryable() {
		t.Error(err)
	}
	c.wait(t.Context())
}

// checking is a provider whose paid check takes a while.
type checking struct{ slow }

func (*checking) Check(ctx context.Context, _ bool) (*shared.Health, error) {
	select {
	case <-time.After(3 * time.Second):
		return &shared.Health{}, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func TestACheckThatMayBeBilledIsWaitedFor(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := newProcess(&checking{}, 5*time.Second, hclog.NewNullLogger())
		p.exit = func(int) {}
		checker, ok := shared.As[shared.Checker](p.calls)
		if !ok {
			t.Fatal("the face is not found")
		}
		done := make(chan error, 1)
		go func() {
			_, err := checker.Check(t.Context(), true)
			done <- err
		}()
		synctest.Wait()
		start := time.Now()
		p.drain(false)
		if took := time.Since(start); took != 3*time.Second || <-done != nil {
			t.Error(took)
		}
		if _, err := checker.Check(t.Context(), true); !errors.Is(err, shared.CodePluginUnavailable) {
			t.Error(err)
		}
	})
}

func TestAnAbsentCheckerStaysAbsent(t *testing.T) {
	t.Parallel()
	_, err := newCalls(&slow{}).Check(t.Context(), false)
	if !errors.Is(err, shared.CodeNotSupported) {
		t.Error(err)
	}
}

// falling panics in what serve asks of it at the end.
type falling struct{ slow }

func (*falling) Drain(context.Context) error { panic("somebody's number") }
func (*falling) Close() error                { panic("somebody's number") }

func TestAPanicAtTheEndIsLoggedAndEndsNothingElse(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	r := &falling{}
	p := newProcess(r, time.Second, hclog.New(&hclog.LoggerOptions{Output: &out, JSONFormat: true}))
	p.exit = func(int) {}
	p.drain(false)
	if err := p.closeProvider(r); !errors.Is(err, shared.CodePanic) {
		t.Error(err)
	}
	if log := out.String(); strings.Count(log, `"panic":"string"`) != 2 || strings.Contains(log, "somebody") {
		t.Error(log)
	}
}

package batch_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/seed-6b91b535/idrec/host-example/idrec/internal/batch"
	"github.com/seed-6b91b535/idrec/host-example/idrec/internal/exit"
	"github.com/seed-6b91b535/idrec/host-example/idrec/internal/source"
	"github.com/seed-6b91b535/idrec/shared"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// vendor answers as a function says; n is the item, try counts its calls from 1.
type vendor struct {
	answer func(ctx context.Context, n, try int) (*shared.Result, error)

	mu    sync.Mutex
	calls map[int]int
	now   int
	most  int
}

func (v *vendor) Describe(context.Context) (*shared.Description, error) {
	return &shared.Description{}, nil
}

func (v *vendor) Recognize(ctx context.Context, req *shared.Request) (*shared.Result, error) {
	n := len(req.Image.Bytes)
	v.mu.Lock()
	if v.calls == nil {
		v.calls = map[int]int{}
	}
	v.calls[n]++
	try := v.calls[n]
	v.now++
	v.most = max(v.most, v.now)
	v.mu.Unlock()
	defer func() { v.mu.Lock(); v.now--; v.mu.Unlock() }()
	return v.answer(ctx, n, try)
}

func (v *vendor) total() (t int) {
	for _, c := range v.calls {
		t += c
	}
	return t
}

func good() *shared.Result {
	return &shared.Result{Status: shared.StatusNormal, Outcome: shared.OutcomeBilled, Price: 50,
		Fields: map[shared.FieldName]shared.Field{shared.FieldSex: {State: shared.FieldPresent, Value: "男"}}}
}

func fail(c shared.Code, o shared.Outcome) *shared.Error { return &shared.Error{Code: c, Outcome: o} }

// take is a sink; reserve and put may fail.
type take struct {
	answers  []batch.Answer
	groups   int
	reserved int
	reserve  func(n int) error
	put      func(group []batch.Answer) error
}

func (s *take) Reserve(n int) error {
	s.reserved = n
	if s.reserve != nil {
		return s.reserve(n)
	}
	return nil
}

func (s *take) Put(g []batch.Answer) error {
	if s.put != nil {
		if err := s.put(g); err != nil {
			return err
		}
	}
	s.groups++
	s.answers = append(s.answers, g...)
	return nil
}

func (s *take) of(n int) batch.Answer {
	for _, a := range s.answers {
		if a.Item.N == n {
			return a
		}
	}
	return batch.Answer{}
}

func (s *take) codes() string {
	count := map[shared.Code]int{}
	for _, a := range s.answers {
		if a.Err == nil {
			count["good"]++
		} else {
			count[a.Err.Code]++
		}
	}
	var out []string
	for c, n := range count {
		out = append(out, fmt.Sprintf("%s:%d", string(c), n))
	}
	slices.Sort(out)
	return strings.Join(out, " ")
}

func items(n int) []source.Item {
	out := make([]source.Item, n)
	for i := range out {
		out[i] = source.Item{N: i + 1, Source: fmt.Sprintf("李秀英%d.jpg", i+1)}
	}
	return out
}

func request(i source.Item) *shared.Request {
	return &shared.Request{Image: shared.Image{Bytes: make([]byte, i.N)}}
}

func options(concurrency int) batch.Options {
	return batch.Options{Concurrency: concurrency, Request: request}
}

// once fails unless every item has exactly one answer.
func (s *take) once(t *testing.T, n int) {
	t.Helper()
	seen := map[int]int{}
	for _, a := range s.answers {
		seen[a.Item.N]++
		if (a.Err == nil) == (a.Result == nil) {
			t.Errorf("item %d has both or neither", a.Item.N)
		}
	}
	for i := 1; i <= n; i++ {
		if seen[i] != 1 {
			t.Errorf("item %d has %d answers", i, seen[i])
		}
	}
}

func TestEveryItemIsAnsweredOnceAndOnlySoManyAtATime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		v := &vendor{answer: func(ctx context.Context, n, try int) (*shared.Result, error) {
			time.Sleep(time.Duration(n%7+1) * time.Second)
			if n%10 == 0 {
				return nil, fail(shared.CodePictureBroken, shared.OutcomeNotSent)
			}
			return good(), nil
		}}
		s := &take{}
		settled := 0
		o := options(8)
		o.Settled = func(batch.Answer) { settled++ }
		rep, err := batch.Run(t.Context(), v, items(100), s, o)
		if err != nil || rep.Undone != 0 || settled != 100 {
			t.Errorf("%+v %v, %d settled", rep, err, settled)
		}
		s.once(t, 100)
		if s.codes() != "good:90 picture_broken:10" || v.most != 8 || v.total() != 100 {
			t.Errorf("%s, %d at once, %d calls", s.codes(), v.most, v.total())
		}
		if a := s.of(8); a.Elapsed != 2*time.Second {
			t.Errorf("elapsed %v", a.Elapsed)
		}
	})
}

func TestTransientFailuresAreWaitedOut(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		v := &vendor{answer: func(ctx context.Context, n, try int) (*shared.Result, error) {
			if n == 2 && try < 4 {
				return nil, fail(shared.CodeUploadInterrupted, shared.OutcomeNotSent)
			}
			return good(), nil
		}}
		s := &take{}
		begun := time.Now()
		if _, err := batch.Run(t.Context(), v, items(3), s, options(1)); err != nil {
			t.Fatal(err)
		}
		s.once(t, 3)
		if got := time.Since(begun); got != 7*time.Second || v.calls[2] != 4 { // 1 + 2 + 4
			t.Errorf("took %v, %d calls", got, v.calls[2])
		}
		// The others did not wait for it.
		if s.answers[2].Item.N != 2 {
			t.Error("an item's own failure held the others up")
		}
	})
}

func TestAnOutageHoldsEverybodyAndCostsFewCalls(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		begun := time.Now()
		v := &vendor{answer: func(ctx context.Context, n, try int) (*shared.Result, error) {
			time.Sleep(100 * time.Millisecond)
			if time.Since(begun) < time.Minute {
				e := fail(shared.CodeUpstreamUnstable, shared.OutcomeNotSent)
				e.RetryAfter = 5 * time.Second
				return nil, e
			}
			return good(), nil
		}}
		s := &take{}
		rep, err := batch.Run(t.Context(), v, items(1000), s, options(8))
		if err != nil || rep.Undone != 0 {
			t.Fatalf("%+v %v", rep, err)
		}
		s.once(t, 1000)
		if s.codes() != "good:1000" {
			t.Error(s.codes())
		}
		if extra := v.total() - 1000; extra > 13*8 {
			t.Errorf("%d calls in vain", extra)
		}
	})
}

func TestAnOutageThatDoesNotEndLeavesARecordForEverybody(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		v := &vendor{answer: func(ctx context.Context, n, try int) (*shared.Result, error) {
			e := fail(shared.CodeUpstreamUnstable, shared.OutcomeNotSent)
			e.RetryAfter = 10 * time.Second
			return nil, e
		}}
		s := &take{}
		begun := time.Now()
		if _, err := batch.Run(t.Context(), v, items(500), s, options(4)); err != nil {
			t.Fatal(err)
		}
		s.once(t, 500)
		if got := time.Since(begun); got > batch.DefaultWait {
			t.Errorf("gave up after %v", got)
		}
		if s.codes() != "upstream_unstable:500" {
			t.Error(s.codes())
		}
		for _, a := range s.answers {
			if a.Final() || a.Exit() != exit.Later || a.Kind() != batch.Later {
				t.Fatalf("item %d would not be asked again", a.Item.N)
			}
		}
	})
}

func TestAVendorThatWasNeverReachedIsGivenUpSoon(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		v := &vendor{answer: func(ctx context.Context, n, try int) (*shared.Result, error) {
			return nil, fail(shared.CodeUpstreamUnreachable, shared.OutcomeNotSent)
		}}
		s := &take{}
		begun := time.Now()
		if _, err := batch.Run(t.Context(), v, items(20), s, options(4)); err != nil {
			t.Fatal(err)
		}
		s.once(t, 20)
		if got := time.Since(begun); got > 10*time.Second {
			t.Errorf("a wrong URL is told after %v", got)
		}
	})
}

func TestProgressBetweenOutagesRenewsThePatience(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		begun := time.Now()
		v := &vendor{answer: func(ctx context.Context, n, try int) (*shared.Result, error) {
			if time.Since(begun)%(4*time.Minute) < 2*time.Minute { // two minutes in four are an outage
				e := fail(shared.CodeUpstreamBusy, shared.OutcomeNotSent)
				e.RetryAfter = 30 * time.Second
				return nil, e
			}
			time.Sleep(time.Minute)
			return good(), nil
		}}
		s := &take{}
		if _, err := batch.Run(t.Context(), v, items(8), s, options(1)); err != nil {
			t.Fatal(err)
		}
		s.once(t, 8)
		if s.codes() != "good:8" {
			t.Error(s.codes())
		}
	})
}

func TestNegativeWaitAsksEachOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		v := &vendor{answer: func(ctx context.Context, n, try int) (*shared.Result, error) {
			return nil, fail(shared.CodeUpstreamBusy, shared.OutcomeRejected)
		}}
		s := &take{}
		o := options(2)
		o.Wait = -1
		if _, err := batch.Run(t.Context(), v, items(9), s, o); err != nil {
			t.Fatal(err)
		}
		s.once(t, 9)
		if v.total() != 9 {
			t.Errorf("%d calls", v.total())
		}
	})
}

func TestWhatFailsForEverybodyIsAskedAFewTimesOnly(t *testing.T) {
	t.Parallel()
	for code, most := range map[shared.Code]int{
		shared.CodeNoSuchAPI: 3 + 4, shared.CodeCredentialsLatched: 4 + 4, shared.CodePluginFailed: 4 + 4, shared.CodeQuotaExhausted: 20 + 4,
	} {
		synctest.Test(t, func(t *testing.T) {
			v := &vendor{answer: func(ctx context.Context, n, try int) (*shared.Result, error) {
				time.Sleep(time.Millisecond)
				return nil, fail(code, shared.OutcomeRejected)
			}}
			s := &take{}
			if _, err := batch.Run(t.Context(), v, items(300), s, options(4)); err != nil {
				t.Fatal(err)
			}
			s.once(t, 300)
			if v.total() > most || s.codes() != fmt.Sprintf("%s:300", string(code)) {
				t.Errorf("%s: %d calls, %s", string(code), v.total(), s.codes())
			}
			if a := s.of(300); a.Err.Outcome != shared.OutcomeNotSent || a.Final() || a.Record().Error == nil {
				t.Errorf("last: %+v", a.Err)
			}
		})
	}
}

func TestASuccessBetweenRefusalsKeepsTheRunGoing(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		v := &vendor{answer: func(ctx context.Context, n, try int) (*shared.Result, error) {
			if n%3 == 0 {
				return good(), nil
			}
			return nil, fail(shared.CodeHTTPRefused, shared.OutcomeRejected)
		}}
		s := &take{}
		if _, err := batch.Run(t.Context(), v, items(30), s, options(1)); err != nil {
			t.Fatal(err)
		}
		if v.total() != 30 || s.codes() != "good:10 http_refused:20" {
			t.Errorf("%d calls, %s", v.total(), s.codes())
		}
	})
}

func TestStoppingLetsCallsInFlightArrive(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, stop := context.WithCancel(t.Context())
		v := &vendor{answer: func(c context.Context, n, try int) (*shared.Result, error) {
			if n == 9 {
				stop()
			}
			time.Sleep(30 * time.Second)
			if c.Err() != nil {
				t.Error("a call in flight was cancelled")
			}
			return good(), nil
		}}
		s := &take{}
		rep, err := batch.Run(ctx, v, items(100), s, options(8))
		if err != nil {
			t.Fatal(err)
		}
		if len(s.answers)+rep.Undone != 100 || v.total() != len(s.answers) || rep.Undone < 80 {
			t.Errorf("%d answers, %d undone, %d calls", len(s.answers), rep.Undone, v.total())
		}
	})
}

func TestAStopThatCameBeforeTheFirstItemAsksNothing(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, stop := context.WithCancel(t.Context())
		stop()
		v := &vendor{}
		rep, err := batch.Run(ctx, v, items(5), &take{}, options(2))
		if err != nil || rep.Undone != 5 || v.total() != 0 {
			t.Errorf("%+v %v, %d calls", rep, err, v.total())
		}
	})
}

func TestGraceAndSecondSignalBoundTheWait(t *testing.T) {
	t.Parallel()
	for _, second := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			ctx, stop := context.WithCancel(t.Context())
			abort := make(chan struct{})
			v := &vendor{answer: func(c context.Context, n, try int) (*shared.Result, error) {
				<-c.Done()
				if n == 1 {
					return nil, fail(shared.CodeOutcomeUnknown, shared.OutcomeAmbiguous)
				}
				return nil, fail(shared.CodeCanceled, shared.OutcomeNotSent)
			}}
			begun := time.Now()
			time.AfterFunc(time.Second, stop)
			if second {
				time.AfterFunc(3*time.Second, func() { close(abort) })
			}
			s := &take{}
			o := options(2)
			o.Abort, o.Grace = abort, 20*time.Second
			rep, err := batch.Run(ctx, v, items(5), s, o)
			want := 21 * time.Second
			if second {
				want = 3 * time.Second
			}
			if err != nil || time.Since(begun) != want {
				t.Errorf("%v, after %v", err, time.Since(begun))
			}
			// What may be billed has its record, what was not sent is asked in the next run.
			if len(s.answers) != 1 || s.answers[0].Item.N != 1 || !s.answers[0].Final() || rep.Undone != 4 {
				t.Errorf("%d answers, %d undone", len(s.answers), rep.Undone)
			}
		})
	}
}

func TestACallThatNeverReturnsIsUnclear(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, stop := context.WithCancel(t.Context())
		release := make(chan struct{})
		defer close(release)
		v := &vendor{answer: func(context.Context, int, int) (*shared.Result, error) {
			<-release
			return good(), nil
		}}
		time.AfterFunc(time.Second, stop)
		s := &take{}
		rep, err := batch.Run(ctx, v, items(3), s, options(1))
		if err != nil || rep.Undone != 2 || len(s.answers) != 1 || s.answers[0].Kind() != batch.Unclear {
			t.Errorf("%+v %v %v", rep, err, s.codes())
		}
	})
}

func TestNothingIsAskedForWithoutRoomForItsAnswer(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		full := exit.Errorf(exit.Later, "no room")
		v := &vendor{answer: func(context.Context, int, int) (*shared.Result, error) {
			time.Sleep(time.Second)
			return good(), nil
		}}
		s := &take{}
		s.reserve = func(n int) error {
			if n > 4 {
				t.Errorf("room asked for %d", n)
			}
			if len(s.answers) >= 10 {
				return full
			}
			return nil
		}
		rep, err := batch.Run(t.Context(), v, items(50), s, options(4))
		if !errors.Is(err, full) {
			t.Fatal(err)
		}
		if len(rep.Lost) != 0 || len(s.answers) != v.total() || rep.Undone != 50-v.total() {
			t.Errorf("%d answers of %d calls, %d lost, %d undone", len(s.answers), v.total(), len(rep.Lost), rep.Undone)
		}
	})
}

func TestAnswersThatTheSinkRefusesAreHandedBack(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		broken := errors.New("pipe")
		v := &vendor{answer: func(_ context.Context, n, _ int) (*shared.Result, error) {
			time.Sleep(time.Duration(n) * time.Second)
			return good(), nil
		}}
		s := &take{}
		s.put = func(g []batch.Answer) error {
			if len(s.answers) >= 5 {
				return broken
			}
			return nil
		}
		rep, err := batch.Run(t.Context(), v, items(50), s, options(4))
		if !errors.Is(err, broken) || len(s.answers)+len(rep.Lost) != v.total() || len(rep.Lost) == 0 || rep.Undone != 50-v.total() {
			t.Errorf("%v: %d taken, %d lost, %d calls, %d undone", err, len(s.answers), len(rep.Lost), v.total(), rep.Undone)
		}
	})
}

func TestAnswersThatArriveTogetherArePutTogether(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		v := &vendor{answer: func(context.Context, int, int) (*shared.Result, error) {
			time.Sleep(time.Second)
			return good(), nil
		}}
		s := &take{}
		s.put = func([]batch.Answer) error { time.Sleep(10 * time.Millisecond); return nil } // a sync
		if _, err := batch.Run(t.Context(), v, items(80), s, options(8)); err != nil {
			t.Fatal(err)
		}
		s.once(t, 80)
		if s.groups > 40 {
			t.Errorf("%d groups for 80 answers that came 8 at a time", s.groups)
		}
	})
}

func TestARecognizerThatBreaksTheContractIsUnclear(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		v := &vendor{answer: func(_ context.Context, n, _ int) (*shared.Result, error) {
			if n == 1 {
				return nil, nil
			}
			return nil, errors.New("untyped")
		}}
		s := &take{}
		if _, err := batch.Run(t.Context(), v, items(2), s, options(1)); err != nil {
			t.Fatal(err)
		}
		s.once(t, 2)
		if s.codes() != "outcome_unknown:2" {
			t.Error(s.codes())
		}
	})
}

func TestLogsNameItemsByNumberOnly(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		v := &vendor{answer: func(_ context.Context, n, try int) (*shared.Result, error) {
			if try == 1 {
				return nil, fail(shared.CodeUpstreamBusy, shared.OutcomeRejected)
			}
			return nil, fail(shared.CodeNoSuchAPI, shared.OutcomeRejected)
		}}
		o := options(1)
		o.Log = slog.New(slog.NewJSONHandler(&log, nil))
		if _, err := batch.Run(t.Context(), v, items(8), &take{}, o); err != nil {
			t.Fatal(err)
		}
		if strings.Contains(log.String(), "李秀英") || !strings.Contains(log.String(), `"item":"#1"`) {
			t.Error(log.String())
		}
	})
}

package rpc_test

import (
	"bytes"
	"context"
	"errors"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc"

	"github.com/seed-6b91b535/idrec/shared"
	"github.com/seed-6b91b535/idrec/shared/rpc"
	"github.com/seed-6b91b535/idrec/shared/rpc/internal/recognizerpb"
)

// want checks an error's code, outcome and basis, and that it names a call.
func want(t *testing.T, err error, code shared.Code, outcome shared.Outcome, basis shared.Basis) *shared.Error {
	t.Helper()
	var e *shared.Error
	if !errors.As(err, &e) {
		t.Fatalf("got %v, want a typed error", err)
	}
	if e.Code != code || e.Outcome != outcome || e.Basis != basis {
		t.Errorf("got %s, %s, %s; want %s, %s, %s (%v)", e.Code, e.Outcome, e.Basis, code, outcome, basis, e)
	}
	if e.CallID == "" {
		t.Error("the error names no call")
	}
	return e
}

// waitForIt works on a call until it is told to give up, and then says what it must.
func waitForIt(say error) func(context.Context, *shared.Request) (*shared.Result, error) {
	return func(ctx context.Context, _ *shared.Request) (*shared.Result, error) {
		<-ctx.Done()
		return nil, say
	}
}

func TestACallIDIsMadeOnceAndTravels(t *testing.T) {
	t.Parallel()
	var ids []string
	f := &fake{desc: paid, recognize: func(_ context.Context, r *shared.Request) (*shared.Result, error) {
		ids = append(ids, r.CallID)
		return &shared.Result{Outcome: shared.OutcomeBilled}, nil
	}}
	l := connectPlugin(t, &rpc.Plugin{Impl: f, NewCallID: func() string { return "made" }})
	req := picture()
	res, err := l.Recognize(t.Context(), req)
	if err != nil || res.CallID != "made" || req.CallID != "" {
		t.Fatal(res, err, req.CallID)
	}
	req.CallID = "mine"
	if res, err = l.Recognize(t.Context(), req); err != nil || res.CallID != "mine" {
		t.Fatal(res, err)
	}
	if strings.Join(ids, " ") != "made mine" {
		t.Error(ids)
	}
}

func TestMadeCallIDsAreRandom(t *testing.T) {
	t.Parallel()
	l := connect(t, &fake{desc: paid, recognize: says(&shared.Result{}, nil)})
	seen := map[string]bool{}
	for range 100 {
		res, err := l.Recognize(t.Context(), picture())
		if err != nil || len(res.CallID) < 26 || seen[res.CallID] { // 26 characters of base32: 130 bits
			t.Fatal(res, err)
		}
		seen[res.CallID] = true
	}
}

func TestThePluginsOwnErrorArrivesBeforeTheDeadline(t *testing.T) {
	t.Parallel()
	for _, left := range []time.Duration{100 * time.Millisecond, time.Second, time.Minute} {
		synctest.Test(t, func(t *testing.T) {
			var given time.Duration
			l := connect(t, &fake{desc: paid, recognize: func(ctx context.Context, _ *shared.Request) (*shared.Result, error) {
				d, _ := ctx.Deadline()
				given = time.Until(d)
				<-ctx.Done()
				return nil, &shared.Error{Code: shared.CodeDeadlineExceeded, Outcome: shared.OutcomeNotSent, Basis: shared.BasisProved}
			}})
			ctx, cancel := context.WithTimeout(t.Context(), left)
			defer cancel()
			start := time.Now()
			_, err := l.Recognize(ctx, picture())
			e := want(t, err, shared.CodeDeadlineExceeded, shared.OutcomeNotSent, shared.BasisProved)
			if !errors.Is(e, context.DeadlineExceeded) {
				t.Error("it is no DeadlineExceeded")
			}
			if reserve := min(left/5, time.Second); given != left-reserve || time.Since(start) != left-reserve {
				t.Errorf("of %v the plugin got %v, and the error came after %v", left, given, time.Since(start))
			}
		})
	}
}

func TestACancelCrossesAndTheOutcomeComesBack(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := connect(t, &fake{desc: paid, recognize: waitForIt(&shared.Error{Code: shared.CodeCanceled, Outcome: shared.OutcomeRejected, Basis: shared.BasisDocumented, VendorCode: "10018"})})
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, cancel)
		start := time.Now()
		_, err := l.Recognize(ctx, picture())
		e := want(t, err, shared.CodeCanceled, shared.OutcomeRejected, shared.BasisDocumented)
		if e.VendorCode != "10018" || time.Since(start) != time.Second {
			t.Error(e, time.Since(start))
		}
	})
}

func TestAnAnswerThatIsReadyAtTheCancelIsNotLost(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := connect(t, &fake{desc: paid, recognize: func(ctx context.Context, _ *shared.Request) (*shared.Result, error) {
			<-ctx.Done()
			time.Sleep(500 * time.Millisecond) // it is sent, so the answer is waited for
			return &shared.Result{Outcome: shared.OutcomeBilled, Status: shared.StatusNormal}, nil
		}})
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, cancel)
		if res, err := l.Recognize(ctx, picture()); err != nil || res.Outcome != shared.OutcomeBilled {
			t.Error(res, err)
		}
	})
}

func TestACancelledCallThatGoesOnIsAmbiguousAfterASecond(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		l := connect(t, &fake{desc: paid, recognize: func(context.Context, *shared.Request) (*shared.Result, error) {
			<-release
			return nil, errors.New("late")
		}})
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, cancel)
		start := time.Now()
		_, err := l.Recognize(ctx, picture())
		e := want(t, err, shared.CodeOutcomeUnknown, shared.OutcomeAmbiguous, shared.BasisProved)
		if took := time.Since(start); took != 2*time.Second || !errors.Is(e, context.Canceled) || e.Retryable() {
			t.Error(took, e)
		}
		close(release)
	})
}

func TestAnExpiredCallThatGoesOnIsAmbiguousInTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		l := connect(t, &fake{desc: paid, recognize: func(context.Context, *shared.Request) (*shared.Result, error) {
			<-release
			return nil, errors.New("late")
		}})
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		_, err := l.Recognize(ctx, picture())
		e := want(t, err, shared.CodeOutcomeUnknown, shared.OutcomeAmbiguous, shared.BasisProved)
		if ctx.Err() != nil || !errors.Is(e, context.DeadlineExceeded) {
			t.Error("the deadline was missed", e)
		}
		close(release)
	})
}

func TestAnUnclearCallIsAskedForOnce(t *testing.T) {
	t.Parallel()
	settled := &shared.Result{Outcome: shared.OutcomeBilled, Basis: shared.BasisDocumented, Status: shared.StatusNormal}
	for name, c := range map[string]struct {
		rec   *shared.Recollection
		check func(*testing.T, *shared.Result, error)
	}{
		"the answer is on record": {&shared.Recollection{State: shared.RecallSettled, Result: settled}, func(t *testing.T, res *shared.Result, err error) {
			if err != nil || res.Status != shared.StatusNormal {
				t.Error(res, err)
			}
		}},
		"the error is on record": {&shared.Recollection{State: shared.RecallSettled, Err: &shared.Error{Code: shared.CodeQuotaExhausted, Outcome: shared.OutcomeRejected, Basis: shared.BasisDocumented}}, func(t *testing.T, _ *shared.Result, err error) {
			want(t, err, shared.CodeQuotaExhausted, shared.OutcomeRejected, shared.BasisDocumented)
		}},
		"billed, answer lost": {&shared.Recollection{State: shared.RecallSettled, Outcome: shared.OutcomeBilled, Basis: shared.BasisDocumented}, func(t *testing.T, _ *shared.Result, err error) {
			want(t, err, shared.CodeAnswerLost, shared.OutcomeBilled, shared.BasisDocumented)
		}},
		"not billed, answer lost": {&shared.Recollection{State: shared.RecallSettled, Outcome: shared.OutcomeNotSent, Basis: shared.BasisProved}, func(t *testing.T, _ *shared.Result, err error) {
			if e := want(t, err, shared.CodePluginUnavailable, shared.OutcomeNotSent, shared.BasisProved); !e.Retryable() {
				t.Error("it can be sent again")
			}
		}},
		"in flight": {&shared.Recollection{State: shared.RecallInFlight}, func(t *testing.T, _ *shared.Result, err error) {
			want(t, err, shared.CodeOutcomeUnknown, shared.OutcomeAmbiguous, shared.BasisProved)
		}},
		// It may arrive yet.
		"unknown to a living plugin": {&shared.Recollection{State: shared.RecallUnknown}, func(t *testing.T, _ *shared.Result, err error) {
			want(t, err, shared.CodeOutcomeUnknown, shared.OutcomeAmbiguous, shared.BasisProved)
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				release := make(chan struct{})
				var asked []string
				l := connect(t, recaller{
					fake: &fake{desc: &shared.Description{Paid: true, Faces: []shared.Face{shared.FaceRecaller}}, recognize: func(context.Context, *shared.Request) (*shared.Result, error) {
						<-release
						return nil, errors.New("late")
					}},
					recall: func(q shared.RecallQuery) (*shared.Recollection, error) {
						asked = append(asked, q.CallID)
						return c.rec, nil
					},
				})
				ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
				defer cancel()
				req := picture()
				req.CallID = "the-call"
				res, err := l.Recognize(ctx, req)
				c.check(t, res, err)
				if len(asked) != 1 || asked[0] != "the-call" || ctx.Err() != nil {
					t.Error(asked, ctx.Err())
				}
				close(release)
			})
		})
	}
}

func TestWhatNeverLeftIsNotSent(t *testing.T) {
	t.Parallel()
	var calls atomic.Int32
	f := &fake{desc: paid, recognize: func(context.Context, *shared.Request) (*shared.Result, error) {
		calls.Add(1)
		return &shared.Result{Outcome: shared.OutcomeBilled}, nil
	}}
	t.Run("given up before", func(t *testing.T) {
		l := connect(t, f)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_, err := l.Recognize(ctx, picture())
		want(t, err, shared.CodeCanceled, shared.OutcomeNotSent, shared.BasisProved)
		ctx, cancel = context.WithTimeout(t.Context(), 0)
		defer cancel()
		_, err = l.Recognize(ctx, picture())
		want(t, err, shared.CodeDeadlineExceeded, shared.OutcomeNotSent, shared.BasisProved)
	})
	t.Run("the process has ended", func(t *testing.T) {
		l := connect(t, f)
		l.dead()
		_, err := l.Recognize(t.Context(), picture())
		want(t, err, shared.CodePluginUnavailable, shared.OutcomeNotSent, shared.BasisProved)
		if _, err := l.Describe(t.Context()); !errors.Is(err, shared.CodePluginUnavailable) {
			t.Error(err)
		}
	})
	t.Run("no connection", func(t *testing.T) {
		l := connect(t, f)
		if _, err := l.Describe(t.Context()); err != nil {
			t.Fatal(err)
		}
		l.server.Stop()
		for _, err := l.Describe(t.Context()); err == nil; _, err = l.Describe(t.Context()) {
			runtime.Gosched() // until the client has seen the end of the connection
		}
		_, err := l.Recognize(t.Context(), picture())
		if e := want(t, err, shared.CodePluginUnavailable, shared.OutcomeNotSent, shared.BasisProved); !e.Retryable() {
			t.Error("it can be sent again")
		}
	})
	t.Run("malformed", func(t *testing.T) {
		l := connect(t, f)
		_, err := l.Recognize(t.Context(), &shared.Request{})
		want(t, err, shared.CodeInvalidRequest, shared.OutcomeNotSent, shared.BasisProved)
		r := picture()
		r.Key = "\xff"
		_, err = l.Recognize(t.Context(), r)
		want(t, err, shared.CodeInvalidRequest, shared.OutcomeNotSent, shared.BasisProved)
	})
	if calls.Load() != 0 {
		t.Error("the provider was asked")
	}
}

func TestABrokenConnectionLeavesTheCallAmbiguous(t *testing.T) {
	t.Parallel()
	begun, release := make(chan struct{}), make(chan struct{})
	l := connect(t, &fake{desc: paid, recognize: func(context.Context, *shared.Request) (*shared.Result, error) {
		close(begun)
		<-release
		return nil, errors.New("late")
	}})
	go func() {
		<-begun
		l.server.Stop()
	}()
	_, err := l.Recognize(t.Context(), picture())
	if e := want(t, err, shared.CodeOutcomeUnknown, shared.OutcomeAmbiguous, shared.BasisProved); errors.Is(e, context.Canceled) {
		t.Error("nobody cancelled", e)
	}
	close(release)
}

func TestWhatCostsNothingIsFreeWhateverBecameOfIt(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		begun := make(chan struct{}, 1)
		f := &fake{desc: free, recognize: func(context.Context, *shared.Request) (*shared.Result, error) {
			begun <- struct{}{}
			<-release
			return nil, errors.New("late")
		}}
		l := connect(t, f)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, err := l.Recognize(ctx, picture())
		<-begun
		if e := want(t, err, shared.CodeDeadlineExceeded, shared.OutcomeFree, shared.BasisDocumented); !e.Retryable() || !errors.Is(e, context.DeadlineExceeded) {
			t.Error(e)
		}
		go func() {
			<-begun
			l.server.Stop()
		}()
		_, err = l.Recognize(t.Context(), picture())
		if e := want(t, err, shared.CodePluginUnavailable, shared.OutcomeFree, shared.BasisDocumented); !e.Retryable() {
			t.Error(e)
		}
		close(release)
	})
}

// After a change of settings a provider may cost something.
func TestWhetherItIsPaidIsAskedAgainAfterConfigure(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		f := &configurable{fake: fake{desc: free, recognize: func(context.Context, *shared.Request) (*shared.Result, error) {
			<-release
			return nil, errors.New("late")
		}}}
		l := connect(t, f)
		for _, outcome := range []shared.Outcome{shared.OutcomeFree, shared.OutcomeAmbiguous} {
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			_, err := l.Recognize(ctx, picture())
			cancel()
			if e := (*shared.Error)(nil); !errors.As(err, &e) || e.Outcome != outcome {
				t.Error(err, "want", outcome)
			}
			if err := l.Configure(t.Context(), shared.Configuration{}); err != nil {
				t.Fatal(err)
			}
		}
		close(release)
	})
}

type configurable struct {
	fake
	got shared.Configuration
}

func (c *configurable) Configure(_ context.Context, conf shared.Configuration) error {
	c.got, c.desc = conf, paid
	return nil
}

func TestNoAnswerOfAProviderLosesTheOutcome(t *testing.T) {
	t.Parallel()
	typed := &shared.Error{Code: shared.CodeQuotaExhausted, Outcome: shared.OutcomeRejected, Basis: shared.BasisDocumented, RetryAfter: time.Minute, Price: 1}
	noOutcome := &shared.Error{Code: shared.CodeUpstreamBusy}
	for name, c := range map[string]struct {
		desc    *shared.Description
		answer  func(context.Context, *shared.Request) (*shared.Result, error)
		code    shared.Code
		outcome shared.Outcome
		basis   shared.Basis
	}{
		"typed":            {paid, says(nil, typed), shared.CodeQuotaExhausted, shared.OutcomeRejected, shared.BasisDocumented},
		"typed, wrapped":   {paid, says(nil, errors.Join(errors.New("x"), typed)), shared.CodeQuotaExhausted, shared.OutcomeRejected, shared.BasisDocumented},
		"without outcome":  {paid, says(nil, noOutcome), shared.CodeUpstreamBusy, shared.OutcomeAmbiguous, shared.BasisProved},
		"free, no outcome": {free, says(nil, noOutcome), shared.CodeUpstreamBusy, shared.OutcomeFree, shared.BasisDocumented},
		"plain":            {paid, says(nil, errors.New("secret text")), shared.CodeOutcomeUnknown, shared.OutcomeAmbiguous, shared.BasisProved},
		"plain, free":      {free, says(nil, errors.New("secret text")), shared.CodeInternal, shared.OutcomeFree, shared.BasisDocumented},
		"context, free":    {free, says(nil, context.Canceled), shared.CodeCanceled, shared.OutcomeFree, shared.BasisDocumented},
		"neither":          {paid, says(nil, nil), shared.CodeInternal, shared.OutcomeAmbiguous, shared.BasisProved},
		"panic": {paid, func(context.Context, *shared.Request) (*shared.Result, error) { panic("secret text") },
			shared.CodePanic, shared.OutcomeAmbiguous, shared.BasisProved},
		"panic, free": {free, func(context.Context, *shared.Request) (*shared.Result, error) { panic("secret text") },
			shared.CodePanic, shared.OutcomeFree, shared.BasisDocumented},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := connect(t, &fake{desc: c.desc, recognize: c.answer})
			_, err := l.Recognize(t.Context(), picture())
			e := want(t, err, c.code, c.outcome, c.basis)
			if strings.Contains(e.Message+e.Error()+e.VendorText, "secret") {
				t.Error("the text of a plain error crossed")
			}
			// The process lives.
			if _, err := l.Describe(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	if typed.CallID != "" || noOutcome.Outcome != "" {
		t.Error("the provider's own error was changed")
	}
}

// A provider that says nothing about money.
func TestAResultWithoutAnOutcomeGetsOne(t *testing.T) {
	t.Parallel()
	for d, outcome := range map[*shared.Description]shared.Outcome{paid: shared.OutcomeAmbiguous, free: shared.OutcomeFree} {
		res, err := connect(t, &fake{desc: d, recognize: says(&shared.Result{}, nil)}).Recognize(t.Context(), picture())
		if err != nil || res.Outcome != outcome || res.Basis == "" || res.CallID == "" {
			t.Error(res, err)
		}
	}
}

func says(res *shared.Result, err error) func(context.Context, *shared.Request) (*shared.Result, error) {
	return func(context.Context, *shared.Request) (*shared.Result, error) { return res, err }
}

func TestAPanicFailsItsOwnCallOnly(t *testing.T) {
	t.Parallel()
	entered, release := make(chan struct{}), make(chan struct{})
	var stack []byte
	f := &fake{desc: paid, recognize: func(_ context.Context, r *shared.Request) (*shared.Result, error) {
		if r.Key == "bad" {
			panic(r.Key)
		}
		close(entered)
		<-release
		return &shared.Result{Outcome: shared.OutcomeBilled}, nil
	}}
	l := connectPlugin(t, &rpc.Plugin{Impl: f, Panicked: func(_ any, s []byte) { stack = s }})
	var wg sync.WaitGroup
	wg.Go(func() {
		if _, err := l.Recognize(t.Context(), picture()); err != nil {
			t.Error(err)
		}
	})
	<-entered
	bad := picture()
	bad.Key = "bad"
	_, err := l.Recognize(t.Context(), bad)
	want(t, err, shared.CodePanic, shared.OutcomeAmbiguous, shared.BasisProved)
	if !bytes.Contains(stack, []byte("recognize_test.go")) {
		t.Error("no stack")
	}
	close(release)
	wg.Wait()
}

func TestPicturesUpToTheLimitCross(t *testing.T) {
	t.Parallel()
	var got int
	l := connect(t, &fake{desc: paid, recognize: func(_ context.Context, r *shared.Request) (*shared.Result, error) {
		got = len(r.Image.Bytes)
		return &shared.Result{Outcome: shared.OutcomeBilled, Raw: r.Image.Bytes}, nil
	}})
	big := bytes.Repeat([]byte{7}, shared.MaxImageBytes)
	res, err := l.Recognize(t.Context(), &shared.Request{Image: shared.Image{Bytes: big}})
	if err != nil || got != len(big) || !bytes.Equal(res.Raw, big) {
		t.Fatal(got, err)
	}
	got = 0
	_, err = l.Recognize(t.Context(), &shared.Request{Image: shared.Image{Bytes: append(big, 7)}})
	if e := want(t, err, shared.CodeMessageTooLarge, shared.OutcomeNotSent, shared.BasisProved); !strings.Contains(e.Message, "33554432") || got != 0 {
		t.Error(e, got)
	}
	// Everything but the picture is bounded by the message.
	options := map[string]string{"long": strings.Repeat("x", 2<<20)}
	_, err = l.Recognize(t.Context(), &shared.Request{Image: shared.Image{Bytes: big}, Options: options})
	want(t, err, shared.CodeMessageTooLarge, shared.OutcomeNotSent, shared.BasisProved)
}

// A plugin that serves with plain go-plugin takes 4 MiB.
func TestAPluginsSmallerLimitIsNamed(t *testing.T) {
	t.Parallel()
	p := &rpc.Plugin{Impl: &fake{desc: paid, recognize: says(&shared.Result{Outcome: shared.OutcomeBilled, Raw: make([]byte, 5<<20)}, nil)}}
	l := serving(t, grpc.NewServer(), p, func(s *grpc.Server) { _ = p.GRPCServer(nil, s) })
	_, err := l.Recognize(t.Context(), &shared.Request{Image: shared.Image{Bytes: make([]byte, 5<<20)}})
	if e := want(t, err, shared.CodeMessageTooLarge, shared.OutcomeNotSent, shared.BasisProved); !strings.Contains(e.Message, "4194304") {
		t.Error(e)
	}
}

func TestAnAnswerThatIsTooLargeIsAmbiguous(t *testing.T) {
	t.Parallel()
	p := &rpc.Plugin{Impl: &fake{desc: paid, recognize: says(&shared.Result{Outcome: shared.OutcomeBilled, Raw: make([]byte, rpc.MaxMessageBytes)}, nil)}}
	for name, s := range map[string]*grpc.Server{"for the plugin": rpc.GRPCServer(nil), "for the host": grpc.NewServer()} {
		l := serving(t, s, p, func(s *grpc.Server) { _ = p.GRPCServer(nil, s) })
		_, err := l.Recognize(t.Context(), picture())
		t.Log(name, want(t, err, shared.CodeOutcomeUnknown, shared.OutcomeAmbiguous, shared.BasisProved))
	}
}

// bare is a plugin in another language that has only what must be there, and says only what gRPC says.
type bare struct {
	recognizerpb.UnimplementedRecognizerServiceServer

	err error
}

func (bare) Describe(context.Context, *recognizerpb.DescribeRequest) (*recognizerpb.DescribeResponse, error) {
	return &recognizerpb.DescribeResponse{Description: &recognizerpb.Description{Name: "bare", Paid: true}}, nil
}

func (b bare) Recognize(ctx context.Context, _ *recognizerpb.RecognizeRequest) (*recognizerpb.RecognizeResponse, error) {
	if b.err == nil {
		<-ctx.Done()
	}
	return &recognizerpb.RecognizeResponse{}, b.err
}

func TestAPluginWithoutCancelIsHungUpAtOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := serving(t, rpc.GRPCServer(nil), &rpc.Plugin{}, func(s *grpc.Server) {
			recognizerpb.RegisterRecognizerServiceServer(s, bare{})
		})
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, cancel)
		start := time.Now()
		_, err := l.Recognize(ctx, picture())
		want(t, err, shared.CodeOutcomeUnknown, shared.OutcomeAmbiguous, shared.BasisProved)
		if time.Since(start) != time.Second {
			t.Error(time.Since(start))
		}
	})
}

func TestAPlainStatusIsAmbiguous(t *testing.T) {
	t.Parallel()
	l := serving(t, rpc.GRPCServer(nil), &rpc.Plugin{}, func(s *grpc.Server) {
		recognizerpb.RegisterRecognizerServiceServer(s, bare{err: errors.New("a person's name")})
	})
	_, err := l.Recognize(t.Context(), picture())
	if e := want(t, err, shared.CodeOutcomeUnknown, shared.OutcomeAmbiguous, shared.BasisProved); strings.Contains(e.Error(), "person") {
		t.Error(e)
	}
}

func TestAServerWithoutTheServiceIsNotSupported(t *testing.T) {
	t.Parallel()
	l := serving(t, rpc.GRPCServer(nil), &rpc.Plugin{}, func(*grpc.Server) {})
	_, err := l.Recognize(t.Context(), picture())
	want(t, err, shared.CodeNotSupported, shared.OutcomeNotSent, shared.BasisProved)
}

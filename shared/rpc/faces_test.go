package rpc_test

import (
	"context"
	"errors"
	"reflect"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc"

	"github.com/seed-6b91b535/idrec/shared"
	"github.com/seed-6b91b535/idrec/shared/rpc"
	"github.com/seed-6b91b535/idrec/shared/rpc/internal/recognizerpb"
)

// full has every face.
type full struct {
	fake

	conf    shared.Configuration
	paid    bool
	resumed bool
	err     error
}

func (f *full) Configure(_ context.Context, c shared.Configuration) error {
	f.conf = c
	return f.err
}

func (f *full) Check(_ context.Context, paid bool) (*shared.Health, error) {
	f.paid = paid
	return &shared.Health{Clock: shared.CheckItem{State: shared.CheckBad, Message: "slow"}, ClockSkew: -time.Minute}, f.err
}

func (f *full) Account(context.Context) (*shared.Account, error) {
	return &shared.Account{Today: shared.Tally{Billed: 3, Spent: 150}, Paused: &shared.Error{Code: shared.CodeQuotaExhausted}}, f.err
}

func (f *full) Resume(context.Context) error {
	f.resumed = true
	return f.err
}

func (f *full) Recall(_ context.Context, q shared.RecallQuery) (*shared.Recollection, error) {
	return &shared.Recollection{State: shared.RecallSettled, Result: &shared.Result{CallID: q.CallID, RequestKey: q.RequestKey}}, f.err
}

// wrapped has no face of its own.
type wrapped struct{ shared.Recognizer }

func (w wrapped) Unwrap() shared.Recognizer { return w.Recognizer }

func TestFacesAreFoundThroughWrappersAndCross(t *testing.T) {
	t.Parallel()
	f := &full{fake: fake{desc: paid}}
	l := connect(t, wrapped{f})
	c := shared.Configuration{Values: map[string]string{"url": "http://a"}, Secrets: map[string]shared.Secret{"secret": shared.NewSecret("s\xff")}}
	if err := l.Configure(t.Context(), c); err != nil || !reflect.DeepEqual(f.conf, c) {
		t.Error(err)
	}
	if h, err := l.Check(t.Context(), true); err != nil || h.ClockSkew != -time.Minute || h.Good() || !f.paid {
		t.Error(h, err)
	}
	if a, err := l.Account(t.Context()); err != nil || a.Today.Billed != 3 || a.Paused.Code != shared.CodeQuotaExhausted {
		t.Error(a, err)
	}
	if err := l.Resume(t.Context()); err != nil || !f.resumed {
		t.Error(err)
	}
	if r, err := l.Recall(t.Context(), shared.RecallQuery{CallID: "a", RequestKey: "b"}); err != nil || r.Result.CallID != "a" || r.Result.RequestKey != "b" {
		t.Error(r, err)
	}
	broken := &shared.Error{Code: shared.CodeConfigurationInvalid, Message: "rate must be above 0", Outcome: shared.OutcomeNotSent, Basis: shared.BasisProved}
	f.err = broken
	for name, err := range everyFace(t.Context(), l) {
		if e := (*shared.Error)(nil); !errors.As(err, &e) || *e != *broken {
			t.Error(name, err)
		}
	}
}

func everyFace(ctx context.Context, r remote) map[string]error {
	out := map[string]error{"configure": r.Configure(ctx, shared.Configuration{}), "resume": r.Resume(ctx)}
	_, out["check"] = r.Check(ctx, false)
	_, out["account"] = r.Account(ctx)
	_, out["recall"] = r.Recall(ctx, shared.RecallQuery{CallID: "a"})
	return out
}

func TestAbsentFacesAnswerNotSupported(t *testing.T) {
	t.Parallel()
	ours := connect(t, &fake{desc: paid})
	bare := serving(t, rpc.GRPCServer(nil), &rpc.Plugin{}, func(s *grpc.Server) {
		recognizerpb.RegisterRecognizerServiceServer(s, bare{})
	})
	for _, l := range []*link{ours, bare} {
		for name, err := range everyFace(t.Context(), l) {
			if e := (*shared.Error)(nil); !errors.As(err, &e) || e.Code != shared.CodeNotSupported || e.Outcome != shared.OutcomeNotSent {
				t.Error(name, err)
			}
		}
	}
}

type stuck struct{ fake }

func (stuck) Describe(ctx context.Context) (*shared.Description, error) {
	<-ctx.Done()
	time.Sleep(time.Minute)
	return nil, ctx.Err()
}

func TestControlCallsEndWithoutADeadline(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := connect(t, &stuck{})
		start := time.Now()
		_, err := l.Describe(t.Context())
		if !errors.Is(err, shared.CodeDeadlineExceeded) || time.Since(start) != 10*time.Second {
			t.Error(err, time.Since(start))
		}
		_, err = l.Recognize(t.Context(), picture())
		want(t, err, shared.CodeDeadlineExceeded, shared.OutcomeNotSent, shared.BasisProved)
		time.Sleep(2 * time.Minute) // the handlers end
	})
}

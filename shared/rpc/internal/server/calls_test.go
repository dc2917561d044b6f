package server

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"go.uber.org/goleak"

	"github.com/seed-6b91b535/idrec/shared"
	"github.com/seed-6b91b535/idrec/shared/rpc/internal/convert"
	"github.com/seed-6b91b535/idrec/shared/rpc/internal/recognizerpb"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

type asked struct {
	calls []string
	in    chan struct{}
	out   chan struct{}
}

func (a *asked) Describe(context.Context) (*shared.Description, error) {
	return &shared.Description{Paid: true}, nil
}

func (a *asked) Recognize(_ context.Context, r *shared.Request) (*shared.Result, error) {
	a.calls = append(a.calls, r.CallID)
	if a.in != nil {
		a.in <- struct{}{}
		<-a.out
	}
	return &shared.Result{Outcome: shared.OutcomeBilled}, nil
}

func request(id string) *recognizerpb.RecognizeRequest {
	return &recognizerpb.RecognizeRequest{Request: &recognizerpb.Request{CallId: id, Image: &recognizerpb.Request_Data{Data: []byte("x")}}}
}

func mustBe(t *testing.T, err error, code shared.Code) {
	t.Helper()
	e, ok := convert.FromStatus(err)
	if !ok || e.Code != code || e.Outcome != shared.OutcomeNotSent {
		t.Errorf("got %v, want %s, not sent", err, code)
	}
}

// The cancel of a call may overtake it while its picture is still on its way.
func TestACallThatWasCancelledBeforeItBeganNeverBegins(t *testing.T) {
	t.Parallel()
	a := &asked{}
	s := &Server{Impl: a}
	if out, err := s.Cancel(t.Context(), &recognizerpb.CancelRequest{CallId: "x"}); err != nil || out.GetState() != stateNotRunning {
		t.Fatal(out, err)
	}
	_, err := s.Recognize(t.Context(), request("x"))
	mustBe(t, err, shared.CodeCanceled)
	if _, err = s.Recognize(t.Context(), request("y")); err != nil || len(a.calls) != 1 {
		t.Error(err, a.calls)
	}
	for i := range 2 * maxForgone {
		s.calls.cancel(fmt.Sprint(i))
	}
	if len(s.calls.forgone) != maxForgone || len(s.calls.order) != maxForgone {
		t.Error("the memory of cancelled calls is not bounded")
	}
}

// A caller that names its calls may give up and ask again under the same name.
func TestACancelThatCameTooEarlyOrTooLateCountsOnce(t *testing.T) {
	t.Parallel()
	a := &asked{}
	s := &Server{Impl: a}
	for range 3 {
		_, _ = s.Cancel(t.Context(), &recognizerpb.CancelRequest{CallId: "x"})
		_, err := s.Recognize(t.Context(), request("x"))
		mustBe(t, err, shared.CodeCanceled)
		if _, err = s.Recognize(t.Context(), request("x")); err != nil {
			t.Error(err)
		}
	}
	if n := len(s.calls.order); n > 1 {
		t.Error(n, "cancels are remembered")
	}
}

func TestACallIDThatIsInUseIsRefused(t *testing.T) {
	t.Parallel()
	a := &asked{in: make(chan struct{}), out: make(chan struct{})}
	s := &Server{Impl: a}
	first := make(chan error)
	go func() {
		_, err := s.Recognize(context.Background(), request("x"))
		first <- err
	}()
	<-a.in
	_, err := s.Recognize(t.Context(), request("x"))
	mustBe(t, err, shared.CodeInvalidRequest)
	close(a.out)
	if err := <-first; err != nil {
		t.Error(err)
	}
}

// A host in another language may leave out what the client half fills in and checks.
func TestAForeignHostsRequestIsCheckedAndNamed(t *testing.T) {
	t.Parallel()
	s := &Server{Impl: &asked{}, NewCallID: func() string { return "named here" }}
	_, err := s.Recognize(t.Context(), &recognizerpb.RecognizeRequest{})
	mustBe(t, err, shared.CodeInvalidRequest)
	if e, _ := convert.FromStatus(err); e.CallID != "named here" || !errors.Is(e, shared.ClassInput) {
		t.Error(e)
	}
	out, err := s.Recognize(t.Context(), request(""))
	if err != nil || out.GetResult().GetCallId() != "named here" {
		t.Error(out, err)
	}
}

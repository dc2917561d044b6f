package server

import (
	"context"
	"testing"

	"github.com/seed-6b91b535/idrec/shared"
	"github.com/seed-6b91b535/idrec/shared/rpc/internal/convert"
	"github.com/seed-6b91b535/idrec/shared/rpc/internal/recognizerpb"
)

// hollow returns a nil *shared.Error as its error, which is not nil as an error: Go's oldest trap.
type hollow struct{ res *shared.Result }

func (h hollow) Describe(context.Context) (*shared.Description, error) {
	var e *shared.Error
	return &shared.Description{Name: "hollow", Paid: true}, e
}

func (h hollow) Recognize(context.Context, *shared.Request) (*shared.Result, error) {
	var e *shared.Error
	return h.res, e
}

func (hollow) Configure(context.Context, shared.Configuration) error {
	var e *shared.Error
	return e
}

func TestANilErrorOfTheContractsTypeIsNoError(t *testing.T) {
	t.Parallel()
	s := &Server{Impl: hollow{&shared.Result{Outcome: shared.OutcomeBilled}}, NewCallID: func() string { return "x" }}
	if out, err := s.Recognize(t.Context(), request("x")); err != nil || out.GetResult().GetOutcome() != "billed" {
		t.Error("the paid answer is lost:", err)
	}
	if out, err := s.Describe(t.Context(), nil); err != nil || out.GetDescription().GetName() != "hollow" {
		t.Error(err)
	}
	if _, err := s.Configure(t.Context(), &recognizerpb.ConfigureRequest{}); err != nil {
		t.Error(err)
	}
	s.Impl = hollow{}
	_, err := s.Recognize(t.Context(), request("x"))
	if e, ok := convert.FromStatus(err); !ok || e.Code != shared.CodeInternal || e.Outcome != shared.OutcomeAmbiguous {
		t.Error(err)
	}
}

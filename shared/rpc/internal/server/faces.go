package server

import (
	"context"

	"github.com/seed-6b91b535/idrec/shared"
	"github.com/seed-6b91b535/idrec/shared/rpc/internal/convert"
	"github.com/seed-6b91b535/idrec/shared/rpc/internal/recognizerpb"
)

// face finds an optional face of Impl.
func face[T any](s *Server) (T, error) {
	f, ok := shared.As[T](s.Impl)
	if !ok {
		return f, &shared.Error{Code: shared.CodeNotSupported, Outcome: shared.OutcomeNotSent, Basis: shared.BasisProved}
	}
	return f, nil
}

// Configure is the face configurer.
func (s *Server) Configure(ctx context.Context, in *recognizerpb.ConfigureRequest) (out *recognizerpb.ConfigureResponse, err error) {
	defer s.settle(&err, notSent)
	f, err := face[shared.Configurer](s)
	if err != nil {
		return nil, err
	}
	return &recognizerpb.ConfigureResponse{}, plain(f.Configure(ctx, convert.ConfigurationFrom(in)))
}

// Check is the face checker.
func (s *Server) Check(ctx context.Context, in *recognizerpb.CheckRequest) (out *recognizerpb.CheckResponse, err error) {
	stakes := notSent
	if in.GetPaid() {
		stakes = func() (shared.Outcome, shared.Basis) { return s.unknownFate(ctx) }
	}
	defer s.settle(&err, stakes)
	f, err := face[shared.Checker](s)
	if err != nil {
		return nil, err
	}
	h, err := f.Check(ctx, in.GetPaid())
	if err = plain(err); err == nil && h == nil {
		err = neither()
	}
	return convert.HealthTo(h), err
}

// Account is the face accountant.
func (s *Server) Account(ctx context.Context, _ *recognizerpb.AccountRequest) (out *recognizerpb.AccountResponse, err error) {
	defer s.settle(&err, notSent)
	f, err := face[shared.Accountant](s)
	if err != nil {
		return nil, err
	}
	a, err := f.Account(ctx)
	if err = plain(err); err == nil && a == nil {
		err = neither()
	}
	return convert.AccountTo(a), err
}

// Resume belongs to the face accountant.
func (s *Server) Resume(ctx context.Context, _ *recognizerpb.ResumeRequest) (out *recognizerpb.ResumeResponse, err error) {
	defer s.settle(&err, notSent)
	f, err := face[shared.Accountant](s)
	if err != nil {
		return nil, err
	}
	return &recognizerpb.ResumeResponse{}, plain(f.Resume(ctx))
}

// Recall is the face recaller.
func (s *Server) Recall(ctx context.Context, in *recognizerpb.RecallRequest) (out *recognizerpb.RecallResponse, err error) {
	defer s.settle(&err, notSent)
	f, err := face[shared.Recaller](s)
	if err != nil {
		return nil, err
	}
	r, err := f.Recall(ctx, shared.RecallQuery{CallID: in.GetCallId(), RequestKey: in.GetRequestKey()})
	if err = plain(err); err == nil && r == nil {
		err = neither()
	}
	return convert.RecollectionTo(r), err
}

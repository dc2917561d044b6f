// Package server answers the calls of the wire with a [shared.Recognizer].
//
// Whatever the recognizer does (a plain error, neither result nor error, a panic) leaves it as a typed
// error that has an outcome and the call's id.
package server

import (
	"context"
	"runtime/debug"
	"slices"

	"github.com/seed-6b91b535/idrec/shared"
	"github.com/seed-6b91b535/idrec/shared/rpc/internal/codec"
	"github.com/seed-6b91b535/idrec/shared/rpc/internal/convert"
	"github.com/seed-6b91b535/idrec/shared/rpc/internal/lane"
	"github.com/seed-6b91b535/idrec/shared/rpc/internal/recognizerpb"
)

// Server is the plugin's half. Impl and NewCallID are required.
type Server struct {
	recognizerpb.UnimplementedRecognizerServiceServer

	Impl shared.Recognizer
	// NewCallID names a call whose caller did not.
	NewCallID func() string
	// Panicked is told of a panic in Impl, if it is not nil.
	Panicked func(value any, stack []byte)
	// Lane has the pictures that come beside their requests; nil: none do.
	Lane *lane.Receiver

	calls calls
}

// Describe answers with what Impl says of itself.
func (s *Server) Describe(ctx context.Context, _ *recognizerpb.DescribeRequest) (out *recognizerpb.DescribeResponse, err error) {
	defer s.settle(&err, notSent)
	d, err := s.Impl.Describe(ctx)
	if err = plain(err); err == nil && d == nil {
		err = neither()
	}
	if err != nil {
		return nil, err
	}
	return &recognizerpb.DescribeResponse{Description: convert.DescriptionTo(d), TakesLane: s.Lane.Open()}, nil
}

// Recognize hands the picture to Impl.
func (s *Server) Recognize(ctx context.Context, in *recognizerpb.RecognizeRequest) (out *recognizerpb.RecognizeResponse, err error) {
	req := convert.RequestFrom(in.GetRequest())
	if req.CallID == "" {
		req.CallID = s.NewCallID()
	}
	begun := false
	defer func() {
		// Until Impl was asked, nothing can have cost anything.
		stakes := notSent
		if begun {
			stakes = func() (shared.Outcome, shared.Basis) { return s.unknownFate(ctx) }
		}
		s.settleCall(&err, req.CallID, recover(), stakes)
	}()

	if err := req.Validate(); err != nil {
		return nil, err
	}
	var cancel context.CancelFunc
	if d, limited := convert.TimeoutFrom(in); limited {
		ctx, cancel = context.WithTimeout(ctx, d)
	} else {
		ctx, cancel = context.WithCancel(ctx)
	}
	defer cancel()
	end, fresh, gone := s.calls.begin(req.CallID, cancel)
	switch {
	case gone:
		return nil, &shared.Error{Code: shared.CodeCanceled, Outcome: shared.OutcomeNotSent, Basis: shared.BasisProved}
	case !fresh:
		return nil, &shared.Error{Code: shared.CodeInvalidRequest, Message: "a call with this call_id is running: use each call_id once",
			Outcome: shared.OutcomeNotSent, Basis: shared.BasisProved}
	}
	defer end()

	begun = true
	// The picture lies in the message, which is nobody's but this call's, as long as somebody wants it.
	if memory := codec.MemoryOf(ctx); memory != nil {
		ctx = shared.WithImageHold(ctx, memory)
	} else {
		ctx = shared.WithImageHandedOver(ctx)
	}
	res, err := s.Impl.Recognize(ctx, req)
	switch err = plain(err); {
	case err != nil:
		return nil, err
	case res == nil:
		return nil, neither()
	}
	p := convert.ResultTo(res)
	p.Raw = slices.Clone(p.GetRaw()) // it is sent when the memory of the picture, of which it may be a part, has gone back
	if p.GetCallId() == "" {
		p.CallId = req.CallID
	}
	if p.GetOutcome() == "" {
		outcome, basis := s.unknownFate(ctx)
		p.Outcome, p.Basis = string(outcome), string(basis)
	}
	return &recognizerpb.RecognizeResponse{Result: p}, nil
}

// Cancel tells a running call to give up.
func (s *Server) Cancel(_ context.Context, in *recognizerpb.CancelRequest) (*recognizerpb.CancelResponse, error) {
	return &recognizerpb.CancelResponse{State: s.calls.cancel(in.GetCallId())}, nil
}

// settle turns what a call other than Recognize ended with into a status. It is to be deferred
// directly, since it recovers.
func (s *Server) settle(err *error, stakes func() (shared.Outcome, shared.Basis)) {
	s.settleCall(err, "", recover(), stakes)
}

// settleCall makes the status of *err, or of a panic. stakes says what must be assumed where the error
// does not say what became of the call.
func (s *Server) settleCall(err *error, callID string, panicked any, stakes func() (shared.Outcome, shared.Basis)) {
	if panicked != nil {
		if s.Panicked != nil {
			s.Panicked(panicked, debug.Stack())
		}
		*err = &shared.Error{Code: shared.CodePanic}
	}
	if *err == nil {
		return
	}
	outcome, basis := stakes()
	e := *shared.ErrorOf(*err, outcome, basis) // a copy: the recognizer may keep its own
	if e.Outcome == "" {
		e.Outcome, e.Basis = outcome, basis
	}
	if e.CallID == "" {
		e.CallID = callID
	}
	*err = convert.Status(&e)
}

// notSent is the fate of what costs nothing whatever happens.
func notSent() (shared.Outcome, shared.Basis) { return shared.OutcomeNotSent, shared.BasisProved }

// unknownFate is what must be assumed of a call of which Impl does not say what became of it: it may
// be billed, unless Impl says that it never bills.
func (s *Server) unknownFate(ctx context.Context) (outcome shared.Outcome, basis shared.Basis) {
	outcome, basis = shared.OutcomeAmbiguous, shared.BasisProved
	defer func() { _ = recover() }() // a second panic changes nothing
	if d, err := s.Impl.Describe(context.WithoutCancel(ctx)); plain(err) == nil && d != nil && !d.Paid {
		outcome, basis = shared.OutcomeFree, shared.BasisDocumented
	}
	return outcome, basis
}

// plain returns nil for a nil *[shared.Error], which a function that declares its error with that type
// returns where nothing went wrong.
func plain(err error) error {
	if e, ok := err.(*shared.Error); ok && e == nil { //nolint:errorlint // one that is wrapped is an error
		return nil
	}
	return err
}

func neither() error {
	return &shared.Error{Code: shared.CodeInternal, Message: "the provider answered with neither a result nor an error: report it to its author"}
}

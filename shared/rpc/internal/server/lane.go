package server

import (
	"context"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/seed-6b91b535/idrec/shared"
	"github.com/seed-6b91b535/idrec/shared/rpc/internal/codec"
	"github.com/seed-6b91b535/idrec/shared/rpc/internal/convert"
	"github.com/seed-6b91b535/idrec/shared/rpc/internal/recognizerpb"
)

// fromLane puts the picture into a request that has only its number on the lane.
func (s *Server) fromLane(ctx context.Context, in *codec.Incoming) error {
	image, ok := in.GetRequest().GetImage().(*recognizerpb.Request_Lane)
	if !ok {
		return nil
	}
	picture, memory, ok := s.Lane.Take(ctx, image.Lane)
	if !ok {
		return notOnLane(in.GetRequest().GetCallId())
	}
	if m := in.Memory; m != nil { // of the message itself, of which nothing is used any more
		m.Hold()()
		m.Done()
	}
	in.Memory = memory
	in.Request.Image = &recognizerpb.Request_Data{Data: picture}
	return nil
}

// notOnLane is the answer to a call whose picture is not there; nobody was asked.
func notOnLane(callID string) error {
	s, err := status.New(codes.DataLoss, "no picture has that number on the lane").WithDetails(convert.ErrorTo(&shared.Error{
		Code: shared.CodePluginUnavailable, Message: "the picture did not arrive, and nothing was sent: try again",
		Outcome: shared.OutcomeNotSent, Basis: shared.BasisProved, CallID: callID,
	}))
	if err != nil {
		return err // cannot happen, see convert.Status
	}
	return s.Err()
}

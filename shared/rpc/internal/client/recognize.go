package client

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/peer"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/seed-6b91b535/idrec/shared"
	"github.com/seed-6b91b535/idrec/shared/rpc/internal/codec"
	"github.com/seed-6b91b535/idrec/shared/rpc/internal/convert"
	"github.com/seed-6b91b535/idrec/shared/rpc/internal/lane"
	"github.com/seed-6b91b535/idrec/shared/rpc/internal/recognizerpb"
)

// cancelGrace is how long a call that the caller gave up may take to say whether it was billed.
const cancelGrace = time.Second

// reserve is how much of the time left is kept from the plugin, so that its typed error arrives before
// gRPC answers the expired deadline locally; half of it is for asking what became of the call.
func reserve(left time.Duration) time.Duration { return min(left/5, time.Second) }

// Recognize sends the picture to the plugin.
func (c *Client) Recognize(ctx context.Context, req *shared.Request) (*shared.Result, error) {
	r := *req
	if r.CallID == "" {
		r.CallID = c.newCallID()
	}
	if err := r.Validate(); err != nil {
		return nil, err
	}
	if err := convert.CheckRequest(&r); err != nil {
		return nil, err
	}
	if err := ctx.Err(); err != nil {
		return nil, named(contextError(err), r.CallID)
	}
	d := c.desc.Load()
	if d == nil {
		var err error
		if d, err = c.Describe(ctx); err != nil {
			return nil, named(shared.ErrorOf(err, shared.OutcomeNotSent, shared.BasisProved), r.CallID)
		}
	}
	if c.gone.Err() != nil {
		return nil, named(unavailable(nil), r.CallID)
	}

	in := &recognizerpb.RecognizeRequest{Request: convert.RequestTo(&r)}
	out, l, err := c.send(ctx, in, r.Image.Bytes)
	if err != nil {
		l.desc = d
		return c.fate(ctx, err, l)
	}
	res := convert.ResultFrom(out.GetResult())
	if res == nil {
		e := unknown(d, nil, nil)
		e.Message = "the plugin answered with neither a result nor an error: report it to its author"
		return nil, named(e, r.CallID)
	}
	if res.CallID == "" {
		res.CallID = r.CallID
	}
	if res.Outcome == "" {
		res.Outcome, res.Basis = assumed(d)
	}
	return res, nil
}

// send makes the call, with the picture beside it if that can be. Its error is a gRPC status, or that of ctx
// where nothing was sent.
func (c *Client) send(ctx context.Context, in *recognizerpb.RecognizeRequest, picture []byte) (*recognizerpb.RecognizeResponse, lost, error) {
	sent, err := c.lane.Send(ctx, picture)
	if errors.Is(err, lane.ErrEnded) {
		// Mostly that is the end of the process. What is not given to its connection cannot have been billed.
		err = c.goneWithin(ctx, endNotice)
	}
	if err != nil {
		return nil, lost{callID: in.GetRequest().GetCallId()}, err
	}
	if sent == nil {
		return c.call(ctx, in)
	}
	if err := ctx.Err(); err != nil {
		sent.Over(false)
		return nil, lost{callID: in.GetRequest().GetCallId()}, err
	}
	image := in.GetRequest().GetImage()
	in.Request.Image = &recognizerpb.Request_Lane{Lane: sent.Number}
	out, l, err := c.call(ctx, in)
	e, typed := convert.FromStatus(err)
	sent.Over(err == nil || typed)
	if !typed || e.Outcome != shared.OutcomeNotSent || status.Code(err) != codes.DataLoss {
		return out, l, err
	}
	// The plugin does not have the picture and so asked nobody: this is the same call, on its other way.
	c.lane.Break("the plugin does not have a picture that was sent")
	if err := ctx.Err(); err != nil {
		return nil, lost{callID: l.callID}, err // who gave up meanwhile is not asked for anew
	}
	in.Request.Image = image
	return c.call(ctx, in)
}

// endNotice is how long after its lane a process may be seen to end.
const endNotice = 100 * time.Millisecond

// goneWithin returns nil if the process goes on.
func (c *Client) goneWithin(ctx context.Context, limit time.Duration) error {
	timer := time.NewTimer(limit)
	defer timer.Stop()
	select {
	case <-c.gone.Done():
		return status.Error(codes.Unavailable, "the process has ended")
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

// call makes the call.
func (c *Client) call(ctx context.Context, in *recognizerpb.RecognizeRequest) (*recognizerpb.RecognizeResponse, lost, error) {
	l := lost{callID: in.GetRequest().GetCallId()}
	// The call outlives the caller's cancel: that is passed on by a message, so that the plugin can
	// still say what became of the call.
	callCtx, hangUp := context.WithCancel(context.WithoutCancel(ctx))
	defer hangUp()
	if deadline, ok := ctx.Deadline(); ok {
		left := time.Until(deadline)
		in.Timeout = durationpb.New(left - reserve(left))
		var done context.CancelFunc
		callCtx, done = context.WithDeadline(callCtx, deadline.Add(-reserve(left)/2))
		defer done()
	}
	var message any
	if message, l.size = encode(ctx, in); l.size > c.maxMessage {
		return nil, l, errTooLarge
	}

	stop := context.AfterFunc(ctx, func() { c.giveUp(callCtx, l.callID, hangUp) })
	var p peer.Peer
	out := &recognizerpb.RecognizeResponse{}
	err := c.conn.Invoke(callCtx, recognizerpb.RecognizerService_Recognize_FullMethodName, message, out,
		append(slices.Clip(c.picture), grpc.Peer(&p))...)
	stop()
	l.left = p.Addr != nil
	return out, l, err
}

// worthSparing is the size from which a copy costs more than sending in three parts.
const worthSparing = 32 << 10

// encode returns what is sent for in, and its size. A picture that the caller has handed over stays where
// it is; another one is copied, since grpc may still send from it after a call was given up.
func encode(ctx context.Context, in *recognizerpb.RecognizeRequest) (message any, size int) {
	data, ok := in.GetRequest().GetImage().(*recognizerpb.Request_Data)
	if !ok || len(data.Data) < worthSparing || !shared.ImageHandedOver(ctx) {
		return in, proto.Size(in)
	}
	size = proto.Size(in)
	in.Request.Image = nil
	return &codec.Outgoing{RecognizeRequest: in, Picture: data.Data}, size
}

// giveUp passes the caller's cancel on, and hangs up if no answer follows in time. ctx is done when
// the call has ended.
func (c *Client) giveUp(ctx context.Context, callID string, hangUp func()) {
	defer hangUp()
	ctx, cancel := context.WithTimeout(ctx, cancelGrace)
	defer cancel()
	if _, err := c.rpc.Cancel(ctx, &recognizerpb.CancelRequest{CallId: callID}, c.fixed...); err != nil {
		return // a plugin that does not know this message, or none at all
	}
	<-ctx.Done()
}

// errTooLarge is the end of a call that was not made, see tooLarge.
var errTooLarge = errors.New("the call is larger than a message may be")

func tooLarge(size, limit int) *shared.Error {
	return &shared.Error{Code: shared.CodeMessageTooLarge, Outcome: shared.OutcomeNotSent, Basis: shared.BasisProved,
		Message: fmt.Sprintf("the call has %d bytes and the plugin takes at most %d: give the picture by path, or make it smaller", size, limit)}
}

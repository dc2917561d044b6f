package client

import (
	"context"
	"errors"
	"regexp"
	"strconv"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/seed-6b91b535/idrec/shared"
	"github.com/seed-6b91b535/idrec/shared/rpc/internal/convert"
)

// recallLimit bounds the one question about the fate of a call that got no answer.
const recallLimit = time.Second

// lost is a call that ended without an answer.
type lost struct {
	callID string
	desc   *shared.Description
	size   int  // of the message
	left   bool // it was given to a connection, so some of it may have arrived
}

// fate says what must be assumed of a call that ended with err, which is what send returned.
func (c *Client) fate(ctx context.Context, err error, l lost) (*shared.Result, error) {
	if errors.Is(err, errTooLarge) {
		return nil, named(tooLarge(l.size, c.maxMessage), l.callID)
	}
	if e, ok := convert.FromStatus(err); ok {
		if e.Outcome == "" {
			e.Outcome, e.Basis = assumed(l.desc)
		}
		return nil, named(e, l.callID)
	}
	s := status.Convert(err)
	gaveUp := gaveUp(ctx, s)
	switch {
	case !l.left && gaveUp != nil:
		return nil, named(contextError(gaveUp), l.callID)
	case !l.left:
		return nil, named(unavailable(err), l.callID)
	case s.Code() == codes.Unimplemented:
		e := notSupported(err)
		e.Message = "the plugin serves no recognizer of this protocol version: check that it is an idrec plugin"
		return nil, named(e, l.callID)
	}
	if limit, ok := refusedSize(s, l.size); ok {
		return nil, named(tooLarge(l.size, limit), l.callID)
	}

	e := named(unknown(l.desc, err, gaveUp), l.callID)
	if !e.Outcome.MayBeBilled() || !l.desc.HasFace(shared.FaceRecaller) || c.gone.Err() != nil {
		return nil, e
	}
	ask, cancel := context.WithTimeout(context.WithoutCancel(ctx), recallLimit)
	defer cancel()
	// A caller with a deadline still gets its answer by then; a caller who gave up waits recallLimit.
	if deadline, ok := ctx.Deadline(); ok {
		ask, cancel = context.WithDeadline(ask, deadline)
		defer cancel()
	}
	return Settle(ask, c, e, false)
}

// Settle is what rpc.Settle says.
func Settle(ctx context.Context, r shared.Recaller, e *shared.Error, ended bool) (*shared.Result, error) {
	rec, err := r.Recall(ctx, shared.RecallQuery{CallID: e.CallID})
	settled := *e
	switch {
	case err != nil:
		return nil, e
	case rec.State == shared.RecallUnknown && ended && durable(ctx, r):
		settled.Code, settled.Message = shared.CodePluginUnavailable, "the plugin ended before it sent anything: try again"
		settled.Outcome, settled.Basis = shared.OutcomeNotSent, shared.BasisProved
		return nil, &settled
	case rec.State != shared.RecallSettled:
		return nil, e
	case rec.Result != nil:
		return rec.Result, nil
	case rec.Err != nil:
		return nil, named(rec.Err, e.CallID)
	}
	// The outcome is on record, and the answer is not.
	settled.Outcome, settled.Basis = rec.Outcome, rec.Basis
	switch {
	case rec.Outcome == shared.OutcomeBilled:
		settled.Code, settled.Message = shared.CodeAnswerLost, ""
	case !rec.Outcome.MayBeBilled():
		settled.Code, settled.Message = shared.CodePluginUnavailable, "the answer was lost on the way, and the call was not billed: try again"
	}
	return nil, &settled
}

// durable reports whether r's books survive the end of a process.
func durable(ctx context.Context, r shared.Recaller) bool {
	a, ok := r.(shared.Accountant)
	if !ok {
		return false
	}
	books, err := a.Account(ctx)
	return err == nil && books.Durable
}

// assumed is the fate of a call that may have been made: ambiguous, unless the provider says of itself
// that it costs nothing, whatever happens.
func assumed(d *shared.Description) (shared.Outcome, shared.Basis) {
	if d != nil && !d.Paid {
		return shared.OutcomeFree, shared.BasisDocumented
	}
	return shared.OutcomeAmbiguous, shared.BasisProved
}

// gaveUp returns the context's error if the call ended because the caller's time was over or the
// caller gave up. gRPC says CANCELLED for a connection that was closed as well.
func gaveUp(ctx context.Context, s *status.Status) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if _, limited := ctx.Deadline(); limited && s.Code() == codes.DeadlineExceeded {
		return context.DeadlineExceeded
	}
	return nil
}

// unknown is the error of a call that may have been made and got no answer. One that cost nothing can
// simply be made again, so it has a code that says so. gaveUp is the context's error, if that is why.
func unknown(d *shared.Description, cause, gaveUp error) *shared.Error {
	if gaveUp != nil {
		cause = gaveUp
	}
	e := &shared.Error{Code: shared.CodeOutcomeUnknown, Err: cause}
	if e.Outcome, e.Basis = assumed(d); e.Outcome.MayBeBilled() {
		return e
	}
	switch {
	case errors.Is(gaveUp, context.DeadlineExceeded):
		e.Code, e.Message = shared.CodeDeadlineExceeded, "the time was over before the plugin answered; the call cost nothing: allow more time"
	case gaveUp != nil:
		e.Code, e.Message = shared.CodeCanceled, "the caller gave up; the call cost nothing"
	default:
		e.Code, e.Message = shared.CodePluginUnavailable, "the plugin gave no answer; the call cost nothing: try again"
	}
	return e
}

func unavailable(cause error) *shared.Error {
	return &shared.Error{Code: shared.CodePluginUnavailable, Outcome: shared.OutcomeNotSent, Basis: shared.BasisProved, Err: cause}
}

func notSupported(cause error) *shared.Error {
	return &shared.Error{Code: shared.CodeNotSupported, Outcome: shared.OutcomeNotSent, Basis: shared.BasisProved, Err: cause}
}

// contextError is the error of a call that was given up before anything was sent.
func contextError(err error) *shared.Error {
	e := &shared.Error{Code: shared.CodeCanceled, Outcome: shared.OutcomeNotSent, Basis: shared.BasisProved, Err: err}
	if errors.Is(err, context.DeadlineExceeded) {
		e.Code = shared.CodeDeadlineExceeded
	}
	return e
}

// named returns e with the call's id, unless it has one.
func named(e *shared.Error, callID string) *shared.Error {
	if e.CallID != "" {
		return e
	}
	n := *e
	n.CallID = callID
	return &n
}

// sizeText is how the gRPC implementations say that a message is over the receiver's limit.
var sizeText = regexp.MustCompile(`(?i)received message larger than max \(\d+ vs\.? (\d+)\)`)

// refusedSize reports whether the plugin's gRPC server refused a message of this size before any code
// of the provider saw it. A stock go-plugin server takes 4 MiB. An answer that is too large for us
// comes with the same text, and with our limit, below which the message is.
func refusedSize(s *status.Status, size int) (limit int, ok bool) {
	m := sizeText.FindStringSubmatch(s.Message())
	if s.Code() != codes.ResourceExhausted || m == nil {
		return 0, false
	}
	limit, err := strconv.Atoi(m[1])
	return limit, err == nil && limit < size
}

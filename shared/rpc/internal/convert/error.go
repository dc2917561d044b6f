package convert

import (
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/seed-6b91b535/idrec/shared"
	"github.com/seed-6b91b535/idrec/shared/rpc/internal/recognizerpb"
)

// The caps keep the trailer that carries an error, in base64 and with the message twice, below the
// 8 KiB that gRPC implementations in other languages take. A vendor's text is capped by
// [shared.MaxVendorText].
const (
	maxMessage = 1024
	maxName    = 255
	maxStatus  = 512
)

// ErrorTo returns nil for nil.
func ErrorTo(e *shared.Error) *recognizerpb.Error {
	if e == nil {
		return nil
	}
	return &recognizerpb.Error{
		Code:           capped(e.Code, maxName),
		Message:        capped(e.Message, maxMessage),
		VendorCode:     capped(e.VendorCode, maxName),
		VendorText:     shared.CapVendorText(e.VendorText),
		Outcome:        capped(e.Outcome, maxName),
		Basis:          capped(e.Basis, maxName),
		Attempts:       int64(e.Attempts),
		CallId:         capped(e.CallID, maxName),
		RequestKey:     capped(e.RequestKey, maxName),
		RetryAfter:     durationTo(e.RetryAfter),
		ClockSkew:      durationTo(e.ClockSkew),
		PriceMilliyuan: int64(e.Price),
	}
}

// ErrorFrom returns nil for nil. It caps what it reads, since not every plugin does.
func ErrorFrom(p *recognizerpb.Error) *shared.Error {
	if p == nil {
		return nil
	}
	return &shared.Error{
		Code:       shared.Code(capped(p.GetCode(), maxName)),
		Message:    capped(p.GetMessage(), maxMessage),
		VendorCode: capped(p.GetVendorCode(), maxName),
		VendorText: shared.CapVendorText(p.GetVendorText()),
		Outcome:    shared.Outcome(capped(p.GetOutcome(), maxName)),
		Basis:      shared.Basis(capped(p.GetBasis(), maxName)),
		Attempts:   int(p.GetAttempts()),
		CallID:     capped(p.GetCallId(), maxName),
		RequestKey: capped(p.GetRequestKey(), maxName),
		RetryAfter: p.GetRetryAfter().AsDuration(),
		ClockSkew:  p.GetClockSkew().AsDuration(),
		Price:      shared.Money(p.GetPriceMilliyuan()),
	}
}

// Status makes e the gRPC status that carries it. Peers without this contract see a gRPC code that
// fits and the error's one line.
func Status(e *shared.Error) error {
	s := status.New(grpcCode(e), capped(e.Error(), maxStatus))
	d, err := s.WithDetails(ErrorTo(e))
	if err != nil {
		return s.Err() // cannot happen: the details are a message of ours and the code is not OK
	}
	return d.Err()
}

// grpcCode never answers UNAVAILABLE for what may have been billed: gRPC's own retry policies, and
// those of proxies, send such a call again.
func grpcCode(e *shared.Error) codes.Code {
	switch e.Code {
	case shared.CodeCanceled:
		return codes.Canceled
	case shared.CodeDeadlineExceeded:
		return codes.DeadlineExceeded
	case shared.CodeNotSupported:
		return codes.Unimplemented
	default:
	}
	switch e.Class() {
	case shared.ClassInput:
		return codes.InvalidArgument
	case shared.ClassConfiguration:
		return codes.FailedPrecondition
	case shared.ClassPaused:
		return codes.ResourceExhausted
	case shared.ClassTransient:
		return codes.Unavailable
	case shared.ClassUnclear:
		return codes.Unknown
	case shared.ClassInternal:
		return codes.Internal
	}
	return codes.Internal
}

// FromStatus returns the error that err, a gRPC status, carries; ok is false if it carries none.
func FromStatus(err error) (e *shared.Error, ok bool) {
	s, isStatus := status.FromError(err)
	if !isStatus {
		return nil, false
	}
	for _, d := range s.Details() {
		if p, isError := d.(*recognizerpb.Error); isError {
			return ErrorFrom(p), true
		}
	}
	return nil, false
}

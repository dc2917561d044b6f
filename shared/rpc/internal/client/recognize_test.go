package client

import (
	"context"
	"io"
	"net"
	"sync/atomic"
	"testing"

	"go.uber.org/goleak"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/peer"
	"google.golang.org/grpc/status"

	"github.com/seed-6b91b535/idrec/shared"
	"github.com/seed-6b91b535/idrec/shared/rpc/internal/convert"
	"github.com/seed-6b91b535/idrec/shared/rpc/internal/lane"
	"github.com/seed-6b91b535/idrec/shared/rpc/internal/recognizerpb"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// plugin is a connection that answers calls itself.
type plugin struct {
	grpc.ClientConnInterface

	recognize func(in *recognizerpb.RecognizeRequest) (*recognizerpb.Result, error)
	calls     atomic.Int32
}

func (p *plugin) Invoke(_ context.Context, method string, in, out any, opts ...grpc.CallOption) error {
	if method != recognizerpb.RecognizerService_Recognize_FullMethodName {
		return status.Error(codes.Unimplemented, method)
	}
	p.calls.Add(1)
	for _, o := range opts {
		if o, ok := o.(grpc.PeerCallOption); ok {
			*o.PeerAddr = peer.Peer{Addr: &net.UnixAddr{}} // it was given to a connection
		}
	}
	request, ok := in.(*recognizerpb.RecognizeRequest)
	if !ok {
		return status.Error(codes.Internal, "no request")
	}
	res, err := p.recognize(request)
	if response, ok := out.(*recognizerpb.RecognizeResponse); ok && err == nil {
		response.Result = res
	}
	return err
}

// end is one end of a lane in memory. taken is told how much of a write it took.
type end struct {
	net.Conn

	taken func(n int)
}

func (end) CloseRead() error  { return nil }
func (end) CloseWrite() error { return nil }

func (e end) Write(b []byte) (int, error) {
	n, err := e.Conn.Write(b)
	e.taken(n)
	return n, err
}

// besideLane is a client of p with a lane from which somebody reads; taken is told how much went in.
func besideLane(t *testing.T, p *plugin, taken func(n int)) *Client {
	t.Helper()
	near, far := net.Pipe()
	l := lane.NewSender(end{near, taken}, nil)
	l.Open(true)
	read := make(chan struct{})
	go func() {
		defer close(read)
		_, _ = io.Copy(io.Discard, far)
	}()
	t.Cleanup(func() {
		l.Close()
		<-read
	})
	c := New(context.Background(), p, func() string { return "c" }, 64<<20, l)
	c.desc.Store(&shared.Description{Name: "p", Paid: true})
	return c
}

func missing(*recognizerpb.RecognizeRequest) (*recognizerpb.Result, error) {
	s, err := status.New(codes.DataLoss, "no picture").WithDetails(convert.ErrorTo(&shared.Error{
		Code: shared.CodePluginUnavailable, Outcome: shared.OutcomeNotSent, Basis: shared.BasisProved, CallID: "c",
	}))
	if err != nil {
		return nil, err
	}
	return nil, s.Err()
}

var large = &shared.Request{Image: shared.Image{Bytes: make([]byte, lane.MinBytes)}}

func mustNotBeSent(t *testing.T, err error) {
	t.Helper()
	e := shared.ErrorOf(err, shared.OutcomeAmbiguous, shared.BasisAssumed)
	if e == nil || e.Code != shared.CodeCanceled || e.Outcome != shared.OutcomeNotSent || e.Basis != shared.BasisProved || e.CallID != "c" {
		t.Errorf("got %+v, want a cancelled call of which it is proved that it was not sent", e)
	}
}

func TestWhoGivesUpBetweenPictureAndCallAsksNobody(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	left := 16 + lane.MinBytes // a head and the picture
	p := &plugin{recognize: missing}
	c := besideLane(t, p, func(n int) {
		if left -= n; left == 0 {
			cancel()
		}
	})
	_, err := c.Recognize(ctx, large)
	mustNotBeSent(t, err)
	if n := p.calls.Load(); n != 0 {
		t.Error(n, "calls")
	}
}

func TestAPictureThatThePluginDoesNotHaveGoesItsOtherWay(t *testing.T) {
	t.Parallel()
	for _, givesUp := range []bool{false, true} {
		ctx, cancel := context.WithCancel(t.Context())
		p := &plugin{}
		p.recognize = func(in *recognizerpb.RecognizeRequest) (*recognizerpb.Result, error) {
			if in.GetRequest().GetLane() != 0 {
				if givesUp {
					cancel()
				}
				return missing(in)
			}
			if len(in.GetRequest().GetData()) != lane.MinBytes {
				t.Error("it goes without its picture")
			}
			return convert.ResultTo(&shared.Result{Status: shared.StatusNormal, Outcome: shared.OutcomeBilled, Basis: shared.BasisDocumented}), nil
		}
		res, err := besideLane(t, p, func(int) {}).Recognize(ctx, large)
		switch {
		case givesUp:
			mustNotBeSent(t, err)
		case err != nil || res.Outcome != shared.OutcomeBilled:
			t.Error(res, err)
		}
		if n := p.calls.Load(); n == 2 == givesUp {
			t.Error(n, "calls; gives up:", givesUp)
		}
		cancel()
	}
}

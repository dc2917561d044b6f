package codec

import (
	"bytes"
	"context"
	"io"
	"net"
	"testing"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
	"google.golang.org/grpc"
	"google.golang.org/grpc/experimental"
	"google.golang.org/grpc/test/bufconn"

	"github.com/seed-6b91b535/idrec/shared/rpc/internal/recognizerpb"
)

// gRPC forgets the frames of a call that ends before they are read: it never gives them back. They must
// not take the slab with them for good.
func TestFramesThatGRPCForgetsDoNotStopTheJoining(t *testing.T) {
	t.Parallel()
	f := spoiled()
	f.room = 16 * frameBytes
	joined := make(chan bool, 1)
	s := grpc.NewServer(grpc.MaxRecvMsgSize(3<<20), grpc.InitialWindowSize(8<<20), grpc.InitialConnWindowSize(8<<20),
		grpc.ForceServerCodecV2(NewWithFrames(f)), experimental.BufferPool(f))
	s.RegisterService(&grpc.ServiceDesc{ServiceName: "test", HandlerType: (*any)(nil), Methods: []grpc.MethodDesc{{MethodName: "Call",
		Handler: func(_ any, _ context.Context, dec func(any) error, _ grpc.UnaryServerInterceptor) (any, error) {
			in := &Incoming{RecognizeRequest: &recognizerpb.RecognizeRequest{}}
			if err := dec(in); err != nil {
				return nil, err
			}
			release := in.Memory.Hold()
			_, ok := in.Memory.place.(slabPlace)
			joined <- ok
			release()
			in.Memory.Done()
			return &recognizerpb.RecognizeResponse{}, nil
		}}}}, struct{}{})
	l := bufconn.Listen(1 << 20)
	go func() { _ = s.Serve(l) }()
	defer s.Stop()
	raw, err := l.DialContext(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	c := speak(t, raw)
	message := sample(numbered(6*frameBytes, 1))
	body := encode(t, message)

	c.call(len(body), body)
	if !<-joined {
		t.Fatal("a picture was copied before anything happened")
	}
	c.call(4<<20, body) // larger than the limit: refused unread
	ok := 0
	for range (slabsApart + patience + 4) * f.room / len(body) {
		c.call(len(body), body)
		if <-joined {
			ok++
		}
	}
	if ok < 3 {
		t.Error(ok, "messages were joined after a call that was refused")
	}
}

// speaker is a client that says what no client of gRPC would.
type speaker struct {
	t    *testing.T
	fr   *http2.Framer
	id   uint32
	done chan uint32
}

func speak(t *testing.T, conn net.Conn) *speaker {
	t.Helper()
	if _, err := io.WriteString(conn, http2.ClientPreface); err != nil {
		t.Fatal(err)
	}
	c := &speaker{t, http2.NewFramer(conn, conn), 1, make(chan uint32, 100)}
	if err := c.fr.WriteSettings(); err != nil {
		t.Fatal(err)
	}
	go func() {
		defer close(c.done)
		for {
			f, err := c.fr.ReadFrame()
			if err != nil {
				return
			}
			if h, ok := f.(*http2.HeadersFrame); ok && h.StreamEnded() {
				c.done <- h.StreamID
			}
		}
	}()
	return c
}

// call sends body as the beginning of a message of that length, and waits for the answer.
func (c *speaker) call(length int, body []byte) {
	c.t.Helper()
	var head bytes.Buffer
	e := hpack.NewEncoder(&head)
	for _, h := range [][2]string{{":method", "POST"}, {":scheme", "http"}, {":path", "/test/Call"}, {":authority", "x"}, {"content-type", "application/grpc"}, {"te", "trailers"}} {
		_ = e.WriteField(hpack.HeaderField{Name: h[0], Value: h[1]})
	}
	id := c.id
	c.id += 2
	must := func(err error) {
		if err != nil {
			c.t.Fatal(err)
		}
	}
	must(c.fr.WriteHeaders(http2.HeadersFrameParam{StreamID: id, BlockFragment: head.Bytes(), EndHeaders: true}))
	data := append([]byte{0, byte(length >> 24), byte(length >> 16), byte(length >> 8), byte(length)}, body...)
	for len(data) > 0 {
		n := min(len(data), frameBytes)
		must(c.fr.WriteData(id, n == len(data) && length == len(body), data[:n]))
		data = data[n:]
	}
	<-c.done
}

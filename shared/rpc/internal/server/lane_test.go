package server

import (
	"bytes"
	"encoding/binary"
	"net"
	"testing"

	"github.com/seed-6b91b535/idrec/shared"
	"github.com/seed-6b91b535/idrec/shared/rpc/internal/codec"
	"github.com/seed-6b91b535/idrec/shared/rpc/internal/lane"
	"github.com/seed-6b91b535/idrec/shared/rpc/internal/recognizerpb"
)

// end is one end of a lane in memory.
type end struct{ net.Conn }

func (end) CloseRead() error  { return nil }
func (end) CloseWrite() error { return nil }

// pool counts what is back.
type pool struct{ puts int }

func (*pool) Get(n int) *[]byte { b := make([]byte, n); return &b }
func (p *pool) Put(*[]byte)     { p.puts++ }

// A message beside a lane's picture may be large itself, and has memory of its own: it goes back at once, and
// the request has the picture's.
func TestAMessageBesideALanesPictureGivesItsMemoryBack(t *testing.T) {
	t.Parallel()
	near, far := net.Pipe()
	pictures, messages := &pool{}, &pool{}
	r := lane.NewReceiverWithPool(end{far}, pictures)
	ran := make(chan struct{})
	go func() {
		defer close(ran)
		r.Run()
	}()
	picture := bytes.Repeat([]byte{7}, lane.MinBytes)
	h := binary.LittleEndian.AppendUint64(nil, 1)
	h = binary.LittleEndian.AppendUint32(h, lane.MinBytes)
	h = binary.LittleEndian.AppendUint32(h, 1)
	if _, err := near.Write(append(h, picture...)); err != nil {
		t.Fatal(err)
	}
	message := make([]byte, 1<<20)
	in := &codec.Incoming{
		RecognizeRequest: &recognizerpb.RecognizeRequest{Request: &recognizerpb.Request{CallId: "x", Image: &recognizerpb.Request_Lane{Lane: 1}}},
		Memory:           codec.NewMemory(messages, &message),
	}
	s := &Server{Lane: r}
	if err := s.fromLane(t.Context(), in); err != nil {
		t.Fatal(err)
	}
	if messages.puts != 1 || pictures.puts != 0 {
		t.Errorf("%d messages and %d pictures are back", messages.puts, pictures.puts)
	}
	if !bytes.Equal(in.GetRequest().GetData(), picture) {
		t.Error("not the picture")
	}
	in.Memory.Hold()()
	in.Memory.Done()
	if pictures.puts != 1 {
		t.Error("the picture's memory is not back")
	}
	in.Request.Image = &recognizerpb.Request_Lane{Lane: 2}
	_ = near.Close()
	<-ran
	mustBe(t, s.fromLane(t.Context(), in), shared.CodePluginUnavailable)
}

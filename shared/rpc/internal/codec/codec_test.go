package codec

import (
	"bytes"
	"testing"
	"time"

	"google.golang.org/grpc/mem"
	pb "google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/seed-6b91b535/idrec/shared/rpc/internal/recognizerpb"
)

func encode(t testing.TB, m pb.Message) []byte {
	t.Helper()
	b, err := pb.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func sample(picture []byte) *recognizerpb.RecognizeRequest {
	return &recognizerpb.RecognizeRequest{
		Timeout: durationpb.New(time.Second),
		Request: &recognizerpb.Request{Image: &recognizerpb.Request_Data{Data: picture}, CallId: "call", Side: "portrait"},
	}
}

func TestPictureIsNotCopied(t *testing.T) {
	t.Parallel()
	buf := encode(t, sample([]byte("a picture")))
	m := &recognizerpb.RecognizeRequest{}
	if err := decode(buf, m); err != nil {
		t.Fatal(err)
	}
	if !pb.Equal(m, sample([]byte("a picture"))) {
		t.Fatalf("%v", m)
	}
	at := bytes.Index(buf, []byte("a picture"))
	if &m.GetRequest().GetData()[0] != &buf[at] {
		t.Error("the picture is a copy")
	}
	if data := m.GetRequest().GetData(); cap(data) != len(data) {
		t.Error("an append to the picture would write into the message")
	}
}

func TestWhatArrivesIsNotTheTransportsMemory(t *testing.T) {
	t.Parallel()
	wire := encode(t, sample([]byte("a picture")))
	m := &recognizerpb.RecognizeRequest{}
	if err := New().Unmarshal(mem.BufferSlice{mem.SliceBuffer(wire[:7]), mem.SliceBuffer(wire[7:])}, m); err != nil {
		t.Fatal(err)
	}
	for i := range wire { // the transport uses its buffers again
		wire[i] = 0xAA
	}
	if !pb.Equal(m, sample([]byte("a picture"))) {
		t.Errorf("the message changed with the transport's memory: %v", m)
	}
}

func TestOtherMessagesGoThroughTheStandardCodec(t *testing.T) {
	t.Parallel()
	want := &recognizerpb.CancelRequest{CallId: "call"}
	data, err := New().Marshal(want)
	if err != nil {
		t.Fatal(err)
	}
	got := &recognizerpb.CancelRequest{}
	if err := New().Unmarshal(data, got); err != nil || !pb.Equal(got, want) {
		t.Errorf("%v, %v", got, err)
	}
}

// FuzzDecodeIsUnmarshal holds that every message, well-formed or not, is understood as protobuf does.
func FuzzDecodeIsUnmarshal(f *testing.F) {
	plain := encode(f, sample([]byte("picture")))
	f.Add([]byte{})
	f.Add(plain)
	f.Add(plain[:len(plain)-3])
	f.Add(append(bytes.Clone(plain), plain...)) // messages of the same field merge
	f.Add(encode(f, &recognizerpb.RecognizeRequest{Request: &recognizerpb.Request{Image: &recognizerpb.Request_Path{Path: []byte("p")}}}))
	f.Add([]byte{0x0a, 0x08, 0x0a, 0x01, 'a', 0x12, 0x01, 'b', 0x0a, 0x00}) // data, path, data: the last one counts
	f.Add([]byte{0x0a, 0x03, 0x0a, 0x01, 'a', 0x98, 0x06, 0x01})            // an unknown field behind it
	f.Add([]byte{0x08, 0x01})
	f.Fuzz(func(t *testing.T, buf []byte) {
		want, got := &recognizerpb.RecognizeRequest{}, &recognizerpb.RecognizeRequest{}
		wantErr, gotErr := pb.Unmarshal(buf, want), decode(bytes.Clone(buf), got)
		if (wantErr == nil) != (gotErr == nil) {
			t.Fatalf("protobuf says %v, we say %v", wantErr, gotErr)
		}
		if wantErr == nil && !pb.Equal(want, got) {
			t.Fatalf("protobuf reads %v, we read %v", want, got)
		}
	})
}

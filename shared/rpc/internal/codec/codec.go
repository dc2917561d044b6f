// Package codec takes pictures through gRPC without copying them where that can be spared. It is standard
// protobuf on the wire, and every other message goes through grpc's own codec.
//
// On the way out, a picture that was handed over is sent from where it lies ([Outgoing]). On the way in,
// the bytes of the message that arrived become the picture itself ([Incoming]).
package codec

import (
	"encoding/binary"
	"slices"

	"google.golang.org/grpc/encoding"
	"google.golang.org/grpc/encoding/proto" // registers the codec that this one stands on
	"google.golang.org/grpc/mem"
	"google.golang.org/protobuf/encoding/protowire"
	pb "google.golang.org/protobuf/proto"

	"github.com/seed-6b91b535/idrec/shared/rpc/internal/recognizerpb"
)

// New returns the codec.
func New() encoding.CodecV2 { return NewWithPool(&pictures) }

// NewWithPool returns the codec with a pool of its own for the messages that arrive.
func NewWithPool(p mem.BufferPool) encoding.CodecV2 {
	return codec{encoding.GetCodecV2(proto.Name), p, &Frames{}}
}

// NewWithFrames returns the codec of a server that reads into f.
func NewWithFrames(f *Frames) encoding.CodecV2 {
	return codec{encoding.GetCodecV2(proto.Name), &pictures, f}
}

// pictures is one for the process.
var pictures pool

type codec struct {
	encoding.CodecV2

	pool   mem.BufferPool
	frames *Frames
}

// worthSparing is the size of a message from which copying its picture takes longer than going around it.
const worthSparing = 32 << 10

// Incoming is a request as a server decodes it, with the memory that its picture lies in.
type Incoming struct {
	*recognizerpb.RecognizeRequest

	Memory *Memory // nil for a small one, and where another codec decoded it
}

// Outgoing is a request as a client encodes it. Its picture is not in the message and is sent from where
// it lies, perhaps still after the call has ended, so it must have been handed over.
type Outgoing struct {
	*recognizerpb.RecognizeRequest

	Picture []byte
}

// Unmarshal implements [encoding.CodecV2].
func (c codec) Unmarshal(data mem.BufferSlice, v any) error {
	switch m := v.(type) {
	case *Incoming:
		if data.Len() < worthSparing {
			return c.CodecV2.Unmarshal(data, m.RecognizeRequest)
		}
		// grpc takes its buffers back when this returns, so they are copied once, unless they lie so that
		// they can be held together.
		whole, at := c.frames.join(data)
		if whole == nil {
			buf := data.MaterializeToBuffer(c.pool)
			whole, at = buf.ReadOnlyData(), copied{buf}
		}
		if err := decode(whole, m.RecognizeRequest); err != nil {
			at.release()
			return err
		}
		m.Memory = &Memory{place: at, holds: 1}
		return nil
	case *recognizerpb.RecognizeRequest:
		return decode(data.Materialize(), m)
	}
	return c.CodecV2.Unmarshal(data, v)
}

// Marshal implements [encoding.CodecV2].
func (c codec) Marshal(v any) (mem.BufferSlice, error) {
	m, ok := v.(*Outgoing)
	if !ok {
		return c.CodecV2.Marshal(v)
	}
	head, tail, err := around(m.RecognizeRequest, len(m.Picture))
	if err != nil {
		return nil, err
	}
	return mem.BufferSlice{mem.SliceBuffer(head), mem.SliceBuffer(m.Picture), mem.SliceBuffer(tail)}, nil
}

// around encodes what comes before and behind a picture of that size.
func around(m *recognizerpb.RecognizeRequest, size int) (head, tail []byte, err error) {
	request := m.GetRequest()
	if tail, err = (pb.MarshalOptions{}).Marshal(&recognizerpb.RecognizeRequest{Timeout: m.GetTimeout()}); err != nil {
		return nil, nil, err
	}
	inner := pb.Size(request)
	whole := inner + protowire.SizeTag(dataField) + protowire.SizeBytes(size)
	head = make([]byte, 0, inner+4*binary.MaxVarintLen64)
	head = protowire.AppendTag(head, requestField, protowire.BytesType)
	head = protowire.AppendVarint(head, uint64(whole))
	if head, err = (pb.MarshalOptions{UseCachedSize: true}).MarshalAppend(head, request); err != nil {
		return nil, nil, err
	}
	head = protowire.AppendTag(head, dataField, protowire.BytesType)
	return protowire.AppendVarint(head, uint64(size)), tail, nil
}

// decode is proto.Unmarshal, but for the picture, which is not copied out of buf.
func decode(buf []byte, m *recognizerpb.RecognizeRequest) error {
	request, ok := find(buf, requestField)
	if !ok {
		return pb.Unmarshal(buf, m)
	}
	picture, ok := find(buf[request.value:request.end], dataField, pathField, urlField, laneField)
	if !ok {
		return pb.Unmarshal(buf, m)
	}
	inner := buf[request.value:request.end]
	r := &recognizerpb.Request{}
	if err := pb.Unmarshal(without(inner, picture), r); err != nil {
		return err
	}
	if err := pb.Unmarshal(without(buf, request), m); err != nil {
		return err
	}
	r.Image = &recognizerpb.Request_Data{Data: inner[picture.value:picture.end:picture.end]}
	m.Request = r
	return nil
}

// The fields on the way to the picture, and the others of its oneof.
const (
	requestField protowire.Number = 1
	dataField    protowire.Number = 1
	pathField    protowire.Number = 2
	urlField     protowire.Number = 3
	laneField    protowire.Number = 20
)

// span is where a field lies: its tag, its value, and its end.
type span struct{ tag, value, end int }

// find returns the one field of that number. ok is false unless it is there once, as bytes, and none of
// the others is: what is unusual is left to the codec that knows all rules.
func find(msg []byte, want protowire.Number, others ...protowire.Number) (found span, ok bool) {
	for at := 0; at < len(msg); {
		num, typ, n := protowire.ConsumeTag(msg[at:])
		if n < 0 {
			return span{}, false
		}
		size := protowire.ConsumeFieldValue(num, typ, msg[at+n:])
		if size < 0 {
			return span{}, false
		}
		end := at + n + size
		if slices.Contains(others, num) {
			return span{}, false
		}
		if num == want {
			if ok || typ != protowire.BytesType {
				return span{}, false
			}
			value, _ := protowire.ConsumeBytes(msg[at+n:])
			found, ok = span{at, end - len(value), end}, true
		}
		at = end
	}
	return found, ok
}

func without(msg []byte, s span) []byte {
	return append(append(make([]byte, 0, len(msg)-(s.end-s.tag)), msg[:s.tag]...), msg[s.end:]...)
}

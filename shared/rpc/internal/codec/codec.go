// Package codec decodes the requests of the wire without a copy of the picture: the bytes of the
// message that arrived become the picture itself. It is standard protobuf on the wire, and every other
// message goes through grpc's own codec.
package codec

import (
	"slices"

	"google.golang.org/grpc/encoding"
	"google.golang.org/grpc/encoding/proto" // registers the codec that this one stands on
	"google.golang.org/grpc/mem"
	"google.golang.org/protobuf/encoding/protowire"
	pb "google.golang.org/protobuf/proto"

	"github.com/seed-6b91b535/idrec/shared/rpc/internal/recognizerpb"
)

// New returns the codec.
func New() encoding.CodecV2 { return codec{encoding.GetCodecV2(proto.Name)} }

type codec struct{ encoding.CodecV2 }

// Unmarshal implements [encoding.CodecV2].
func (c codec) Unmarshal(data mem.BufferSlice, v any) error {
	m, ok := v.(*recognizerpb.RecognizeRequest)
	if !ok {
		return c.CodecV2.Unmarshal(data, v)
	}
	// grpc takes its buffers back when this returns, so they are copied once, into memory that nobody
	// else will ever use: the picture may outlive the call.
	return decode(data.Materialize(), m)
}

// decode is proto.Unmarshal, but for the picture, which is not copied out of buf.
func decode(buf []byte, m *recognizerpb.RecognizeRequest) error {
	request, ok := find(buf, requestField)
	if !ok {
		return pb.Unmarshal(buf, m)
	}
	picture, ok := find(buf[request.value:request.end], dataField, pathField, urlField)
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

// The fields on the way to the picture, and the other two of its oneof.
const (
	requestField protowire.Number = 1
	dataField    protowire.Number = 1
	pathField    protowire.Number = 2
	urlField     protowire.Number = 3
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

package codec

import (
	"bytes"
	"context"
	"crypto/sha256"
	"net"
	"sync"
	"sync/atomic"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/experimental"
	"google.golang.org/grpc/mem"
	"google.golang.org/grpc/test/bufconn"
	"pgregory.net/rapid"

	"github.com/seed-6b91b535/idrec/shared/rpc/internal/recognizerpb"
)

// spoiled returns frames that write over what nobody needs, so that who reads it afterwards is found out,
// also by the race detector.
func spoiled() *Frames {
	return &Frames{spoil: func(b []byte) {
		for i := range b {
			b[i] = 0xDB
		}
	}}
}

// framed reads a message into f as grpc does: frame by frame, and a short one into memory of its own.
func framed(f *Frames, message []byte) mem.BufferSlice {
	var data mem.BufferSlice
	for len(message) > 0 {
		n := min(len(message), frameBytes)
		if mem.IsBelowBufferPoolingThreshold(n) {
			data = append(data, mem.SliceBuffer(bytes.Clone(message[:n])))
		} else {
			b := f.Get(n)
			copy(*b, message)
			data = append(data, mem.NewBuffer(b, f))
		}
		message = message[n:]
	}
	return data
}

func numbered(n int, seed byte) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(i>>8) ^ byte(i) ^ seed
	}
	return b
}

func TestAMessageThatArrivedInOrderIsInOnePiece(t *testing.T) {
	t.Parallel()
	for name, size := range map[string]int{
		"whole frames":         4 * frameBytes,
		"a part at the end":    4*frameBytes + 5000,
		"a short end":          4*frameBytes + 7, // grpc reads it elsewhere
		"nearly a slab":        slabBytes - frameBytes,
		"as much as in a slab": slabBytes,
	} {
		f := &Frames{}
		message := numbered(size, 1)
		data := framed(f, message)
		first := &data[0].ReadOnlyData()[0]
		whole, at := f.join(data)
		if whole == nil || &whole[0] != first {
			t.Errorf("%s: it was copied", name)
			continue
		}
		data.Free() // as grpc does
		if !bytes.Equal(whole, message) {
			t.Errorf("%s: it changed", name)
		}
		at.release()
		if len(f.slabs) != 0 {
			t.Errorf("%s: the memory was not given back", name)
		}
	}
}

func TestMessagesThatAreMixedAreNotTakenForOne(t *testing.T) {
	t.Parallel()
	f := &Frames{}
	var one, other mem.BufferSlice
	for range 4 {
		one = append(one, framed(f, numbered(frameBytes, 1))...)
		other = append(other, framed(f, numbered(frameBytes, 2))...)
	}
	for _, data := range []mem.BufferSlice{one, other, {one[1], one[0]}, {mem.SliceBuffer(make([]byte, 40<<10))}, {}} {
		if whole, _ := f.join(data); whole != nil {
			t.Error("frames of two messages were joined")
		}
	}
	// A short end cannot be put where another message has begun.
	data := framed(f, numbered(2*frameBytes+9, 3)[:2*frameBytes])
	next := framed(f, numbered(2*frameBytes, 4))
	if whole, _ := f.join(append(data, mem.SliceBuffer("short end"))); whole != nil {
		t.Error("the end of a message was written over another one")
	}
	if !bytes.Equal(next.Materialize(), numbered(2*frameBytes, 4)) {
		t.Error("the other message changed")
	}
	// One that is in one piece among frames of others would hold the memory of all.
	if whole, _ := f.join(next); whole != nil {
		t.Error("a message holds the frames of others")
	}
}

// Whatever arrives, in whatever order it is needed no more: each message is what was sent, as long as
// somebody holds it or has kept it.
func TestFramesKeepWhatIsHeld(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		f := spoiled()
		f.room = 8 * frameBytes
		type held struct {
			whole, want []byte
			at          place
		}
		var live []held
		for i := range rapid.IntRange(1, 30).Draw(t, "messages") {
			want := numbered(rapid.IntRange(1, 10*frameBytes).Draw(t, "size"), byte(i))
			data := framed(f, want)
			whole, at := f.join(data)
			if whole == nil {
				whole, at = data.Materialize(), copied{mem.SliceBuffer(nil)}
			}
			data.Free()
			live = append(live, held{whole, want, at})
			for len(live) > 0 && rapid.Bool().Draw(t, "end one") {
				n := rapid.IntRange(0, len(live)-1).Draw(t, "which")
				h := live[n]
				if !bytes.Equal(h.whole, h.want) {
					t.Fatal("a message changed while it was held")
				}
				if rapid.Bool().Draw(t, "keep it") {
					h.at.lose()
					continue // it is looked at again
				}
				h.at.release()
				live = append(live[:n], live[n+1:]...)
			}
			if len(f.slabs) > maxSlabs {
				t.Fatal(len(f.slabs), "slabs are kept")
			}
		}
		for _, h := range live {
			if !bytes.Equal(h.whole, h.want) {
				t.Fatal("a message changed while it was held")
			}
		}
	})
}

// TestAPictureOffTheWireIsNobodyElses: through grpc itself, with calls side by side and bodies that are
// read after their call.
func TestAPictureOffTheWireIsNobodyElses(t *testing.T) {
	t.Parallel()
	f := spoiled()
	var bodies sync.WaitGroup
	var joined atomic.Int64
	s := grpc.NewServer(grpc.MaxRecvMsgSize(16<<20), grpc.ForceServerCodecV2(NewWithFrames(f)), experimental.BufferPool(f))
	s.RegisterService(&grpc.ServiceDesc{ServiceName: "test", HandlerType: (*any)(nil), Methods: []grpc.MethodDesc{{MethodName: "Call",
		Handler: func(_ any, _ context.Context, dec func(any) error, _ grpc.UnaryServerInterceptor) (any, error) {
			in := &Incoming{RecognizeRequest: &recognizerpb.RecognizeRequest{}}
			if err := dec(in); err != nil {
				return nil, err
			}
			defer in.Memory.Done()
			if in.Memory != nil {
				if _, ok := in.Memory.place.(slabPlace); ok {
					joined.Add(1)
				}
				release := in.Memory.Hold()
				bodies.Go(func() {
					defer release()
					check(t, in)
				})
			}
			check(t, in)
			return &recognizerpb.RecognizeResponse{}, nil
		}}}}, struct{}{})
	l := bufconn.Listen(1 << 20)
	go func() { _ = s.Serve(l) }()
	defer s.Stop()
	conn, err := grpc.NewClient("passthrough:///frames", grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return l.DialContext(ctx) }))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	call := func(size, seed int) {
		m := sample(numbered(size, byte(seed)))
		sum := sha256.Sum256(m.GetRequest().GetData())
		m.Request.Key = string(bytes.ToValidUTF8(sum[:], nil))
		if err := conn.Invoke(t.Context(), "/test/Call", m, &recognizerpb.RecognizeResponse{}); err != nil {
			t.Error(err)
		}
	}
	for i := range 10 {
		call(1<<20+i*1013, i) // alone
	}
	if joined.Load() == 0 {
		t.Error("every picture was copied")
	}
	var callers sync.WaitGroup
	for g := range 8 {
		callers.Go(func() {
			for i := range 8 {
				call(10<<10+(g*8+i)*7919, i)
			}
		})
	}
	callers.Wait()
	bodies.Wait()
}

func check(t *testing.T, in *Incoming) {
	t.Helper()
	sum := sha256.Sum256(in.GetRequest().GetData())
	if in.GetRequest().GetKey() != string(bytes.ToValidUTF8(sum[:], nil)) {
		t.Error("a picture is not the one that was sent")
	}
}

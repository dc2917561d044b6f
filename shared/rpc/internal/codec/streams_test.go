package codec

import (
	"bytes"
	"encoding/binary"
	"testing"

	"google.golang.org/grpc/mem"
	"pgregory.net/rapid"
)

// wire is one stream as gRPC reads it: what arrived and was not taken yet, and what is still to come.
type wire struct {
	arrived  mem.BufferSlice
	coming   []byte   // prefixes of five bytes and messages, as they are sent
	messages [][]byte // that were sent and have not been taken
}

// arrive reads one frame of n bytes and a padding, as gRPC's framer does.
func (w *wire) arrive(f *Frames, n, padding int) {
	n = min(n, len(w.coming))
	length := n
	if padding > 0 {
		length = n + 1 + padding
	}
	if mem.IsBelowBufferPoolingThreshold(length) {
		w.arrived = append(w.arrived, mem.SliceBuffer(bytes.Clone(w.coming[:n])))
	} else {
		handle := f.Get(length)
		buf := *handle
		for i := range buf {
			buf[i] = 0xEE
		}
		buf = buf[:n]
		copy(buf, w.coming)
		*handle = buf
		w.arrived = append(w.arrived, mem.NewBuffer(handle, f))
	}
	w.coming = w.coming[n:]
}

// read takes n bytes of what arrived, as gRPC's stream does.
func (w *wire) read(n int) (data mem.BufferSlice) {
	for n > 0 {
		b := w.arrived[0]
		if b.Len() > n {
			b, w.arrived[0] = mem.SplitUnsafe(b, n)
		} else {
			w.arrived = w.arrived[1:]
		}
		data = append(data, b)
		n -= b.Len()
	}
	return data
}

// take returns the next message, if all of it has arrived.
func (w *wire) take() (data mem.BufferSlice, want []byte) {
	const prefix = 5
	if len(w.messages) == 0 || w.arrived.Len() < prefix+len(w.messages[0]) {
		return nil, nil
	}
	for left := make([]byte, prefix); len(left) > 0; {
		n, rest := mem.ReadUnsafe(left, w.arrived[0])
		if left = left[n:]; rest == nil {
			w.arrived = w.arrived[1:]
		} else {
			w.arrived[0] = rest
		}
	}
	want, w.messages = w.messages[0], w.messages[1:]
	return w.read(len(want)), want
}

func (w *wire) send(message []byte) {
	w.coming = append(w.coming, 0)
	w.coming = binary.BigEndian.AppendUint32(w.coming, uint32(len(message)))
	w.coming = append(w.coming, message...)
	w.messages = append(w.messages, message)
}

// However the frames of several streams and connections are mixed, cut, padded, forgotten or given back by
// gRPC: each message is what was sent, for as long as somebody needs it.
func TestStreamsThatShareFramesKeepTheirMessages(t *testing.T) {
	t.Parallel()
	joined := 0
	defer func() {
		if joined == 0 {
			t.Error("every message was copied")
		}
	}()
	rapid.Check(t, func(t *rapid.T) {
		f := spoiled()
		f.room = rapid.IntRange(2, 12).Draw(t, "frames of a slab") * frameBytes
		wires := make([]*wire, rapid.IntRange(1, 4).Draw(t, "streams"))
		for i := range wires {
			wires[i] = &wire{}
		}
		type held struct {
			got, want []byte
			at        place
			lost      bool
		}
		var live []held
		var other []*[]byte // what gRPC takes besides: what it compresses and decompresses
		intact := func(h held) {
			if !bytes.Equal(h.got, h.want) {
				t.Fatalf("a message of %d bytes changed while it was needed", len(h.want))
			}
		}
		take := func(w *wire) {
			data, want := w.take()
			if want == nil {
				return
			}
			got, at := f.join(data)
			if joined++; got == nil {
				joined--
				got, at = data.Materialize(), copied{mem.SliceBuffer(nil)}
			}
			data.Free()
			live = append(live, held{got, want, at, false})
			intact(live[len(live)-1])
		}
		sizes := rapid.OneOf(rapid.IntRange(0, 6*frameBytes), rapid.Map(rapid.IntRange(0, 12), func(n int) int { return n * frameBytes / 2 }),
			rapid.Map(rapid.IntRange(1, 6), func(n int) int { return n*frameBytes - 5 }), rapid.Map(rapid.IntRange(1, 6), func(n int) int { return n*frameBytes + 7 }))
		seed := byte(0)
		t.Repeat(map[string]func(*rapid.T){
			"send": func(t *rapid.T) {
				seed++
				rapid.SampledFrom(wires).Draw(t, "stream").send(numbered(sizes.Draw(t, "size"), seed))
			},
			"arrive": func(t *rapid.T) {
				w := rapid.SampledFrom(wires).Draw(t, "stream")
				for range rapid.IntRange(1, 8).Draw(t, "frames") {
					w.arrive(f, frameBytes, 0)
				}
			},
			"arrive in a way that is rare": func(t *rapid.T) {
				w := rapid.SampledFrom(wires).Draw(t, "stream")
				n := rapid.IntRange(0, frameBytes-256).Draw(t, "bytes")
				w.arrive(f, n, rapid.IntRange(0, 255).Draw(t, "padding"))
			},
			"pass": func(t *rapid.T) { // one message, alone
				w := rapid.SampledFrom(wires).Draw(t, "stream")
				seed++
				w.send(numbered(sizes.Draw(t, "size"), seed))
				for len(w.coming) > 0 {
					w.arrive(f, frameBytes, 0)
				}
				for range len(w.messages) {
					take(w)
				}
			},
			"take": func(t *rapid.T) { take(rapid.SampledFrom(wires).Draw(t, "stream")) },
			"end": func(t *rapid.T) {
				if len(live) == 0 {
					return
				}
				n := rapid.IntRange(0, len(live)-1).Draw(t, "which")
				if live[n].lost {
					return
				}
				intact(live[n])
				if rapid.IntRange(0, 5).Draw(t, "keep it") == 0 {
					live[n].at.lose()
					live[n].lost = true
					return
				}
				live[n].at.release()
				live = append(live[:n], live[n+1:]...)
			},
			"break off": func(t *rapid.T) {
				n := rapid.IntRange(0, len(wires)-1).Draw(t, "stream")
				if rapid.Bool().Draw(t, "give back") {
					wires[n].arrived.Free()
				}
				wires[n] = &wire{}
			},
			"other": func(t *rapid.T) {
				if n := len(other) - 1; n >= 0 && rapid.Bool().Draw(t, "give back") {
					f.Put(other[n])
					other = other[:n]
					return
				}
				n := rapid.IntRange(0, 40<<10).Draw(t, "bytes")
				b := f.Get(n)
				if len(*b) != n {
					t.Fatal(len(*b), n)
				}
				for i := range *b {
					(*b)[i] = 0xEE
				}
				other = append(other, b)
			},
			"": func(*rapid.T) {
				if len(f.slabs) > maxSlabs {
					t.Fatal(len(f.slabs), "slabs are in use")
				}
			},
		})
		for _, h := range live {
			intact(h)
		}
	})
}

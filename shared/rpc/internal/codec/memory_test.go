package codec

import (
	"bytes"
	"crypto/sha256"
	"sync"
	"testing"

	"google.golang.org/grpc/mem"
	pb "google.golang.org/protobuf/proto"
	"pgregory.net/rapid"

	"github.com/seed-6b91b535/idrec/shared/rpc/internal/recognizerpb"
)

// poisoned is a pool that spoils what it gets back, so that who reads it afterwards is found out, also by
// the race detector.
type poisoned struct {
	mu   sync.Mutex
	free [][]byte
	puts int
}

func (p *poisoned) Get(n int) *[]byte {
	p.mu.Lock()
	defer p.mu.Unlock()
	for i, b := range p.free {
		if cap(b) >= n {
			p.free = append(p.free[:i], p.free[i+1:]...)
			b = b[:n]
			return &b
		}
	}
	b := make([]byte, n)
	return &b
}

func (p *poisoned) Put(b *[]byte) {
	for i := range *b {
		(*b)[i] = 0xDB
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.puts++
	p.free = append(p.free, *b)
}

func receive(t *testing.T, p mem.BufferPool, picture []byte) *Incoming {
	t.Helper()
	wire := encode(t, sample(picture))
	in := &Incoming{RecognizeRequest: &recognizerpb.RecognizeRequest{}}
	half := len(wire) / 2
	if err := NewWithPool(p).Unmarshal(mem.BufferSlice{mem.SliceBuffer(wire[:half]), mem.SliceBuffer(wire[half:])}, in); err != nil {
		t.Fatal(err)
	}
	return in
}

func picture(seed byte) []byte { return bytes.Repeat([]byte{seed, 1, 2, 3}, 16<<10) }

func TestMemoryGoesBackWhenNobodyNeedsItAnyMore(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		use  func(*Memory)
		back bool
	}{
		"nobody said how long":         {func(m *Memory) { m.Done() }, false},
		"held, and released":           {func(m *Memory) { m.Hold()(); m.Done() }, true},
		"released after the call":      {func(m *Memory) { r := m.Hold(); m.Done(); r() }, true},
		"released twice":               {func(m *Memory) { r := m.Hold(); r(); r(); m.Done() }, true},
		"two holds, one release":       {func(m *Memory) { m.Hold(); m.Hold()(); m.Done() }, false},
		"kept":                         {func(m *Memory) { r := m.Hold(); m.Keep(); m.Done(); r() }, false},
		"the call is not over":         {func(m *Memory) { m.Hold()() }, false},
		"held again after it was free": {func(m *Memory) { m.Hold()(); m.Done(); m.Hold()() }, true},
	} {
		p := &poisoned{}
		in := receive(t, p, picture(7))
		c.use(in.Memory)
		if (p.puts == 1) != c.back || p.puts > 1 {
			t.Errorf("%s: %d times", name, p.puts)
		}
		if data := in.GetRequest().GetData(); !c.back && !bytes.Equal(data, picture(7)) {
			t.Errorf("%s: the picture changed", name)
		}
	}
	(*Memory)(nil).Done()
}

// Whoever holds it sees its own picture, whatever others do meanwhile.
func TestAHeldPictureIsNobodyElses(t *testing.T) {
	t.Parallel()
	p := &poisoned{}
	var wg sync.WaitGroup
	for g := range 8 {
		wg.Go(func() {
			for i := range 50 {
				mine := picture(byte(g*50 + i))
				want := sha256.Sum256(mine)
				in := receive(t, p, mine)
				release := in.Memory.Hold()
				wg.Go(func() { // the body that is still being read
					if sha256.Sum256(in.GetRequest().GetData()) != want {
						t.Error("a picture changed while it was held")
					}
					release()
				})
				in.Memory.Done()
			}
		})
	}
	wg.Wait()
	if p.puts != 8*50 {
		t.Error(p.puts, "went back")
	}
}

func TestPoolGivesWhatIsAskedFor(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var p pool
		for range 20 {
			n := rapid.IntRange(0, 3<<20).Draw(t, "size")
			b := p.Get(n)
			if len(*b) != n {
				t.Fatal(len(*b), n)
			}
			p.Put(b)
		}
	})
}

func TestAPictureIsSentFromWhereItLies(t *testing.T) {
	t.Parallel()
	for _, data := range [][]byte{picture(1), {}, []byte("x")} {
		whole := sample(data)
		bare := sample(nil)
		bare.Request.Image = nil
		out, err := New().Marshal(&Outgoing{bare, data})
		if err != nil {
			t.Fatal(err)
		}
		if len(data) > 0 && &out[1].ReadOnlyData()[0] != &data[0] {
			t.Error("the picture is a copy")
		}
		got := &recognizerpb.RecognizeRequest{}
		if err := pb.Unmarshal(out.Materialize(), got); err != nil || !pb.Equal(got, whole) {
			t.Errorf("%v: %v", err, got)
		}
		// A larger message in front of it, and none behind.
		bare.Timeout, whole.Timeout = nil, nil
		options := map[string]string{"k": "v"}
		bare.Request.Options, whole.Request.Options = options, options
		if out, err = New().Marshal(&Outgoing{bare, data}); err != nil {
			t.Fatal(err)
		}
		got = &recognizerpb.RecognizeRequest{}
		if err := pb.Unmarshal(out.Materialize(), got); err != nil || !pb.Equal(got, whole) {
			t.Errorf("%v: %v", err, got)
		}
	}
}

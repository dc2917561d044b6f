package lane

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/seed-6b91b535/idrec/shared"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// Behind a picture lies what the pool's memory was used for before.
func TestAPictureHasNoRoomBehindIt(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := inMemory(t)
		go l.Run()
		for _, size := range []int{128 << 10, MinBytes + 4} {
			sent, err := l.Send(t.Context(), make([]byte, size))
			if err != nil || sent == nil {
				t.Fatal(sent, err)
			}
			picture, memory, ok := l.Take(t.Context(), sent.Number)
			if !ok || len(picture) != size || cap(picture) != size {
				t.Errorf("a picture of %d bytes has %d in %d", size, len(picture), cap(picture))
			}
			memory.Hold()()
			memory.Done()
			sent.Over(true)
		}
	})
}

// A picture that nobody will ask for counts until the plugin knows: it has the memory until then.
func TestAForgonePictureCountsUntilThePluginKnows(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := inMemory(t)
		take := func(n int) {
			go func() { _, _ = io.ReadFull(l.socket(), make([]byte, n)) }()
		}
		counted := func() int64 {
			synctest.Wait()
			l.Sender.mu.Lock()
			defer l.Sender.mu.Unlock()
			return l.inUse
		}
		take(headBytes + MinBytes)
		l.send(t, t.Context(), make([]byte, MinBytes)).Over(false)
		if n := counted(); n != MinBytes {
			t.Errorf("%d bytes are in use, want %d", n, MinBytes)
		}
		take(headBytes)
		if n := counted(); n != 0 {
			t.Errorf("%d bytes are in use when the plugin knows", n)
		}
	})
}

// A plugin that has closed its end and says so is told of as one that closes it in the middle.
func TestTheEndOfALaneIsTold(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := inMemory(t)
		l.Sender.Open(false)
		l.Sender.Open(false)
		if why := l.told(); len(why) != 1 {
			t.Errorf("told %q", why)
		}
	})
}

// end is one end of a pipe in memory, whose time is the test's.
type end struct{ net.Conn }

func (end) CloseRead() error  { return nil }
func (end) CloseWrite() error { return nil }

// poisoned is a pool that spoils what it gets back, so that who reads it afterwards is found out, also by the
// race detector.
type poisoned struct {
	mu         sync.Mutex
	free       []*[]byte
	gets, puts int
}

func (p *poisoned) Get(n int) *[]byte {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.gets++
	for i, b := range p.free {
		if cap(*b) >= n {
			p.free = append(p.free[:i], p.free[i+1:]...)
			*b = (*b)[:n]
			return b
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
	p.free = append(p.free, b)
}

func (p *poisoned) out() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.gets - p.puts
}

// testLane is both ends, with what the host's was told.
type testLane struct {
	*Sender
	*Receiver

	pool *poisoned

	mu  sync.Mutex
	why []string
}

func (l *testLane) told() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.why
}

// on makes a lane of two connected sockets; nothing is received yet.
func on(t *testing.T, near, far Socket) *testLane {
	t.Helper()
	l := &testLane{pool: &poisoned{}}
	l.Sender = NewSender(near, func(why string) {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.why = append(l.why, why)
	})
	l.Sender.Open(true)
	l.Receiver = NewReceiverWithPool(far, l.pool)
	t.Cleanup(func() {
		l.Sender.Close()
		l.Receiver.Close()
	})
	return l
}

func inMemory(t *testing.T) *testLane {
	t.Helper()
	near, far := net.Pipe()
	return on(t, end{near}, end{far})
}

func picture(seed byte, size int) []byte { return bytes.Repeat([]byte{seed, 1, 2, 3}, size/4) }

// send sends what must go through the lane.
func (l *testLane) send(t *testing.T, ctx context.Context, b []byte) *Sent {
	t.Helper()
	sent, err := l.Send(ctx, b)
	if err != nil || sent == nil {
		t.Error("not sent:", err)
		return &Sent{sender: l.Sender}
	}
	return sent
}

func TestWhatDoesNotGoThroughTheLane(t *testing.T) {
	t.Parallel()
	refused := func(s *Sender, b []byte) {
		t.Helper()
		if sent, err := s.Send(t.Context(), b); sent != nil || err != nil {
			t.Error(sent, err)
		}
	}
	l := inMemory(t)
	refused(nil, picture(1, MinBytes))
	refused(l.Sender, picture(1, MinBytes-4))
	near, _ := net.Pipe()
	s := NewSender(end{near}, nil)
	refused(s, picture(1, MinBytes)) // nobody said that the plugin takes it
	s.Open(false)
	s.Open(true)
	refused(s, picture(1, MinBytes)) // it was closed
	if (*Receiver)(nil).Open() {
		t.Error("no lane is open")
	}
	if _, _, ok := (*Receiver)(nil).Take(t.Context(), 1); ok {
		t.Error("no lane has a picture")
	}
	(*Sender)(nil).Open(true)
	(*Sender)(nil).Close()
}

func TestBytesInUseAreBounded(t *testing.T) {
	t.Parallel()
	l := inMemory(t)
	go func() {
		for b := make([]byte, shared.MaxImageBytes); ; {
			if _, err := l.socket().Read(b); err != nil {
				return
			}
		}
	}()
	large := make([]byte, shared.MaxImageBytes)
	var all []*Sent
	for range maxInUse / shared.MaxImageBytes {
		all = append(all, l.send(t, t.Context(), large))
	}
	if sent, err := l.Send(t.Context(), large); sent != nil || err != nil {
		t.Error("more than is allowed was sent:", err)
	}
	all[0].Over(true)
	l.send(t, t.Context(), large)
	if why := l.told(); why != nil {
		t.Error(why)
	}
}

func TestACallWaitsForItsPicture(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := inMemory(t)
		go l.Run()
		var wg sync.WaitGroup
		wg.Go(func() {
			got, m, ok := l.Take(t.Context(), 1)
			if !ok || !bytes.Equal(got, picture(7, MinBytes)) {
				t.Error("not the picture")
				return
			}
			m.Hold()()
			m.Done()
		})
		synctest.Wait()
		l.send(t, t.Context(), picture(7, MinBytes)).Over(true)
		wg.Wait()
		if n := l.pool.out(); n != 0 {
			t.Error(n, "are not back in the pool")
		}
		for name, ctx := range map[string]context.Context{"taken": t.Context(), "never sent": t.Context(), "given up": canceled()} {
			number := uint64(1)
			if name != "taken" {
				number = 2
			}
			start := time.Now()
			if _, _, ok := l.Take(ctx, number); ok || time.Since(start) > arrival || name != "never sent" && time.Since(start) > 0 {
				t.Error(name, ok, time.Since(start))
			}
		}
		wg.Go(func() {
			if _, _, ok := l.Take(t.Context(), 2); ok {
				t.Error("a picture that was never sent")
			}
		})
		synctest.Wait()
		start := time.Now()
		if _, _, ok := l.Take(t.Context(), 2); ok || time.Since(start) > 0 {
			t.Error("two calls ask for one picture")
		}
		l.Receiver.Close()
		wg.Wait()
		if time.Since(start) > 0 {
			t.Error("the end of the lane ends the wait")
		}
	})
}

func canceled() context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	return ctx
}

// A caller that gives up gets its picture's memory back at once, whatever the plugin does; the plugin sees
// nothing of what is written there afterwards, and the lane lives on.
func TestCancelWhileAPictureIsBeingWritten(t *testing.T) {
	t.Parallel()
	for _, taken := range []int{0, 1, headBytes - 1, headBytes, headBytes + 1, headBytes + MinBytes/2} {
		synctest.Test(t, func(t *testing.T) {
			l := inMemory(t)
			ctx, cancel := context.WithCancel(t.Context())
			mine := picture(9, MinBytes)
			var wg sync.WaitGroup
			wg.Go(func() {
				if sent, err := l.Send(ctx, mine); sent != nil || !errors.Is(err, context.Canceled) {
					t.Error(sent, err)
				}
				for i := range mine { // another person's
					mine[i] = 0xAA
				}
			})
			begun := make([]byte, taken)
			if _, err := io.ReadFull(l.socket(), begun); err != nil {
				t.Fatal(err)
			}
			synctest.Wait()
			start := time.Now()
			cancel()
			wg.Wait()
			if time.Since(start) > 0 {
				t.Error("the caller waited", time.Since(start))
			}
			next := make(chan *Sent)
			go func() { next <- l.send(t, t.Context(), picture(4, MinBytes)) }()
			if taken > 0 {
				rest, word := make([]byte, headBytes+MinBytes-taken), make([]byte, headBytes)
				_, err1 := io.ReadFull(l.socket(), rest)
				_, err2 := io.ReadFull(l.socket(), word)
				if h := decodeHead(word); err1 != nil || err2 != nil || h.number != 1 || h.kind != kindForgone {
					t.Fatal("the plugin is not told that nobody will ask:", err1, err2, h)
				}
				if bytes.Contains(rest, []byte{0xAA}) || bytes.Contains(rest[min(len(rest), headBytes):], []byte{9}) {
					t.Error("the plugin got what it was not given")
				}
			}
			go l.Run() // which takes the next picture
			if got, _, ok := l.Take(t.Context(), (<-next).Number); !ok || !bytes.Equal(got, picture(4, MinBytes)) {
				t.Error("the next picture is not whole")
			}
			if why := l.told(); why != nil {
				t.Error(why)
			}
			l.locked(func() {
				if l.bytes != 0 || len(l.waiting) != 0 {
					t.Error("something waits")
				}
			})
		})
	}
}

func (l *testLane) socket() io.Reader { return l.Receiver.socket }

// locked runs f while nothing arrives.
func (l *testLane) locked(f func()) {
	l.Receiver.mu.Lock()
	defer l.Receiver.mu.Unlock()
	f()
}

func TestCancelWhileAnotherIsBeingWritten(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := inMemory(t)
		first := make(chan *Sent)
		go func() { first <- l.send(t, t.Context(), picture(1, MinBytes)) }()
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if sent, err := l.Send(ctx, picture(2, MinBytes)); sent != nil || !errors.Is(err, context.DeadlineExceeded) {
			t.Error(sent, err)
		}
		go l.Run()
		if got, _, ok := l.Take(t.Context(), (<-first).Number); !ok || !bytes.Equal(got, picture(1, MinBytes)) {
			t.Error("the first is not whole")
		}
	})
}

// After a call that got no answer, the memory of its picture goes back, whether or not it was asked for.
func TestAPictureThatNobodyAskedForGoes(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := inMemory(t)
		go l.Run()
		sent := l.send(t, t.Context(), picture(1, MinBytes))
		taken := l.send(t, t.Context(), picture(2, MinBytes))
		_, m, _ := l.Take(t.Context(), taken.Number)
		sent.Over(false)
		taken.Over(false)
		synctest.Wait()
		if n := l.pool.out(); n != 1 {
			t.Error(n, "pictures are in use")
		}
		if _, _, ok := l.Take(t.Context(), sent.Number); ok {
			t.Error("it was taken back")
		}
		m.Hold()()
		m.Done()
		left := l.send(t, t.Context(), picture(3, MinBytes))
		synctest.Wait()
		l.Sender.Close()
		synctest.Wait()
		if l.Receiver.Open() {
			t.Error("open without a host")
		}
		if n := l.pool.out(); n != 1 {
			t.Error("a call that is on its way has no picture any more")
		}
		time.Sleep(arrival)
		synctest.Wait()
		if n := l.pool.out(); n != 0 {
			t.Error(left.Number, "is kept for good")
		}
	})
}

func TestAPluginThatTakesNothing(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := inMemory(t)
		start := time.Now()
		if sent, err := l.Send(t.Context(), picture(1, MinBytes)); sent != nil || err != nil || time.Since(start) != stall {
			t.Error(sent, err, time.Since(start))
		}
		if sent, err := l.Send(t.Context(), picture(1, MinBytes)); sent != nil || err != nil || time.Since(start) != stall {
			t.Error(sent, err, time.Since(start))
		}
		if why := l.told(); len(why) != 1 || why[0] != "the plugin takes nothing from it" {
			t.Error(why)
		}
	})
	for parts, lives := range map[int]bool{8: true, 16: false} { // one that takes little at a time
		synctest.Test(t, func(t *testing.T) {
			l := inMemory(t)
			var reader sync.WaitGroup
			defer reader.Wait()
			reader.Go(func() {
				for {
					time.Sleep(stall - 1)
					if _, err := io.ReadFull(l.socket(), make([]byte, MinBytes/parts)); err != nil {
						return
					}
				}
			})
			start := time.Now()
			if sent, err := l.Send(t.Context(), picture(1, MinBytes)); (sent != nil) != lives || err != nil || time.Since(start) > slow+stall {
				t.Error(parts, sent, err, time.Since(start))
			}
			l.Sender.Close()
		})
	}
	synctest.Test(t, func(t *testing.T) { // one that is gone
		l := inMemory(t)
		l.Receiver.Close()
		if sent, err := l.Send(t.Context(), picture(1, MinBytes)); sent != nil || !errors.Is(err, ErrEnded) {
			t.Error(sent, err)
		}
		if sent, err := l.Send(t.Context(), picture(1, MinBytes)); sent != nil || err != nil {
			t.Error(sent, err)
		}
		if why := l.told(); len(why) != 1 || why[0] != "the plugin closed it" {
			t.Error(why)
		}
	})
	synctest.Test(t, func(t *testing.T) { // and one that takes half of a picture that is given up
		l := inMemory(t)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		go func() { _, _ = io.ReadFull(l.socket(), make([]byte, MinBytes/2)) }()
		if sent, err := l.Send(ctx, picture(1, MinBytes)); sent != nil || !errors.Is(err, context.DeadlineExceeded) {
			t.Error(sent, err)
		}
		time.Sleep(stall + time.Second)
		synctest.Wait()
		if why := l.told(); len(why) != 1 {
			t.Error(why)
		}
	})
}

func TestGarbageEndsTheLane(t *testing.T) {
	t.Parallel()
	whole := func(h head) []byte { return append(h.encode(), make([]byte, h.size)...) }
	for name, garbage := range map[string][]byte{
		"another kind":      head{1, MinBytes, 3}.encode(),
		"too small":         head{1, MinBytes - 1, kindPicture}.encode(),
		"too large":         head{1, shared.MaxImageBytes + 1, kindPicture}.encode(),
		"no number":         head{0, MinBytes, kindPicture}.encode(),
		"a number twice":    append(whole(head{1, MinBytes, kindPicture}), head{1, MinBytes, kindPicture}.encode()...),
		"a lower number":    append(whole(head{9, MinBytes, kindPicture}), head{8, MinBytes, kindPicture}.encode()...),
		"text":              []byte("GET / HTTP/1.1\r\n\r\n"),
		"an end in a head":  {1},
		"an end in between": append(head{1, MinBytes, kindPicture}.encode(), 1, 2, 3),
	} {
		near, far := net.Pipe()
		p := &poisoned{}
		r := NewReceiverWithPool(end{far}, p)
		go func() {
			_, _ = near.Write(garbage)
			if strings.HasPrefix(name, "an end") {
				_ = near.Close()
			}
		}()
		r.Run()
		if r.Open() {
			t.Errorf("%s: still open", name)
		}
		if _, err := near.Write([]byte{1}); err == nil {
			t.Errorf("%s: the host is not told", name)
		}
		r.clear()
		if p.out() != 0 {
			t.Errorf("%s: memory is kept", name)
		}
	}
}

// one is a pool with one piece of memory, for pictures that nobody looks at.
type one struct{ b []byte }

func (o one) Get(n int) *[]byte {
	b := o.b[:n]
	return &b
}
func (one) Put(*[]byte) {}

func TestBytesThatWaitAreBounded(t *testing.T) {
	t.Parallel()
	near, far := net.Pipe()
	r := NewReceiverWithPool(end{far}, one{make([]byte, shared.MaxImageBytes)})
	done := make(chan struct{})
	go func() {
		defer close(done)
		r.Run()
	}()
	large := make([]byte, shared.MaxImageBytes)
	for i := range uint64(maxWaiting / shared.MaxImageBytes) {
		if _, err := (&net.Buffers{head{i + 1, shared.MaxImageBytes, kindPicture}.encode(), large}).WriteTo(near); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := near.Write(head{100, MinBytes, kindPicture}.encode()); err != nil {
		t.Fatal(err)
	}
	<-done
}

func FuzzReceiver(f *testing.F) {
	f.Add(append(head{1, MinBytes, kindPicture}.encode(), make([]byte, MinBytes)...))
	f.Add(head{number: 1, kind: kindForgone}.encode())
	f.Fuzz(func(t *testing.T, sent []byte) {
		near, far := net.Pipe()
		p := &poisoned{}
		r := NewReceiverWithPool(end{far}, p)
		go func() {
			_, _ = near.Write(sent)
			_ = near.Close()
		}()
		r.Run()
		if len(sent) >= headBytes {
			_, _, _ = r.Take(t.Context(), binary.LittleEndian.Uint64(sent))
		}
		r.clear()
		if p.out() > 1 {
			t.Error("memory is kept")
		}
	})
}

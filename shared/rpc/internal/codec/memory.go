package codec

import (
	"context"
	"math/bits"
	"sync"

	"google.golang.org/grpc/mem"
)

// Memory is what one picture lies in: memory of a pool, to which it goes back only if somebody said how
// long it is needed, see shared.WithImageHold. Otherwise it is left to the garbage collector, so that
// nobody who does not know of this can ever see another person's picture in it.
type Memory struct {
	mu    sync.Mutex
	place place
	holds int  // that are not released; the call itself is one
	held  bool // somebody said how long
	kept  bool // somebody needs it for good
}

// NewMemory returns the memory of a picture that lies in a buffer of p.
func NewMemory(p mem.BufferPool, b *[]byte) *Memory { return &Memory{place: pooled{p, b}, holds: 1} }

// Hold keeps the memory until release is called; only the first call of that counts.
func (m *Memory) Hold() (release func()) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.held = true
	m.holds++
	return sync.OnceFunc(m.release)
}

// Keep gives the memory up for good.
func (m *Memory) Keep() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.kept = true
}

// Done says that the call itself is over. Nil has nothing to do.
func (m *Memory) Done() {
	if m != nil {
		m.release()
	}
}

func (m *Memory) release() {
	m.mu.Lock()
	defer m.mu.Unlock()
	switch m.holds--; {
	case m.holds > 0 || m.place == nil:
		return
	case m.held && !m.kept:
		m.place.release()
	default:
		m.place.lose()
	}
	m.place = nil // it can go back once
}

// place is where a message lies.
type place interface {
	release() // nobody needs it any more
	lose()    // it can never be used again
}

// copied is the place of a message that was copied into one piece.
type copied struct{ buf mem.Buffer }

func (c copied) release() { c.buf.Free() }
func (copied) lose()      {}

// pooled is the place of a picture that came alone.
type pooled struct {
	pool mem.BufferPool
	buf  *[]byte
}

func (p pooled) release() { p.pool.Put(p.buf) }
func (pooled) lose()      {}

type memoryKey struct{}

// WithMemory hands the memory of a request to its handler.
func WithMemory(ctx context.Context, m *Memory) context.Context {
	if m == nil {
		return ctx
	}
	return context.WithValue(ctx, memoryKey{}, m)
}

// MemoryOf returns what WithMemory said, or nil.
func MemoryOf(ctx context.Context) *Memory {
	m, _ := ctx.Value(memoryKey{}).(*Memory)
	return m
}

// pool has memory for whole messages, by powers of two. gRPC's own pools stop at 1 MiB, and clear what
// they give out, which for a picture takes as long as copying it.
type pool struct{ sizes [maxPooled + 1]sync.Pool }

// Messages below 32 KiB are not worth a pool; above 64 MiB there are none.
const (
	minPooled = 15
	maxPooled = 26
)

// Pictures returns the process's pool for pictures.
func Pictures() mem.BufferPool { return &pictures }

// Get returns memory with old bytes in it; who asks writes all of it.
func (p *pool) Get(length int) *[]byte {
	n := bits.Len(uint(max(length, 1) - 1))
	if n > maxPooled || n < minPooled {
		b := make([]byte, length)
		return &b
	}
	if b, ok := p.sizes[n].Get().(*[]byte); ok {
		*b = (*b)[:length]
		return b
	}
	b := make([]byte, length, 1<<n)
	return &b
}

func (p *pool) Put(b *[]byte) {
	n := bits.Len(uint(max(cap(*b), 1))) - 1
	if n >= minPooled && n <= maxPooled && cap(*b) == 1<<n {
		p.sizes[n].Put(b)
	}
}

package lane

import (
	"context"
	"errors"
	"io"
	"sync"
	"time"

	"google.golang.org/grpc/mem"

	"github.com/seed-6b91b535/idrec/shared"
	"github.com/seed-6b91b535/idrec/shared/rpc/internal/codec"
)

// arrival is how long a call waits for its picture. The picture was written before the call was sent, so it
// is there, or at most what a socket holds of it is not.
const arrival = 5 * time.Second

// maxWaiting bounds the bytes of pictures that wait for their calls: more than a host sends that bounds what
// is in use.
const maxWaiting = maxInUse

// Receiver is the plugin's end. It is safe for concurrent use; a nil one has no pictures.
type Receiver struct {
	socket Socket
	pool   mem.BufferPool

	mu      sync.Mutex
	waiting map[uint64]*[]byte      // pictures that wait for their calls
	asked   map[uint64]chan *[]byte // calls that wait for their pictures
	bytes   int64                   // in waiting
	last    uint64                  // the number of the last picture that arrived
	closed  bool
}

// NewReceiver returns the plugin's end; [Receiver.Run] receives.
func NewReceiver(s Socket) *Receiver { return NewReceiverWithPool(s, codec.Pictures()) }

// NewReceiverWithPool is NewReceiver with a pool of its own for the pictures.
func NewReceiverWithPool(s Socket, p mem.BufferPool) *Receiver {
	_ = s.CloseWrite()
	return &Receiver{socket: s, pool: p, waiting: map[uint64]*[]byte{}, asked: map[uint64]chan *[]byte{}}
}

// Open reports whether pictures can arrive.
func (r *Receiver) Open() bool {
	if r == nil {
		return false
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	return !r.closed
}

// Run receives until the lane ends. Pictures that are whole by then are still given out, to calls that are on
// their way.
func (r *Receiver) Run() {
	for r.receive() == nil {
	}
	r.Close()
}

// Close ends the lane.
func (r *Receiver) Close() {
	_ = r.socket.Close()
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return
	}
	r.closed = true
	for _, c := range r.asked {
		close(c)
	}
	clear(r.asked)
	time.AfterFunc(arrival, r.clear)
}

// clear gives back what nobody has asked for.
func (r *Receiver) clear() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for number := range r.waiting {
		r.pool.Put(r.takeLocked(number))
	}
}

var errGarbage = errors.New("this is no picture of a host")

// receive receives one head and its picture.
func (r *Receiver) receive() error {
	var b [headBytes]byte
	if _, err := io.ReadFull(r.socket, b[:]); err != nil {
		return err
	}
	h := decodeHead(b[:])
	if h.kind == kindForgone {
		r.forget(h.number)
		return nil
	}
	if h.kind != kindPicture || h.size < MinBytes || h.size > shared.MaxImageBytes || !r.room(h) {
		return errGarbage
	}
	picture := r.pool.Get(int(h.size))
	if _, err := io.ReadFull(r.socket, *picture); err != nil {
		r.pool.Put(picture)
		return err
	}
	r.arrived(h.number, picture)
	return nil
}

// room reports whether the picture may come.
func (r *Receiver) room(h head) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return h.number > r.last && r.bytes+int64(h.size) <= maxWaiting
}

func (r *Receiver) arrived(number uint64, picture *[]byte) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.last = number
	if c, ok := r.asked[number]; ok {
		delete(r.asked, number)
		c <- picture // it has room for one
		return
	}
	r.waiting[number] = picture
	r.bytes += int64(len(*picture))
}

// forget gives the memory of a picture back that nobody will ask for.
func (r *Receiver) forget(number uint64) {
	r.mu.Lock()
	picture := r.takeLocked(number)
	r.mu.Unlock()
	if picture != nil {
		r.pool.Put(picture)
	}
}

func (r *Receiver) takeLocked(number uint64) *[]byte {
	picture, ok := r.waiting[number]
	if ok {
		delete(r.waiting, number)
		r.bytes -= int64(len(*picture))
	}
	return picture
}

// Take returns the picture of that number, once, and the memory that it lies in. ok is false if there is none.
func (r *Receiver) Take(ctx context.Context, number uint64) (picture []byte, m *codec.Memory, ok bool) {
	if r == nil {
		return nil, nil, false
	}
	r.mu.Lock()
	b := r.takeLocked(number)
	var c chan *[]byte
	if _, twice := r.asked[number]; b == nil && !r.closed && number > r.last && !twice {
		c = make(chan *[]byte, 1)
		r.asked[number] = c
	}
	r.mu.Unlock()
	if c != nil {
		b = r.wait(ctx, number, c)
	}
	if b == nil {
		return nil, nil, false
	}
	// Without the room behind it, in which the pool may have another's.
	return (*b)[:len(*b):len(*b)], codec.NewMemory(r.pool, b), true
}

// wait returns the picture when it arrives, or nil.
func (r *Receiver) wait(ctx context.Context, number uint64, c chan *[]byte) *[]byte {
	limit := time.NewTimer(arrival)
	defer limit.Stop()
	select {
	case b := <-c:
		return b
	case <-ctx.Done():
	case <-limit.C:
	}
	r.mu.Lock()
	delete(r.asked, number)
	r.mu.Unlock()
	select {
	case b := <-c: // just now
		return b
	default:
		return nil
	}
}

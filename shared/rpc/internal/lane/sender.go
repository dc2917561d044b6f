package lane

import (
	"context"
	"errors"
	"net"
	"os"
	"sync"
	"time"
)

const (
	// MinBytes is the size from which a picture is worth the lane: below, its system calls cost as much as
	// the encryption.
	MinBytes = 64 << 10
	// maxInUse bounds the bytes of calls whose pictures went through the lane and that have no answer yet.
	// What is more goes through the connection.
	maxInUse = 256 << 20
	// stall is how long the plugin may take nothing before the lane is given up.
	stall = 2 * time.Second
	// slow is how long it may take for a picture in all, so that one that takes it by the byte does not keep
	// the others waiting.
	slow = 10 * stall
)

// Socket is what a lane needs of its end, a *net.UnixConn say.
type Socket interface {
	net.Conn
	CloseRead() error
	CloseWrite() error
}

// Sender is the host's end. It is safe for concurrent use; a nil one sends nothing.
type Sender struct {
	socket Socket
	broken func(why string)

	turn chan struct{} // holds one while somebody writes
	last uint64        // the number of the last picture; for whose turn it is

	mu     sync.Mutex
	open   bool // the plugin said that it takes pictures here
	closed bool
	inUse  int64
}

// NewSender returns the host's end, which sends nothing until [Sender.Open]. broken, unless it is nil, is told,
// once, why the lane was given up.
func NewSender(s Socket, broken func(why string)) *Sender {
	_ = s.CloseRead() // a plugin that writes to it is told so, and fills nothing
	return &Sender{socket: s, broken: broken, turn: make(chan struct{}, 1)}
}

// Open says whether the plugin takes pictures from the lane. If it does not, the lane is closed.
func (s *Sender) Open(takes bool) {
	if s == nil {
		return
	}
	s.mu.Lock()
	was := s.open
	s.open = takes
	s.mu.Unlock()
	switch {
	case takes:
	case was:
		s.Break("the plugin closed it")
	default:
		s.Close()
	}
}

// Close ends the lane. What was sent before still arrives.
func (s *Sender) Close() {
	if s != nil {
		s.end()
	}
}

// Break ends the lane because something is wrong with it.
func (s *Sender) Break(why string) {
	if s.end() && s.broken != nil {
		s.broken(why)
	}
}

// end reports whether it was this call that ended the lane.
func (s *Sender) end() bool {
	s.mu.Lock()
	was := s.closed
	s.closed = true
	s.mu.Unlock()
	_ = s.socket.Close()
	return !was
}

// Sent is a picture that was sent, until its call is over.
type Sent struct {
	Number uint64

	sender *Sender
	size   int
}

// ErrEnded is the end of a lane in the middle of a picture: the plugin closed it, or has ended.
var ErrEnded = errors.New("the plugin closed the lane")

// Send writes the picture and does not read it any more afterwards. It returns nil where the picture must go
// through the connection. The error is that of ctx, or [ErrEnded]; then nobody will ask for the picture.
func (s *Sender) Send(ctx context.Context, picture []byte) (*Sent, error) {
	if s == nil || len(picture) < MinBytes || !s.reserve(len(picture)) {
		return nil, nil
	}
	select {
	case s.turn <- struct{}{}:
	case <-ctx.Done():
		s.free(len(picture))
		return nil, ctx.Err()
	}
	s.last++
	sent := &Sent{s.last, s, len(picture)}
	b := net.Buffers{head{sent.Number, uint32(len(picture)), kindPicture}.encode(), picture}
	whole := bytesIn(b)
	err := s.write(ctx, &b)
	if err == nil {
		<-s.turn
		return sent, nil
	}
	s.free(len(picture))
	switch left := bytesIn(b); {
	case ctx.Err() == nil:
		<-s.turn
		s.failed(err)
		if errors.Is(err, os.ErrDeadlineExceeded) {
			return nil, nil
		}
		return nil, ErrEnded
	case left == whole:
		<-s.turn
	default: // the plugin waits for the rest
		var begun []byte
		if left > len(picture) {
			begun = b[0]
		}
		go s.fill(sent.Number, begun, min(left, len(picture))) //nolint:gosec // it goes on after the caller
	}
	return nil, ctx.Err()
}

// write writes b, of which it leaves what was not written when it fails.
func (s *Sender) write(ctx context.Context, b *net.Buffers) error {
	cut := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(cut)
		_ = s.socket.SetWriteDeadline(time.Unix(1, 0))
	})
	defer func() {
		if !stop() {
			<-cut // or it would cut the next one
		}
	}()
	for begun := time.Now(); ; {
		_ = s.socket.SetWriteDeadline(time.Now().Add(stall))
		if err := ctx.Err(); err != nil {
			return err
		}
		n, err := b.WriteTo(s.socket)
		if err == nil || n == 0 || time.Since(begun) > slow || !errors.Is(err, os.ErrDeadlineExceeded) {
			return err
		}
	}
}

// nothing stands for the rest of a picture that was given up.
var nothing [64 << 10]byte

// fill ends a picture whose caller gave up while it was being written: the picture is the caller's again, so
// the plugin gets zeros for its rest, and is told that nobody will ask for it. begun is the rest of its head.
// It has the turn.
func (s *Sender) fill(number uint64, begun []byte, zeros int) {
	defer func() { <-s.turn }()
	var b net.Buffers
	if len(begun) > 0 {
		b = append(b, begun)
	}
	for zeros > 0 {
		n := min(zeros, len(nothing))
		b = append(b, nothing[:n])
		zeros -= n
	}
	b = append(b, head{number: number, kind: kindForgone}.encode())
	if err := s.write(context.Background(), &b); err != nil {
		s.failed(err)
	}
}

// Over says that the call of the picture has ended. answered is false where the plugin gave no answer, and so
// may never have asked for the picture.
func (p *Sent) Over(answered bool) {
	if answered {
		p.sender.free(p.size)
		return
	}
	go func() {
		defer p.sender.free(p.size) // when the plugin knows, which counts too
		p.sender.forgo(p.Number)
	}()
}

func (s *Sender) forgo(number uint64) {
	s.turn <- struct{}{}
	defer func() { <-s.turn }()
	if err := s.write(context.Background(), &net.Buffers{head{number: number, kind: kindForgone}.encode()}); err != nil {
		s.failed(err)
	}
}

func (s *Sender) failed(err error) {
	why := "the plugin closed it"
	if errors.Is(err, os.ErrDeadlineExceeded) {
		why = "the plugin takes nothing from it"
	}
	s.Break(why)
}

// reserve counts a picture in, if there is room for it.
func (s *Sender) reserve(size int) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.open || s.closed || s.inUse+int64(size) > maxInUse {
		return false
	}
	s.inUse += int64(size)
	return true
}

func (s *Sender) free(size int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.inUse -= int64(size)
}

func bytesIn(b net.Buffers) (n int) {
	for _, x := range b {
		n += len(x)
	}
	return n
}

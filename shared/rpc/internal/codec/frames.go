package codec

import (
	"cmp"
	"slices"
	"sync"

	"google.golang.org/grpc/mem"
)

// Frames is the memory that a connection's frames are read into. HTTP/2 cuts a message into frames of
// 16 KiB, each of which grpc reads into memory of its own; here they lie one behind the other, so that a
// message that was not mixed with others on its way is in one piece when it has arrived, and needs no copy
// to become so. It implements [mem.BufferPool].
type Frames struct {
	mu    sync.Mutex
	slabs []*slab // that frames lie in; the last one gets the next frames
	run   int     // bytes of the message that is arriving, as far as it can be told
	last  int     // bytes of the one before
	apart int     // frames that are still to lie apart, since messages arrive mixed
	full  int     // frames that lay apart since the slab had no room
	ready *slab   // one that is kept: a pool may have it on another processor than the one that asks
	spare sync.Pool
	small sync.Pool
	heads []*[]byte // that no frame uses

	// room is the size of a slab, for a test; 0 is slabBytes.
	room int
	// spoil is given what nobody needs any more; a test writes over it.
	spoil func([]byte)
}

// slab is a piece of memory, used from its beginning to its end. It starts anew when nobody needs
// anything in it any more.
type slab struct {
	buf  []byte
	next int  // where the next frame goes
	used int  // frames and messages in it that are needed
	held int  // bytes of the messages that were left in it
	lost bool // somebody keeps something in it for good
}

const (
	// frameBytes is the size of a frame, other than the last one of a message.
	frameBytes = 16 << 10
	// slabBytes has room for a photo of 4 MiB and what is around it; larger ones are copied.
	slabBytes = 4<<20 + 4*frameBytes
	// margin behind it makes the memory that is left in a slab, by which it is known, larger than all that
	// comes from elsewhere.
	margin = 2 * frameBytes
	// maxSlabs bounds how many slabs are in use: what more would be needed for lies apart.
	maxSlabs = 1
	// slabsApart is how much lies apart, in slabs, after messages that were mixed: 256 MiB. Slabs hold more
	// memory then, and save nothing.
	slabsApart = 64
	// patience is how much lies apart, in slabs, until one that is full is given up: 64 MiB. gRPC never gives
	// back the frames of a call that ended before they were read, so nothing else would end the wait.
	patience = 16
	// maxHeads is how many frames one slab has room for.
	maxHeads = slabBytes / frameBytes
)

// Get returns memory with old bytes in it; grpc writes all of it.
func (f *Frames) Get(length int) *[]byte {
	f.mu.Lock()
	defer f.mu.Unlock()
	switch {
	case length > frameBytes:
		f.run = 0
		b := make([]byte, length)
		return &b
	case f.apart > 0 || length < frameBytes && f.run == 0: // mixed, or a small message in one frame
		f.apart = max(f.apart-1, 0)
		return f.apartLocked(length)
	}
	s := f.slabLocked(length)
	if s == nil {
		return f.apartLocked(length)
	}
	b := f.headLocked()
	*b = s.buf[s.next : s.next+length]
	s.next += length
	s.used++
	f.run += length
	if length < frameBytes { // the last one of its message
		// Frames of several messages look like one long one.
		f.run, f.last = 0, min(f.run, slabBytes/2)
	}
	return b
}

// apartLocked returns memory that is not in a slab.
func (f *Frames) apartLocked(length int) *[]byte {
	if b, ok := f.small.Get().(*[]byte); ok {
		*b = (*b)[:length]
		return b
	}
	b := make([]byte, length, frameBytes)
	return &b
}

func (f *Frames) headLocked() *[]byte {
	n := len(f.heads)
	if n == 0 {
		return new([]byte)
	}
	b := f.heads[n-1]
	f.heads = f.heads[:n-1]
	return b
}

// slabLocked returns the slab that the next frame goes to, or nil if there is no room.
func (f *Frames) slabLocked(length int) *slab {
	if n := len(f.slabs); n > 0 {
		s := f.slabs[n-1]
		left := len(s.buf) - margin - s.next
		// A new message that would not fit, if it is like the last one, begins in a new slab.
		if left >= length && (f.run > 0 || left >= f.last) {
			return s
		}
		if s.lost {
			f.slabs = f.slabs[:n-1]
		}
	}
	if len(f.slabs) == maxSlabs {
		if f.full++; f.full < f.framesOf(patience) {
			return nil
		}
		f.giveUpLocked()
	}
	f.full = 0
	s := f.ready
	f.ready = nil
	if s == nil {
		s, _ = f.spare.Get().(*slab)
	}
	if s == nil {
		s = &slab{buf: make([]byte, f.framesOf(1)*frameBytes+margin)}
	}
	f.slabs = append(f.slabs, s)
	return s
}

// giveUpLocked leaves the slabs that are in use to the garbage collector.
func (f *Frames) giveUpLocked() {
	for _, s := range f.slabs {
		s.lost = true
	}
	clear(f.slabs)
	f.slabs = f.slabs[:0]
}

// framesOf returns how many frames fit into that many slabs.
func (f *Frames) framesOf(slabs int) int { return slabs * cmp.Or(f.room, slabBytes) / frameBytes }

// Put takes back what Get returned.
func (f *Frames) Put(b *[]byte) {
	f.mu.Lock()
	defer f.mu.Unlock()
	whole := (*b)[:cap(*b)]
	if len(whole) == frameBytes {
		if f.spoil != nil {
			f.spoil(whole)
		}
		f.small.Put(b)
		return
	}
	if s := f.findLocked(whole); s != nil {
		f.releaseLocked(s)
	}
	if *b = nil; len(f.heads) < maxHeads {
		f.heads = append(f.heads, b)
	}
}

// findLocked returns the slab that rest is the end of, or nil.
func (f *Frames) findLocked(rest []byte) *slab {
	if len(rest) <= margin {
		return nil
	}
	for _, s := range slices.Backward(f.slabs) {
		if at := len(s.buf) - len(rest); at >= 0 && &s.buf[at] == &rest[0] {
			return s
		}
	}
	return nil
}

func (f *Frames) releaseLocked(s *slab) {
	if s.used--; s.used > 0 || s.lost {
		return
	}
	f.forgetLocked(s)
	if f.spoil != nil {
		f.spoil(s.buf[:s.next])
	}
	if s.next, s.held = 0, 0; f.ready == nil {
		f.ready = s
		return
	}
	f.spare.Put(s)
}

func (f *Frames) forgetLocked(s *slab) {
	f.slabs = slices.DeleteFunc(f.slabs, func(o *slab) bool { return o == s })
}

// join returns the message of which data are the frames, if they lie one behind the other, and the place
// that it holds. Otherwise it returns nil.
func (f *Frames) join(data mem.BufferSlice) ([]byte, place) {
	f.mu.Lock()
	defer f.mu.Unlock()
	s, whole := f.joinLocked(data)
	if s == nil {
		return nil, nil
	}
	// Who holds a message holds its slab, with all that lies in it. Where that is mostly frames of others,
	// copying it takes less memory.
	if whole == nil || s.held+len(whole) < s.next/4*3 {
		f.apart, f.run, f.ready, f.spare = f.framesOf(slabsApart), 0, nil, sync.Pool{}
		f.giveUpLocked()
		return nil, nil
	}
	s.held += len(whole)
	s.used++
	return whole, slabPlace{f, s}
}

// joinLocked returns the slab of the first frame, or nil, and the message if it is in one piece there.
func (f *Frames) joinLocked(data mem.BufferSlice) (*slab, []byte) {
	var s *slab
	var whole []byte
	for i, b := range data {
		piece := b.ReadOnlyData()
		if len(piece) == 0 {
			continue
		}
		if s == nil {
			if s = f.findLocked(piece[:cap(piece)]); s == nil {
				return nil, nil
			}
			whole = piece
			continue
		}
		n := len(whole)
		if cap(whole) < n+len(piece) {
			return s, nil
		}
		if &whole[:n+1][n] != &piece[0] && !f.appendLocked(s, whole, data[i:]) {
			return s, nil
		}
		whole = whole[:n+len(piece)]
	}
	return s, whole
}

// appendLocked copies the end of a message, which grpc does not read into a pool's memory if it is short,
// to the rest of it.
func (*Frames) appendLocked(s *slab, whole []byte, rest mem.BufferSlice) bool {
	at := len(s.buf) - cap(whole) + len(whole)
	if len(rest) != 1 || s.next != at || rest.Len() > len(s.buf)-margin-at {
		return false
	}
	s.next += copy(s.buf[at:], rest[0].ReadOnlyData())
	return true
}

// slabPlace is a message's place in a slab.
type slabPlace struct {
	frames *Frames
	slab   *slab
}

func (p slabPlace) release() {
	p.frames.mu.Lock()
	defer p.frames.mu.Unlock()
	p.frames.releaseLocked(p.slab)
}

func (p slabPlace) lose() {
	p.frames.mu.Lock()
	defer p.frames.mu.Unlock()
	p.slab.lost = true
	if n := len(p.frames.slabs); n > 0 && p.frames.slabs[n-1] != p.slab { // the last one is used to its end
		p.frames.forgetLocked(p.slab)
	}
}

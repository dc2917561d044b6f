package lines

import "unsafe"

const (
	// Height of a line in pixels, the only one that the networks read.
	Height = 32
	// Stride is the distance of two frames in pixels.
	Stride = 4

	mr, nr = 6, 16 // the tile: pixels by outputs

	// Zero columns each side and zero rows above and below every buffer, so that no kernel asks where
	// the edge is.
	framePad, frameRows = 2, 1

	minWidth = mr * Stride // narrower lines are padded: a dense row needs one whole tile
)

// Net is a network, read-only: share it between goroutines, with one [Reader] each.
type Net struct {
	layers []layer
	chars  []rune
}

// Chars returns the characters that the network knows, in class order.
func (n *Net) Chars() []rune { return n.chars }

type layer struct {
	dw, fc, relu, res bool
	ci, co, kh, kw    int
	sh, sw, ph, pw    int
	w, bias           []float32 // dense: [co/16][kh*kw*ci][16]; depthwise: [kh*kw][co]
}

func (l *layer) keeps() bool      { return l.sh == 1 && l.sw == 1 && 2*l.ph == l.kh-1 }
func (l *layer) rows(h int) int   { return (h+2*l.ph-l.kh)/l.sh + 1 }
func (l *layer) frames(w int) int { return (w+2*l.pw-l.kw)/l.sw + 1 }

// pack orders the weights [out][in][taps] as the kernels read them.
func (l *layer) pack(w []float32) {
	taps := l.kh * l.kw
	depth := taps * l.ci
	l.w = make([]float32, len(w))
	for o := range l.co {
		for c := range l.ci {
			for t := range taps {
				i := (o/nr)*depth*nr + (t*l.ci+c)*nr + o%nr
				if l.dw {
					i = t*l.co + o
				}
				l.w[i] = w[(o*l.ci+c)*taps+t]
			}
		}
	}
	if l.dw {
		l.ci = l.co
	}
}

// buffer holds rows of pixels of channels inside a frame of zeros.
type buffer struct {
	h, w, c int
	p       []float32 // (h + 2*frameRows) x (w + 2*framePad) x c
}

func (b *buffer) row() int { return (b.w + 2*framePad) * b.c }

func (b *buffer) at(y, x int) int { return (y+frameRows)*b.row() + (x+framePad)*b.c }

// set resizes and zeroes the frame only; what is inside will be written.
func (b *buffer) set(h, w, c int) {
	b.h, b.w, b.c = h, w, c
	n := (h + 2*frameRows) * (w + 2*framePad) * c
	if cap(b.p) < n {
		b.p = make([]float32, n)
	}
	b.p = b.p[:n]
	r := b.row()
	clear(b.p[:frameRows*r])
	clear(b.p[(h+frameRows)*r:])
	for y := frameRows; y < h+frameRows; y++ {
		clear(b.p[y*r : y*r+framePad*c])
		clear(b.p[(y+1)*r-framePad*c : (y+1)*r])
	}
}

// scratch is what one line needs: three buffers in turn (input, output, input of the block), the class
// scores and the kernels' arguments.
type scratch struct {
	b   [3]buffer
	out []float32
	t   tileArgs // here: a call through a func value would move them to the heap
	d   depthArgs
}

//nolint:gosec // G103: the index is checked; the kernels' reach is held by layer.check and the frame of the buffers
func ptr(s []float32, i int) unsafe.Pointer { return unsafe.Pointer(&s[i]) }

// panels runs the tile over n >= mr pixels and all outputs; t.a, t.c and t.res are at the first pixel.
func (l *layer) panels(t *tileArgs, n int) {
	depth := l.kh * l.kw * l.ci
	for p := 0; p < l.co; p += nr {
		t.b, t.bias = ptr(l.w, p*depth), ptr(l.bias, p)
		for r := 0; r < n; r += mr {
			tile(t, min(r, n-mr)) // the last tile overlaps the one before: the result is the same
		}
		t.c = unsafe.Add(t.c, 4*nr)
		if t.res != nil {
			t.res = unsafe.Add(t.res, 4*nr)
		}
	}
}

func (l *layer) dense(t *tileArgs, x, y, res *buffer) {
	*t = tileArgs{lda: 4 * l.sw * l.ci, ldc: 4 * l.co, ldr: 4 * l.co, k: l.kw * l.ci, segs: l.kh, seg: 4 * x.row()}
	if l.relu {
		t.relu = 1
	}
	for oy := range y.h {
		t.a, t.c, t.res = ptr(x.p, x.at(oy*l.sh-l.ph, -l.pw)), ptr(y.p, y.at(oy, 0)), nil
		if res != nil {
			t.res = ptr(res.p, y.at(oy, 0))
		}
		l.panels(t, y.w)
	}
}

func (l *layer) depthwise(d *depthArgs, x, y *buffer) {
	for oy := range y.h {
		*d = depthArgs{
			x: ptr(x.p, x.at(oy*l.sh-l.ph, -l.pw)), w: ptr(l.w, 0), bias: ptr(l.bias, 0), y: ptr(y.p, y.at(oy, 0)),
			c: 4 * l.co, row: 4 * x.row(), step: 4 * l.sw * l.co, n: y.w, kh: l.kh, kw: l.kw,
		}
		depth(d)
	}
}

// features runs all but the class layer on a line of Height x w normalised values. The result is frames
// x embedding, valid until the next call with s.
func (n *Net) features(s *scratch, line []float32, w int) (f []float32, frames int) {
	x := &s.b[0]
	x.set(Height, max(w, minWidth), 1)
	for y := range Height {
		r := x.p[x.at(y, 0):][:x.w]
		clear(r[copy(r, line[y*w:(y+1)*w]):])
	}
	cur, block := 0, -1 // block: the buffer with the input of the current block
	for i := range len(n.layers) - 1 {
		l := &n.layers[i]
		next := (cur + 1) % 3
		if next == block {
			next = (cur + 2) % 3
		}
		x, y := &s.b[cur], &s.b[next]
		y.set(l.rows(x.h), l.frames(x.w), l.co)
		if l.dw {
			block = cur
			l.depthwise(&s.d, x, y)
		} else {
			var res *buffer
			if l.res {
				res = &s.b[block]
			}
			l.dense(&s.t, x, y, res)
			block = -1
		}
		cur = next
	}
	x = &s.b[cur]
	return x.p[x.at(0, 0):][:x.w*x.c], x.w
}

// classes runs the class layer: frames x classes, valid until the next call with s.
func (n *Net) classes(s *scratch, f []float32, frames int) (scores []float32, classes int) {
	l := &n.layers[len(n.layers)-1]
	if cap(s.out) < frames*l.co {
		s.out = make([]float32, frames*l.co)
	}
	out := s.out[:frames*l.co]
	s.t = tileArgs{lda: 4 * l.ci, ldc: 4 * l.co, k: l.ci, segs: 1, a: ptr(f, 0), c: ptr(out, 0)}
	l.panels(&s.t, frames)
	return out, l.co
}

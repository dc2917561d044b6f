package nn

import "unsafe"

const (
	mr, nr = 6, 16 // the tile: pixels by outputs

	// Tile is what the number of outputs of every layer is a multiple of.
	Tile = nr

	// Zero columns each side and zero rows above and below every buffer, so that no kernel asks where
	// the edge is.
	framePad, frameRows = 2, 2
)

// Net is a network, read-only: share it between goroutines, with one [Scratch] each.
type Net struct {
	layers       []layer
	chars        []rune
	in           int // channels of the picture
	down, across int
}

// Chars returns the characters that the network knows, in class order; those that read none have none.
func (n *Net) Chars() []rune { return n.chars }

// Classes returns the number of outputs of the class layer, 0 if there is none.
func (n *Net) Classes() int {
	if l := &n.layers[len(n.layers)-1]; l.fc {
		return l.co
	}
	return 0
}

// Inputs returns the number of values at a pixel.
func (n *Net) Inputs() int { return n.in }

// Outputs returns the number of values at a place of the map, or of classes.
func (n *Net) Outputs() int { return n.layers[len(n.layers)-1].co }

// Stride returns the distance of two places of the map in pixels, down and across.
func (n *Net) Stride() (down, across int) { return n.down, n.across }

// Rows returns how many rows the map of a picture of h pixels has.
func (n *Net) Rows(h int) int {
	for i := range n.layers {
		h = n.layers[i].rows(h)
	}
	return h
}

type layer struct {
	dw, fc, relu, res bool
	ci, co, kh, kw    int
	sh, sw, ph, pw    int
	w, bias           []float32 // dense: [co/16][kh*kw*ci][16]; depthwise: [kh*kw][co]
}

func (l *layer) keeps() bool      { return l.sh == 1 && l.sw == 1 && 2*l.ph == l.kh-1 }
func (l *layer) rows(h int) int   { return max(0, h+2*l.ph-l.kh+l.sh) / l.sh }
func (l *layer) frames(w int) int { return max(0, w+2*l.pw-l.kw+l.sw) / l.sw }

// pack orders the weights [out][in][taps] as the kernels read them.
func (l *layer) pack(w weights) {
	taps := l.kh * l.kw
	l.w = make([]float32, w.outputs*w.row)
	if l.dw {
		for o := range l.co {
			for t := range taps {
				l.w[t*l.co+o] = w.at(o, t)
			}
		}
		l.ci = l.co
		return
	}
	out := l.w
	for o := 0; o < l.co; o += nr {
		for t := range taps {
			for c := range l.ci {
				w.tile((*[nr]float32)(out), o, c*taps+t)
				out = out[nr:]
			}
		}
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

// Scratch is what one goroutine needs: three buffers in turn (input, output, input of the block), the
// class scores and the kernels' arguments. The zero value is ready for use.
type Scratch struct {
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

// Map is what a network sees: Channels values for every place, row by row.
type Map struct {
	Rows, Cols, Channels int

	b *buffer
}

// Row returns the values of a row, place by place.
func (m Map) Row(y int) []float32 { return m.b.p[m.b.at(y, 0):][:m.Cols*m.Channels] }

// Features runs all layers but the class layer on a picture of w × h pixels of Inputs normalised values,
// row by row. A narrow picture is padded with zeros to the six places that a row of the map has at least. The result is
// valid until the next call with s; it has no rows if the picture is too low.
func (n *Net) Features(s *Scratch, pixels []float32, w, h int) Map {
	x := &s.b[0]
	x.set(h, max(w, mr*n.across), n.in)
	for y := range h {
		r := x.p[x.at(y, 0):][:x.w*n.in]
		clear(r[copy(r, pixels[y*w*n.in:(y+1)*w*n.in]):])
	}
	cur, block := 0, -1 // block: the buffer with the input of the current block
	for i := range n.layers {
		l := &n.layers[i]
		if l.fc {
			break
		}
		next := (cur + 1) % 3
		if next == block {
			next = (cur + 2) % 3
		}
		x, y := &s.b[cur], &s.b[next]
		rows, frames := l.rows(x.h), l.frames(x.w)
		if rows < 1 || frames < mr {
			return Map{}
		}
		y.set(rows, frames, l.co)
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
	return Map{x.h, x.w, x.c, x}
}

// Scores runs the class layer on a row of a map: places × Classes values, valid until the next call
// with s.
func (n *Net) Scores(s *Scratch, row []float32) []float32 {
	l := &n.layers[len(n.layers)-1]
	places := len(row) / l.ci
	if cap(s.out) < places*l.co {
		s.out = make([]float32, places*l.co)
	}
	out := s.out[:places*l.co]
	s.t = tileArgs{lda: 4 * l.ci, ldc: 4 * l.co, k: l.ci, segs: 1, a: ptr(row, 0), c: ptr(out, 0)}
	l.panels(&s.t, places)
	return out
}

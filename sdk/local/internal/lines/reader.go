package lines

import (
	"errors"
	"math"
	"slices"

	"github.com/seed-6b91b535/idrec/sdk/local/internal/nn"
)

// MaxWidth bounds a line, and with it the memory of a [Reader].
const MaxWidth = 2048

// Errors of [Reader.Read]: the caller cut the line wrongly.
var (
	ErrHeight = errors.New("a line is 32 pixels high")
	ErrWidth  = errors.New("a line is 1 to 2048 pixels wide")
	ErrPixels = errors.New("fewer pixels than width times height")
)

// contrastFloor is added to the standard deviation of a line, so that the noise of an empty crop is not
// blown up to writing. Training normalises with the same number.
const contrastFloor = 6

// Reader reads lines with a net, one at a time; every goroutine has its own.
type Reader struct {
	net  *Net
	s    nn.Scratch
	d    decoder
	line []float32 // what the network sees
	// The features of the first of two looks.
	first []float32
}

// NewReader returns a reader with empty buffers.
func NewReader(n *Net) *Reader { return &Reader{net: n} }

// Read returns the characters of a grey line of w x h pixels, row by row without gaps, dark on light,
// from left to right. An empty line has none.
func (r *Reader) Read(gray []byte, w, h int) ([]Position, error) {
	switch {
	case h != Height:
		return nil, ErrHeight
	case w < 1 || w > MaxWidth:
		return nil, ErrWidth
	case len(gray) < w*h:
		return nil, ErrPixels
	}
	used := r.inked(gray, w)
	r.normalise(gray[:w*h], w, used)
	ps, features := r.look(used)
	if isClear(ps) {
		return ps, nil
	}
	r.first = append(r.first[:0], features...)
	r.forward(used)
	return r.again(used), nil
}

// look runs the line through the network; what it returns besides the characters is overwritten by the next look.
func (r *Reader) look(w int) ([]Position, []float32) {
	row := r.net.Features(&r.s, r.line, w, Height).Row(0)
	return r.decode(row), row
}

func (r *Reader) decode(features []float32) []Position {
	return r.d.decode(r.net.Scores(&r.s, features), r.net.Classes(), r.net.Chars())
}

// again looks at the line that was moved, and reads what both looks say together.
//
// The network's frames stand elsewhere on the strokes then, and what it takes a vague character for differs by
// chance: of the characters that it misreads in bad photos, one in twelve is right so. Since the class layer is
// linear, the mean of the features scores what the mean of the scores would be.
func (r *Reader) again(w int) []Position {
	row := r.net.Features(&r.s, r.line, w, Height).Row(0)
	for i, v := range r.first {
		row[i] = (row[i] + v) / 2
	}
	ps := r.decode(row)
	for i := range ps {
		ps[i].X += halfFrame / 2.0
	}
	return ps
}

// halfFrame is how far a line is moved before the second look, in pixels.
const halfFrame = Stride / 2

// A line is not clear if one of the characters that were read is below that: the mean of the logarithms of its frames'
// probabilities.
const clearLogP = -0.3

func isClear(ps []Position) bool {
	for _, p := range ps {
		if p.Candidates[0].LogP < clearLogP {
			return false
		}
	}
	return true
}

// forward moves the line half a frame to the left, and repeats its last column.
func (r *Reader) forward(w int) {
	for y := range Height {
		row := r.line[y*w:][:w]
		last := row[w-1]
		for x := copy(row, row[min(w, halfFrame):]); x < w; x++ {
			row[x] = last
		}
	}
}

// What stands of a line behind the last ink is not run through the network.
const (
	// paperRange is the share of the print's contrast below which a column is paper. Noise and the pattern of a
	// card are below in all but bad photos, in which the whole line is read. At 0.4 what a lamp's reflection leaves of
	// a line's last character is cut off at times.
	paperRange = 0.3
	// behind is how far behind the last ink the line goes on, in pixels: so far the network looks.
	behind = 40
	// band is how many columns are taken together, in pixels.
	band = 4
)

// inked returns how wide the line is up to its last ink and a little more.
func (r *Reader) inked(gray []byte, w int) int {
	n := w / band
	if n < 16 {
		return w
	}
	var low, high [MaxWidth]byte
	copy(low[:w], gray)
	copy(high[:w], gray)
	for y := 1; y < Height; y++ {
		for x, v := range gray[y*w:][:w] {
			low[x], high[x] = min(low[x], v), max(high[x], v)
		}
	}
	var ranges, sorted [MaxWidth / band]int
	for i := range n {
		for x := i * band; x < (i+1)*band; x++ {
			ranges[i] += int(high[x] - low[x])
		}
	}
	copy(sorted[:n], ranges[:n])
	slices.Sort(sorted[:n])
	contrast := sorted[n-1-n/16] // of the print
	last := n
	for last > 0 && float64(ranges[last-1]) < paperRange*float64(contrast) {
		last--
	}
	return min(w, last*band+behind)
}

// normalise brings the first columns of a line of w to the mean and about the deviation of the whole.
func (r *Reader) normalise(gray []byte, w, used int) {
	var sum, squares uint64
	for _, v := range gray {
		sum += uint64(v)
		squares += uint64(v) * uint64(v)
	}
	n := float64(len(gray))
	mean := float64(sum) / n
	deviation := math.Sqrt(max(0, float64(squares)/n-mean*mean))
	var table [256]float32
	for v := range table {
		table[v] = float32((float64(v) - mean) / (deviation + contrastFloor))
	}
	if cap(r.line) < used*Height {
		r.line = make([]float32, used*Height)
	}
	r.line = r.line[:used*Height]
	for y := range Height {
		for x, v := range gray[y*w:][:used] {
			r.line[y*used+x] = table[v]
		}
	}
}

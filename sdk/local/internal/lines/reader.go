package lines

import (
	"errors"
	"math"

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
	line []float32
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
	r.normalise(gray[:w*h])
	scores := r.net.Scores(&r.s, r.net.Features(&r.s, r.line, w, Height).Row(0))
	return r.d.decode(scores, r.net.Classes(), r.net.Chars()), nil
}

// normalise brings the line to zero mean and about unit deviation.
func (r *Reader) normalise(gray []byte) {
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
	if cap(r.line) < len(gray) {
		r.line = make([]float32, len(gray))
	}
	r.line = r.line[:len(gray)]
	for i, v := range gray {
		r.line[i] = table[v]
	}
}

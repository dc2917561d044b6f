// Package lines reads one straightened line of print: a grey picture 32 pixels high goes in, the
// characters with their alternatives and log-probabilities come out.
//
// It runs the small convolutional networks that sdk/local/train makes, with the kernels of package nn: a
// stem, depthwise-separable blocks that halve the height, one row of embeddings every [Stride] pixels, and
// a class layer. A line of which a character is not clear goes through it once more, half a frame further on, and
// what both looks say counts.
//
// A [Net] is read-only and shared; a [Reader] holds the buffers of one goroutine and allocates nothing
// per line once it has seen its widest line, except the result.
package lines

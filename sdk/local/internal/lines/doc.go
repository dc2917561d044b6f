// Package lines reads one straightened line of print: a grey picture 32 pixels high goes in, the
// characters with their alternatives and log-probabilities come out.
//
// It runs the small convolutional networks that sdk/local/train makes: a stem, depthwise-separable
// blocks that halve the height, one row of embeddings every [Stride] pixels, and a class layer. One
// matrix tile of 6 pixels by 16 outputs does every dense layer and one loop every depthwise layer;
// both are assembly on amd64 (AVX2 and FMA, looked for when the program starts) and arm64 (NEON), and
// Go elsewhere.
//
// A [Net] is read-only and shared; a [Reader] holds the buffers of one goroutine and allocates nothing
// per line once it has seen its widest line, except the result.
package lines

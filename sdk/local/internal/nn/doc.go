// Package nn runs the small convolutional networks that sdk/local/train makes: dense and depthwise layers
// on a grey picture, residual blocks, and a class layer.
//
// One matrix tile of 6 pixels by 16 outputs does every dense layer and one loop every depthwise layer;
// both are assembly on amd64 (AVX2 and FMA, looked for when the program starts, or SSE) and arm64 (NEON), and
// Go elsewhere.
//
// A [Net] is read-only and shared; a [Scratch] holds the buffers of one goroutine and allocates nothing
// once it has seen its largest picture.
package nn

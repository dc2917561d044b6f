//go:build race

package sqlite

// racing: the race detector makes SQLite, which is Go here, thirty times slower, so what has one goroutine is
// sampled.
const racing = true

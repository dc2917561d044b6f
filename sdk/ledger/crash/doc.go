// Package crash holds no code but tests: real hosts with real plugins over real sockets, killed at every
// point of a call that has a name, against a vendor that bills at the start of a call. They hold the
// promise that no picture is billed twice, with each of the durable stores.
//
// The test binary is host and plugin too, by an environment variable. IDREC_SOAK=1 runs all of it at
// length.
package crash

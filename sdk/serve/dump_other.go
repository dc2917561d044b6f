//go:build !linux

package serve

// noDump does nothing: other systems write no dumps of ordinary programs unless they are told to, and
// have no switch for one process.
func noDump() error { return nil }

// Package proctest has what tests need that watch other processes.
package proctest

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"
)

// NoRaceSleep in the environment keeps a program that was built with the race detector from sleeping
// a second before it ends.
const NoRaceSleep = "GORACE=atexit_sleep_ms=0"

// Eventually polls until done says so, since what it waits for happens in other processes. It fails the
// test at the limit.
func Eventually(tb testing.TB, limit time.Duration, what string, done func() bool) {
	tb.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for end := time.After(limit); ; {
		if done() {
			return
		}
		select {
		case <-tick.C:
		case <-end:
			tb.Fatal("not within ", limit, ": ", what)
		}
	}
}

// Exists reports whether there is such a file.
func Exists(path string) func() bool {
	return func() bool {
		_, err := os.Stat(path)
		return err == nil
	}
}

// Gone reports whether no such process runs; one that ended and was not waited for has ended. It reads
// /proc, so it is for Linux.
func Gone(pid int) func() bool {
	return func() bool {
		b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
		if err != nil {
			return true
		}
		// The name is in parentheses and may hold any character.
		_, rest, _ := strings.Cut(string(b), ") ")
		return strings.HasPrefix(rest, "Z")
	}
}

// TempDir makes a folder with a short path, as the names of sockets need, and removes it with the test.
func TempDir(tb testing.TB) string {
	tb.Helper()
	dir, err := os.MkdirTemp("/tmp", "t") //nolint:usetesting // its paths are too long for a socket
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

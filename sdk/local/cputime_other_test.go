//go:build !unix

package local

import (
	"testing"
	"time"
)

var started = time.Now()

// processorTime is the time that has passed, where nothing tells what was computed.
func processorTime(testing.TB) time.Duration { return time.Since(started) }

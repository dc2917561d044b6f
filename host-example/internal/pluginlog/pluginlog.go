// Package pluginlog hands what a plugin and its host log to the log of the engine around them.
package pluginlog

import (
	"io"

	"github.com/hashicorp/go-hclog"
)

// New returns a logger that gives each line of at least the level to f: the message, and keys and
// values in pairs. Lines of the plugin have the pair "from" first.
func New(level hclog.Level, f func(level hclog.Level, msg string, pairs ...any)) hclog.Logger {
	logger := hclog.NewInterceptLogger(&hclog.LoggerOptions{Output: io.Discard, Level: level})
	logger.RegisterSink(&sink{level, f}) // a pointer, since sinks are the keys of a map
	return logger
}

type sink struct {
	level hclog.Level
	to    func(level hclog.Level, msg string, pairs ...any)
}

// Accept takes one line; it is for package hclog.
func (s *sink) Accept(name string, level hclog.Level, msg string, args ...any) {
	if level < s.level {
		return
	}
	if name != "" { // the host's own lines have none
		args = append([]any{"from", name}, args...)
	}
	s.to(level, msg, args...)
}

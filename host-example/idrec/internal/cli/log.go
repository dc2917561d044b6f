package cli

import (
	"context"
	"io"
	"log/slog"

	"github.com/hashicorp/go-hclog"
)

// pluginLog hands what a plugin logs to the program's own log.
func pluginLog(to *slog.Logger) hclog.Logger {
	level := hclog.Error
	for _, l := range []struct {
		slog  slog.Level
		hclog hclog.Level
	}{{slog.LevelWarn, hclog.Warn}, {slog.LevelInfo, hclog.Info}, {slog.LevelDebug, hclog.Debug}} {
		if to.Enabled(context.Background(), l.slog) {
			level = l.hclog
		}
	}
	logger := hclog.NewInterceptLogger(&hclog.LoggerOptions{Output: io.Discard, Level: level})
	logger.RegisterSink(&logSink{to})
	return logger
}

type logSink struct{ to *slog.Logger }

// Accept takes one line; it is for package hclog.
func (s *logSink) Accept(name string, level hclog.Level, msg string, args ...any) {
	l := slog.LevelDebug
	switch {
	case level >= hclog.Error:
		l = slog.LevelError
	case level >= hclog.Warn:
		l = slog.LevelWarn
	case level >= hclog.Info:
		l = slog.LevelInfo
	}
	if name != "" { // the host's own lines have none
		args = append([]any{"from", name}, args...)
	}
	s.to.Log(context.Background(), l, msg, args...)
}

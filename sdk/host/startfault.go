package host

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"syscall"
	"time"

	"github.com/seed-6b91b535/idrec/shared"
	"github.com/seed-6b91b535/idrec/shared/rpc"
)

// startFault says why a plugin did not start, and what to do. It tells what was seen of the plugin's
// output, and never quotes it: a path, an address or a name may stand in it.
func startFault(ctx, timed context.Context, limit time.Duration, p *process, err error) error {
	if e := (*shared.Error)(nil); errors.As(err, &e) && p.PID() == 0 {
		return e // found out before there was a process
	}
	if ctx.Err() != nil {
		e := fault(shared.CodeCanceled, "the start of the plugin was given up", ctx.Err())
		if errors.Is(ctx.Err(), context.DeadlineExceeded) {
			e.Code, e.Message = shared.CodeDeadlineExceeded, "the time was over before the plugin had started: allow more"
		}
		return e
	}
	failed := func(format string, args ...any) error {
		return fault(shared.CodePluginFailed, fmt.Sprintf(format, args...), err)
	}
	if p.PID() == 0 {
		return failed("the plugin cannot be run: %s", errnoText(err))
	}

	p.mu.Lock()
	handshake, dropped, alone := p.handshake, p.dropped, p.alone
	p.mu.Unlock()
	means, lines := p.clues.summary()
	printed := fmt.Sprintf("it printed %d lines to its standard output and %d to its standard error", dropped, lines)
	if means == "" {
		means = printed + "; run it by hand to see them"
	}
	if handshake == "" {
		if timed.Err() != nil {
			return failed("the plugin did not say within %v where it listens: check that it is an idrec plugin; %s", limit, means)
		}
		if !alone {
			return failed("the plugin closed its standard output before it said where it listens: check that it is an idrec plugin; %s", means)
		}
		return failed("the plugin ended at its start (%s), before it said where it listens: %s", exitText(p), means)
	}
	if why := handshakeFault(handshake); why != "" {
		return failed("%s", why)
	}
	if errors.Is(err, shared.CodeNotSupported) {
		return failed("the plugin serves no recognizer: check that it is an idrec plugin")
	}
	if timed.Err() != nil {
		return failed("the plugin said where it listens, and did not answer within %v: restart it, or report it to its author", limit)
	}
	return failed("the plugin said where it listens, and did not answer as an idrec plugin does: check that host and plugin belong together")
}

// handshakeFault says what is wrong with a handshake, if that is it.
func handshakeFault(line string) string {
	parts := strings.Split(line, "|")
	if parts[0] != "1" {
		return fmt.Sprintf("the plugin speaks version %s of go-plugin's own protocol, and this host version 1: build both with the same go-plugin", capText(parts[0]))
	}
	if parts[1] != fmt.Sprint(rpc.ProtocolVersion) {
		return fmt.Sprintf("the plugin speaks protocol version %s, and this host version %d: update the older of the two", capText(parts[1]), rpc.ProtocolVersion)
	}
	if len(parts) < 5 || parts[4] != "grpc" {
		return "the plugin does not speak gRPC: check that it is an idrec plugin"
	}
	if len(parts) < 6 || len(parts[5]) <= 50 { // as go-plugin tells a certificate from what stood there once
		return "the plugin does not encrypt its connection: update it, or report it to its author"
	}
	return ""
}

// capText keeps a number that a plugin sent from filling a message.
func capText(s string) string { return s[:min(len(s), 9)] }

func errnoText(err error) string {
	switch {
	case errors.Is(err, fs.ErrPermission):
		return "it, or its interpreter, may not be executed by this user (permissions, or a file system mounted noexec)"
	case errors.Is(err, syscall.ENOEXEC):
		return "it is no program for this system"
	case errors.Is(err, fs.ErrNotExist):
		return "its interpreter or loader is missing"
	case errors.Is(err, syscall.EAGAIN), errors.Is(err, syscall.ENOMEM), errors.Is(err, syscall.EMFILE), errors.Is(err, syscall.ENFILE):
		return "the system has no room for another process or file: try again when it has"
	case errors.Is(err, syscall.E2BIG):
		return "its environment is too large: pass fewer variables"
	}
	return "the system refused to start it"
}

// exitText says how the process ended: "exit status 1", "signal: killed".
func exitText(p *process) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.cmd.ProcessState.String()
}

package host

import (
	"context"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/hashicorp/go-plugin/runner"

	"github.com/seed-6b91b535/idrec/shared/rpc"
)

// outputGrace is how long the outputs of a plugin that has ended are read on. They end with it, unless
// a child that left its process group holds them.
const outputGrace = 500 * time.Millisecond

// process runs a plugin's file; it is what go-plugin calls a runner. It owns the plugin's process
// group, its outputs and its lifeline.
type process struct {
	binary *binary
	args   []string
	env    []string
	log    *logReader
	clues  *clues
	lane   *os.File // the plugin's end, which it inherits; nil: none

	toClient *io.PipeReader // standard output as go-plugin sees it: the handshake and nothing else
	lifeline *os.File       // the writing end: nobody writes to it, and it closes when the host ends

	mu        sync.Mutex
	cmd       *exec.Cmd // nil until it runs
	doomed    bool      // it was killed, or is to be as soon as it runs
	alone     bool      // it ended, and was not killed before
	reaped    bool      // so its number may be another process's by now
	handshake string
	dropped   int // lines on standard output that were no handshake

	exited chan struct{} // closed when the process has ended, and its children were killed
	read   chan struct{} // closed when its outputs have been read too
}

var _ runner.Runner = (*process)(nil)

func newProcess(b *binary, args, env []string, log *logReader, c *clues) *process {
	return &process{binary: b, args: args, env: env, log: log, clues: c, exited: make(chan struct{}), read: make(chan struct{})}
}

// pipes are the plugin's ends and ours of what connects the two.
type pipes struct{ outR, outW, errR, errW, lifeR, lifeW *os.File }

func openPipes() (p pipes, err error) {
	for _, e := range []struct{ r, w **os.File }{{&p.outR, &p.outW}, {&p.errR, &p.errW}, {&p.lifeR, &p.lifeW}} {
		if *e.r, *e.w, err = os.Pipe(); err != nil {
			closeFiles(p.outR, p.outW, p.errR, p.errW)
			return p, err
		}
	}
	return p, nil
}

func closeFiles(files ...*os.File) {
	for _, f := range files {
		if f != nil {
			_ = f.Close()
		}
	}
}

// Start starts the plugin.
func (p *process) Start(context.Context) error {
	io0, err := openPipes()
	if err != nil {
		return err
	}
	cmd := &exec.Cmd{Path: p.binary.path, Args: append([]string{p.binary.path}, p.args...), Env: p.env, Stdout: io0.outW, Stderr: io0.errW}
	isolate(cmd)
	if inherits {
		cmd.ExtraFiles = []*os.File{io0.lifeR}
		cmd.Env = append(cmd.Env, rpc.EnvLifeline+"="+strconv.Itoa(firstInherited))
		if p.lane != nil {
			cmd.ExtraFiles = append(cmd.ExtraFiles, p.lane)
			cmd.Env = append(cmd.Env, rpc.EnvLane+"="+strconv.Itoa(firstInherited+1))
		}
	}
	err = p.binary.stillPinned()
	if err == nil {
		err = p.binary.program(cmd)
	}
	if err != nil {
		closeFiles(io0.outR, io0.outW, io0.errR, io0.errW, io0.lifeR, io0.lifeW)
		return err
	}
	ended, err := p.spawn(cmd)
	closeFiles(io0.outW, io0.errW, io0.lifeR)
	if err != nil {
		closeFiles(io0.outR, io0.errR, io0.lifeW)
		return err
	}
	p.lifeline = io0.lifeW
	p.pump(io0.outR, io0.errR, ended)
	return nil
}

// firstInherited is the descriptor that exec.Cmd.ExtraFiles[0] becomes.
const firstInherited = 3

// pump reads the plugin's outputs until it has ended.
func (p *process) pump(outR, errR *os.File, ended <-chan struct{}) {
	toClient, fromPump := io.Pipe()
	p.toClient = toClient
	var pumps sync.WaitGroup
	pumps.Go(func() {
		n := pumpStdout(outR, fromPump, func(line string) {
			p.mu.Lock()
			defer p.mu.Unlock()
			p.handshake = line
		})
		p.mu.Lock()
		defer p.mu.Unlock()
		p.dropped = n
	})
	pumps.Go(func() {
		_, _ = io.Copy(p.log, errR)
		_ = p.log.Close()
	})
	read := make(chan struct{})
	go func() {
		pumps.Wait()
		close(read)
	}()
	go func() {
		<-ended
		p.mu.Lock()
		p.alone = !p.doomed
		p.mu.Unlock()
		close(p.exited)
		select {
		case <-read:
		case <-time.After(outputGrace):
		}
		closeFiles(outR, errR, p.lifeline)
		_ = fromPump.Close()
		close(p.read)
	}()
}

// Wait returns when the plugin has ended.
func (p *process) Wait(ctx context.Context) error {
	select {
	case <-p.exited:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Kill is go-plugin's. It comes as soon as the outputs have ended, which a plugin that ends by itself
// does a little earlier than it is gone; how it ended is worth knowing.
func (p *process) Kill(context.Context) error {
	if p.PID() != 0 {
		select {
		case <-p.exited:
		case <-time.After(outputGrace):
		}
	}
	p.kill()
	return nil
}

// kill ends the plugin and its children at once, also one that is only about to be started.
func (p *process) kill() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.doomed = true
	if p.cmd != nil && !p.reaped {
		killGroup(p.cmd)
	}
}

// letGo closes the lifeline, which tells the plugin that its host has gone.
func (p *process) letGo() {
	if p.lifeline != nil {
		_ = p.lifeline.Close()
	}
}

// runs notes that cmd has been started.
func (p *process) runs(cmd *exec.Cmd) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.cmd = cmd
	if p.doomed {
		killGroup(cmd)
	}
}

// PID returns 0 before the start.
func (p *process) PID() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.cmd == nil {
		return 0
	}
	return p.cmd.Process.Pid
}

// ID is the process's number; empty before the start.
func (p *process) ID() string {
	if pid := p.PID(); pid != 0 {
		return strconv.Itoa(pid)
	}
	return ""
}

// Stdout gives go-plugin the handshake, and an end.
func (p *process) Stdout() io.ReadCloser { return p.toClient }

// Stderr gives go-plugin nothing: its reader of logs panics at some lines.
func (p *process) Stderr() io.ReadCloser { return io.NopCloser(strings.NewReader("")) }

// Name is for go-plugin's log, which is off.
func (p *process) Name() string { return "plugin" }

// Diagnose is for go-plugin's errors, which are replaced.
func (p *process) Diagnose(context.Context) string { return "" }

// PluginToHost changes nothing: both are on one machine.
func (p *process) PluginToHost(network, address string) (hostNetwork, hostAddress string, err error) {
	return network, address, nil
}

// HostToPlugin changes nothing.
func (p *process) HostToPlugin(network, address string) (pluginNetwork, pluginAddress string, err error) {
	return network, address, nil
}

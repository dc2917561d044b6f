//go:build linux

package host_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/go-plugin"
	"github.com/hashicorp/go-plugin/runner"

	"github.com/seed-6b91b535/idrec/sdk/host"
	"github.com/seed-6b91b535/idrec/shared"
	"github.com/seed-6b91b535/idrec/shared/rpc"
)

// stock is a host made with go-plugin alone, as its own examples make one, and its plugin.
type stock struct {
	shared.Recognizer

	client *plugin.Client
	cmd    *exec.Cmd
}

func stockCommand(role string, env ...string) *exec.Cmd {
	cmd := exec.Command(os.Args[0])
	cmd.Env = append([]string{roleEnv + "=" + role, noRaceSleep}, env...)
	return cmd
}

func stockConfig(cmd *exec.Cmd) *plugin.ClientConfig {
	return &plugin.ClientConfig{
		HandshakeConfig: rpc.Handshake, VersionedPlugins: rpc.VersionedPlugins(nil), Cmd: cmd,
		AllowedProtocols: []plugin.Protocol{plugin.ProtocolGRPC}, Logger: hclog.NewNullLogger(),
	}
}

func stockOpen(config *plugin.ClientConfig) (*stock, error) {
	s := &stock{client: plugin.NewClient(config), cmd: config.Cmd}
	conn, err := s.client.Client()
	if err != nil {
		s.client.Kill()
		return nil, err
	}
	raw, err := conn.Dispense(rpc.PluginName)
	if err != nil {
		s.client.Kill()
		return nil, err
	}
	s.Recognizer = raw.(shared.Recognizer)
	return s, nil
}

func stockPlugin(t *testing.T, role string, env ...string) *stock {
	t.Helper()
	s, err := stockOpen(stockConfig(stockCommand(role, env...)))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = s.cmd.Process.Kill() // Kill would wait for ever for one that is stopped
		s.client.Kill()
	})
	return s
}

// runStockHost is a host program of that kind. Of its plugin it says the number, or the error.
func runStockHost() {
	_ = os.Setenv(roleEnv, os.Getenv("IDREC_TEST_PLUGIN")) // what is set for the plugin alone would not win
	config := stockConfig(stockCommand(""))
	config.StartTimeout = 5 * time.Second
	config.Logger = hclog.New(&hclog.LoggerOptions{Level: hclog.Info, Output: os.Stderr})
	s, err := stockOpen(config)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(s.cmd.Process.Pid)
	if at := os.Getenv("IDREC_TEST_CALL"); at != "" {
		_, _ = s.Recognize(context.Background(), &shared.Request{Image: shared.Image{Path: "x"}, Key: "settle", Case: at})
	}
	select {}
}

// within reports whether f returns in time. It goes on if not, until what it waits for has ended.
func within(t *testing.T, limit time.Duration, f func()) bool {
	t.Helper()
	done := make(chan struct{})
	go func() {
		defer close(done)
		f()
	}()
	t.Cleanup(func() { <-done })
	select {
	case <-done:
		return true
	case <-time.After(limit):
		return false
	}
}

// stillThere is how long a process is looked at of which is said that it stays.
const stillThere = 700 * time.Millisecond

// stays reports whether the process lives on.
func stays(pid int) bool {
	for end := time.After(stillThere); ; {
		select {
		case <-end:
			return true
		case <-time.After(20 * time.Millisecond):
			if gone(pid)() {
				return false
			}
		}
	}
}

// processState is one letter: R runs, S sleeps, T is stopped.
func processState(pid int) string {
	b, _ := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	_, rest, _ := strings.Cut(string(b), ") ")
	return rest[:min(1, len(rest))]
}

func inGroup(t *testing.T, pid int) int {
	t.Helper()
	group, err := syscall.Getpgid(pid)
	if err != nil {
		t.Fatal(err)
	}
	return group
}

func socketFiles(t *testing.T, dir string) (names []string) {
	t.Helper()
	_ = filepath.WalkDir(dir, func(path string, d os.DirEntry, _ error) error {
		if path != dir {
			names = append(names, path)
		}
		return nil
	})
	return names
}

// The traps of plain go-plugin 1.8: each row shows that it is one, where that is certain, and that a
// host of this package does not fall into it. A row whose first half fails after an update of go-plugin
// tells that there is one trap less.
var traps = []struct {
	name       string
	stock, our func(*testing.T)
}{
	{"01 a log line with a message that is no text ends the host", func(t *testing.T) {
		cmd := stockCommand("stock host", "IDREC_TEST_PLUGIN=garbage on stderr")
		var stderr bytes.Buffer
		cmd.Stderr = &stderr
		if err := cmd.Run(); err == nil || !strings.Contains(stderr.String(), "panic: ") {
			t.Error("the host lives:", err)
		}
	}, func(t *testing.T) {
		p := open(t, "garbage on stderr", nil)
		if _, err := p.Recognize(bounded(t), picture("log")); err != nil {
			t.Error(err)
		}
	}},
	{"02 a long log line loses its level", func(t *testing.T) {
		var log journal
		config := stockConfig(stockCommand("long line on stderr"))
		config.Logger = log.logger(hclog.Trace)
		s, err := stockOpen(config)
		if err != nil {
			t.Fatal(err)
		}
		s.client.Kill()
		if strings.Contains(log.String(), `"@level":"error","@message":"long`) {
			t.Error("the level is kept")
		}
	}, func(t *testing.T) {
		var log journal
		p := open(t, "long line on stderr", func(o *host.Options) { o.Logger = log.logger(hclog.Error) })
		_ = p.Close(context.Background())
		if !strings.Contains(log.String(), "long long") {
			t.Error("the level is lost")
		}
	}},
	{"03 a stopped plugin is waited for for ever", func(t *testing.T) {
		s := stockPlugin(t, "stock")
		conn, err := s.client.Client()
		if err != nil {
			t.Fatal(err)
		}
		_ = s.cmd.Process.Signal(syscall.SIGSTOP)
		eventually(t, patience, "the stop", func() bool { return processState(s.cmd.Process.Pid) == "T" })
		if within(t, stillThere, func() { _ = conn.Ping() }) || within(t, stillThere, s.client.Kill) {
			t.Error("it is not waited for")
		}
		_ = s.cmd.Process.Kill()
	}, func(t *testing.T) {
		p := open(t, "stock", func(o *host.Options) { o.StopTimeout = 200 * time.Millisecond })
		if err := syscall.Kill(p.PID(), syscall.SIGSTOP); err != nil {
			t.Fatal(err)
		}
		eventually(t, patience, "the stop", func() bool { return processState(p.PID()) == "T" })
		ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
		defer cancel()
		if _, err := p.Describe(ctx); !errors.Is(err, shared.CodeDeadlineExceeded) {
			t.Error(err)
		}
		if !within(t, 2*time.Second, func() { _ = p.Close(context.Background()) }) || !gone(p.PID())() {
			t.Error("it is waited for")
		}
	}},
	{"04 a child that holds the outputs keeps its dead parent alive", func(t *testing.T) {
		s := stockPlugin(t, "with a child")
		pid := s.cmd.Process.Pid
		group := childrenOf(t, pid)
		_ = s.cmd.Process.Kill()
		if within(t, time.Second, func() {
			for !s.client.Exited() {
				time.Sleep(10 * time.Millisecond)
			}
		}) {
			t.Error("the end is seen")
		}
		for _, child := range group {
			_ = syscall.Kill(child, syscall.SIGKILL)
		}
	}, func(t *testing.T) {
		p := open(t, "with a child", nil)
		for _, child := range childrenOf(t, p.PID()) {
			t.Cleanup(func() { _ = syscall.Kill(child, syscall.SIGKILL) })
		}
		_ = syscall.Kill(p.PID(), syscall.SIGKILL)
		eventually(t, time.Second, "the end is seen", func() bool { return !p.Status().Up })
	}},
	{"05 a plugin outlives its killed host", func(t *testing.T) {
		cmd, pid := startProgram(t, "stock host", "stock")
		_ = cmd.Process.Kill()
		if !stays(pid) {
			t.Error("it has ended")
		}
		_ = syscall.Kill(pid, syscall.SIGKILL)
	}, func(t *testing.T) {
		for _, role := range []string{"serve", "stock"} {
			cmd, pid := startProgram(t, "host", role)
			_ = cmd.Process.Kill()
			eventually(t, time.Second, "the end of the plugin", gone(pid))
		}
	}},
	{"06 a stop cuts the calls in flight", func(t *testing.T) {
		s := stockPlugin(t, "stock")
		if err := stopDuringCall(t, s.Recognizer, s.client.Kill); err == nil {
			t.Error("the call was let end")
		}
	}, func(t *testing.T) {
		for _, role := range []string{"serve", "stock"} {
			p := open(t, role, nil)
			if err := stopDuringCall(t, p, func() { _ = p.Close(context.Background()) }); err != nil {
				t.Error(err)
			}
		}
	}},
	{"07 a picture of more than 4 MiB is refused", func(t *testing.T) {
		s := stockPlugin(t, "stock server")
		_, err := s.Recognize(bounded(t), &shared.Request{Image: shared.Image{Bytes: make([]byte, 5<<20)}})
		want(t, err, shared.CodeMessageTooLarge, shared.OutcomeNotSent) // our client half at least says so
	}, func(t *testing.T) {
		p := open(t, "serve", nil)
		if _, err := p.Recognize(bounded(t), &shared.Request{Image: shared.Image{Bytes: make([]byte, 31<<20)}}); err != nil {
			t.Error(err)
		}
	}},
	{"08 a checked file is checked once, wrongly, or not at all", func(t *testing.T) {
		digest := sha256.New()
		f, err := os.Open(os.Args[0])
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.Copy(digest, f)
		_ = f.Close()
		c := &plugin.SecureConfig{Checksum: digest.Sum(nil), Hash: sha256.New()}
		first, _ := c.Check(os.Args[0])
		second, _ := c.Check(os.Args[0]) // its hash goes on where it was
		if !first || second {
			t.Error(first, second)
		}
		config := stockConfig(nil)
		config.Cmd = nil
		config.SecureConfig = &plugin.SecureConfig{Checksum: digest.Sum(nil), Hash: sha256.New()}
		config.RunnerFunc = func(hclog.Logger, *exec.Cmd, string) (runner.Runner, error) { return nil, errors.New("reached") }
		client := plugin.NewClient(config)
		if _, err := client.Start(); err == nil || strings.Contains(err.Error(), "reached") {
			t.Error("a runner's file can be checked:", err)
		}
	}, func(t *testing.T) {
		path, sum := copyPlugin(t)
		p := open(t, "serve", func(o *host.Options) { o.Path, o.SHA256, o.Restart = path, sum, true })
		other := script(t, "#!/bin/sh\nexit 7\n")
		if err := os.Rename(other, path); err != nil {
			t.Fatal(err)
		}
		_, _ = p.Recognize(bounded(t), picture("crash"))
		if _, err := p.Recognize(bounded(t), picture("")); err != nil {
			t.Error("the checked file is not run again:", err)
		}
	}},
	{"09 AutoMTLS together with Reattach drops the encryption", func(t *testing.T) {
		s := stockPlugin(t, "stock") // in plain text
		config := stockConfig(nil)
		config.AutoMTLS = true
		config.Reattach = s.client.ReattachConfig()
		config.Plugins, config.VersionedPlugins = rpc.PluginSet(nil), nil
		again := plugin.NewClient(config)
		conn, err := again.Client()
		if err != nil {
			t.Fatal("it is refused:", err)
		}
		defer func() { _ = conn.Close() }()
		raw, err := conn.Dispense(rpc.PluginName)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := raw.(shared.Recognizer).Describe(bounded(t)); err != nil {
			t.Error("it does not talk in plain text:", err)
		}
	}, func(t *testing.T) {
		s := stockPlugin(t, "stock")
		file := filepath.Join(t.TempDir(), "attach.json")
		plain := fmt.Sprintf(`{"network":"unix","address":%q}`, s.client.ReattachConfig().Addr.String())
		if err := os.WriteFile(file, []byte(plain), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := host.Attach(bounded(t), file)
		want(t, err, shared.CodePluginRefused, shared.OutcomeNotSent)
	}},
	{"10 the host's environment wins over what was set, or all of it is missing", func(t *testing.T) {
		t.Setenv("EXTRA", "the host's")
		s := stockPlugin(t, "stock", "EXTRA=set")
		res, err := s.Recognize(bounded(t), picture("inside"))
		if err != nil || !strings.Contains(res.Extras["t.env"], "EXTRA=the host's") {
			t.Error(res, err)
		}
		config := stockConfig(stockCommand("stock"))
		config.SkipHostEnv = true
		bare, err := stockOpen(config)
		if err != nil {
			t.Fatal(err)
		}
		defer bare.client.Kill()
		if res, err := bare.Recognize(bounded(t), picture("inside")); err != nil || strings.Contains(res.Extras["t.env"], "\nPATH=") {
			t.Error(res, err)
		}
	}, func(t *testing.T) {
		t.Setenv("EXTRA", "the host's")
		t.Setenv("IDREC_WAPI_SECRET", theSecret)
		p := open(t, "stock", func(o *host.Options) { o.Env = append(o.Env, "EXTRA=set") })
		res, err := p.Recognize(bounded(t), picture("inside"))
		if err != nil {
			t.Fatal(err)
		}
		env := "\n" + res.Extras["t.env"] + "\n"
		if !strings.Contains(env, "\nEXTRA=set\n") || !strings.Contains(env, "\nPATH=") || strings.Contains(env, theSecret) {
			t.Error(env)
		}
	}},
	{"11 a print before the handshake kills the start, a long one later blocks", func(t *testing.T) {
		if _, err := stockOpen(stockConfig(stockCommand("prints first"))); err == nil {
			t.Error("it starts")
		}
	}, func(t *testing.T) {
		for _, role := range []string{"prints first", "floods"} {
			p := open(t, role, nil)
			for range 3 {
				if _, err := p.Recognize(bounded(t), picture("")); err != nil {
					t.Error(role, err)
				}
			}
		}
	}},
	{"12 Ctrl-C is swallowed, a hang-up and a polite stop kill", func(t *testing.T) {
		for _, s := range []syscall.Signal{syscall.SIGHUP, syscall.SIGTERM} {
			p := stockPlugin(t, "stock")
			if err := stopDuringCall(t, p.Recognizer, func() { _ = p.cmd.Process.Signal(s) }); err == nil {
				t.Error("the call lives through", s)
			}
		}
	}, func(t *testing.T) {
		for _, s := range []syscall.Signal{syscall.SIGHUP, syscall.SIGINT, syscall.SIGTERM} {
			p := open(t, "serve", nil)
			if err := stopDuringCall(t, p, func() { _ = syscall.Kill(p.PID(), s) }); err != nil {
				t.Error(s, err)
			}
		}
	}},
	{"13 a start cannot be given up", func(t *testing.T) {
		begun := filepath.Join(t.TempDir(), "begun")
		config := stockConfig(stockCommand("hangs", "BEGUN="+begun))
		config.StartTimeout = 2 * time.Second
		client := plugin.NewClient(config)
		started := make(chan struct{})
		go func() {
			defer close(started)
			_, _ = client.Start()
		}()
		eventually(t, patience, "the process", exists(begun))
		if within(t, 300*time.Millisecond, client.Kill) { // it waits for the start's lock
			t.Error("it can")
		}
		<-started
	}, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(100*time.Millisecond, cancel)
		start := time.Now()
		_, err := host.Open(ctx, host.Options{Path: os.Args[0], Env: []string{roleEnv + "=hangs"}})
		if want(t, err, shared.CodeCanceled, shared.OutcomeNotSent); time.Since(start) > 1500*time.Millisecond {
			t.Error(time.Since(start))
		}
	}},
	{"14 sockets lie in the temporary folder, for others to see, and stay after a crash", func(t *testing.T) {
		dir := mkdirTemp(t)
		t.Setenv("TMPDIR", dir)
		s := stockPlugin(t, "stock", "TMPDIR="+dir)
		_ = s.cmd.Process.Kill()
		eventually(t, patience, "the end", s.client.Exited)
		if len(socketFiles(t, dir)) == 0 {
			t.Error("it is removed")
		}
		t.Setenv("TMPDIR", "/tmp/"+strings.Repeat("x", 120))
		if _, err := stockOpen(stockConfig(stockCommand("stock"))); err == nil || strings.Contains(err.Error(), "TMPDIR") {
			t.Error("it says what to do:", err)
		}
	}, func(t *testing.T) {
		dir := mkdirTemp(t)
		p := open(t, "stock", func(o *host.Options) { o.SocketDir = dir })
		for _, name := range socketFiles(t, dir)[:1] {
			if i, err := os.Stat(name); err != nil || i.Mode().Perm() != 0o700 {
				t.Error(i, err)
			}
		}
		_ = syscall.Kill(p.PID(), syscall.SIGKILL)
		eventually(t, patience, "nothing is left", func() bool { return len(socketFiles(t, dir)) == 0 })
		t.Setenv("TMPDIR", "/tmp/"+strings.Repeat("x", 120))
		other, err := tryOpen(t, "stock", nil)
		if err != nil {
			t.Fatal("another folder is not looked for:", err)
		}
		_ = other.Close(context.Background())
	}},
	{"15 a panic in one call ends all calls", func(t *testing.T) {
		s := stockPlugin(t, "panics in a call")
		_, err := s.Recognize(bounded(t), picture(""))
		want(t, err, shared.CodeOutcomeUnknown, shared.OutcomeAmbiguous)
		eventually(t, patience, "the end", s.client.Exited)
	}, func(t *testing.T) {
		p := open(t, "serve", nil)
		err := stopDuringCall(t, p, func() {
			_, err := p.Recognize(bounded(t), picture("panic"))
			want(t, err, shared.CodePanic, shared.OutcomeAmbiguous)
		})
		if err != nil {
			t.Error(err)
		}
	}},
	{"16 a client can be used once", func(t *testing.T) {
		// What it keeps of the ended process is what it answers with; that the list of managed clients only
		// grows cannot be seen from outside.
		s := stockPlugin(t, "stock")
		_ = s.cmd.Process.Kill()
		eventually(t, patience, "the end", s.client.Exited)
		if addr, err := s.client.Start(); err != nil || addr == nil {
			t.Error("it can be started again, or says that it cannot:", addr, err)
		}
	}, func(t *testing.T) {
		p := open(t, "serve", func(o *host.Options) { o.Restart = true })
		_, _ = p.Recognize(bounded(t), picture("crash"))
		if _, err := p.Recognize(bounded(t), picture("")); err != nil {
			t.Error(err)
		}
	}},
	{"17 the broker has fixed limits and does not come back after a reattach", nil, func(t *testing.T) {
		// Neither half has a use for it.
		conn, err := (&rpc.Plugin{}).GRPCClient(t.Context(), nil, nil)
		if _, ok := conn.(shared.Recognizer); !ok || err != nil {
			t.Error(conn, err)
		}
	}},
	{"18 a log line to a dead host kills the plugin before its work is settled", func(t *testing.T) {
		at := filepath.Join(t.TempDir(), "call")
		cmd, pid := startProgram(t, "stock host", "stock that logs", "IDREC_TEST_CALL="+at)
		eventually(t, patience, "the call begins", exists(at+".begun"))
		_ = cmd.Process.Kill()
		eventually(t, patience, "the end", gone(pid))
		if exists(at + ".settled")() {
			t.Error("it was settled")
		}
	}, func(t *testing.T) {
		at := filepath.Join(t.TempDir(), "call")
		cmd, pid := startProgram(t, "host", "serve", "IDREC_TEST_CALL="+at)
		eventually(t, patience, "the call begins", exists(at+".begun"))
		_ = cmd.Process.Kill()
		eventually(t, patience, "the end", gone(pid))
		if !exists(at + ".settled")() {
			t.Error("it was not settled")
		}
	}},
	{"19 a start after the end answers an address and starts nothing", func(t *testing.T) {
		s := stockPlugin(t, "stock")
		_ = s.cmd.Process.Kill()
		eventually(t, patience, "the end", s.client.Exited)
		if _, err := s.client.Start(); err != nil || !gone(s.cmd.Process.Pid)() {
			t.Error("something was started:", err)
		}
	}, func(t *testing.T) {
		p := open(t, "serve", func(o *host.Options) { o.Restart = true })
		for range 3 { // the history is not forgotten at a start
			_, _ = p.Recognize(bounded(t), picture("crash"))
			eventually(t, patience, "another process", func() bool {
				_, err := p.Describe(bounded(t))
				return err == nil
			})
		}
		if s := p.Status(); s.Ends < 3 {
			t.Error(s)
		}
	}},
	{"20 a hang-up of the terminal reaches the plugin", func(t *testing.T) {
		s := stockPlugin(t, "stock")
		if inGroup(t, s.cmd.Process.Pid) != syscall.Getpgrp() {
			t.Error("it has a group of its own")
		}
	}, func(t *testing.T) {
		for _, role := range []string{"stock", "serve"} {
			p := open(t, role, nil)
			if g := inGroup(t, p.PID()); g != p.PID() || g == syscall.Getpgrp() {
				t.Error(role, "has not a group of its own")
			}
		}
	}},
	{"21 the plugin has its host's standard input", func(t *testing.T) {
		s := stockPlugin(t, "stock")
		mine, _ := os.Readlink("/proc/self/fd/0")
		res, err := s.Recognize(bounded(t), picture("inside"))
		if err != nil || res.Extras["t.stdin"] != mine || s.cmd.Stdin != os.Stdin {
			t.Error(res, err)
		}
	}, func(t *testing.T) {
		p := open(t, "stock", nil)
		if res, err := p.Recognize(bounded(t), picture("inside")); err != nil || res.Extras["t.stdin"] != "/dev/null" {
			t.Error(res, err)
		}
	}},
}

func TestTraps(t *testing.T) {
	t.Parallel()
	for _, trap := range traps {
		if setsEnvironment(trap.name) {
			continue
		}
		t.Run(trap.name, func(t *testing.T) {
			t.Parallel()
			if trap.stock != nil {
				t.Run("stock falls into it", trap.stock)
			}
			t.Run("we do not", trap.our)
		})
	}
}

// These cannot be parallel.
func TestTrapsOfTheEnvironment(t *testing.T) {
	for _, trap := range traps {
		if setsEnvironment(trap.name) {
			t.Run(trap.name+", stock", trap.stock)
			t.Run(trap.name+", ours", trap.our)
		}
	}
}

func setsEnvironment(trap string) bool {
	return strings.HasPrefix(trap, "10 ") || strings.HasPrefix(trap, "14 ")
}

// stopDuringCall does something in the middle of a call that ends by itself, and returns how it ended.
func stopDuringCall(t *testing.T, r shared.Recognizer, stop func()) error {
	t.Helper()
	req := picture("work")
	req.Case = filepath.Join(t.TempDir(), "call")
	result := make(chan error, 1)
	go func() {
		_, err := r.Recognize(bounded(t), req)
		result <- err
	}()
	eventually(t, patience, "the call begins", exists(req.Case+".begun"))
	stop()
	return <-result
}

// childrenOf returns the processes of "with a child".
func childrenOf(t *testing.T, pid int) (children []int) {
	t.Helper()
	eventually(t, patience, "two children", func() bool {
		children = nil
		tasks, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", pid))
		for _, task := range tasks {
			text, _ := os.ReadFile(task)
			for field := range strings.FieldsSeq(string(text)) {
				var child int
				if n, _ := fmt.Sscan(field, &child); n == 1 {
					children = append(children, child)
				}
			}
		}
		return len(children) == 2
	})
	return children
}

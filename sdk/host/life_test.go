//go:build linux

package host_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/seed-6b91b535/idrec/sdk/host"
	"github.com/seed-6b91b535/idrec/shared"
)

func TestADeadPluginsCallsAreAmbiguousAndLaterOnesNotSent(t *testing.T) {
	t.Parallel()
	p := open(t, "serve", nil)
	_, err := p.Recognize(bounded(t), picture("crash"))
	if e := want(t, err, shared.CodeOutcomeUnknown, shared.OutcomeAmbiguous); e.CallID == "" || e.Retryable() {
		t.Error(e)
	}
	eventually(t, patience, "the end is noticed", gone(p.PID()))
	req := picture("")
	req.CallID = "mine"
	eventually(t, patience, "calls are refused", func() bool {
		_, err = p.Recognize(bounded(t), req)
		return errors.Is(err, shared.CodePluginUnavailable)
	})
	if e := want(t, err, shared.CodePluginUnavailable, shared.OutcomeNotSent); e.CallID != "mine" || !e.Retryable() {
		t.Error(e)
	}
	if _, err := p.Describe(bounded(t)); !errors.Is(err, shared.CodePluginUnavailable) {
		t.Error(err)
	}
}

func TestADeadFreePluginsCallsAreFree(t *testing.T) {
	t.Parallel()
	p := open(t, "serve", func(o *host.Options) { o.Env = append(o.Env, "FREE=1") })
	_, err := p.Recognize(bounded(t), picture("crash"))
	if e := want(t, err, shared.CodePluginUnavailable, shared.OutcomeFree); !e.Retryable() {
		t.Error(e)
	}
}

func TestARestartedPluginHasItsSettings(t *testing.T) {
	t.Parallel()
	p := open(t, "serve", func(o *host.Options) { o.Restart = true })
	c := shared.Configuration{Values: map[string]string{"rate": "2"}, Secrets: map[string]shared.Secret{"secret": shared.NewSecret(theSecret)}}
	if err := p.Configure(bounded(t), c); err != nil {
		t.Fatal(err)
	}
	if err := p.Configure(bounded(t), shared.Configuration{Values: map[string]string{"rate": "0"}}); !errors.Is(err, shared.CodeConfigurationInvalid) {
		t.Fatal(err)
	}
	c.Values["rate"] = "changed by the caller"
	old := p.PID()
	_, err := p.Recognize(bounded(t), picture("crash"))
	want(t, err, shared.CodeOutcomeUnknown, shared.OutcomeAmbiguous)
	eventually(t, patience, "the end is noticed", func() bool {
		res, err := p.Recognize(bounded(t), picture("settings"))
		if err != nil {
			return false
		}
		if res.Extras["t.rate"] != "2" || res.Extras["t.secret"] != "true" {
			t.Error(res.Extras)
		}
		return true
	})
	if p.PID() == old {
		t.Error("it is the same process")
	}
}

func TestTheNextProcessIsAskedWhatBecameOfACall(t *testing.T) {
	t.Parallel()
	for ledger, check := range map[string]func(*testing.T, *shared.Result, error){
		"settled": func(t *testing.T, res *shared.Result, err error) {
			if err != nil || res.VendorCode != "from the record" {
				t.Error(res, err)
			}
		},
		"in doubt": func(t *testing.T, _ *shared.Result, err error) {
			want(t, err, shared.CodeOutcomeUnknown, shared.OutcomeAmbiguous)
		},
		"unknown, durable": func(t *testing.T, _ *shared.Result, err error) {
			want(t, err, shared.CodePluginUnavailable, shared.OutcomeNotSent)
		},
		"unknown, in memory": func(t *testing.T, _ *shared.Result, err error) {
			want(t, err, shared.CodeOutcomeUnknown, shared.OutcomeAmbiguous)
		},
	} {
		t.Run(ledger, func(t *testing.T) {
			t.Parallel()
			p := open(t, "serve", func(o *host.Options) {
				o.Restart = true
				o.Env = append(o.Env, "LEDGER="+ledger)
			})
			res, err := p.Recognize(bounded(t), picture("crash"))
			check(t, res, err)
		})
	}
}

func TestAPluginsOwnUnclearAnswerIsNotWaitedOver(t *testing.T) {
	t.Parallel()
	p := open(t, "serve", func(o *host.Options) {
		o.Restart = true
		o.Env = append(o.Env, "LEDGER=in doubt")
	})
	start := time.Now()
	_, err := p.Recognize(bounded(t), picture("unclear"))
	want(t, err, shared.CodeOutcomeUnknown, shared.OutcomeAmbiguous)
	if took := time.Since(start); took > 900*time.Millisecond {
		t.Error(took)
	}
}

func TestAPluginThatKeepsEndingIsNotStartedAllTheTime(t *testing.T) {
	t.Parallel()
	p := open(t, "serve", func(o *host.Options) { o.Restart = true })
	pids := map[int]bool{}
	eventually(t, 10*time.Second, "a pause", func() bool {
		pids[p.PID()] = true
		_, err := p.Recognize(bounded(t), picture("crash"))
		var e *shared.Error
		return errors.As(err, &e) && e.Code == shared.CodePluginUnavailable && e.Outcome == shared.OutcomeNotSent && e.RetryAfter > 0
	})
	if len(pids) > 3 {
		t.Error(len(pids), "processes before the first pause")
	}
}

func TestCloseLetsCallsInFlightEnd(t *testing.T) {
	t.Parallel()
	for _, role := range []string{"serve", "stock"} {
		p := open(t, role, nil)
		req := picture("work")
		req.Case = filepath.Join(t.TempDir(), "call")
		result := make(chan error, 1)
		go func() {
			_, err := p.Recognize(context.Background(), req)
			result <- err
		}()
		eventually(t, patience, "the call begins", exists(req.Case+".begun"))
		if err := p.Close(context.Background()); err != nil {
			t.Error(err)
		}
		if err := <-result; err != nil {
			t.Error(role, err)
		}
	}
}

func TestCloseStartsNothing(t *testing.T) {
	t.Parallel()
	p := open(t, "serve", func(o *host.Options) {
		o.Restart = true
		o.Env = append(o.Env, "LEDGER=settled")
	})
	pid := p.PID()
	req := picture("crash late")
	req.Case = filepath.Join(t.TempDir(), "call")
	result := make(chan error, 1)
	go func() {
		_, err := p.Recognize(context.Background(), req)
		result <- err
	}()
	eventually(t, patience, "the call begins", exists(req.Case+".begun"))
	_ = p.Close(context.Background())
	want(t, <-result, shared.CodeOutcomeUnknown, shared.OutcomeAmbiguous)
	if p.PID() != pid || !gone(pid)() {
		t.Error("another process was started")
	}
}

func TestCloseIsBoundedWhateverThePluginDoes(t *testing.T) {
	t.Parallel()
	const grace = 300 * time.Millisecond
	for name, c := range map[string]struct {
		role  string
		upset func(*testing.T, *host.Plugin)
	}{
		"stopped": {"serve", func(t *testing.T, p *host.Plugin) {
			if err := syscall.Kill(p.PID(), syscall.SIGSTOP); err != nil {
				t.Fatal(err)
			}
		}},
		"stock and stopped": {"stock", func(t *testing.T, p *host.Plugin) {
			if err := syscall.Kill(p.PID(), syscall.SIGSTOP); err != nil {
				t.Fatal(err)
			}
		}},
		"with a call that hangs": {"serve", func(t *testing.T, p *host.Plugin) {
			req := picture("hang")
			req.Case = filepath.Join(t.TempDir(), "call")
			done := make(chan struct{})
			go func() {
				defer close(done)
				_, err := p.Recognize(context.Background(), req)
				want(t, err, shared.CodeOutcomeUnknown, shared.OutcomeAmbiguous)
			}()
			t.Cleanup(func() { <-done })
			eventually(t, patience, "the call begins", exists(req.Case+".begun"))
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := open(t, c.role, func(o *host.Options) { o.StopTimeout = grace })
			c.upset(t, p)
			start := time.Now()
			_ = p.Close(context.Background())
			if took := time.Since(start); took > grace+2*time.Second || !gone(p.PID())() {
				t.Error(took)
			}
			t.Log(time.Since(start))
		})
	}
}

func TestAClosersContextBoundsClose(t *testing.T) {
	t.Parallel()
	p := open(t, "serve", nil)
	if err := syscall.Kill(p.PID(), syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(200*time.Millisecond, cancel)
	start := time.Now()
	_ = p.Close(ctx)
	if took := time.Since(start); took > 3*time.Second || !gone(p.PID())() {
		t.Error(took)
	}
}

// A child that holds the outputs keeps go-plugin's Kill waiting for ever.
func TestAPluginsChildrenEndWithIt(t *testing.T) {
	t.Parallel()
	var raw journal
	p := open(t, "with a child", func(o *host.Options) { o.Stderr = &raw })
	var pids []int
	eventually(t, patience, "two children", func() bool {
		pids = nil
		for l := range strings.Lines(raw.String()) {
			var pid int
			if n, _ := fmt.Sscanf(l, "child %d", &pid); n == 1 {
				pids = append(pids, pid)
			}
		}
		return len(pids) == 2
	})
	defer syscall.Kill(pids[1], syscall.SIGKILL)
	start := time.Now()
	_ = p.Close(context.Background())
	if took := time.Since(start); took > 3*time.Second {
		t.Error("a child that left the group held Close for", took)
	}
	eventually(t, time.Second, "the child in the group ends", gone(pids[0]))
}

func TestTheTerminalsSignalsDoNotReachThePlugin(t *testing.T) {
	t.Parallel()
	p := open(t, "stock", nil)
	group, err := syscall.Getpgid(p.PID())
	if err != nil || group != p.PID() || group == syscall.Getpgrp() {
		t.Error(group, err)
	}
}

// startHost starts a host program with a plugin of the role, and returns it and the plugin's number.
func startHost(t *testing.T, role string, env ...string) (cmd *exec.Cmd, pid int) {
	t.Helper()
	return startProgram(t, "host", role, env...)
}

func startProgram(t *testing.T, program, role string, env ...string) (cmd *exec.Cmd, pid int) {
	t.Helper()
	cmd = exec.Command(os.Args[0])
	cmd.Env = append(append(os.Environ(), roleEnv+"="+program, noRaceSleep, "IDREC_TEST_PLUGIN="+role), env...)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	if _, err := fmt.Sscan(line, &pid); err != nil {
		t.Fatal(line, err)
	}
	return cmd, pid
}

func TestAnIdlePluginEndsWithItsKilledHost(t *testing.T) {
	t.Parallel()
	for _, role := range []string{"serve", "stock"} {
		cmd, pid := startHost(t, role)
		if err := cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		start := time.Now()
		eventually(t, time.Second, "the plugin ends: "+role, gone(pid))
		t.Log(role, time.Since(start))
	}
}

func TestABusyPluginSettlesWhatIsSentAfterItsHostWasKilled(t *testing.T) {
	t.Parallel()
	at := filepath.Join(t.TempDir(), "call")
	cmd, pid := startHost(t, "serve", "IDREC_TEST_CALL="+at)
	eventually(t, patience, "the call begins", exists(at+".begun"))
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	eventually(t, 3*time.Second, "the plugin ends", gone(pid))
	if !exists(at + ".settled")() {
		t.Error("the call that was paid for was not settled")
	}
}

func TestNoSocketFolderIsLeftByAKilledHost(t *testing.T) {
	t.Parallel()
	dir, err := os.MkdirTemp("/tmp", "") //nolint:usetesting // the name of a test's own folder is too long for a socket
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	at := filepath.Join(t.TempDir(), "call")
	cmd, pid := startHost(t, "serve", "IDREC_TEST_CALL="+at, "TMPDIR="+dir)
	eventually(t, patience, "the call begins", exists(at+".begun"))
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	eventually(t, 3*time.Second, "the plugin ends", gone(pid))
	if left, err := os.ReadDir(dir); err != nil || len(left) != 0 {
		t.Error(left, err)
	}
}

func TestAnImpatientCloseHurriesTheFirst(t *testing.T) {
	t.Parallel()
	p := open(t, "serve", nil)
	req := picture("hang")
	req.Case = filepath.Join(t.TempDir(), "call")
	call := make(chan error, 1)
	go func() {
		_, err := p.Recognize(context.Background(), req)
		call <- err
	}()
	eventually(t, patience, "the call begins", exists(req.Case+".begun"))
	first := make(chan struct{})
	go func() {
		defer close(first)
		_ = p.Close(context.Background())
	}()
	eventually(t, patience, "the first close has begun", func() bool {
		_, err := p.Describe(bounded(t))
		return errors.Is(err, shared.CodePluginUnavailable)
	})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	start := time.Now()
	_ = p.Close(ctx)
	if took := time.Since(start); took > 3*time.Second || !gone(p.PID())() {
		t.Error(took)
	}
	<-first
	want(t, <-call, shared.CodeOutcomeUnknown, shared.OutcomeAmbiguous)
}

func TestCloseIsBoundedWhileThePluginStartsAnew(t *testing.T) {
	t.Parallel()
	// It serves once, and hangs at its next start.
	once := filepath.Join(t.TempDir(), "once")
	path := script(t, "#!/bin/sh\nif [ -e \"$ONCE\" ]; then : > \"$ONCE.again\"; sleep 30; fi\n: > \"$ONCE\"\nexec \"$REAL\"\n")
	p := open(t, "serve", func(o *host.Options) {
		o.Path, o.Restart, o.StopTimeout = path, true, 200*time.Millisecond
		o.Env = append(o.Env, "ONCE="+once, "REAL="+os.Args[0])
	})
	_, err := p.Recognize(bounded(t), picture("crash"))
	want(t, err, shared.CodeOutcomeUnknown, shared.OutcomeAmbiguous)
	eventually(t, patience, "the end is noticed", gone(p.PID()))
	call := make(chan error, 1)
	go func() {
		for {
			// The end of the first process may not have been noticed at once.
			if _, err := p.Describe(context.Background()); err != nil && !strings.Contains(err.Error(), "is not there") {
				call <- err
				return
			}
		}
	}()
	eventually(t, patience, "the new start hangs", exists(once+".again"))
	start := time.Now()
	_ = p.Close(context.Background())
	if took := time.Since(start); took > 4*time.Second {
		t.Error(took)
	}
	want(t, <-call, shared.CodePluginUnavailable, shared.OutcomeNotSent)
}

func TestARestartedPluginHasTheSettingsThatWereTakenLast(t *testing.T) {
	t.Parallel()
	p := open(t, "serve", func(o *host.Options) { o.Restart = true })
	for range 10 {
		var wg sync.WaitGroup
		for i := range 8 {
			wg.Go(func() {
				c := shared.Configuration{Values: map[string]string{"rate": strconv.Itoa(i + 1)}}
				if err := p.Configure(bounded(t), c); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		before, err := p.Recognize(bounded(t), picture("settings"))
		if err != nil {
			t.Fatal(err)
		}
		if kept := host.Kept(p); kept.Values["rate"] != before.Extras["t.rate"] {
			t.Fatal("the plugin has", before.Extras["t.rate"], "and its next process would get", kept.Values["rate"])
		}
	}
}

func TestManyPluginsAtOnce(t *testing.T) {
	t.Parallel()
	done := make(chan error, 6)
	for range cap(done) {
		go func() {
			p, err := host.Open(bounded(t), host.Options{Path: os.Args[0], Env: []string{roleEnv + "=serve"}})
			if err == nil {
				_, err = p.Recognize(bounded(t), picture(""))
				_ = p.Close(context.Background())
			}
			done <- err
		}()
	}
	for range cap(done) {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
}

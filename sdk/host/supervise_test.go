//go:build linux

package host_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/hashicorp/go-hclog"

	"github.com/seed-6b91b535/idrec/sdk/host"
	"github.com/seed-6b91b535/idrec/shared"
)

// begin makes a call of the key and returns when the plugin is at work on it.
func begin(t *testing.T, p *host.Plugin, key string) (at string, result <-chan error) {
	t.Helper()
	req := picture(key)
	req.Case = filepath.Join(t.TempDir(), "call")
	done := make(chan error, 1)
	go func() {
		_, err := p.Recognize(bounded(t), req)
		done <- err
	}()
	eventually(t, patience, "the call begins", exists(req.Case+".begun"))
	return req.Case, done
}

func TestAPluginThatGivesNoSignOfLifeIsReplaced(t *testing.T) {
	t.Parallel()
	for name, upset := range map[string]func(*testing.T, *host.Plugin) <-chan error{
		"stopped": func(t *testing.T, p *host.Plugin) <-chan error {
			_, result := begin(t, p, "hang")
			if err := syscall.Kill(p.PID(), syscall.SIGSTOP); err != nil {
				t.Fatal(err)
			}
			return result
		},
		"deadlocked": func(t *testing.T, p *host.Plugin) <-chan error {
			_, result := begin(t, p, "deadlock")
			return result
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var log journal
			p := open(t, "serve", func(o *host.Options) {
				o.Restart, o.Liveness, o.Logger = true, 300*time.Millisecond, log.logger(hclog.Error)
			})
			pid := p.PID()
			result := upset(t, p)
			want(t, <-result, shared.CodeOutcomeUnknown, shared.OutcomeAmbiguous)
			if _, err := p.Recognize(bounded(t), picture("")); err != nil {
				t.Error(err)
			}
			if p.PID() == pid || !gone(pid)() {
				t.Error("the old process is still there")
			}
			if log.line("the plugin gives no sign of life and is replaced") == nil {
				t.Error(log.String())
			}
		})
	}
}

func TestABusyPluginIsNotTakenForAHungOne(t *testing.T) {
	t.Parallel()
	p := open(t, "serve", func(o *host.Options) { o.Restart, o.Liveness = true, 400*time.Millisecond })
	pid := p.PID()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() {
		req := picture("settle") // it works until it is told to give up
		req.Case = filepath.Join(t.TempDir(), "call")
		_, err := p.Recognize(ctx, req)
		done <- err
	}()
	timer := time.NewTimer(1200 * time.Millisecond)
	<-timer.C
	if p.PID() != pid || !p.Status().Up || p.Status().Calls != 1 {
		t.Error(p.Status())
	}
	cancel()
	<-done
}

// What is paid is settled by a process whose host cannot be reached, before another takes its place.
func TestAConnectionThatBreaksIsNotTheEndOfWhatIsPaid(t *testing.T) {
	t.Parallel()
	p := open(t, "serve", func(o *host.Options) { o.Restart = true })
	pid := p.PID()
	at, result := begin(t, p, "disconnect")
	want(t, <-result, shared.CodeOutcomeUnknown, shared.OutcomeAmbiguous)
	if _, err := p.Recognize(bounded(t), picture("")); err != nil {
		t.Error(err)
	}
	if p.PID() == pid || !gone(pid)() {
		t.Error("the old process is still there")
	}
	if !exists(at + ".settled")() {
		t.Error("the call that was paid for was not settled")
	}
}

func TestMoreCallsThanMayWaitAreToldAtOnce(t *testing.T) {
	t.Parallel()
	p := open(t, "serve", func(o *host.Options) { o.MaxCalls, o.MaxWaiting = 1, 1 })
	_, first := begin(t, p, "work")
	second := make(chan error, 1)
	go func() {
		_, err := p.Recognize(bounded(t), picture(""))
		second <- err
	}()
	eventually(t, patience, "a call waits", func() bool { return p.Status().Waiting == 1 })
	req := picture("")
	req.CallID = "third"
	_, err := p.Recognize(bounded(t), req)
	if e := want(t, err, shared.CodeOverloaded, shared.OutcomeNotSent); e.CallID != "third" || !e.Retryable() {
		t.Error(e)
	}
	if _, err := p.Describe(bounded(t)); err != nil {
		t.Error("what is no picture waits too:", err)
	}
	if err := <-first; err != nil {
		t.Error(err)
	}
	if err := <-second; err != nil {
		t.Error("the call that waited:", err)
	}
	if s := p.Status(); s.Calls != 0 || s.Waiting != 0 {
		t.Error(s)
	}
}

func TestAWaitingCallCanBeGivenUpAndEndsWithTheHost(t *testing.T) {
	t.Parallel()
	p := open(t, "serve", func(o *host.Options) { o.MaxCalls = 1 })
	_, first := begin(t, p, "work")
	ctx, cancel := context.WithCancel(t.Context())
	canceled, closed := make(chan error, 1), make(chan error, 1)
	go func() {
		_, err := p.Recognize(ctx, picture(""))
		canceled <- err
	}()
	go func() {
		_, err := p.Recognize(bounded(t), picture(""))
		closed <- err
	}()
	eventually(t, patience, "two calls wait", func() bool { return p.Status().Waiting == 2 })
	cancel()
	want(t, <-canceled, shared.CodeCanceled, shared.OutcomeNotSent)
	_ = p.Close(context.Background())
	want(t, <-closed, shared.CodePluginUnavailable, shared.OutcomeNotSent)
	if err := <-first; err != nil {
		t.Error(err)
	}
}

func TestHealthTellsTheProcessFromWhatIsBehindIt(t *testing.T) {
	t.Parallel()
	p := open(t, "serve", nil)
	if s := p.Status(); !s.Up || s.PID != p.PID() || s.Version != "1.2.3" || s.Ends != 0 || s.Since.IsZero() {
		t.Error(s)
	}
	if _, err := p.Check(bounded(t), false); !errors.Is(err, shared.CodeNotSupported) {
		t.Error("a plugin that cannot look says so:", err)
	}
	_, _ = p.Recognize(bounded(t), picture("crash"))
	eventually(t, patience, "the end is noticed", func() bool { return !p.Status().Up })
	h, err := p.Check(bounded(t), false)
	if err != nil || h.Process.State != shared.CheckBad || h.Upstream.State != shared.CheckUnknown || h.Good() {
		t.Error(h, err)
	}
}

// The settings that were taken last are those of the next process, whenever the last one ended.
func TestSettingsThatWereTakenDuringARestartAreNotLost(t *testing.T) {
	t.Parallel()
	p := open(t, "serve", func(o *host.Options) { o.Restart = true })
	for i := range 20 {
		rate := fmt.Sprint(i + 1)
		var wg sync.WaitGroup
		wg.Go(func() { _, _ = p.Recognize(bounded(t), picture("crash")) })
		wg.Go(func() {
			c := shared.Configuration{Values: map[string]string{"rate": rate}}
			// It may end while it takes them, or not be there yet.
			eventually(t, 20*time.Second, "the settings are taken", func() bool { return p.Configure(bounded(t), c) == nil })
		})
		wg.Wait()
		eventually(t, 20*time.Second, "a process that is up", func() bool {
			res, err := p.Recognize(bounded(t), picture("settings"))
			if err == nil && res.Extras["t.rate"] != rate {
				t.Fatalf("the process has the settings %q, and %s were taken", res.Extras["t.rate"], rate)
			}
			return err == nil
		})
		host.Forgive(p) // or it would pause longer and longer
	}
}

// copyPlugin copies this test binary, as something that can be replaced.
func copyPlugin(t *testing.T) (path, sum string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "idrec-plugin-trouble")
	program, err := os.ReadFile(os.Args[0])
	if err != nil {
		t.Fatal(err)
	}
	write(t, path, program, 0o755)
	if sum, err = host.Sum(path); err != nil {
		t.Fatal(err)
	}
	return path, sum
}

func TestAnUpgradeFailsNoCall(t *testing.T) {
	t.Parallel()
	upgrades := 10
	if os.Getenv("IDREC_SOAK") != "" {
		upgrades = 100
	}
	for _, role := range []string{"serve", "stock"} {
		t.Run(role, func(t *testing.T) {
			t.Parallel()
			sockets := mkdirTemp(t)
			p := open(t, role, func(o *host.Options) { o.Restart, o.SocketDir = true, sockets })
			if err := p.Configure(bounded(t), shared.Configuration{Values: map[string]string{"rate": "7"}}); err != nil {
				t.Fatal(err)
			}
			stop := make(chan struct{})
			var calls atomic.Int64
			var wg sync.WaitGroup
			for range 8 {
				wg.Go(func() {
					for {
						select {
						case <-stop:
							return
						default:
						}
						res, err := p.Recognize(bounded(t), picture("settings"))
						if err != nil || res.Extras["t.rate"] != "7" {
							t.Error("a call failed:", res, err)
							return
						}
						calls.Add(1)
					}
				})
			}
			pids := map[int]bool{p.PID(): true}
			for range upgrades {
				if err := p.Upgrade(bounded(t), host.Upgrade{}); err != nil {
					t.Error(err)
					break
				}
				pids[p.PID()] = true
			}
			close(stop)
			wg.Wait()
			if len(pids) != upgrades+1 {
				t.Error(len(pids), "processes")
			}
			for pid := range pids {
				if pid != p.PID() && !gone(pid)() {
					t.Error("an old process is left")
				}
			}
			if entries, _ := os.ReadDir(sockets); len(entries) != 1 {
				t.Error(entries)
			}
			if s := p.Status(); s.Ends != 0 {
				t.Error("an upgrade counts as an end:", s)
			}
			t.Log(calls.Load(), "calls")
		})
	}
}

func TestAnUpgradeThatIsNotFitLeavesTheOldProcess(t *testing.T) {
	t.Parallel()
	path, sum := copyPlugin(t)
	p := open(t, "serve", func(o *host.Options) { o.Path, o.SHA256 = path, sum })
	if err := p.Configure(bounded(t), shared.Configuration{Values: map[string]string{"rate": "7"}}); err != nil {
		t.Fatal(err)
	}
	pid := p.PID()
	unfit := &shared.Error{Code: shared.CodeUpstreamUnreachable, Outcome: shared.OutcomeNotSent, Basis: shared.BasisProved}
	for name, c := range map[string]struct {
		u    host.Upgrade
		code shared.Code
	}{
		"no file":      {host.Upgrade{Path: filepath.Join(t.TempDir(), "absent")}, shared.CodePluginNotFound},
		"another hash": {host.Upgrade{Path: script(t, "#!/bin/sh\nexit 1\n")}, shared.CodePluginRefused},
		"ends":         {host.Upgrade{Path: "/bin/true", SHA256: mustSum(t, "/bin/true")}, shared.CodePluginFailed},
		"probe": {host.Upgrade{Probe: func(ctx context.Context, r shared.Recognizer) error {
			if res, err := r.Recognize(ctx, picture("settings")); err != nil || res.Extras["t.rate"] != "7" {
				t.Error("the new process is probed without the settings:", res, err)
			}
			return unfit
		}}, shared.CodeUpstreamUnreachable},
	} {
		err := p.Upgrade(bounded(t), c.u)
		if want(t, err, c.code, shared.OutcomeNotSent); p.PID() != pid {
			t.Errorf("%s: the process was changed", name)
		}
	}
	if res, err := p.Recognize(bounded(t), picture("process")); err != nil || res.Extras["t.pid"] != fmt.Sprint(pid) {
		t.Error(res, err)
	}
}

func mustSum(t *testing.T, path string) string {
	t.Helper()
	sum, err := host.Sum(path)
	if err != nil {
		t.Fatal(err)
	}
	return sum
}

func TestAnUpgradeIsBoundedAndEndsWithClose(t *testing.T) {
	t.Parallel()
	p := open(t, "serve", func(o *host.Options) { o.StopTimeout = 500 * time.Millisecond })
	old := p.PID()
	_, result := begin(t, p, "hang")
	start := time.Now()
	if err := p.Upgrade(bounded(t), host.Upgrade{}); err != nil {
		t.Error(err)
	}
	if took := time.Since(start); took > 4*time.Second || !gone(old)() {
		t.Error("a call that hangs holds the upgrade for", took)
	}
	want(t, <-result, shared.CodeOutcomeUnknown, shared.OutcomeAmbiguous)

	probing := make(chan struct{})
	upgraded := make(chan error, 1)
	go func() {
		upgraded <- p.Upgrade(bounded(t), host.Upgrade{Probe: func(ctx context.Context, _ shared.Recognizer) error {
			close(probing)
			<-ctx.Done()
			return ctx.Err()
		}})
	}()
	<-probing
	_ = p.Close(context.Background())
	want(t, <-upgraded, shared.CodeCanceled, shared.OutcomeNotSent)
	if err := p.Upgrade(bounded(t), host.Upgrade{}); !errors.Is(err, shared.CodePluginUnavailable) {
		t.Error(err)
	}
}

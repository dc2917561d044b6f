//go:build linux

// Package shell_test runs the samples for engines whose step is a command.
package shell_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/seed-6b91b535/idrec/host-example/internal/enginetest"
	"github.com/seed-6b91b535/idrec/sdk/wapi/sandbox"
	"github.com/seed-6b91b535/idrec/shared"
)

func TestMain(m *testing.M) { enginetest.Main(m) }

const latency = 50 * time.Millisecond

// inbox has folders with specimens of people.
func inbox(t *testing.T, folders, each int, seed uint64) (dir string, canaries []string) {
	t.Helper()
	dir = t.TempDir()
	for i := range folders {
		name := "batch-" + string(rune('a'+i))
		enginetest.Cards(t, filepath.Join(dir, name), each, seed+uint64(i))
		canaries = append(canaries, "person-0")
		canaries = append(canaries, enginetest.Canaries(each, seed+uint64(i))...)
	}
	return dir, append(canaries, enginetest.Secret)
}

// step is a command with idrec and its plugin in the path, and a home of its own.
func step(t *testing.T, v *enginetest.Vendor, home, dir string, env []string, name string, args ...string) *exec.Cmd {
	t.Helper()
	bin := filepath.Dir(enginetest.Idrec(t))
	if name == "idrec" {
		name = filepath.Join(bin, name)
	}
	cmd := exec.Command(name, args...)
	cmd.Dir = dir
	cmd.Env = append(append(enginetest.Environ(home), v.Environ()...), env...)
	for i, e := range cmd.Env {
		if path, ok := strings.CutPrefix(e, "PATH="); ok {
			cmd.Env[i] = "PATH=" + bin + ":" + path
		}
	}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	return cmd
}

func records(t *testing.T, name string) (good, bad int) {
	t.Helper()
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var r shared.Record
		if err := json.Unmarshal(lines.Bytes(), &r); err != nil {
			t.Fatal(err)
		}
		if r.Error != nil {
			bad++
		} else {
			good++
		}
	}
	return good, bad
}

func quiet(t *testing.T, log []byte, canaries []string) {
	t.Helper()
	if n := enginetest.Leaks(string(log), canaries); n > 0 {
		t.Errorf("%d personal texts in the log:\n%s", n, log)
	}
}

func exitOf(err error) int {
	if x, ok := errors.AsType[*exec.ExitError](err); ok {
		return x.ExitCode()
	}
	if err != nil {
		return -1
	}
	return 0
}

func TestMakeReadsFoldersAndGoesOnAfterAKill(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("make"); err != nil {
		t.Skip("make is not installed")
	}
	const folders = 2
	n := enginetest.Pictures(t, 40) / folders
	in, canaries := inbox(t, folders, n, 31)
	v := enginetest.NewVendor(t, latency)
	home, out := t.TempDir(), filepath.Join(t.TempDir(), "out")
	run := func() *exec.Cmd {
		return step(t, v, home, "make", []string{"IDREC_CONCURRENCY=4"}, "make", "-j2", "-k", "INBOX="+in, "OUT="+out)
	}
	var log bytes.Buffer
	first := run()
	first.Stdout, first.Stderr = &log, &log
	if err := first.Start(); err != nil {
		t.Fatal(err)
	}
	for end := time.Now().Add(time.Minute); ; time.Sleep(5 * time.Millisecond) {
		if billed, _ := v.Bill(); billed >= int64(n) || time.Now().After(end) {
			break
		}
	}
	_ = syscall.Kill(-first.Process.Pid, syscall.SIGTERM) // make, its shells and idrec, as an engine ends a step
	err := first.Wait()
	second := run()
	second.Stdout, second.Stderr = &log, &log
	if again := second.Run(); again != nil {
		t.Fatalf("%v, then %v\n%s", err, again, log.String())
	}
	good, bad := 0, 0
	files, err := filepath.Glob(filepath.Join(out, "*.ndjson"))
	if err != nil || len(files) != folders {
		t.Fatalf("%d files, %v\n%s", len(files), err, log.String())
	}
	for _, f := range files {
		g, b := records(t, f)
		good, bad = good+g, bad+b
	}
	billed, pictures := v.Bill()
	if good != folders*n || bad != 0 || billed != pictures || billed != int64(folders*n) {
		t.Errorf("%d results, %d errors, billed %d for %d pictures\n%s", good, bad, billed, pictures, log.String())
	}
	quiet(t, log.Bytes(), canaries)
	row := enginetest.Row{Engine: "make", Version: versionOf(t, "make", "--version"), Pictures: folders * n, Results: good, Errors: bad, Billed: billed, Doubles: billed - pictures}
	if os.Getenv("IDREC_ENGINES") != "" {
		row.Ratio = enginetest.CompareRates(t, func() float64 {
			v := enginetest.NewVendor(t, latency)
			cmd := step(t, v, t.TempDir(), "make", []string{"IDREC_CONCURRENCY=4"}, "make", "-j2", "-k", "INBOX="+in, "OUT="+filepath.Join(t.TempDir(), "out"))
			if log, err := cmd.CombinedOutput(); err != nil {
				t.Fatalf("%v\n%s", err, log)
			}
			row.Rate = v.Rate()
			return row.Rate
		}, func() float64 { return enginetest.CommandLineRate(t, in, latency, 8) })
	}
	enginetest.Report(t, row)
}

func TestTheExitCodeSaysWhetherAnotherTryHelps(t *testing.T) {
	t.Parallel()
	in, canaries := inbox(t, 1, 2, 41)
	in = filepath.Join(in, "batch-a")
	v := enginetest.NewVendor(t, 0)
	home, dir := t.TempDir(), t.TempDir()
	run := func(want int, env ...string) {
		t.Helper()
		env = append(env, "IDREC_PAUSE=0", "IDREC_WAIT=0s")
		abs, err := filepath.Abs("step.sh")
		if err != nil {
			t.Fatal(err)
		}
		log, err := step(t, v, home, dir, env, abs, in, "records.ndjson").CombinedOutput()
		if exitOf(err) != want {
			t.Errorf("exit %d, not %d\n%s", exitOf(err), want, log)
		}
		quiet(t, log, canaries)
	}
	calls := func(n int64) {
		if err := v.UpdateApp(enginetest.AppID, func(a *sandbox.App) { a.CallsLeft = n }); err != nil {
			t.Fatal(err)
		}
	}
	calls(1)
	run(75, "IDREC_TRIES=2") // one picture was paid for, the other waits for a recharge
	calls(100)
	if log, err := step(t, v, home, dir, nil, "idrec", "account", "resume").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, log)
	}
	run(0)
	if billed, _ := v.Bill(); billed != 2 {
		t.Errorf("billed %d", billed)
	}
	if err := os.WriteFile(filepath.Join(in, "text.jpg"), []byte("no picture"), 0o600); err != nil {
		t.Fatal(err)
	}
	run(65)
	run(0, "IDREC_FAILURES_OK=1")
	run(78, "IDREC_WAPI_URL=ftp://x", "IDREC_OUT=other.ndjson")
}

// TestTheFirstProcessOfAContainerTellsIdrecToStop: container runtimes signal that process alone.
func TestTheFirstProcessOfAContainerTellsIdrecToStop(t *testing.T) {
	own := &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWPID, Pdeathsig: syscall.SIGKILL}
	if try := (&exec.Cmd{Path: "/bin/true", SysProcAttr: own}); try.Run() != nil {
		t.Skip("this machine lets nobody make a process the first one")
	}
	t.Parallel()
	const n = 20
	in, canaries := inbox(t, 1, n, 61)
	// A folder whose name looks like a flag.
	if err := os.Rename(filepath.Join(in, "batch-a"), filepath.Join(in, "--help")); err != nil {
		t.Fatal(err)
	}
	v := enginetest.NewVendor(t, 4*latency)
	home := t.TempDir()
	script, err := filepath.Abs("step.sh")
	if err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	run := func(env ...string) *exec.Cmd {
		cmd := step(t, v, home, in, append(env, "IDREC_CONCURRENCY=2"), script, "--help", filepath.Join(home, "records.ndjson"))
		cmd.SysProcAttr = own
		cmd.Stdout, cmd.Stderr = &log, &log
		return cmd
	}
	first := run()
	if err := first.Start(); err != nil {
		t.Fatal(err)
	}
	for end := time.Now().Add(time.Minute); ; time.Sleep(5 * time.Millisecond) {
		if billed, _ := v.Bill(); billed >= 3 || time.Now().After(end) {
			break
		}
	}
	_ = first.Process.Signal(syscall.SIGTERM)
	err = first.Wait()
	billed, _ := v.Bill()
	if exitOf(err) != 143 || billed < 3 || billed == n {
		t.Fatalf("exit %d, billed %d\n%s", exitOf(err), billed, log.String())
	}
	if left := enginetest.Children(first.Process.Pid, "idrec"); len(left) > 0 {
		t.Error("the program outlives its step")
	}
	if err := run().Run(); err != nil {
		t.Fatalf("%v\n%s", err, log.String())
	}
	good, bad := records(t, filepath.Join(home, "records.ndjson"))
	if billed, pictures := v.Bill(); good != n || bad != 0 || billed != n || pictures != n {
		t.Errorf("%d results, %d errors, billed %d for %d pictures\n%s", good, bad, billed, pictures, log.String())
	}
	quiet(t, log.Bytes(), canaries)

	// And while it waits for a recharge.
	if err := v.UpdateApp(enginetest.AppID, func(a *sandbox.App) { a.CallsLeft = 0 }); err != nil {
		t.Fatal(err)
	}
	enginetest.Cards(t, filepath.Join(in, "--help"), n+2, 61)
	waiting := run("IDREC_PAUSE=600", "IDREC_WAIT=0s")
	begin := time.Now()
	if err := waiting.Start(); err != nil {
		t.Fatal(err)
	}
	for end := time.Now().Add(time.Minute); len(enginetest.Children(waiting.Process.Pid, "sleep")) == 0 && time.Now().Before(end); {
		time.Sleep(5 * time.Millisecond)
	}
	_ = waiting.Process.Signal(syscall.SIGTERM)
	if err := waiting.Wait(); exitOf(err) != 143 || time.Since(begin) > 2*time.Minute {
		t.Errorf("exit %d after %v\n%s", exitOf(err), time.Since(begin), log.String())
	}
}

func TestAStepOfActionsOnTheHostLeavesAnArtefact(t *testing.T) {
	t.Parallel()
	act := os.Getenv("IDREC_ACT")
	if act == "" {
		if os.Getenv("IDREC_REQUIRE_ENGINES") != "" {
			t.Fatal("IDREC_ACT must name the program act")
		}
		t.Skip("IDREC_ACT names no program act: make run-sample in this folder builds it")
	}
	n := enginetest.Pictures(t, 20)
	in, canaries := inbox(t, 1, n, 51)
	v := enginetest.NewVendor(t, latency)
	home, repo := t.TempDir(), t.TempDir()
	script, err := filepath.Abs("step.sh")
	if err != nil {
		t.Fatal(err)
	}
	workflow, err := os.ReadFile("actions/idcard.yml")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Join(repo, ".github/workflows"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(repo, ".github/workflows/idcard.yml"), workflow, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"init", "-q"}, {"-c", "user.name=x", "-c", "user.email=x@example.com", "commit", "-q", "--allow-empty", "-m", "x"}} {
		if log, err := step(t, v, home, repo, nil, "git", args...).CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, log)
		}
	}
	artefacts := filepath.Join(t.TempDir(), "artefacts")
	folder := filepath.Join(in, "batch-a")
	push := func(v *enginetest.Vendor, home, artefacts string) *exec.Cmd {
		args := []string{"push", "-P", "self-hosted=-self-hosted", "--env", "ARTEFACTS=" + artefacts, "--env", "STEP=" + script, "--env", "PICTURES=" + folder}
		for _, e := range append(v.Environ(), "XDG_STATE_HOME="+home, "IDREC_CONCURRENCY=8") {
			args = append(args, "--env", e)
		}
		return step(t, v, home, repo, nil, act, args...)
	}
	log, err := push(v, home, artefacts).CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, log)
	}
	if !bytes.Contains(log, []byte("Job succeeded")) {
		t.Errorf("%s", log)
	}
	quiet(t, log, canaries)
	good, bad := records(t, filepath.Join(artefacts, "records.ndjson"))
	billed, pictures := v.Bill()
	if good != n || bad != 0 || billed != int64(n) || pictures != int64(n) {
		t.Errorf("%d results, %d errors, billed %d\n%s", good, bad, billed, log)
	}
	row := enginetest.Row{Engine: "act (host)", Version: versionOf(t, act, "--version"), Pictures: n, Results: good, Errors: bad, Billed: billed, Doubles: billed - pictures, Rate: v.Rate()}
	if os.Getenv("IDREC_ENGINES") != "" {
		row.Ratio = enginetest.CompareRates(t, func() float64 {
			v := enginetest.NewVendor(t, latency)
			if log, err := push(v, t.TempDir(), filepath.Join(t.TempDir(), "artefacts")).CombinedOutput(); err != nil {
				t.Fatalf("%v\n%s", err, log)
			}
			return v.Rate()
		}, func() float64 { return enginetest.CommandLineRate(t, folder, latency, 8) })
	}
	enginetest.Report(t, row)
}

func versionOf(t *testing.T, name string, args ...string) string {
	t.Helper()
	text, err := exec.Command(name, args...).Output()
	if err != nil {
		t.Fatal(err)
	}
	line, _, _ := strings.Cut(string(text), "\n")
	words := strings.Fields(line)
	return words[len(words)-1]
}

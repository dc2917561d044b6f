//go:build linux

package serve_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/go-plugin"
	"go.uber.org/goleak"
	"golang.org/x/sys/unix"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/seed-6b91b535/idrec/sdk/internal/proctest"
	"github.com/seed-6b91b535/idrec/sdk/serve"
	"github.com/seed-6b91b535/idrec/shared"
	"github.com/seed-6b91b535/idrec/shared/rpc"
)

// roleEnv makes this test binary a plugin, or a host.
const roleEnv = "IDREC_TEST_ROLE"

const noRaceSleep = proctest.NoRaceSleep

func TestMain(m *testing.M) {
	switch os.Getenv(roleEnv) {
	case "plugin":
		fmt.Println("a print before Main, which a plain host takes for the handshake")
		serve.Main(&provider{}, serve.WithGrace(2*time.Second))
	case "quiet":
		serve.Main(&provider{}, serve.WithGrace(2*time.Second))
	case "host":
		host()
	case "aborts":
		before, _ := os.Readlink("/proc/self/fd/1")
		go abortOnceServed(before)
		serve.Main(&provider{})
	case "aborts without":
		abort()
	default:
		goleak.VerifyTestMain(m)
	}
}

// abort is what a bug in a library in C does.
func abort() { _ = syscall.Kill(os.Getpid(), syscall.SIGABRT); select {} }

// abortOnceServed waits until standard output, which was before, was taken: the last thing before serving.
func abortOnceServed(before string) {
	for {
		if now, _ := os.Readlink("/proc/self/fd/1"); now != before {
			abort()
		}
		time.Sleep(time.Millisecond)
	}
}

// provider does what the key of a request says.
type provider struct{}

func (*provider) Describe(context.Context) (*shared.Description, error) {
	dumpable, err := unix.PrctlRetInt(unix.PR_GET_DUMPABLE, 0, 0, 0, 0)
	if err != nil {
		return nil, err
	}
	percent := debug.SetGCPercent(100)
	debug.SetGCPercent(percent)
	return &shared.Description{Name: "trouble", Version: "1.2.3", Paid: true, Title: fmt.Sprintf("dumpable %d, grows by %d MiB, collects at %d %%", dumpable, growth()>>20, percent)}, nil
}

// growth is by how many bytes the heap may grow until it is collected.
func growth() uint64 {
	runtime.GC()
	s := []metrics.Sample{{Name: "/gc/heap/goal:bytes"}, {Name: "/gc/heap/live:bytes"}}
	metrics.Read(s)
	return s[0].Value.Uint64() - s[1].Value.Uint64()
}

func (*provider) Recognize(ctx context.Context, r *shared.Request) (*shared.Result, error) {
	switch r.Key {
	case "print":
		for range 1 << 10 {
			fmt.Println(strings.Repeat("x", 1<<10))
			fmt.Fprintln(os.Stderr, "to stderr")
		}
		// What is printed past Go's variables.
		_, _ = unix.Write(1, bytes.Repeat([]byte("y"), 1<<20))
		out, err := exec.CommandContext(ctx, "sh", "-c", "echo child >&1").Output()
		if err != nil {
			return nil, fmt.Errorf("%w: %s", err, out)
		}
	case "panic":
		panic("somebody's number")
	case "settle": // it is sent: the answer is waited for whatever happens, and recorded
		_ = os.WriteFile(r.Case+".begun", nil, 0o600)
		<-ctx.Done()
		time.Sleep(500 * time.Millisecond)
		serve.Logger().Info("to a host that may be gone")
		_ = os.WriteFile(r.Case+".settled", nil, 0o600)
		return nil, &shared.Error{Code: shared.CodeCanceled, Outcome: shared.OutcomeBilled, Basis: shared.BasisDocumented}
	case "detach": // the caller has its answer, and the record of it is still to be written
		detached.Go(func() {
			time.Sleep(500 * time.Millisecond)
			note("recorded")
		})
	case "work": // it ends by itself
		_ = os.WriteFile(r.Case+".begun", nil, 0o600)
		time.Sleep(500 * time.Millisecond)
	}
	return &shared.Result{Outcome: shared.OutcomeBilled, Basis: shared.BasisDocumented}, nil
}

// detached is the work that outlives its call.
var detached sync.WaitGroup

func (*provider) Drain(context.Context) error {
	detached.Wait()
	note("drained")
	return nil
}

// note writes down what happens, in its order, if a test wants to know.
func note(what string) {
	f, err := os.OpenFile(os.Getenv("IDREC_TEST_NOTES"), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		return
	}
	defer func() { _ = f.Close() }()
	_, _ = fmt.Fprintln(f, what)
}

func (*provider) Close() error {
	serve.Logger().Info("closed")
	note("closed")
	return nil
}

func pluginCommand(role string, env ...string) *exec.Cmd {
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(append(os.Environ(), roleEnv+"="+role, noRaceSleep), env...)
	return cmd
}

// open starts the plugin with plain go-plugin.
func open(cmd *exec.Cmd, stderr io.Writer) (shared.Recognizer, *plugin.Client, error) {
	client := plugin.NewClient(&plugin.ClientConfig{
		HandshakeConfig: rpc.Handshake, VersionedPlugins: rpc.VersionedPlugins(nil), AutoMTLS: true,
		AllowedProtocols: []plugin.Protocol{plugin.ProtocolGRPC}, Cmd: cmd, SkipHostEnv: true, Logger: hclog.NewNullLogger(), Stderr: stderr,
	})
	conn, err := client.Client()
	if err != nil {
		client.Kill()
		return nil, nil, err
	}
	raw, err := conn.Dispense(rpc.PluginName)
	if err != nil {
		client.Kill()
		return nil, nil, err
	}
	return raw.(shared.Recognizer), client, nil
}

func mustOpen(t *testing.T, cmd *exec.Cmd, stderr io.Writer) (shared.Recognizer, *plugin.Client) {
	t.Helper()
	r, client, err := open(cmd, stderr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Kill)
	return r, client
}

// host starts a plugin, says its number, makes the call that it is told to, and waits to be killed.
func host() {
	cmd := pluginCommand("quiet")
	r, _, err := open(cmd, io.Discard)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(cmd.Process.Pid)
	if at := os.Getenv("IDREC_TEST_CALL"); at != "" {
		_, _ = r.Recognize(context.Background(), &shared.Request{Image: shared.Image{Path: "x"}, Key: "settle", Case: at})
	}
	select {}
}

func picture(key string) *shared.Request {
	return &shared.Request{Image: shared.Image{Bytes: []byte("x")}, Key: key}
}

func bounded(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	t.Cleanup(cancel)
	return ctx
}

var (
	eventually = proctest.Eventually
	exists     = proctest.Exists
	gone       = proctest.Gone
)

func TestStartedByHandItSaysWhatItIs(t *testing.T) {
	t.Parallel()
	cmd := pluginCommand("quiet")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != 1 || len(out) != 0 {
		t.Error(err, string(out))
	}
	for _, want := range []string{"trouble 1.2.3", "is a plugin", "idrec plugins list"} {
		if !strings.Contains(stderr.String(), want) {
			t.Errorf("no %q in\n%s", want, &stderr)
		}
	}
}

// A plain go-plugin host takes the first line for the handshake, and stops reading at a long one.
func TestPrintingHarmsNothing(t *testing.T) {
	t.Parallel()
	r, _ := mustOpen(t, pluginCommand("quiet"), nil)
	for range 3 {
		if _, err := r.Recognize(bounded(t), picture("print")); err != nil {
			t.Fatal(err)
		}
	}
	if d, err := r.Describe(bounded(t)); err != nil || d.Name != "trouble" {
		t.Error(d, err)
	}
}

// A host in another language may offer no certificate, and reads none of go-plugin's own streams.
func TestAHostThatKnowsOnlyTheHandshakeIsServed(t *testing.T) {
	t.Parallel()
	cmd := pluginCommand("quiet", rpc.Handshake.MagicCookieKey+"="+rpc.Handshake.MagicCookieValue, "PLUGIN_PROTOCOL_VERSIONS=1")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = cmd.Wait() }()
	defer func() { _ = cmd.Process.Signal(syscall.SIGTERM) }()
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	parts := strings.Split(strings.TrimSpace(line), "|")
	if len(parts) < 5 || parts[4] != "grpc" {
		t.Fatal(line)
	}
	conn, err := grpc.NewClient("unix://"+parts[3], grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	raw, err := (&rpc.Plugin{}).GRPCClient(t.Context(), nil, conn)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := raw.(shared.Recognizer).Recognize(bounded(t), picture("print")); err != nil {
		t.Error(err)
	}
}

func TestThePluginLeavesNoCoreDump(t *testing.T) {
	t.Parallel()
	r, _ := mustOpen(t, pluginCommand("quiet"), nil)
	if d, err := r.Describe(bounded(t)); err != nil || !strings.HasPrefix(d.Title, "dumpable 0,") {
		t.Error(d, err)
	}
}

func TestMemoryIsCollectedOftenUnlessTheUserHasAWish(t *testing.T) {
	t.Parallel()
	for env, want := range map[string][2]string{"GOGC=": {"at 100 %", "at 25 %"}, "GOGC=150": {"at 150 %", "at 150 %"}} {
		r, _ := mustOpen(t, pluginCommand("quiet", env), nil)
		if d, err := r.Describe(bounded(t)); err != nil || !strings.HasSuffix(d.Title, want[0]) {
			t.Error(env, "at the start:", d, err)
		}
		if _, err := r.Recognize(bounded(t), picture("")); err != nil {
			t.Fatal(err)
		}
		d, err := r.Describe(bounded(t))
		if err != nil || !strings.HasSuffix(d.Title, want[1]) {
			t.Error(env, "with pictures:", d, err)
			continue
		}
		// With pictures that lie in files there is next to nothing in memory to take the percents of.
		var dumpable, grows int
		if _, err := fmt.Sscanf(d.Title, "dumpable %d, grows by %d MiB", &dumpable, &grows); err != nil || env == "GOGC=" && grows < 4 {
			t.Error(env, "it collects all the time:", d.Title, err)
		}
	}
}

func TestAPanicIsLoggedWithoutWhatWasThrown(t *testing.T) {
	t.Parallel()
	var stderr bytes.Buffer
	r, client := mustOpen(t, pluginCommand("quiet"), &stderr)
	_, err := r.Recognize(bounded(t), picture("panic"))
	var e *shared.Error
	if !errors.As(err, &e) || e.Code != shared.CodePanic || e.Outcome != shared.OutcomeAmbiguous {
		t.Error(err)
	}
	if _, err := r.Recognize(bounded(t), picture("")); err != nil {
		t.Error("the process did not survive:", err)
	}
	client.Kill()
	log := stderr.String()
	if !strings.Contains(log, `"panic":"string"`) || !strings.Contains(log, "serve_test.go") || strings.Contains(log, "somebody") {
		t.Error(log)
	}
}

func TestTheLevelOfTheLogIsTheHosts(t *testing.T) {
	t.Parallel()
	for level, logged := range map[string]bool{"": true, "info": true, "warn": false, "off": false} {
		var stderr bytes.Buffer
		_, client := mustOpen(t, pluginCommand("quiet", rpc.EnvLogLevel+"="+level), &stderr)
		client.Kill()
		if strings.Contains(stderr.String(), `"@message":"closed"`) != logged {
			t.Errorf("level %q: %s", level, &stderr)
		}
	}
}

// go-plugin's own Kill cuts the calls in flight within a millisecond.
func TestAPlainHostsKillLetsCallsEnd(t *testing.T) {
	t.Parallel()
	r, client := mustOpen(t, pluginCommand("quiet"), nil)
	req := picture("work")
	req.Case = filepath.Join(t.TempDir(), "call")
	result := make(chan error, 1)
	go func() {
		_, err := r.Recognize(bounded(t), req)
		result <- err
	}()
	eventually(t, 5*time.Second, "the call begins", exists(req.Case+".begun"))
	client.Kill()
	if err := <-result; err != nil {
		t.Error(err)
	}
}

func TestSignalsOfTheTerminalAreTheHosts(t *testing.T) {
	t.Parallel()
	cmd := pluginCommand("quiet")
	r, _ := mustOpen(t, cmd, nil)
	for _, s := range []syscall.Signal{syscall.SIGINT, syscall.SIGHUP, syscall.SIGPIPE} {
		if err := cmd.Process.Signal(s); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := r.Recognize(bounded(t), picture("print")); err != nil {
		t.Error(err)
	}
}

func TestSIGTERMDrains(t *testing.T) {
	t.Parallel()
	cmd := pluginCommand("quiet")
	r, client := mustOpen(t, cmd, nil)
	req := picture("work")
	req.Case = filepath.Join(t.TempDir(), "call")
	result := make(chan error, 1)
	go func() {
		_, err := r.Recognize(bounded(t), req)
		result <- err
	}()
	eventually(t, 5*time.Second, "the call begins", exists(req.Case+".begun"))
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := <-result; err != nil {
		t.Error("the call in flight was cut:", err)
	}
	eventually(t, 5*time.Second, "the plugin ends", client.Exited)
}

// startHost starts a host program, and returns it and the number of its plugin.
func startHost(t *testing.T, env ...string) (host *exec.Cmd, pid int) {
	t.Helper()
	host = pluginCommand("host", env...)
	out, err := host.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := host.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = host.Process.Kill()
		_ = host.Wait()
	})
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	if _, err := fmt.Sscan(line, &pid); err != nil {
		t.Fatal(line, err)
	}
	return host, pid
}

func TestThePluginEndsWithAKilledPlainHost(t *testing.T) {
	t.Parallel()
	host, pid := startHost(t)
	if err := host.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	eventually(t, 3*time.Second, "the plugin ends", gone(pid))
}

func TestWhatIsSentIsSettledAfterTheHostWasKilled(t *testing.T) {
	t.Parallel()
	at := filepath.Join(t.TempDir(), "call")
	host, pid := startHost(t, "IDREC_TEST_CALL="+at)
	eventually(t, 5*time.Second, "the call begins", exists(at+".begun"))
	if err := host.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	eventually(t, 4*time.Second, "the plugin ends", gone(pid))
	if !exists(at + ".settled")() {
		t.Error("the plugin ended before the call that was paid for was settled")
	}
}

func TestTheLifelineEndsAnIdlePluginAtOnce(t *testing.T) {
	t.Parallel()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd := pluginCommand("quiet", rpc.EnvLifeline+"=3")
	cmd.ExtraFiles = []*os.File{r}
	_, client := mustOpen(t, cmd, nil)
	_ = r.Close()
	if client.Exited() {
		t.Fatal("it ended with its host alive")
	}
	start := time.Now()
	_ = w.Close()
	eventually(t, time.Second, "the plugin ends", client.Exited)
	t.Log("ended after", time.Since(start))
}

func TestDetachedWorkIsDrainedBeforeTheProviderIsClosedHoweverItEnds(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(cmd *exec.Cmd, client *plugin.Client, lifeline io.Closer){
		"SIGTERM":  func(cmd *exec.Cmd, _ *plugin.Client, _ io.Closer) { _ = cmd.Process.Signal(syscall.SIGTERM) },
		"Shutdown": func(_ *exec.Cmd, client *plugin.Client, _ io.Closer) { client.Kill() },
		"orphan":   func(_ *exec.Cmd, _ *plugin.Client, lifeline io.Closer) { _ = lifeline.Close() },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			notes := filepath.Join(t.TempDir(), "notes")
			if err := os.WriteFile(notes, nil, 0o600); err != nil {
				t.Fatal(err)
			}
			r, w, err := os.Pipe()
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = w.Close() }()
			cmd := pluginCommand("quiet", rpc.EnvLifeline+"=3", "IDREC_TEST_NOTES="+notes)
			cmd.ExtraFiles = []*os.File{r}
			recognizer, client := mustOpen(t, cmd, nil)
			_ = r.Close()
			if _, err := recognizer.Recognize(bounded(t), picture("detach")); err != nil {
				t.Fatal(err)
			}
			end(cmd, client, w)
			eventually(t, 5*time.Second, "the plugin ends", client.Exited)
			if got, err := os.ReadFile(notes); err != nil || string(got) != "recorded\ndrained\nclosed\n" {
				t.Errorf("%q, %v", got, err)
			}
		})
	}
}

func TestABadLifelineIsAnErrorNotAnOrphan(t *testing.T) {
	t.Parallel()
	for _, fd := range []string{"99", "1", "x"} {
		if _, _, err := open(pluginCommand("quiet", rpc.EnvLifeline+"="+fd), nil); err == nil {
			t.Errorf("descriptor %s was taken", fd)
		}
	}
}

//go:build linux

package host_test

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/go-plugin"
	"go.uber.org/goleak"
	"google.golang.org/grpc"

	"github.com/seed-6b91b535/idrec/sdk/host"
	"github.com/seed-6b91b535/idrec/sdk/internal/proctest"
	"github.com/seed-6b91b535/idrec/sdk/serve"
	"github.com/seed-6b91b535/idrec/sdk/wapi"
	"github.com/seed-6b91b535/idrec/shared"
	"github.com/seed-6b91b535/idrec/shared/rpc"
)

// roleEnv makes this test binary a plugin, or a host.
const roleEnv = "IDREC_TEST_ROLE"

var background = context.Background()

func TestMain(m *testing.M) {
	switch role := os.Getenv(roleEnv); role {
	case "":
		signal.Notify(make(chan os.Signal, 1), syscall.SIGHUP) // what is started would inherit that nohup ignores it
		goleak.VerifyTestMain(m)
	case "serve":
		serve.Main(&provider{}, serve.WithGrace(time.Second))
	case "wapi":
		serve.Main(unpaced{wapi.NewProvider()})
	case "vendor":
		runVendor()
	case "host that sends":
		runHostThatSends()
	case "host that restarts":
		runHostThatRestarts()
	case "host without a lane":
		runHostWithoutLane()
	case "host":
		runHost()
	case "place":
		runPlace()
	case "full":
		runFull()
	case "stock host":
		runStockHost()
	default:
		runOdd(role)
	}
}

// runOdd is a plugin without package serve, which does what package serve keeps plugins from doing.
func runOdd(role string) {
	config := &plugin.ServeConfig{HandshakeConfig: rpc.Handshake, VersionedPlugins: rpc.VersionedPlugins(&provider{}), GRPCServer: rpc.GRPCServer}
	switch role {
	case "stock", "floods", "stock that logs":
	case "stock server": // with gRPC's own limits
		config.GRPCServer = plugin.DefaultGRPCServer
	case "panics in a call": // without what the server half of rpc does
		config.GRPCServer = func(opts []grpc.ServerOption) *grpc.Server {
			return plugin.DefaultGRPCServer(append(opts, grpc.UnaryInterceptor(
				func(ctx context.Context, req any, info *grpc.UnaryServerInfo, next grpc.UnaryHandler) (any, error) {
					if strings.HasSuffix(info.FullMethod, "/Recognize") {
						panic("in a call")
					}
					return next(ctx, req)
				})))
		}
	case "long line on stderr":
		fmt.Fprintf(os.Stderr, `{"@level":"error","@message":"%s"}`+"\n", strings.Repeat("long ", 20<<10))
	case "prints first":
		fmt.Println("starting up")
		fmt.Println(strings.Repeat("x", 1<<20))
	case "garbage on stderr":
		garbage(os.Stderr)
	case "other cookie":
		config.MagicCookieValue = "another"
	case "other version":
		config.ProtocolVersion = 0
		config.VersionedPlugins = map[int]plugin.PluginSet{7: rpc.PluginSet(&provider{})}
	case "several versions": // of which the host knows one
		config.VersionedPlugins[7] = plugin.PluginSet{rpc.PluginName: nothing{}}
	case "other service":
		config.VersionedPlugins = map[int]plugin.PluginSet{rpc.ProtocolVersion: {"other": nothing{}}}
	case "hangs":
		_ = os.WriteFile(os.Getenv("BEGUN"), nil, 0o600)
		select {}
	case "ends":
		fmt.Fprintln(os.Stderr, "a person's name stands here")
		os.Exit(3)
	case "panics":
		panic("a person's name stands here")
	case "lies":
		fmt.Println("1|1|unix|/nowhere/at/all|grpc|" + certificate())
		select {}
	case "mute":
		l, err := net.Listen("unix", filepath.Join(os.Getenv("PLUGIN_UNIX_SOCKET_DIR"), "s"))
		if err != nil {
			panic(err)
		}
		fmt.Printf("1|1|unix|%s|grpc|%s\n", l.Addr(), certificate())
		select {}
	case "babbles", "another's key":
		babble(role == "babbles")
	case "with a child":
		// In its group, and another that left it; both hold the outputs.
		for _, setsid := range []bool{false, true} {
			cmd := exec.Command("sleep", "30")
			cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
			cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: setsid}
			if err := cmd.Start(); err != nil {
				panic(err)
			}
			fmt.Fprintf(os.Stderr, "child %d\n", cmd.Process.Pid)
		}
	}
	plugin.Serve(config)
}

// babble says where it listens, and answers there with what is no gRPC, or with another key than it said.
func babble(garbage bool) {
	l, err := net.Listen("unix", filepath.Join(os.Getenv("PLUGIN_UNIX_SOCKET_DIR"), "s"))
	if err != nil {
		panic(err)
	}
	fmt.Printf("1|1|unix|%s|grpc|%s\n", l.Addr(), certificate())
	for {
		conn, err := l.Accept()
		if err != nil {
			return
		}
		go func() {
			defer func() { _ = conn.Close() }()
			if garbage {
				_, _ = conn.Write(bytes.Repeat([]byte("\x16\x03\x03 a person's name stands here "), 1000))
				return
			}
			other, err := rpc.NewCertificate()
			if err != nil {
				panic(err)
			}
			config, err := other.ServerConfig(os.Getenv(rpc.EnvClientCert))
			if err != nil {
				panic(err)
			}
			_, _, _ = rpc.Credentials(config).ServerHandshake(conn)
		}()
	}
}

func certificate() string {
	c, err := rpc.NewCertificate()
	if err != nil {
		panic(err)
	}
	return c.Handshake()
}

// stockLog logs as plugins do that are made with go-plugin alone: to what is standard error before that
// takes it.
var stockLog = hclog.New(&hclog.LoggerOptions{Output: os.Stderr, JSONFormat: true})

// garbage is what panics go-plugin's own reader, or confuses one.
func garbage(w io.Writer) {
	for _, line := range []string{
		`{"@message":1}`, `{"@message":null,"@level":[]}`, `{"@message":"x","@level":7}`, `{"@message":"m","@timestamp":4}`,
		`{`, `null`, `[1]`, `"x"`, `{}`, "\xff\xfe", strings.Repeat("z", 300<<10), "\x00", "[ERROR] oh", "a\rb\r",
	} {
		fmt.Fprintln(w, line)
	}
}

// nothing serves nothing.
type nothing struct{ plugin.NetRPCUnsupportedPlugin }

func (nothing) GRPCServer(*plugin.GRPCBroker, *grpc.Server) error { return nil }

func (nothing) GRPCClient(context.Context, *plugin.GRPCBroker, *grpc.ClientConn) (any, error) {
	return nil, errors.New("no client")
}

// runHost opens a plugin of the role that it is told, says its number, makes a call if it is told, and
// waits to be killed.
func runHost() {
	p, err := host.Open(context.Background(), host.Options{Path: os.Args[0], Env: []string{roleEnv + "=" + os.Getenv("IDREC_TEST_PLUGIN"), noRaceSleep}})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(p.PID())
	if at := os.Getenv("IDREC_TEST_CALL"); at != "" {
		_, _ = p.Recognize(context.Background(), &shared.Request{Image: shared.Image{Path: "x"}, Key: "settle", Case: at})
	}
	select {}
}

// provider does what the key of a request says.
type provider struct {
	mu   sync.Mutex
	conf shared.Configuration
}

// flood fills both outputs, once the plugin has said where it listens.
var flood = sync.OnceFunc(func() {
	line := []byte(strings.Repeat("y", 200<<10) + "\n")
	for range 200 {
		_, _ = syscall.Write(1, line)
		_, _ = syscall.Write(2, line)
	}
})

func (p *provider) Describe(context.Context) (*shared.Description, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if os.Getenv(roleEnv) == "floods" {
		go flood()
	}
	d := &shared.Description{Name: cmp.Or(os.Getenv("NAME"), "trouble"), Version: cmp.Or(os.Getenv("VERSION"), "1.2.3"), Paid: os.Getenv("FREE") == "",
		Faces: []shared.Face{shared.FaceConfigurer}}
	if os.Getenv("LEDGER") != "" {
		d.Faces = append(d.Faces, shared.FaceRecaller, shared.FaceAccountant)
	}
	return d, nil
}

func (p *provider) Configure(_ context.Context, c shared.Configuration) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.conf = c
	if c.Values["rate"] == "0" {
		return &shared.Error{Code: shared.CodeConfigurationInvalid, Message: "rate must be above 0", Outcome: shared.OutcomeNotSent, Basis: shared.BasisProved}
	}
	if c.Values["rate"] == "slow" { // taken, and for a while nobody knows
		time.Sleep(200 * time.Millisecond)
	}
	serve.Logger().Trace("configured", "rate", c.Values["rate"], "secret", c.Secrets["secret"])
	return nil
}

// hangUp closes the process's listeners and connections.
func hangUp() {
	entries, _ := os.ReadDir("/proc/self/fd")
	for _, e := range entries {
		fd, _ := strconv.Atoi(e.Name())
		if name, _ := os.Readlink("/proc/self/fd/" + e.Name()); strings.HasPrefix(name, "socket:") {
			_ = syscall.Shutdown(fd, syscall.SHUT_RDWR)
		}
	}
}

// inside is what the plugin sees of its process; it comes back in Result.Extras.
func inside() map[string]string {
	stdin, _ := os.Readlink("/proc/self/fd/0")
	exe, _ := os.Readlink("/proc/self/exe")
	comm, _ := os.ReadFile("/proc/self/comm")
	return map[string]string{
		"t.env": strings.Join(os.Environ(), "\n"), "t.stdin": stdin, "t.exe": exe, "t.comm": strings.TrimSpace(string(comm)),
		"t.args": strings.Join(os.Args, " "), "t.group": fmt.Sprint(syscall.Getpgrp() == os.Getpid()),
		"t.sockets": os.Getenv("PLUGIN_UNIX_SOCKET_DIR"),
	}
}

func (p *provider) Recognize(ctx context.Context, r *shared.Request) (*shared.Result, error) {
	res := &shared.Result{Outcome: shared.OutcomeBilled, Basis: shared.BasisDocumented, Status: shared.StatusNormal}
	note := func(what string) { _ = os.WriteFile(r.Case+"."+what, []byte(r.CallID), 0o600) }
	switch r.Key {
	case "inside":
		res.Extras = inside()
	case "lanes":
		all := lanes(os.Getpid())
		res.Extras = inside()
		res.Extras["t.lanes"] = fmt.Sprint(len(all), " ", strings.Join(all, ", "))
	case "settings":
		p.mu.Lock()
		defer p.mu.Unlock()
		res.Extras = map[string]string{"t.rate": p.conf.Values["rate"], "t.secret": fmt.Sprint(p.conf.Secrets["secret"].Reveal() == theSecret)}
	case "crash":
		_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
		select {}
	case "crash late":
		note("begun")
		time.Sleep(300 * time.Millisecond)
		_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
		select {}
	case "unclear": // the vendor gave no answer
		return nil, &shared.Error{Code: shared.CodeOutcomeUnknown, Outcome: shared.OutcomeAmbiguous, Basis: shared.BasisProved}
	case "hang":
		note("begun")
		select {}
	case "deadlock": // the provider waits for itself, and answers nothing any more
		p.mu.Lock()
		note("begun")
		select {}
	case "disconnect": // the process lives on, and so does whatever it has paid for
		note("begun")
		hangUp()
		<-ctx.Done()
		time.Sleep(300 * time.Millisecond)
		note("settled")
	case "vendor": // the vendor takes note of it, and then it answers
		f, err := os.OpenFile(os.Getenv("VENDOR"), os.O_APPEND|os.O_WRONLY, 0)
		if err != nil {
			return nil, err
		}
		_, err = fmt.Fprintln(f, r.CallID)
		_ = f.Close()
		if err != nil {
			return nil, err
		}
		time.Sleep(5 * time.Millisecond)
	case "flood":
		flood()
	case "process":
		res.Extras = map[string]string{"t.pid": fmt.Sprint(os.Getpid())}
	case "panic":
		panic("in a call")
	case "work":
		note("begun")
		time.Sleep(300 * time.Millisecond)
	case "settle":
		parent := os.Getppid() // before anybody is told to kill it
		note("begun")
		if os.Getenv(roleEnv) == "stock that logs" { // it has no lifeline that tells it to
			for os.Getppid() == parent {
				time.Sleep(10 * time.Millisecond)
			}
			stockLog.Info("to a host that is gone")
		}
		<-ctx.Done()
		time.Sleep(300 * time.Millisecond)
		note("settled")
	case "log":
		serve.Logger().Info("hello", "number", 1000000, "z", "last")
		garbage(os.Stderr)
	}
	return res, nil
}

// Recall is a durable ledger that knows what its variable says.
func (*provider) Recall(_ context.Context, q shared.RecallQuery) (*shared.Recollection, error) {
	switch os.Getenv("LEDGER") {
	case "settled":
		return &shared.Recollection{State: shared.RecallSettled, Result: &shared.Result{Outcome: shared.OutcomeBilled, CallID: q.CallID, VendorCode: "from the record"}}, nil
	case "in doubt":
		return &shared.Recollection{State: shared.RecallInDoubt}, nil
	}
	return &shared.Recollection{State: shared.RecallUnknown}, nil
}

func (*provider) Account(context.Context) (*shared.Account, error) {
	return &shared.Account{Durable: os.Getenv("LEDGER") != "unknown, in memory"}, nil
}

func (*provider) Resume(context.Context) error { return nil }

const theSecret = "5ecret-0f-the-vend0r"

// open opens this test binary as a plugin of the role.
func open(t *testing.T, role string, more func(*host.Options)) *host.Plugin {
	t.Helper()
	p, err := tryOpen(t, role, more)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.Close(context.Background()) })
	return p
}

func tryOpen(t *testing.T, role string, more func(*host.Options)) (*host.Plugin, error) {
	t.Helper()
	o := host.Options{Path: os.Args[0], Env: []string{roleEnv + "=" + role, noRaceSleep}}
	if more != nil {
		more(&o)
	}
	return host.Open(bounded(t), o)
}

func bounded(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	t.Cleanup(cancel)
	return ctx
}

func picture(key string) *shared.Request {
	return &shared.Request{Image: shared.Image{Bytes: []byte("x")}, Key: key}
}

// want checks an error's code and outcome, and that its text holds nothing of the machine or a person.
func want(t *testing.T, err error, code shared.Code, outcome shared.Outcome) *shared.Error {
	t.Helper()
	var e *shared.Error
	if !errors.As(err, &e) {
		t.Fatalf("got %v, want a typed error", err)
	}
	if e.Code != code || e.Outcome != outcome {
		t.Errorf("got %s, %s, want %s, %s: %v", e.Code, e.Outcome, code, outcome, e)
	}
	for _, bad := range []string{"/", "person", "\n"} {
		if strings.Contains(strings.ReplaceAll(e.Message, "go-plugin's", ""), bad) {
			t.Errorf("%q stands in %q", bad, e.Message)
		}
	}
	return e
}

var (
	eventually = proctest.Eventually
	exists     = proctest.Exists
	gone       = proctest.Gone
	mkdirTemp  = proctest.TempDir
)

const (
	noRaceSleep = proctest.NoRaceSleep
	// patience is how long is waited for what is not a matter of time, on a machine with too much to do.
	patience = 30 * time.Second
)

// journal is a log that a test can read.
type journal struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (j *journal) Write(b []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.buf.Write(b)
}

func (j *journal) String() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.buf.String()
}

func (j *journal) logger(level hclog.Level) hclog.Logger {
	return hclog.New(&hclog.LoggerOptions{Output: j, Level: level, JSONFormat: true})
}

// line returns the first entry with the message.
func (j *journal) line(msg string) (fields map[string]any) {
	for l := range strings.Lines(j.String()) {
		f := map[string]any{}
		if json.Unmarshal([]byte(l), &f) == nil && f["@message"] == msg {
			return f
		}
	}
	return nil
}

// script writes a plugin in sh.
func script(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "idrec-plugin-script")
	write(t, path, []byte(text), 0o755)
	return path
}

// write makes a file that can be run at once: a process that is being started meanwhile would hold it
// open for writing.
func write(t testing.TB, path string, b []byte, mode os.FileMode) {
	t.Helper()
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	if err := os.WriteFile(path, b, mode); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, mode); err != nil { // whatever the umask
		t.Fatal(err)
	}
}

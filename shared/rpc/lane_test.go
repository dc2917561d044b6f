//go:build linux

package rpc_test

import (
	"context"
	"crypto/sha256"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/go-plugin"
	"golang.org/x/sys/unix"
	"google.golang.org/grpc"

	"github.com/seed-6b91b535/idrec/sdk/host"
	"github.com/seed-6b91b535/idrec/sdk/serve"
	"github.com/seed-6b91b535/idrec/shared"
	"github.com/seed-6b91b535/idrec/shared/rpc"
	"github.com/seed-6b91b535/idrec/shared/rpc/internal/recognizerpb"
)

// laneRoles are the plugins of these tests.
var laneRoles = map[string]func(){
	"digester": func() { serve.Main(digester{}) },
	"digester, stock": func() {
		plugin.Serve(&plugin.ServeConfig{HandshakeConfig: rpc.Handshake, VersionedPlugins: rpc.VersionedPlugins(digester{}), GRPCServer: rpc.GRPCServer})
	},
	"lane: closes it":     func() { serveLiar("closes it") },
	"lane: writes to it":  func() { serveLiar("writes to it") },
	"lane: takes a part":  func() { serveLiar("takes a part") },
	"lane: takes all":     func() { serveLiar("takes all") },
	"lane: takes nothing": func() { serveLiar("takes nothing") },
}

// announcing says of any plugin that it takes pictures from the lane.
var announcing = grpc.ChainUnaryInterceptor(func(ctx context.Context, in any, _ *grpc.UnaryServerInfo, next grpc.UnaryHandler) (any, error) {
	out, err := next(ctx, in)
	if d, ok := out.(*recognizerpb.DescribeResponse); ok {
		d.TakesLane = true
	}
	return out, err
})

// serveLiar is a plugin that says that it takes pictures from the lane, and does something else.
func serveLiar(does string) {
	fd, err := strconv.Atoi(os.Getenv(rpc.EnvLane))
	if err != nil {
		panic(err)
	}
	lane := os.NewFile(uintptr(fd), "lane")
	defer runtime.KeepAlive(lane)
	switch does {
	case "closes it":
		_ = lane.Close()
	case "writes to it":
		go func() { _, _ = lane.Write(make([]byte, 64<<20)) }()
	case "takes a part":
		go func() { _, _ = lane.Read(make([]byte, 1000)) }()
	case "takes all":
		go func() {
			for b := make([]byte, 1<<20); ; {
				if _, err := lane.Read(b); err != nil {
					return
				}
			}
		}()
	case "takes nothing":
	}
	plugin.Serve(&plugin.ServeConfig{HandshakeConfig: rpc.Handshake, VersionedPlugins: rpc.VersionedPlugins(digester{}),
		GRPCServer: func(opts []grpc.ServerOption) *grpc.Server { return rpc.GRPCServer(append(opts, announcing)) }})
}

// digester says what a picture was, and how many it has seen.
type digester struct{}

var seen struct {
	sync.Mutex
	pictures int
}

func (digester) Describe(context.Context) (*shared.Description, error) {
	return &shared.Description{Name: "digester", Version: "1", Paid: true}, nil
}

func (digester) Recognize(_ context.Context, r *shared.Request) (*shared.Result, error) {
	seen.Lock()
	defer seen.Unlock()
	seen.pictures++
	if string(r.Image.Bytes) == "hang up the lane" {
		hangUpLane()
	}
	return &shared.Result{Status: shared.StatusNormal, Outcome: shared.OutcomeBilled, Basis: shared.BasisDocumented,
		Extras: map[string]string{"t.sum": digest(r.Image.Bytes), "t.seen": strconv.Itoa(seen.pictures)}}, nil
}

func digest(b []byte) string { return fmt.Sprintf("%x", sha256.Sum256(b)) }

// told is a log of what the host says at the level debug.
type told struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *told) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(b)
}

func (l *told) times(what string) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Count(l.text.String(), what)
}

const wayChanged = "pictures go through the plugin's encrypted connection from now on"

// Whatever a plugin does that says it takes pictures from the lane: each call reaches it once, with its
// picture, and the host says once that it goes another way.
func TestAPluginThatLiesAboutItsLane(t *testing.T) {
	t.Parallel()
	for does, why := range map[string]string{
		"closes it": "closed it", "writes to it": "does not have", "takes a part": "does not have",
		"takes all": "does not have", "takes nothing": "does not have",
	} {
		for _, size := range []int{128 << 10, 16 << 20} { // less than a socket takes, and more
			t.Run(fmt.Sprint(does, " ", size>>10), func(t *testing.T) {
				t.Parallel()
				log := &told{}
				p, err := host.Open(t.Context(), host.Options{Path: os.Args[0], Env: []string{roleEnv + "=lane: " + does},
					Logger: hclog.New(&hclog.LoggerOptions{Output: log, Level: hclog.Debug})})
				if err != nil {
					t.Fatal(err)
				}
				defer func() { _ = p.Close(context.Background()) }()
				for i := range 2 {
					picture := make([]byte, size)
					picture[0] = byte(i)
					res, err := p.Recognize(t.Context(), &shared.Request{Image: shared.Image{Bytes: picture}})
					if err != nil {
						t.Fatal(err)
					}
					if res.Extras["t.sum"] != digest(picture) || res.Extras["t.seen"] != strconv.Itoa(i+1) {
						t.Error("another picture, or the same one twice:", res.Extras)
					}
				}
				why := why
				if size > 8<<20 && does != "takes all" && does != "closes it" {
					why = "takes nothing"
				}
				if log.times(wayChanged) != 1 || log.times(why) != 1 {
					t.Errorf("want %q once:\n%s", why, &log.text)
				}
			})
		}
	}
}

// Pictures of all sizes arrive as they are, by the lane or, in a plugin that knows of none, without it. (Our
// plugins under a host that knows of none are in TestAPlainGoPluginHostLoadsAnyPlugin.)
func TestLanesAreForThoseWhoKnowThem(t *testing.T) {
	t.Parallel()
	for role, usesLane := range map[string]bool{"digester": true, "digester, stock": false} {
		log := &told{}
		p, err := host.Open(t.Context(), host.Options{Path: os.Args[0], Env: []string{roleEnv + "=" + role},
			Logger: hclog.New(&hclog.LoggerOptions{Output: log, Level: hclog.Debug})})
		if err != nil {
			t.Fatal(err)
		}
		var wg sync.WaitGroup
		for i, size := range []int{1, 64<<10 - 1, 64 << 10, 64<<10 + 1, 1 << 20, 3 << 20, 5 << 20, shared.MaxImageBytes} {
			wg.Go(func() {
				for j := range 2 {
					picture := make([]byte, size)
					picture[0], picture[size-1] = byte(i), byte(j+1)
					res, err := p.Recognize(t.Context(), &shared.Request{Image: shared.Image{Bytes: picture}})
					if err != nil {
						t.Error(role, size, err)
						return
					}
					if res.Extras["t.sum"] != digest(picture) {
						t.Error(role, size, "is another picture")
					}
				}
			})
		}
		wg.Wait()
		if log.times(wayChanged) != 0 {
			t.Errorf("%s: %s", role, &log.text)
		}
		// Who uses the lane notices its end.
		_, err = p.Recognize(t.Context(), &shared.Request{Image: shared.Image{Bytes: []byte("hang up the lane")}})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := p.Recognize(t.Context(), &shared.Request{Image: shared.Image{Bytes: make([]byte, 1<<20)}}); err != nil {
			t.Error(role, err)
		}
		if log.times(wayChanged) == 1 != usesLane {
			t.Errorf("%s: %s", role, &log.text)
		}
		_ = p.Close(context.Background())
	}
}

func TestTheLaneOfAnEnvironmentThatIsWrong(t *testing.T) {
	for value, works := range map[string]bool{"": true, "x": false, "2": false, "999": false, "-1": false} {
		t.Setenv(rpc.EnvLane, value)
		if l, err := rpc.InheritedLane(); l != nil || (err == nil) != works {
			t.Errorf("%q: %v, %v", value, l, err)
		}
		if os.Getenv(rpc.EnvLane) != "" {
			t.Error("it is left to the children")
		}
	}
	r, w, err := os.Pipe() // which is no socket
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _, _ = r.Close(), w.Close() }()
	t.Setenv(rpc.EnvLane, strconv.Itoa(int(w.Fd())))
	if l, err := rpc.InheritedLane(); l != nil || err == nil {
		t.Error("a pipe is no lane")
	}
	if _, err := w.Write([]byte{1}); err != nil {
		t.Error("what is no lane is left as it is:", err)
	}
	listener, err := net.Listen("unix", filepath.Join(t.TempDir(), "s"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	f, err := listener.(*net.UnixListener).File()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	t.Setenv(rpc.EnvLane, strconv.Itoa(int(f.Fd())))
	if l, err := rpc.InheritedLane(); l != nil || err == nil {
		t.Error("what listens is no lane")
	}
	(*rpc.Lane)(nil).Close()
}

// hangUpLane closes the process's socket that has no name on either side.
func hangUpLane() {
	entries, _ := os.ReadDir("/proc/self/fd")
	for _, e := range entries {
		fd, _ := strconv.Atoi(e.Name())
		here, err1 := unix.Getsockname(fd)
		there, err2 := unix.Getpeername(fd)
		if err1 != nil || err2 != nil {
			continue
		}
		a, ok1 := here.(*unix.SockaddrUnix)
		b, ok2 := there.(*unix.SockaddrUnix)
		if ok1 && ok2 && unnamed(a) && unnamed(b) {
			_ = unix.Shutdown(fd, unix.SHUT_RDWR)
		}
	}
}

// unnamed sockets have the name of an abstract one with an empty name here.
func unnamed(a *unix.SockaddrUnix) bool { return a.Name == "" || a.Name == "@" }

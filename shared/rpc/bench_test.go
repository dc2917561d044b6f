//go:build linux

package rpc_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/go-plugin"
	"google.golang.org/grpc"

	"github.com/seed-6b91b535/idrec/sdk/host"
	"github.com/seed-6b91b535/idrec/shared"
	"github.com/seed-6b91b535/idrec/shared/rpc"
	"github.com/seed-6b91b535/idrec/shared/rpc/internal/recognizerpb"
)

// Each benchmark does the same with stock go-plugin (its client, its server, the generated code, with the
// limits alone raised, encrypted by its AutoMTLS) and with package sdk/host and sdk/serve (every
// interceptor on, encrypted as well), one after the other within one run, and reports the medians and
// their ratio.

func stockClient(b *testing.B, encrypted bool) (recognizerpb.RecognizerServiceClient, *plugin.Client) {
	b.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = []string{roleEnv + "=bare"}
	client := plugin.NewClient(&plugin.ClientConfig{HandshakeConfig: rpc.Handshake, Plugins: plugin.PluginSet{rpc.PluginName: &stockService{}}, Cmd: cmd,
		AllowedProtocols: []plugin.Protocol{plugin.ProtocolGRPC}, AutoMTLS: encrypted, Logger: hclog.NewNullLogger()})
	conn, err := client.Client()
	if err != nil {
		b.Fatal(err)
	}
	raw, err := conn.Dispense(rpc.PluginName)
	if err != nil {
		b.Fatal(err)
	}
	return raw.(recognizerpb.RecognizerServiceClient), client
}

func ours(b *testing.B, more ...string) *host.Plugin {
	b.Helper()
	p, err := host.Open(b.Context(), host.Options{Path: os.Args[0], Env: append(more, roleEnv+"=holder"), Restart: true})
	if err != nil {
		b.Fatal(err)
	}
	return p
}

// median of times, and what it is of another one.
func median(d []time.Duration) time.Duration {
	slices.Sort(d)
	return d[len(d)/2]
}

func report(b *testing.B, stock, ours []time.Duration) {
	b.Helper()
	s, o := median(stock), median(ours)
	b.ReportMetric(float64(s.Microseconds()), "stock-µs")
	b.ReportMetric(float64(o.Microseconds()), "ours-µs")
	b.ReportMetric(float64(o)/float64(s), "×stock")
	b.ReportMetric(0, "ns/op")
}

func timed(b *testing.B, f func() error) time.Duration {
	b.Helper()
	start := time.Now()
	if err := f(); err != nil {
		b.Fatal(err)
	}
	return time.Since(start)
}

// plainHost is our two halves with a host made of go-plugin alone, which does not encrypt.
func plainHost(b *testing.B) (shared.Recognizer, func()) {
	b.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = []string{roleEnv + "=holder"}
	client := plugin.NewClient(&plugin.ClientConfig{HandshakeConfig: rpc.Handshake, VersionedPlugins: rpc.VersionedPlugins(nil), Cmd: cmd,
		AllowedProtocols: []plugin.Protocol{plugin.ProtocolGRPC}, GRPCDialOptions: rpc.DialOptions(), Logger: hclog.NewNullLogger()})
	conn, err := client.Client()
	if err != nil {
		b.Fatal(err)
	}
	raw, err := conn.Dispense(rpc.PluginName)
	if err != nil {
		b.Fatal(err)
	}
	return raw.(shared.Recognizer), client.Kill
}

// BenchmarkCall: goals are 0.5 × for 4 MiB, 1.0 × for 1 KiB, and 32 KiB of garbage a call in the plugin.
// What the encryption costs is the same on both sides.
func BenchmarkCall(b *testing.B) {
	for _, size := range []int{1 << 10, 4 << 20} {
		for _, encrypted := range []bool{false, true} {
			b.Run(fmt.Sprintf("%dKiB/encrypted=%v", size>>10, encrypted), func(b *testing.B) { benchmarkCall(b, size, encrypted) })
		}
	}
}

func benchmarkCall(b *testing.B, size int, encrypted bool) {
	b.Helper()
	stock, client := stockClient(b, encrypted)
	defer client.Kill()
	var p shared.Recognizer
	if encrypted {
		h := ours(b)
		defer func() { _ = h.Close(context.Background()) }()
		p = h
	} else {
		var end func()
		p, end = plainHost(b)
		defer end()
	}
	picture := make([]byte, size)
	ctx := shared.WithImageHandedOver(b.Context())
	theirs := func(key string) (allocated uint64, err error) {
		out, err := stock.Recognize(b.Context(), &recognizerpb.RecognizeRequest{Request: &recognizerpb.Request{CallId: "x", Key: key, Image: &recognizerpb.Request_Data{Data: picture}}},
			grpc.MaxCallSendMsgSize(rpc.MaxMessageBytes))
		allocated, _ = strconv.ParseUint(out.GetResult().GetExtras()["bench.allocated"], 10, 64)
		return allocated, err
	}
	mine := func(key string) (allocated uint64, err error) {
		res, err := p.Recognize(ctx, &shared.Request{Key: key, Image: shared.Image{Bytes: picture}})
		if err == nil {
			allocated, _ = strconv.ParseUint(res.Extras["bench.allocated"], 10, 64)
		}
		return allocated, err
	}
	count := func(f func(string) (uint64, error)) uint64 {
		n, err := f(countKey)
		if err != nil {
			b.Fatal(err)
		}
		return n
	}
	for range 10 { // until the pools and windows have their sizes
		count(theirs)
		count(mine)
	}
	theirs0, mine0 := count(theirs), count(mine)
	var theirTimes, myTimes []time.Duration
	rounds := 0
	for b.Loop() {
		// In turn by tens, so that what one side still does after its answer, such as gRPC's measuring of
		// the delay, is not in the other one's time.
		for range 10 {
			theirTimes = append(theirTimes, timed(b, func() error { _, err := theirs(""); return err }))
		}
		for range 10 {
			myTimes = append(myTimes, timed(b, func() error { _, err := mine(""); return err }))
		}
		rounds += 10
	}
	report(b, theirTimes, myTimes)
	b.ReportMetric(float64(count(theirs)-theirs0)/float64(rounds)/1024, "stock-garbage-KiB")
	b.ReportMetric(float64(count(mine)-mine0)/float64(rounds)/1024, "garbage-KiB")
}

// BenchmarkStart: from nothing to the first answer; the goal is 1.1 ×.
func BenchmarkStart(b *testing.B) {
	var theirs, mine []time.Duration
	for b.Loop() {
		theirs = append(theirs, timed(b, func() error {
			stock, client := stockClient(b, true)
			defer client.Kill()
			_, err := stock.Describe(b.Context(), &recognizerpb.DescribeRequest{})
			return err
		}))
		mine = append(mine, timed(b, func() error {
			p := ours(b) // it has described itself
			return p.Close(context.Background())
		}))
	}
	report(b, theirs, mine)
}

// BenchmarkRestart: from the end of a process to an answer of the next; the goal is 25 ms.
func BenchmarkRestart(b *testing.B) {
	var took []time.Duration
	for b.Loop() {
		b.StopTimer()
		p := ours(b)
		pid := p.PID()
		b.StartTimer()
		took = append(took, timed(b, func() error {
			if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
				return err
			}
			for p.PID() == pid {
				if _, err := p.Describe(b.Context()); err != nil && p.PID() != pid {
					return err
				}
			}
			return nil
		}))
		b.StopTimer()
		_ = p.Close(context.Background())
		b.StartTimer()
	}
	b.ReportMetric(float64(median(took).Microseconds())/1000, "ms-until-answer")
	b.ReportMetric(0, "ns/op")
}

// BenchmarkCloseHung: closing a stopped plugin takes the time that was allowed; the goal is 0.1 s more.
func BenchmarkCloseHung(b *testing.B) {
	const grace = 100 * time.Millisecond
	var took []time.Duration
	for b.Loop() {
		p, err := host.Open(b.Context(), host.Options{Path: os.Args[0], Env: []string{roleEnv + "=holder"}, StopTimeout: grace})
		if err != nil {
			b.Fatal(err)
		}
		if err := syscall.Kill(p.PID(), syscall.SIGSTOP); err != nil {
			b.Fatal(err)
		}
		took = append(took, timed(b, func() error { return p.Close(context.Background()) }))
	}
	b.ReportMetric(float64((median(took)-grace).Microseconds())/1000, "ms-over-grace")
	b.ReportMetric(0, "ns/op")
}

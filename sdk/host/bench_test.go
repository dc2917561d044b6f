//go:build linux

package host_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/jpeg"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/seed-6b91b535/idrec/sdk/host"
	"github.com/seed-6b91b535/idrec/sdk/wapi"
	"github.com/seed-6b91b535/idrec/shared"
)

// unpaced is the client without a rate, which the layers set around it.
type unpaced struct{ *wapi.Provider }

func (u unpaced) Recognize(ctx context.Context, r *shared.Request) (*shared.Result, error) {
	return u.Provider.Recognize(shared.WithBeforeAttempt(ctx, func(context.Context) error { return nil }), r)
}

// largeJPEG is a picture of noise with 2.8 MiB, which are all in its pixels, as those of a photo are.
func largeJPEG(b *testing.B) []byte {
	b.Helper()
	noise := image.NewGray(image.Rect(0, 0, 1813, 1813))
	_, _ = rand.NewChaCha8([32]byte{}).Read(noise.Pix)
	var out bytes.Buffer
	if err := jpeg.Encode(&out, noise, &jpeg.Options{Quality: 93}); err != nil {
		b.Fatal(err)
	}
	return out.Bytes()
}

// vendor takes whatever it is sent.
func vendor(w http.ResponseWriter, r *http.Request) {
	_, _ = io.Copy(io.Discard, r.Body)
	_, _ = io.WriteString(w, `{"codeid":10000,"retdata":{"image_status":"unknown"}}`)
}

// runVendor is a vendor in a process of its own, as real ones are; it says its address and ends with its
// standard input.
func runVendor() {
	s := httptest.NewServer(http.HandlerFunc(vendor))
	defer s.Close()
	fmt.Println(s.URL)
	_, _ = io.Copy(io.Discard, os.Stdin)
}

// vendorApart starts one.
func vendorApart(b *testing.B) (address string) {
	b.Helper()
	cmd := exec.CommandContext(b.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), roleEnv+"=vendor")
	in, err1 := cmd.StdinPipe()
	out, err2 := cmd.StdoutPipe()
	if err := errors.Join(err1, err2, cmd.Start()); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		_ = in.Close()
		_ = cmd.Wait()
	})
	if _, err := fmt.Fscanln(out, &address); err != nil {
		b.Fatal(err)
	}
	return address
}

// BenchmarkWholeRecognition compares the throughput of the signed client behind the boundary with the same
// client in this process: pictures of 2.8 MiB, eight at a time, signed and posted to a vendor on this
// machine. They take turns, and the medians of the rounds are compared. The goal is 0.95 ×, encrypted.
//
// The vendor is in this process, where the plugin reaches it by way of the kernel's scheduler and the client
// in this process by way of Go's; or apart from both, as far from the one as from the other. The pictures are
// files, which whoever sends them reads, or bytes that the host has, which cross the boundary.
func BenchmarkWholeRecognition(b *testing.B) {
	here := httptest.NewServer(http.HandlerFunc(vendor))
	defer here.Close()
	apart := vendorApart(b)
	asBytes := func(_ *testing.B, picture []byte) shared.Image { return shared.Image{Bytes: picture} }
	b.Run("vendor=here/picture=bytes", func(b *testing.B) { benchmarkWhole(b, here.URL, asBytes) })
	b.Run("vendor=here/picture=file", func(b *testing.B) { benchmarkWhole(b, here.URL, inFile) })
	b.Run("vendor=apart/picture=bytes", func(b *testing.B) { benchmarkWhole(b, apart, asBytes) })
	b.Run("vendor=apart/picture=file", func(b *testing.B) { benchmarkWhole(b, apart, inFile) })
}

// inFile writes the picture to a file of its own.
func inFile(b *testing.B, picture []byte) shared.Image {
	b.Helper()
	path := filepath.Join(b.TempDir(), "picture.jpg")
	write(b, path, picture, 0o600)
	return shared.Image{Path: path}
}

func benchmarkWhole(b *testing.B, address string, give func(*testing.B, []byte) shared.Image) {
	b.Helper()
	const atOnce, rounds = 8, 2
	c := shared.Configuration{
		Values:  map[string]string{"url": address, "appid": "1"},
		Secrets: map[string]shared.Secret{"secret": shared.NewSecret(strings.Repeat("0", 32))},
	}
	near := unpaced{wapi.NewProvider()}
	if err := near.Configure(b.Context(), c); err != nil {
		b.Fatal(err)
	}
	far, err := host.Open(b.Context(), host.Options{Path: os.Args[0], Env: []string{roleEnv + "=wapi"}})
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = far.Close(context.Background()) }()
	if err := far.Configure(b.Context(), c); err != nil {
		b.Fatal(err)
	}
	pictures, large := make([]shared.Image, atOnce), largeJPEG(b)
	for i := range pictures {
		pictures[i] = give(b, bytes.Clone(large))
	}
	round := func(r shared.Recognizer) time.Duration {
		start := time.Now()
		var wg sync.WaitGroup
		for _, p := range pictures {
			wg.Go(func() {
				for range rounds {
					if _, err := r.Recognize(shared.WithImageHandedOver(b.Context()), &shared.Request{Image: p}); err != nil {
						b.Error(err)
						return
					}
				}
			})
		}
		wg.Wait()
		return time.Since(start)
	}
	round(near)
	round(far)
	var inside, outside []time.Duration
	var cpuInside, cpuOutside time.Duration
	for b.Loop() {
		start := processorTime(b, far.PID())
		inside = append(inside, round(near))
		between := processorTime(b, far.PID())
		outside = append(outside, round(far))
		cpuInside += between - start
		cpuOutside += processorTime(b, far.PID()) - between
	}
	slices.Sort(inside)
	slices.Sort(outside)
	in, out := inside[len(inside)/2], outside[len(outside)/2]
	b.ReportMetric(atOnce*rounds/in.Seconds(), "in-process/s")
	b.ReportMetric(atOnce*rounds/out.Seconds(), "plugin/s")
	b.ReportMetric(in.Seconds()/out.Seconds(), "×in-process")
	n := float64(atOnce * rounds * len(inside))
	b.ReportMetric(cpuInside.Seconds()*1000/n, "in-process-cpu-ms/picture")
	b.ReportMetric(cpuOutside.Seconds()*1000/n, "plugin-cpu-ms/picture")
	b.ReportMetric(0, "ns/op")
}

// processorTime is what this process and the one of that number took of the processors: what they cost, also
// on a machine that has other things to do.
func processorTime(b *testing.B, pid int) time.Duration {
	b.Helper()
	var mine syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &mine); err != nil {
		b.Fatal(err)
	}
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		b.Fatal(err)
	}
	const userTime, systemTime, tick = 11, 12, 10 * time.Millisecond // fields behind the name, as proc(5) has them
	fields := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+2:]))
	user, err1 := strconv.Atoi(fields[userTime])
	system, err2 := strconv.Atoi(fields[systemTime])
	if err := errors.Join(err1, err2); err != nil {
		b.Fatal(err)
	}
	return time.Duration(mine.Utime.Nano()+mine.Stime.Nano()) + time.Duration(user+system)*tick
}

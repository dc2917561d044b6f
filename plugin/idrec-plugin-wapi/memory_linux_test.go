package main_test

import (
	"bytes"
	"context"
	"encoding/binary"
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
	"strings"
	"sync"
	"testing"

	"github.com/seed-6b91b535/idrec/sdk/host"
	"github.com/seed-6b91b535/idrec/shared"
)

const (
	atOnce       = 8
	pictureBytes = 2_800_000
)

// BenchmarkPeakMemory measures the highest resident memory of the plugin process, above what it has
// after a first small call, while eight pictures of 2.8 MB are in it at the same time. The vendor
// answers when it has all eight. The goal is 64 MiB without preparing of pictures; with it, two
// pictures are decoded at a time.
func BenchmarkPeakMemory(b *testing.B) {
	binary := buildPlugin(b)
	base := largeJPEG(b)
	for _, prepare := range []string{"false", "true"} {
		b.Run("prepare="+prepare, func(b *testing.B) {
			vendor := newMeeting(atOnce)
			server := httptest.NewServer(vendor)
			defer server.Close()
			p, err := host.Open(b.Context(), host.Options{Path: binary})
			if err != nil {
				b.Fatal(err)
			}
			defer p.Close(context.WithoutCancel(b.Context()))
			err = p.Configure(b.Context(), shared.Configuration{
				Values:  map[string]string{"url": server.URL, "appid": "1", "rate": "inf", "concurrency": fmt.Sprint(atOnce), "prepare": prepare, "ledger": "memory"},
				Secrets: map[string]shared.Secret{"secret": shared.NewSecret(strings.Repeat("0", 32))},
			})
			if err != nil {
				b.Fatal(err)
			}
			if _, err := p.Describe(b.Context()); err != nil {
				b.Fatal(err)
			}
			idle := memory(b, p.PID(), "VmRSS")
			peak := 0
			for i := 0; b.Loop(); i++ {
				if err := os.WriteFile(fmt.Sprintf("/proc/%d/clear_refs", p.PID()), []byte("5"), 0); err != nil {
					b.Fatal(err) // 5 resets the highest resident size
				}
				recognizeAll(b, p, base, i)
				peak = max(peak, memory(b, p.PID(), "VmHWM"))
			}
			b.ReportMetric(float64(idle)/1024, "MiB-idle")
			b.ReportMetric(float64(peak-idle)/1024, "MiB-above-idle")
		})
	}
}

func recognizeAll(b *testing.B, p *host.Plugin, base []byte, round int) {
	b.Helper()
	var wg sync.WaitGroup
	for n := range atOnce {
		wg.Go(func() {
			res, err := p.Recognize(b.Context(), &shared.Request{Image: shared.Image{Bytes: numbered(base, round*atOnce+n)}})
			if err != nil || res.Outcome != shared.OutcomeBilled {
				b.Errorf("%v, %v", res, err)
			}
		})
	}
	wg.Wait()
}

// meeting answers when so many requests have arrived whole.
type meeting struct {
	size int
	mu   sync.Mutex
	n    int
	open chan struct{}
}

func newMeeting(size int) *meeting { return &meeting{size: size, open: make(chan struct{})} }

func (m *meeting) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	_, _ = io.Copy(io.Discard, r.Body)
	m.mu.Lock()
	open := m.open
	if m.n++; m.n == m.size {
		m.n, m.open = 0, make(chan struct{})
		close(open)
	}
	m.mu.Unlock()
	select {
	case <-open:
	case <-r.Context().Done():
	}
	fmt.Fprint(w, `{"codeid":10000,"retdata":{"image_status":"unknown"}}`)
}

// largeJPEG returns a 12-megapixel picture of just under 2.8 MB.
func largeJPEG(b *testing.B) []byte {
	b.Helper()
	img := image.NewYCbCr(image.Rect(0, 0, 4000, 3000), image.YCbCrSubsampleRatio420)
	rnd := rand.New(rand.NewPCG(1, 2))
	for i := range img.Y {
		img.Y[i] = byte(90 + i/4000%80 + rnd.IntN(14))
	}
	for i := range img.Cb {
		img.Cb[i], img.Cr[i] = 128, 128
	}
	for q := 95; q > 10; q-- {
		var buf bytes.Buffer
		if err := jpeg.Encode(&buf, img, &jpeg.Options{Quality: q}); err != nil {
			b.Fatal(err)
		}
		if buf.Len() < pictureBytes {
			return buf.Bytes()
		}
	}
	b.Fatal("no quality gives a picture of that size")
	return nil
}

// numbered returns the picture with a comment that makes it another one, filled up to 2.8 MB.
func numbered(base []byte, n int) []byte {
	out := append(make([]byte, 0, pictureBytes+16), base[:2]...)
	for left := pictureBytes - len(base); left > 8; {
		size := min(left-2, 0xFFFF)
		out = append(out, 0xFF, 0xFE)
		out = binary.BigEndian.AppendUint16(out, uint16(size))
		out = binary.BigEndian.AppendUint64(out, uint64(n))[:len(out)+min(8, size-2)]
		out = append(out, make([]byte, max(0, size-2-8))...)
		left -= size + 2
	}
	return append(out, base[2:]...)
}

func memory(b *testing.B, pid int, field string) (kib int) {
	b.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		b.Fatal(err)
	}
	for line := range strings.Lines(string(status)) {
		if rest, ok := strings.CutPrefix(line, field+":"); ok {
			if _, err := fmt.Sscan(rest, &kib); err != nil {
				b.Fatal(err)
			}
		}
	}
	return kib
}

func buildPlugin(b *testing.B) string {
	b.Helper()
	out := filepath.Join(b.TempDir(), "idrec-plugin-wapi")
	cmd := exec.Command("go", "build", "-trimpath", "-o", out, ".")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if text, err := cmd.CombinedOutput(); err != nil {
		b.Fatalf("%v\n%s", err, text)
	}
	return out
}

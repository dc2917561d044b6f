//go:build unix

package crash_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"hash/fnv"
	"image"
	"image/color"
	"image/png"
	"io"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/seed-6b91b535/idrec/sdk/wapi/sandbox"
	"github.com/seed-6b91b535/idrec/shared"
)

// picture returns the picture with the given name: small, and no other has its bytes.
func picture(name string) []byte {
	h := fnv.New64a()
	_, _ = h.Write([]byte(name))
	bits := h.Sum64()
	img := image.NewGray(image.Rect(0, 0, 20, 20))
	for i := range img.Pix {
		img.Pix[i] = byte(bits >> (i % 57))
	}
	for i, c := range []byte(name) {
		img.SetGray(i%20, 1+i/20, color.Gray{c})
	}
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		panic(err)
	}
	return b.Bytes()
}

func digestOf(name string) string {
	sum := sha256.Sum256(picture(name))
	return hex.EncodeToString(sum[:])
}

// vendor is the vendor, which bills at the start of a call, behind a wire that can be stopped.
type vendor struct {
	*sandbox.Server

	url    string
	engine *engine
	wire   *wire
}

func newVendor(t *testing.T) *vendor {
	t.Helper()
	e := &engine{traps: map[string]*trap{}, unanswered: map[string]bool{}}
	app := sandbox.NewApp(vendorID, vendorKey)
	app.CallsLeft = 10_000_000
	s, err := sandbox.New(sandbox.Config{Engine: e, Apps: []sandbox.App{app}, Concurrency: 512})
	if err != nil {
		t.Fatal(err)
	}
	url, err := s.Start("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	address := strings.TrimSuffix(strings.TrimPrefix(url, "http://"), s.Path())
	w := newWire(t, address)
	return &vendor{Server: s, url: "http://" + w.address() + s.Path(), engine: e, wire: w}
}

// billed returns how often a picture was billed.
func (v *vendor) billed(name string) int64 {
	return v.State().Apps[vendorID].Pictures[digestOf(name)]
}

// doubles returns how many pictures were billed more than once.
func (v *vendor) doubles() int {
	n := 0
	for _, times := range v.State().Apps[vendorID].Pictures {
		if times > 1 {
			n++
		}
	}
	return n
}

// engine reads pictures, after they were billed.
type engine struct {
	delay time.Duration

	mu         sync.Mutex
	traps      map[string]*trap
	unanswered map[string]bool // digests of pictures that are being read: received whole, and not answered
	held       chan struct{}   // nil, or closed when answers may go out again
	atOnce     atomic.Int64
}

func (*engine) Describe(context.Context) (*shared.Description, error) {
	return &shared.Description{Name: "quick", Title: "reads nothing"}, nil
}

func (e *engine) Recognize(ctx context.Context, req *shared.Request) (*shared.Result, error) {
	sum := sha256.Sum256(req.Image.Bytes)
	name := hex.EncodeToString(sum[:])
	e.mu.Lock()
	t := e.traps[name]
	e.unanswered[name] = true
	e.mu.Unlock()
	e.atOnce.Add(1)
	defer func() {
		e.atOnce.Add(-1)
		e.mu.Lock()
		delete(e.unanswered, name)
		e.mu.Unlock()
	}()
	if t != nil {
		t.enter(ctx.Done())
	}
	if e.delay > 0 {
		select {
		case <-time.After(e.delay):
		case <-ctx.Done():
		}
	}
	e.mu.Lock()
	held := e.held
	e.mu.Unlock()
	if held != nil {
		select {
		case <-held:
		case <-ctx.Done():
		}
	}
	return &shared.Result{Status: shared.StatusUnknown, Outcome: shared.OutcomeFree}, nil
}

// arm stops the reading of a picture.
func (e *engine) arm(name string) *trap {
	t := newTrap()
	e.mu.Lock()
	defer e.mu.Unlock()
	e.traps[digestOf(name)] = t
	return t
}

// hold keeps every answer back until release is called.
func (e *engine) hold() (release func()) {
	held := make(chan struct{})
	e.mu.Lock()
	defer e.mu.Unlock()
	e.held = held
	return func() {
		e.mu.Lock()
		defer e.mu.Unlock()
		e.held = nil
		close(held)
	}
}

// open returns the pictures that are received and unanswered at this moment.
func (e *engine) open() map[string]bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	now := make(map[string]bool, len(e.unanswered))
	for d := range e.unanswered {
		now[d] = true
	}
	return now
}

// wire is the network before the vendor.
type wire struct {
	listener net.Listener
	to       string
	wg       sync.WaitGroup

	mu    sync.Mutex
	conns map[net.Conn]struct{}
	stop  *trap // holds the uploads back once left bytes have gone through
	left  int64
	over  chan struct{}
}

func newWire(t *testing.T, to string) *wire {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	w := &wire{listener: l, to: to, conns: map[net.Conn]struct{}{}, over: make(chan struct{})}
	w.wg.Go(w.accept)
	t.Cleanup(func() {
		close(w.over)
		_ = l.Close()
		w.mu.Lock()
		for c := range w.conns {
			_ = c.Close()
		}
		w.mu.Unlock()
		w.wg.Wait()
	})
	return w
}

func (w *wire) address() string { return w.listener.Addr().String() }

// arm lets so many bytes of uploads through, and stops there.
func (w *wire) arm(bytes int64) *trap {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.stop, w.left = newTrap(), bytes
	return w.stop
}

func (w *wire) disarm() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.stop = nil
}

func (w *wire) accept() {
	for {
		client, err := w.listener.Accept()
		if err != nil {
			return
		}
		server, err := net.Dial("tcp", w.to)
		if err != nil {
			_ = client.Close()
			continue
		}
		w.mu.Lock()
		w.conns[client], w.conns[server] = struct{}{}, struct{}{}
		w.mu.Unlock()
		closeBoth := func() {
			w.mu.Lock()
			defer w.mu.Unlock()
			for _, c := range []net.Conn{client, server} {
				_ = c.Close()
				delete(w.conns, c)
			}
		}
		w.wg.Go(func() { defer closeBoth(); w.upload(client, server) })
		w.wg.Go(func() { defer closeBoth(); _, _ = io.Copy(client, server) })
	}
}

func (w *wire) upload(client, server net.Conn) {
	buf := make([]byte, 32<<10)
	for {
		n, err := client.Read(buf)
		now := buf[:n]
		w.mu.Lock()
		stop := w.stop
		var later []byte
		if stop != nil {
			pass := min(w.left, int64(n))
			w.left -= pass
			now, later = now[:pass], now[pass:]
		}
		w.mu.Unlock()
		if _, e := server.Write(now); e != nil {
			return
		}
		if len(later) > 0 {
			// What a killed process has not handed over does not arrive.
			if stop.enter(w.over) == "drop" {
				return
			}
			if _, e := server.Write(later); e != nil {
				return
			}
		}
		if err != nil {
			return
		}
	}
}

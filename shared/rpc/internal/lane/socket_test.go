//go:build linux

package lane

import (
	"crypto/sha256"
	"math/rand/v2"
	"net"
	"os"
	"sync"
	"testing"

	"golang.org/x/sys/unix"
)

// sockets are what a lane is made of.
func sockets(t *testing.T) (near, far *net.UnixConn) {
	t.Helper()
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	var ends [2]*net.UnixConn
	for i, fd := range fds {
		f := os.NewFile(uintptr(fd), "lane")
		c, err := net.FileConn(f)
		if err != nil {
			t.Fatal(err)
		}
		_ = f.Close()
		ends[i] = c.(*net.UnixConn)
	}
	return ends[0], ends[1]
}

// Whoever asks for a picture sees its own, and sees it until it lets it go, whatever others send meanwhile.
func TestNoPictureIsEverAnothers(t *testing.T) {
	t.Parallel()
	near, far := sockets(t)
	l := on(t, near, far)
	ran := make(chan struct{})
	go func() {
		defer close(ran)
		l.Run()
	}()
	var wg sync.WaitGroup
	for g := range 8 {
		wg.Go(func() {
			random := rand.New(rand.NewPCG(uint64(g), 0))
			for i := range 20 {
				mine := picture(byte(g*20+i), MinBytes+random.IntN(256<<10))
				want := sha256.Sum256(mine)
				sent := l.send(t, t.Context(), mine)
				clear(mine) // it is the caller's again
				if i%10 == 9 {
					sent.Over(false)
					continue
				}
				got, m, ok := l.Take(t.Context(), sent.Number)
				if !ok {
					t.Error("no picture")
					return
				}
				release := m.Hold()
				wg.Go(func() { // the body that is still being read
					if sha256.Sum256(got) != want {
						t.Error("a picture changed while it was held")
					}
					release()
				})
				m.Done()
				sent.Over(true)
			}
		})
	}
	wg.Wait()
	l.Sender.Close()
	<-ran
	l.clear()
	if n := l.pool.out(); n != 0 {
		t.Error(n, "are not back in the pool")
	}
	if why := l.told(); why != nil {
		t.Error(why)
	}
}

// The host reads nothing from a lane, so a plugin cannot make it keep anything.
func TestAPluginCannotWriteIntoTheLane(t *testing.T) {
	t.Parallel()
	near, far := sockets(t)
	defer func() { _ = far.Close() }()
	s := NewSender(near, nil)
	defer s.Close()
	if _, err := far.Write(make([]byte, 1<<20)); err == nil {
		t.Error("it was written")
	}
}

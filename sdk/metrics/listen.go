package metrics

import (
	"context"
	"errors"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/seed-6b91b535/idrec/shared"
)

// listenAgain is how often an address that is in use is tried: the process before this one may have it
// until it has ended.
const listenAgain = 2 * time.Second

// server serves the metrics at one address until it is closed.
type server struct {
	network, address string
	http             *http.Server
	stop             context.CancelFunc
	wg               sync.WaitGroup
}

// place reads the setting metrics_listen.
func place(text string, anywhere bool) (network, address string, err error) {
	bad := func(message string) (string, string, error) {
		return "", "", &shared.Error{Code: shared.CodeConfigurationInvalid, Outcome: shared.OutcomeNotSent, Basis: shared.BasisProved,
			Message: "the setting metrics_listen is wrong: " + message}
	}
	if path, ok := strings.CutPrefix(text, "unix:"); ok {
		if path == "" || !strings.HasPrefix(path, "/") {
			return bad("give unix: and a path from the root")
		}
		return "unix", path, nil
	}
	host, port, err := net.SplitHostPort(text)
	if err != nil || port == "" {
		return bad("give ADDRESS:PORT, or unix: and a path")
	}
	if ip := net.ParseIP(host); !anywhere && host != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return bad("others could read it there; give 127.0.0.1:PORT, or set unsafe_metrics_anywhere")
	}
	return "tcp", text, nil
}

// listen starts to serve. An address that is in use is no error: it is tried until it is free.
func listen(network, address string, h http.Handler, notice func(string)) (*server, error) {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", h)
	ctx, cancel := context.WithCancel(context.Background())
	s := &server{network: network, address: address, stop: cancel,
		http: &http.Server{Handler: mux, ReadHeaderTimeout: 5 * time.Second, WriteTimeout: 4 * scrapeTimeout, IdleTimeout: time.Minute, MaxHeaderBytes: 16 << 10}}
	l, err := s.open(ctx)
	switch {
	case err == nil:
	case inUse(err):
		notice("the address of metrics_listen is in use: it is tried until it is free")
	default:
		cancel()
		return nil, &shared.Error{Code: shared.CodeConfigurationInvalid, Outcome: shared.OutcomeNotSent, Basis: shared.BasisProved, Err: err,
			Message: "the setting metrics_listen is wrong: nobody can listen there on this machine"}
	}
	s.wg.Go(func() {
		for l == nil {
			t := time.NewTimer(listenAgain)
			select {
			case <-t.C:
			case <-ctx.Done():
				t.Stop()
				return
			}
			l, _ = s.open(ctx)
		}
		_ = s.http.Serve(l) // returns when it is closed
	})
	return s, nil
}

func inUse(err error) bool { return errors.Is(err, syscall.EADDRINUSE) }

// open listens. A socket's file that nobody answers at is left from a process that was killed.
func (s *server) open(ctx context.Context) (net.Listener, error) {
	var c net.ListenConfig
	l, err := c.Listen(ctx, s.network, s.address)
	if s.network != "unix" {
		return l, err
	}
	if err != nil && inUse(err) {
		d := net.Dialer{Timeout: time.Second}
		if conn, dErr := d.DialContext(ctx, "unix", s.address); dErr == nil {
			_ = conn.Close()
			return nil, err
		}
		if info, sErr := os.Lstat(s.address); sErr != nil || info.Mode()&os.ModeSocket == 0 || os.Remove(s.address) != nil {
			return nil, err
		}
		l, err = c.Listen(ctx, s.network, s.address)
	}
	if err != nil {
		return nil, err
	}
	if err := os.Chmod(s.address, 0o600); err != nil { // the user's own, whatever the umask
		_ = l.Close()
		return nil, err
	}
	return l, nil
}

func (s *server) close() {
	if s != nil {
		s.stop()
		_ = s.http.Close()
		s.wg.Wait()
	}
}

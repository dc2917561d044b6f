package sandbox

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/seed-6b91b535/idrec/shared"
)

// Timeouts of the listening server. There is none for writing, since an answer may be delayed on demand.
const (
	readHeaderTimeout = 10 * time.Second
	readTimeout       = 2 * time.Minute
	idleTimeout       = time.Minute
)

// Server is the embedded vendor. It is safe for concurrent use.
type Server struct {
	engine  shared.Recognizer
	about   shared.Description
	path    string
	guesses Guesses
	checks  []check
	clock   func() time.Time
	sleep   func(context.Context, time.Duration)
	fetcher *http.Client
	places  chan struct{} // one for each recognition at once
	books   *books
	script  *script
	recent  *recent
	page    *page

	ctx      context.Context // ends with Close
	cancel   context.CancelFunc
	handlers sync.WaitGroup
	inFlight atomic.Int64

	mu      sync.Mutex
	servers map[*http.Server]net.Listener
	closed  bool
}

// ErrClosed is what a closed server's methods return.
var ErrClosed = errors.New("sandbox: the server is closed")

// Start listens on an address such as 127.0.0.1:8787 (port 0: any free one), serves in the background
// until [Server.Close], and returns the address of the API, a URL.
func (s *Server) Start(address string) (string, error) {
	var lc net.ListenConfig
	l, err := lc.Listen(s.ctx, "tcp", address)
	if err != nil {
		return "", err
	}
	srv, err := s.open(l)
	if err != nil {
		return "", err
	}
	go func() { _ = srv.Serve(l); s.handlers.Done() }()
	return "http://" + l.Addr().String() + s.path, nil
}

// Serve serves on a listener until [Server.Close], and then returns nil. It closes the listener.
func (s *Server) Serve(l net.Listener) error {
	srv, err := s.open(l)
	if err != nil {
		return err
	}
	defer s.handlers.Done()
	if err := srv.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// open registers a listener, and adds one to handlers for whoever serves on it.
func (s *Server) open(l net.Listener) (*http.Server, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		_ = l.Close()
		return nil, ErrClosed
	}
	srv := &http.Server{
		Handler: s.Handler(), ReadHeaderTimeout: readHeaderTimeout, ReadTimeout: readTimeout, IdleTimeout: idleTimeout,
		ErrorLog: log.New(io.Discard, "", 0), // its lines hold addresses
	}
	if s.servers == nil {
		s.servers = map[*http.Server]net.Listener{}
	}
	s.servers[srv] = l
	s.handlers.Add(1)
	return srv, nil
}

// Close stops listening, drops the connections, ends recognitions and waits for the handlers.
func (s *Server) Close() error {
	s.mu.Lock()
	s.closed = true
	servers := s.servers
	s.servers = nil
	s.mu.Unlock()
	s.cancel()
	for srv, l := range servers {
		_ = srv.Close()
		_ = l.Close() // Serve may not have begun
	}
	s.handlers.Wait()
	return nil
}

// Path returns the path of the API.
func (s *Server) Path() string { return s.path }

// Announcement is a line for people that says which engine reads the pictures.
func (s *Server) Announcement() string {
	if s.specimenEngine() {
		return "engine specimen: reads the code on drawn specimen pictures only, and says unknown to every other picture"
	}
	if s.about.Title != "" {
		return "engine " + s.about.Name + ": " + s.about.Title
	}
	return "engine " + s.about.Name
}

// specimenEngine reports the test engine, which must not be taken for one that reads cards.
func (s *Server) specimenEngine() bool { return s.about.Name == "specimen" }

// PutApp adds an app or replaces the one with the same id; what was counted stays.
func (s *Server) PutApp(a App) error {
	return s.books.update(a.ID, true, func(old *App) error { *old = a.clone(); return nil })
}

// UpdateApp changes an app; the change is one step for every request. It returns an error, and changes
// nothing, if there is no such app or it would become invalid.
func (s *Server) UpdateApp(id string, change func(*App)) error {
	return s.books.update(id, false, func(a *App) error { change(a); return nil })
}

// App returns a copy of an app.
func (s *Server) App(id string) (App, bool) {
	s.books.mu.Lock()
	defer s.books.mu.Unlock()
	acc := s.books.apps[id]
	if acc == nil {
		return App{}, false
	}
	return acc.app.clone(), true
}

// SetFaults replaces the script. Each request to the API takes the first entry that matches it; without
// one it is answered as usual. A drop before the request is read is taken only from the head.
func (s *Server) SetFaults(faults ...Fault) error { return s.script.set(faults) }

// Faults returns what is left of the script.
func (s *Server) Faults() []Fault { return s.script.left() }

// State returns the counts.
func (s *Server) State() State {
	st := s.books.state()
	st.Engine, st.FaultsLeft, st.InFlight = s.about.Name, len(s.script.left()), s.inFlight.Load()
	return st
}

// Recent returns the last 256 requests to the API, the oldest first.
func (s *Server) Recent() []Entry { return s.recent.list() }

// Handler serves the API, the test page and the administration. A scripted drop takes over the
// connection; where that cannot be done, it panics with http.ErrAbortHandler.
func (s *Server) Handler() http.Handler {
	admin := http.NewServeMux()
	s.handleAdmin(admin)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !s.enter() {
			http.Error(w, ErrClosed.Error(), http.StatusServiceUnavailable)
			return
		}
		defer s.handlers.Done()
		w.Header().Set("Date", s.clock().UTC().Format(http.TimeFormat))
		w.Header().Set("X-Content-Type-Options", "nosniff")
		switch {
		case r.URL.Path == "/" && (r.Method == http.MethodGet || r.Method == http.MethodHead):
			s.page.serve(w, r)
		case strings.HasPrefix(r.URL.Path, adminPrefix):
			admin.ServeHTTP(w, r)
		default: // every other path is the API's to refuse
			s.serveAPI(w, r)
		}
	})
}

func (s *Server) enter() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return false
	}
	s.handlers.Add(1)
	return true
}

// serveAPI answers one request to the API.
func (s *Server) serveAPI(w http.ResponseWriter, r *http.Request) {
	s.inFlight.Add(1)
	defer s.inFlight.Add(-1)
	fault, done := s.script.next("", true)
	if fault != nil {
		s.dropEarly(w, r, fault)
		return
	}
	c := s.newCall(r)
	if !done {
		fault, _ = s.script.next(c.form.get("appid"), false)
	}
	if fault != nil {
		c.misbehave(w, fault)
		return
	}
	rep, billed := c.judge()
	c.settle(rep.result(), billed, false)
	c.write(w, rep, -1)
}

// result is how an answer is counted.
func (rep *reply) result() string {
	if rep.status != 0 {
		return "http_" + strconv.Itoa(rep.status)
	}
	return strconv.Itoa(rep.code)
}

// settle counts an answer and remembers the request.
func (c *call) settle(result string, billed, fault bool) {
	c.srv.books.answered(c.app, result)
	c.srv.recent.add(c.entry(result, billed, fault))
}

// write sends an answer. With cut not negative, the connection closes after so many bytes of the body.
func (c *call) write(w http.ResponseWriter, rep *reply, cut int) {
	if rep.status != 0 {
		http.Error(w, rep.text, rep.status)
		return
	}
	answer := envelope(rep, c.form.get("time"), c.now, &c.srv.guesses)
	var body []byte
	if c.form.get("format") == "xml" {
		w.Header().Set("Content-Type", "text/xml;charset=utf-8")
		body = renderXML(c.srv.guesses.XMLRoot, answer)
	} else {
		w.Header().Set("Content-Type", "application/json;charset=utf-8")
		body, _ = json.Marshal(answer) //nolint:errchkjson // of strings, ints and objects: it cannot fail
	}
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	if cut >= 0 && cut < len(body) {
		_, _ = w.Write(body[:cut])
		_ = http.NewResponseController(w).Flush()
		drop(w, false)
		return
	}
	_, _ = w.Write(body)
}

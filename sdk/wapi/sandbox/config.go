package sandbox

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/seed-6b91b535/idrec/shared"
)

// DefaultPath is the path of the product's API.
const DefaultPath = "/pyi/76/194"

// defaultConcurrency bounds the pictures that the engine decodes at once.
const defaultConcurrency = 4

// Config says what the server is. Engine is required; every other zero value is a default.
type Config struct {
	// Engine reads the pictures. A failure of class input is answered as a picture that is no card and
	// is billed; any other failure is 10021, a panic 10014, and both are not billed.
	Engine shared.Recognizer
	// Apps are the customers; more can come later.
	Apps []App
	// Path of the API; the default is [DefaultPath]. What lies below it is a sub-API (10020), everything
	// else no API (10009).
	Path string
	// Guesses about the real server.
	Guesses Guesses
	// Clock is the vendor's clock, by which time is judged and the Date header written. Default: time.Now.
	Clock func() time.Time
	// Sleep holds a scripted delay; it returns early when ctx is done. Default: a timer.
	Sleep func(ctx context.Context, d time.Duration)
	// Concurrency bounds the recognitions at once; the default is 4.
	Concurrency int
}

// New returns a server that does not listen yet. It asks the engine to describe itself.
func New(cfg Config) (*Server, error) {
	if cfg.Engine == nil {
		return nil, errors.New("sandbox: an engine is needed: who is to read the pictures?")
	}
	about, err := describe(context.Background(), cfg.Engine)
	if err != nil {
		return nil, err
	}
	guesses, err := cfg.Guesses.complete()
	if err != nil {
		return nil, err
	}
	path := strings.TrimRight(cfg.Path, "/")
	if cfg.Path == "" {
		path = DefaultPath
	}
	if !strings.HasPrefix(path, "/") || strings.HasPrefix(path, adminPrefix) {
		return nil, errors.New("sandbox: the API's path begins with a slash, is more than that, and lies outside " + adminPrefix)
	}
	s := &Server{
		engine: cfg.Engine, about: *about, path: path, guesses: guesses, checks: ordered(guesses.CheckOrder),
		clock: cfg.Clock, sleep: cfg.Sleep, fetcher: newFetcher(guesses.Fetch),
		books: &books{apps: map[string]*account{}, others: map[string]int64{}}, script: &script{}, recent: &recent{},
	}
	if s.clock == nil {
		s.clock = time.Now
	}
	if s.sleep == nil {
		s.sleep = wait
	}
	if cfg.Concurrency <= 0 {
		cfg.Concurrency = defaultConcurrency
	}
	s.places = make(chan struct{}, cfg.Concurrency)
	for _, a := range cfg.Apps {
		if _, known := s.App(a.ID); known {
			return nil, errors.New("sandbox: two apps have the same id")
		}
		if err := s.PutApp(a); err != nil {
			return nil, err
		}
	}
	s.ctx, s.cancel = context.WithCancel(context.Background())
	s.page = newPage(s)
	return s, nil
}

func wait(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
}

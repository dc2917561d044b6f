package idcard

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"sync"

	"github.com/hashicorp/go-hclog"

	"github.com/seed-6b91b535/idrec/host-example/internal/fields"
	"github.com/seed-6b91b535/idrec/sdk/host"
	"github.com/seed-6b91b535/idrec/shared"
)

// wanted is a plugin and its settings.
type wanted struct {
	Name     string            `json:"name"`
	SHA256   string            `json:"sha256"`
	Lock     string            `json:"lock"`
	Settings map[string]string `json:"settings"`
}

// process is a plugin at work.
type process interface {
	shared.Recognizer
	shared.Configurer
	Close(ctx context.Context) error
}

// pool keeps one process for each plugin with its settings. Benthos makes a processor for every thread
// of the pipeline; with a process each, the rate would be kept by none of them.
type pool struct {
	open func(ctx context.Context, w wanted, log hclog.Logger) (process, error)

	mu      sync.Mutex
	members map[[sha256.Size]byte]*member
}

type member struct {
	process
	users int
}

func newPool(dirs []string) *pool {
	return &pool{members: map[[sha256.Size]byte]*member{}, open: func(ctx context.Context, w wanted, log hclog.Logger) (process, error) {
		return host.Open(ctx, host.Options{Name: w.Name, Dirs: dirs, SHA256: w.SHA256, Lock: w.Lock, Logger: log, Restart: true})
	}}
}

// get returns the process, started if nobody has it yet, and the function that gives it back.
func (p *pool) get(ctx context.Context, w wanted, log hclog.Logger) (shared.Recognizer, func(context.Context) error, error) {
	text, err := json.Marshal(w)
	if err != nil {
		return nil, nil, err
	}
	key := sha256.Sum256(text) // the settings may hold secrets
	p.mu.Lock()
	defer p.mu.Unlock()
	m := p.members[key]
	if m == nil {
		started, err := p.start(ctx, w, log)
		if err != nil {
			return nil, nil, err
		}
		m = &member{process: started}
		p.members[key] = m
	}
	m.users++
	var once sync.Once
	return m, func(ctx context.Context) (err error) {
		once.Do(func() { err = p.put(ctx, key, m) })
		return err
	}, nil
}

func (p *pool) start(ctx context.Context, w wanted, log hclog.Logger) (process, error) {
	started, err := p.open(ctx, w, log)
	if err != nil {
		return nil, err
	}
	about, err := started.Describe(ctx)
	if err == nil {
		var c shared.Configuration
		if c, err = fields.Resolve(ctx, about, w.Settings, log); err == nil {
			err = started.Configure(ctx, c)
		}
	}
	if err != nil {
		_ = started.Close(context.WithoutCancel(ctx))
		return nil, err
	}
	return started, nil
}

func (p *pool) put(ctx context.Context, key [sha256.Size]byte, m *member) error {
	p.mu.Lock()
	m.users--
	last := m.users == 0
	if last {
		delete(p.members, key)
	}
	p.mu.Unlock()
	if !last {
		return nil
	}
	return m.Close(ctx)
}

package host

import (
	"context"
	"errors"
	"maps"
	"sync"
	"time"

	"github.com/seed-6b91b535/idrec/shared"
	"github.com/seed-6b91b535/idrec/shared/rpc"
)

// Plugin is a recognizer in a process of its own. It is safe for concurrent use.
type Plugin struct {
	opts   Options
	binary *binary

	mu       sync.Mutex
	now      *instance             // the last one, which may have ended; never nil
	counted  bool                  // the end of the last one is in pace
	conf     *shared.Configuration // the last one that was taken
	starting *starting             // while it is being started anew
	pace     restarts
	calls    int           // that are being worked on
	closing  bool          // no more calls are taken
	idle     chan struct{} // closed when closing and no call is left
	closed   chan struct{} // closed when the process is gone

	settings chan struct{} // holds one while the plugin is being configured

	// unhurried is done when nothing is waited for any more: a Close ran out of time, or is through.
	unhurried context.Context
	hurry     context.CancelFunc
}

// starting is one start, for all calls that wait for it.
type starting struct {
	done chan struct{}
	err  error
}

var _ recognizer = (*Plugin)(nil)

// Open starts a plugin and returns when it has answered for the first time. The errors are
// [shared.CodePluginNotFound], [shared.CodePluginRefused] (its file is not the pinned one, or not safe
// to run), [shared.CodePluginFailed] (it does not start, or is no such plugin),
// [shared.CodeConfigurationInvalid] for the options, and those of ctx. The caller must Close the plugin.
func Open(ctx context.Context, o Options) (*Plugin, error) {
	o = o.withDefaults()
	path := o.Path
	if path == "" {
		var err error
		if path, err = Find(o.Name, o.Dirs); err != nil {
			return nil, err
		}
	}
	b, err := openBinary(path, o.SHA256)
	if err != nil {
		return nil, err
	}
	if b.replaceable() {
		o.Logger.Warn("everybody on this machine may exchange the plugin's file: pin its SHA-256, or take the right to write to its folder away with chmod o-w")
	}
	i, err := start(ctx, o, b)
	if err != nil {
		b.close()
		return nil, err
	}
	p := &Plugin{opts: o, binary: b, now: i, idle: make(chan struct{}), closed: make(chan struct{}), settings: make(chan struct{}, 1)}
	p.unhurried, p.hurry = context.WithCancel(context.Background())
	return p, nil
}

// Version is what the plugin said of itself at its start.
func (p *Plugin) Version() string { return p.instance().desc.Version }

// PID is the number of the plugin's last process.
func (p *Plugin) PID() int { return p.instance().proc.PID() }

// Path is the absolute path of the plugin's file.
func (p *Plugin) Path() string { return p.binary.path }

// SHA256 is the hex digest of the file that runs.
func (p *Plugin) SHA256() (string, error) {
	sum, err := p.binary.sha256()
	if err != nil {
		return "", fault(shared.CodePluginRefused, "the plugin's file cannot be read to the end", err)
	}
	return sum, nil
}

func (p *Plugin) instance() *instance {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.now
}

// Close takes no more calls, waits for those being worked on, asks the process to end, and kills it
// and its children if it has not when ctx is done or [Options.StopTimeout] is over. When it returns,
// the process is gone. Further calls wait for the first, and hurry it when their own ctx is done.
func (p *Plugin) Close(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, p.opts.StopTimeout)
	defer cancel()
	stop := context.AfterFunc(ctx, p.hurry)
	defer stop()
	p.mu.Lock()
	first := !p.closing
	p.closing = true
	p.idleLocked()
	p.mu.Unlock()
	if !first {
		<-p.closed
		return nil
	}
	defer close(p.closed)
	defer p.hurry()
	select {
	case <-p.idle:
	case <-p.unhurried.Done():
	}
	p.mu.Lock()
	pending := p.starting
	p.mu.Unlock()
	if pending != nil {
		<-pending.done // bounded like the rest, see restart
	}
	<-p.instance().end(p.unhurried)
	p.binary.close()
	return nil
}

func (p *Plugin) idleLocked() {
	if p.closing && p.calls == 0 {
		select {
		case <-p.idle:
		default:
			close(p.idle)
		}
	}
}

// enter counts a call in, unless the plugin is being closed.
func (p *Plugin) enter() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closing {
		return unavailable("the plugin has been closed, and nothing was sent")
	}
	p.calls++
	return nil
}

func (p *Plugin) leave() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.calls--
	p.idleLocked()
}

// use returns a process that lives, starting one if that is allowed.
func (p *Plugin) use(ctx context.Context) (*instance, error) {
	p.mu.Lock()
	if !p.now.gone() {
		defer p.mu.Unlock()
		return p.now, nil
	}
	if !p.opts.Restart || p.closing {
		p.mu.Unlock()
		return nil, unavailable("the plugin's process has ended, and nothing was sent: open it again")
	}
	s := p.starting
	if s == nil {
		if !p.counted {
			p.pace.ended(time.Now(), time.Since(p.now.started))
			p.counted = true
		}
		if wait := p.pace.wait(time.Now()); wait > 0 {
			p.mu.Unlock()
			e := unavailable("the plugin keeps ending, and nothing was sent: see its log")
			e.RetryAfter = wait
			return nil, e
		}
		s = &starting{done: make(chan struct{})}
		p.starting = s
		go p.restart(s, p.conf) // all calls wait for it, so it belongs to none of their contexts
	}
	p.mu.Unlock()
	select {
	case <-s.done:
	case <-ctx.Done():
		return nil, shared.ErrorOf(ctx.Err(), shared.OutcomeNotSent, shared.BasisProved)
	}
	if s.err != nil {
		return nil, s.err
	}
	return p.instance(), nil
}

// restart starts a process and gives it the settings of the one before. It belongs to no call, since
// all calls wait for it.
func (p *Plugin) restart(s *starting, conf *shared.Configuration) {
	ctx, cancel := context.WithTimeout(p.unhurried, p.opts.StartTimeout)
	defer cancel()
	i, err := start(ctx, p.opts, p.binary)
	if err == nil && conf != nil {
		if err = i.Configure(ctx, *conf); err != nil {
			<-i.end(atOnce())
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if err != nil {
		e := unavailable("the plugin ended and does not start again, and nothing was sent: see its log")
		e.Err = err
		s.err = e
		p.pace.ended(time.Now(), 0)
	} else {
		p.now, p.counted = i, false
	}
	p.starting = nil
	close(s.done)
}

// with runs f on a process that lives.
func (p *Plugin) with(ctx context.Context, f func(*instance) error) error {
	if err := p.enter(); err != nil {
		return err
	}
	defer p.leave()
	i, err := p.use(ctx)
	if err != nil {
		return err
	}
	return f(i)
}

// Describe asks the plugin what it is.
func (p *Plugin) Describe(ctx context.Context) (d *shared.Description, err error) {
	err = p.with(ctx, func(i *instance) (err error) {
		d, err = i.Describe(ctx)
		return err
	})
	return d, err
}

// Configure hands all settings to the plugin. With [Options.Restart] they are kept for its next
// process. One is handed over at a time, so that what is kept is what the plugin took last.
func (p *Plugin) Configure(ctx context.Context, c shared.Configuration) error {
	select {
	case p.settings <- struct{}{}:
		defer func() { <-p.settings }()
	case <-ctx.Done():
		return shared.ErrorOf(ctx.Err(), shared.OutcomeNotSent, shared.BasisProved)
	}
	return p.with(ctx, func(i *instance) error {
		if err := i.Configure(ctx, c); err != nil {
			return err
		}
		if p.opts.Restart {
			p.mu.Lock()
			defer p.mu.Unlock()
			p.conf = &shared.Configuration{Values: maps.Clone(c.Values), Secrets: maps.Clone(c.Secrets)}
		}
		return nil
	})
}

// Check asks the plugin whether it would work now.
func (p *Plugin) Check(ctx context.Context, paid bool) (h *shared.Health, err error) {
	err = p.with(ctx, func(i *instance) (err error) {
		h, err = i.Check(ctx, paid)
		return err
	})
	return h, err
}

// Account asks the plugin for its books.
func (p *Plugin) Account(ctx context.Context) (a *shared.Account, err error) {
	err = p.with(ctx, func(i *instance) (err error) {
		a, err = i.Account(ctx)
		return err
	})
	return a, err
}

// Resume tells the plugin to lift a pause.
func (p *Plugin) Resume(ctx context.Context) error {
	return p.with(ctx, func(i *instance) error { return i.Resume(ctx) })
}

// Recall asks the plugin what became of a call.
func (p *Plugin) Recall(ctx context.Context, q shared.RecallQuery) (r *shared.Recollection, err error) {
	err = p.with(ctx, func(i *instance) (err error) {
		r, err = i.Recall(ctx, q)
		return err
	})
	return r, err
}

// Recognize hands the picture to the plugin. If its process ends meanwhile, the call is ambiguous, or
// free where the provider costs nothing; it is never sent again. With [Options.Restart], the next
// process is asked what became of it, once.
func (p *Plugin) Recognize(ctx context.Context, req *shared.Request) (res *shared.Result, err error) {
	err = p.with(ctx, func(i *instance) (err error) {
		res, err = i.Recognize(ctx, req)
		if e := (*shared.Error)(nil); errors.As(err, &e) && e.Code == shared.CodeOutcomeUnknown && e.Err != nil {
			// It was found here, on the connection; the plugin's own word has no cause.
			res, err = p.settle(ctx, i, e)
		}
		return err
	})
	if e := (*shared.Error)(nil); errors.As(err, &e) && e.CallID == "" && req.CallID != "" {
		named := *e
		named.CallID = req.CallID
		err = &named
	}
	return res, err
}

// exitNotice is how long after its connection a process may be seen to end.
const exitNotice = time.Second

// settle asks the next process what became of a call of i that may be billed.
func (p *Plugin) settle(ctx context.Context, i *instance, e *shared.Error) (*shared.Result, error) {
	if !p.opts.Restart || !i.desc.HasFace(shared.FaceRecaller) {
		return nil, e
	}
	select {
	case <-i.proc.exited:
	case <-time.After(exitNotice):
		return nil, e // it lives, and the client half has asked it
	case <-ctx.Done():
		return nil, e
	}
	next, err := p.use(ctx)
	if err != nil {
		return nil, e
	}
	return rpc.Settle(ctx, next, e, true)
}

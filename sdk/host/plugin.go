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
	opts  Options
	queue *queue

	mu         sync.Mutex
	binary     *binary
	pinned     *Locked               // what the lock file says of it; nil without one
	now        *instance             // the last one, which may have ended; never nil
	generation int                   // counts the upgrades
	counted    bool                  // the end of the last one is in pace
	conf       *shared.Configuration // the last one that was taken
	starting   *starting             // while it is being started anew
	pace       restarts
	calls      int           // that are being worked on
	closing    bool          // no more calls are taken
	idle       chan struct{} // closed when closing and no call is left
	closed     chan struct{} // closed when the process is gone

	settings chan struct{} // holds one while the plugin is being configured

	upgrades sync.WaitGroup

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
	b, pinned, err := locate(o)
	if err != nil {
		return nil, err
	}
	i, err := start(ctx, o, b)
	if err != nil {
		b.close()
		return nil, err
	}
	if err := pinned.agrees(i); err != nil {
		<-i.end(atOnce())
		b.close()
		return nil, err
	}
	p := &Plugin{opts: o, binary: b, pinned: pinned, now: i, queue: newQueue(o.MaxCalls, o.MaxWaiting),
		idle: make(chan struct{}), closed: make(chan struct{}), settings: make(chan struct{}, 1)}
	p.unhurried, p.hurry = context.WithCancel(context.Background())
	p.watch(i)
	return p, nil
}

// locate opens the plugin's file and checks it. pinned is what the lock file says of it, if there is one.
func locate(o Options) (b *binary, pinned *Locked, err error) {
	path := o.Path
	if path == "" {
		if path, err = Find(o.Name, o.Dirs); err != nil {
			return nil, nil, err
		}
	}
	if b, err = openBinary(path, o.SHA256); err != nil {
		return nil, nil, err
	}
	if o.Lock != "" {
		if pinned, err = b.pinByLock(o); err != nil {
			b.close()
			return nil, nil, err
		}
	}
	if b.replaceable() {
		o.Logger.Warn("everybody on this machine may exchange the plugin's file: pin its SHA-256, or take the right to write to its folder away with chmod o-w")
	}
	return b, pinned, nil
}

// Version is what the plugin said of itself at its start.
func (p *Plugin) Version() string { return p.instance().desc.Version }

// PID is the number of the plugin's last process.
func (p *Plugin) PID() int { return p.instance().proc.PID() }

// Path is the absolute path of the plugin's file.
func (p *Plugin) Path() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.binary.path
}

// SHA256 is the hex digest of the file that runs.
func (p *Plugin) SHA256() (string, error) {
	p.mu.Lock()
	b := p.binary
	p.mu.Unlock()
	sum, err := b.sha256()
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
	if first {
		p.closing = true
		close(p.queue.closed)
	}
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
	p.hurry()
	p.mu.Lock()
	b := p.binary
	p.mu.Unlock()
	b.close()
	p.upgrades.Wait() // they are hurried by now
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
		return unavailable(closedMessage)
	}
	p.calls++
	return nil
}

const closedMessage = "the plugin has been closed, and nothing was sent"

func (p *Plugin) leave() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.calls--
	p.idleLocked()
}

// use returns a process that lives, starting one if that is allowed. The process is kept until
// [Plugin.release], also when it is to be replaced meanwhile.
func (p *Plugin) use(ctx context.Context) (*instance, error) {
	for {
		i, s, err := p.pick()
		if i != nil || err != nil {
			return i, err
		}
		select {
		case <-s.done:
		case <-ctx.Done():
			return nil, shared.ErrorOf(ctx.Err(), shared.OutcomeNotSent, shared.BasisProved)
		}
		if s.err != nil {
			return nil, s.err
		}
	}
}

// pick returns the process, or else the start that is to be waited for.
func (p *Plugin) pick() (*instance, *starting, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.now.gone() {
		p.now.calls++
		return p.now, nil, nil
	}
	if !p.opts.Restart || p.closing {
		return nil, nil, unavailable("the plugin's process has ended, and nothing was sent: open it again")
	}
	if p.starting != nil {
		return nil, p.starting, nil
	}
	if !p.counted {
		p.pace.ended(time.Now(), time.Since(p.now.started))
		p.counted = true
	}
	if wait := p.pace.wait(time.Now()); wait > 0 {
		e := unavailable("the plugin keeps ending, and nothing was sent: see its log")
		e.RetryAfter = wait
		return nil, nil, e
	}
	s := &starting{done: make(chan struct{})}
	p.starting = s
	// All calls wait for it, so it belongs to none of their contexts.
	go p.restart(s, p.generation, p.now, p.binary, p.pinned, p.conf)
	return nil, s, nil
}

// release says that a process is no longer used by one of its users.
func (p *Plugin) release(i *instance) {
	p.mu.Lock()
	defer p.mu.Unlock()
	i.calls--
	if i.draining && i.calls == 0 {
		close(i.idle)
	}
}

// restart starts a process in the place of old and gives it the settings.
func (p *Plugin) restart(s *starting, generation int, old *instance, b *binary, pinned *Locked, conf *shared.Configuration) {
	ctx, cancel := context.WithTimeout(p.unhurried, p.opts.StartTimeout)
	defer cancel()
	// One that was given up may still be settling what is paid; its books are its own until it ends.
	if old.lost.Load() {
		select {
		case <-old.proc.exited:
		case <-ctx.Done():
		}
	}
	i, err := start(ctx, p.opts, b)
	if err == nil {
		err = pinned.agrees(i)
		if err == nil && conf != nil {
			err = i.Configure(ctx, *conf)
		}
		if err != nil {
			<-i.end(atOnce())
		}
	}
	p.mu.Lock()
	if p.generation != generation && err == nil { // an upgrade was faster
		p.mu.Unlock()
		<-i.end(atOnce())
		p.mu.Lock()
	}
	defer p.mu.Unlock()
	switch {
	case p.generation != generation:
	case err != nil:
		e := unavailable("the plugin ended and does not start again, and nothing was sent: see its log")
		e.Err = err
		s.err = e
		p.pace.ended(time.Now(), 0)
	default:
		p.now, p.counted = i, false
		p.watch(i)
	}
	p.starting = nil
	close(s.done)
}

// watch looks, while there are calls, whether the process still answers, and gives it up if not: one
// that is stopped, or whose code waits for itself, keeps its callers for ever.
func (p *Plugin) watch(i *instance) {
	limit := p.opts.Liveness
	if !p.opts.Restart || limit < 0 {
		return
	}
	go func() {
		tick := time.NewTicker(max(limit/4, time.Millisecond))
		defer tick.Stop()
		for {
			select {
			case <-i.proc.exited:
				return
			case <-tick.C:
			}
			p.mu.Lock()
			idle := i.calls == 0
			p.mu.Unlock()
			if !idle && !i.alive(limit) && !i.gone() {
				p.opts.Logger.Error("the plugin gives no sign of life and is replaced", "limit", limit)
				i.abandon(min(settleGrace, limit)) // as long again as it was given
				return
			}
		}
	}()
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
	defer p.release(i)
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

// Configure hands all settings to the plugin. They are kept in memory, for the process that takes its
// place: after an end with [Options.Restart], or at an [Plugin.Upgrade].
func (p *Plugin) Configure(ctx context.Context, c shared.Configuration) error {
	if err := p.enter(); err != nil {
		return err
	}
	defer p.leave()
	if err := p.holdSettings(ctx); err != nil {
		return err
	}
	defer func() { <-p.settings }()
	kept := &shared.Configuration{Values: maps.Clone(c.Values), Secrets: maps.Clone(c.Secrets)}
	for {
		i, err := p.use(ctx)
		if err != nil {
			return err
		}
		err = i.Configure(ctx, c)
		p.release(i)
		if err != nil {
			return err
		}
		p.mu.Lock()
		p.conf = kept
		// A process that was started meanwhile has the settings from before, and so has one that is just
		// being started.
		same := p.now == i && p.starting == nil
		p.mu.Unlock()
		if same {
			return nil
		}
	}
}

// holdSettings keeps everybody else from configuring, until one is taken out of settings again: what
// the plugin has and what is kept must come in the same order.
func (p *Plugin) holdSettings(ctx context.Context) error {
	select {
	case p.settings <- struct{}{}:
		return nil
	case <-ctx.Done():
		return shared.ErrorOf(ctx.Err(), shared.OutcomeNotSent, shared.BasisProved)
	}
}

// Check asks the plugin whether it would work now. If there is no process, and none can be started,
// that is what it found.
func (p *Plugin) Check(ctx context.Context, paid bool) (h *shared.Health, err error) {
	if err := p.enter(); err != nil {
		return nil, err
	}
	defer p.leave()
	i, err := p.use(ctx)
	if errors.Is(err, shared.CodePluginUnavailable) {
		unknown := shared.CheckItem{State: shared.CheckUnknown}
		return &shared.Health{Process: shared.CheckItem{State: shared.CheckBad, Message: "the plugin's process has ended, and there is no other"},
			Upstream: unknown, Credentials: unknown, Clock: unknown}, nil
	}
	if err != nil {
		return nil, err
	}
	defer p.release(i)
	return i.Check(ctx, paid)
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
// process is asked what became of it, once; and a call that is proved not to have reached the process,
// which had just ended, goes to the next one.
func (p *Plugin) Recognize(ctx context.Context, req *shared.Request) (res *shared.Result, err error) {
	if err = p.enter(); err == nil {
		defer p.leave()
		if err = p.queue.enter(ctx); err == nil {
			defer p.queue.leave()
			res, err = p.recognize(ctx, req)
		}
	}
	if e := (*shared.Error)(nil); errors.As(err, &e) && e.CallID == "" && req.CallID != "" {
		named := *e
		named.CallID = req.CallID
		err = &named
	}
	return res, err
}

func (p *Plugin) recognize(ctx context.Context, req *shared.Request) (*shared.Result, error) {
	for again := false; ; again = true {
		i, err := p.use(ctx)
		if err != nil {
			return nil, err
		}
		res, err := i.Recognize(ctx, req)
		e := (*shared.Error)(nil)
		if !errors.As(err, &e) || e.Err == nil || !p.opts.Restart {
			p.release(i)
			return res, err // the plugin's own word has no cause
		}
		// It was found here, on the connection.
		ended := p.ended(ctx, i)
		p.release(i)
		switch {
		case ended && e.Code == shared.CodeOutcomeUnknown:
			return p.settle(ctx, i, e)
		case ended && e.Code == shared.CodePluginUnavailable && e.Outcome == shared.OutcomeNotSent && !again:
			continue
		}
		return nil, err
	}
}

// exitNotice is how long after its connection a process may be seen to end.
const exitNotice = time.Second

// ended reports whether the process of a call without an answer is gone. If it lives, and does not
// answer any more, it is given up.
func (p *Plugin) ended(ctx context.Context, i *instance) bool {
	if ctx.Err() != nil { // the caller's own doing
		return false
	}
	select {
	case <-i.proc.exited:
		return true
	case <-time.After(exitNotice):
	case <-ctx.Done():
		return false
	}
	if !i.alive(exitNotice) && !i.gone() {
		p.opts.Logger.Error("the plugin has lost its connection and is replaced")
		i.abandon(settleGrace)
	}
	select {
	case <-i.proc.exited:
		return true
	default:
		return false
	}
}

// settle asks the next process what became of a call of i, which has ended, that may be billed.
func (p *Plugin) settle(ctx context.Context, i *instance, e *shared.Error) (*shared.Result, error) {
	if !i.desc.HasFace(shared.FaceRecaller) {
		return nil, e
	}
	next, err := p.use(ctx)
	if err != nil {
		return nil, e
	}
	defer p.release(next)
	return rpc.Settle(ctx, next, e, true)
}

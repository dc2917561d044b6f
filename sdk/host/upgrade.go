package host

import (
	"context"

	"github.com/seed-6b91b535/idrec/shared"
)

// Upgrade says to what a plugin is to be changed. The zero value looks for the plugin's file anew, as
// [Open] did: by its name or path, by its pinned digest, or by its lock file as that is now.
type Upgrade struct {
	// Path names another file; empty: the plugin is found as before.
	Path string
	// SHA256 is the digest of the new file; empty: as before, so that a plugin that was pinned needs it.
	SHA256 string
	// Probe decides whether the new process is fit, before it gets the first call; nil: it must describe
	// itself and take the settings, which every new process must. It may recognize a specimen, say.
	Probe func(context.Context, shared.Recognizer) error
}

// Upgrade changes the plugin to a new process without a call failing: the new one is started, given the
// settings, and probed; then it gets the new calls, and the old one ends when its own are through. If
// anything goes wrong before, the old one stays and the error says why; it is not counted as an end.
//
// Both processes live at the same time, so a plugin whose books allow one process at a time refuses its
// settings here. Upgrade returns when the old process is gone; ctx bounds the start, and then hurries the
// end. Upgrades wait for each other.
func (p *Plugin) Upgrade(ctx context.Context, u Upgrade) error {
	if err := p.enterUpgrade(); err != nil {
		return err
	}
	defer p.upgrades.Done()
	defer p.leave()
	ctx, stop := p.bounded(ctx)
	defer stop()
	// No settings may be taken meanwhile, or the new process would miss them.
	if err := p.holdSettings(ctx); err != nil {
		return err
	}
	held := true
	release := func() {
		if held {
			held = false
			<-p.settings
		}
	}
	defer release()

	o := p.opts
	if u.Path != "" {
		o.Path = u.Path
	}
	if u.SHA256 != "" {
		o.SHA256 = u.SHA256
	}
	b, pinned, err := locate(o)
	if err != nil {
		return err
	}
	i, err := p.startNext(ctx, o, b, pinned, u.Probe)
	if err != nil {
		b.close()
		return err
	}

	p.mu.Lock()
	if p.unhurried.Err() != nil { // a Close waits for nobody any more, this process included
		p.mu.Unlock()
		<-i.end(atOnce())
		b.close()
		return unavailable(closedMessage)
	}
	old, oldBinary := p.now, p.binary
	p.now, p.binary, p.pinned, p.counted = i, b, pinned, false
	p.generation++
	old.drainLocked()
	p.mu.Unlock()
	p.watch(i)
	release()

	timed, cancel := context.WithTimeout(ctx, p.opts.StopTimeout)
	defer cancel()
	select {
	case <-old.idle:
	case <-timed.Done():
	}
	<-old.end(timed)
	oldBinary.close()
	return nil
}

// enterUpgrade counts an upgrade in, as a call and as what Close must see the end of in any case.
func (p *Plugin) enterUpgrade() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closing {
		return unavailable(closedMessage)
	}
	p.calls++
	p.upgrades.Add(1)
	return nil
}

// startNext starts the process that is to take over.
func (p *Plugin) startNext(ctx context.Context, o Options, b *binary, pinned *Locked, probe func(context.Context, shared.Recognizer) error) (*instance, error) {
	i, err := start(ctx, o, b)
	if err != nil {
		return nil, err
	}
	p.mu.Lock()
	conf, was := p.conf, p.now.desc.Name
	p.mu.Unlock()
	err = pinned.agrees(i)
	if err == nil && i.desc.Name != was {
		err = fault(shared.CodePluginRefused, "the new file is the plugin of another provider: open it as another plugin", nil)
	}
	if err == nil && conf != nil {
		err = i.Configure(ctx, *conf)
	}
	if err == nil && probe != nil {
		err = probe(ctx, i.recognizer)
	}
	if err != nil {
		<-i.end(atOnce())
		return nil, shared.ErrorOf(err, shared.OutcomeNotSent, shared.BasisProved)
	}
	return i, nil
}

// bounded is ctx, done also when nothing is waited for any more.
func (p *Plugin) bounded(ctx context.Context) (context.Context, func()) {
	ctx, cancel := context.WithCancel(ctx)
	stop := context.AfterFunc(p.unhurried, cancel)
	return ctx, func() {
		stop()
		cancel()
	}
}

// drainLocked gives the process no more calls. It is to be called with Plugin.mu held.
func (i *instance) drainLocked() {
	i.draining = true
	if i.calls == 0 {
		close(i.idle)
	}
}

package conformance

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"sync"
	"time"

	"github.com/seed-6b91b535/idrec/sdk/host"
	"github.com/seed-6b91b535/idrec/shared"
)

func stop(ctx context.Context, s *subject) error {
	p, err := s.open(ctx, nil)
	if err != nil {
		return err
	}
	pid := p.PID()
	start := time.Now()
	if err := p.Close(ctx); err != nil {
		return err
	}
	if took := time.Since(start); took > endLimit {
		return fmt.Errorf("it takes %v to end although it has nothing to do", took.Round(time.Millisecond))
	}
	if groupLives(pid) {
		return errors.New("a child of it is left")
	}
	return nil
}

// drain closes the plugin while calls begin and end.
func drain(ctx context.Context, s *subject) error {
	p, err := s.open(ctx, nil)
	if err != nil {
		return err
	}
	const callers = 8
	errs := make([]error, callers)
	var begun, done sync.WaitGroup
	begun.Add(callers)
	for i := range callers {
		done.Go(func() {
			begun.Done()
			_, err := p.Recognize(ctx, s.request(s.Picture))
			if errors.Is(err, shared.CodePluginUnavailable) { // it came too late, and nothing was sent
				err = nil
			}
			errs[i] = err
		})
	}
	begun.Wait()
	if err := p.Close(ctx); err != nil {
		return err
	}
	done.Wait()
	for _, err := range errs {
		if e := (*shared.Error)(nil); errors.As(err, &e) && e.Err != nil && e.Outcome.MayBeBilled() {
			return fmt.Errorf("it cut a call: %w", err)
		}
	}
	return nil
}

// orphan closes the lifeline, which is what the host's end does whatever it is. A plugin that knows
// nothing of lifelines gets SIGTERM then, from the system or from who looks after it.
func orphan(ctx context.Context, s *subject) error {
	r, err := s.startRaw(ctx, true)
	if err != nil {
		return err
	}
	defer r.end()
	_ = r.conn.Close()
	_ = r.lifeline.Close()
	if inherits && r.goneWithin(time.Second) {
		return nil
	}
	if err := signal(r.cmd.Process.Pid, "TERM"); err != nil {
		return err
	}
	if !r.goneWithin(endLimit) {
		return errors.New("it is still there")
	}
	return nil
}

func killed(ctx context.Context, s *subject) error {
	p, err := s.open(ctx, func(o *host.Options) { o.Restart = true })
	if err != nil {
		return err
	}
	defer func() { _ = p.Close(ctx) }()
	pid := p.PID()
	if err := signal(pid, "KILL"); err != nil {
		return err
	}
	for end := time.Now().Add(s.Host.StartTimeout); ; {
		d, err := p.Describe(ctx)
		if err == nil && p.PID() != pid {
			if d.Name != s.about.Name {
				return errors.New("the next process is another plugin")
			}
			return nil
		}
		if time.Now().After(end) || ctx.Err() != nil {
			return fmt.Errorf("there is no other process that answers: %w", err)
		}
		time.Sleep(10 * time.Millisecond)
	}
}

func stopped(ctx context.Context, s *subject) error {
	p, err := s.open(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = p.Close(ctx) }()
	if err := signal(p.PID(), "STOP"); err != nil {
		return err
	}
	answer := make(chan error, 1)
	go func() {
		_, err := p.Describe(ctx)
		answer <- err
	}()
	time.Sleep(300 * time.Millisecond)
	if err := signal(p.PID(), "CONT"); err != nil {
		return err
	}
	return <-answer
}

func politeStop(ctx context.Context, s *subject) error {
	r, err := s.startRaw(ctx, true)
	if err != nil {
		return err
	}
	defer r.end()
	if err := signal(r.cmd.Process.Pid, "TERM"); err != nil {
		return err
	}
	if !r.goneWithin(endLimit) {
		return errors.New("it is still there")
	}
	return nil
}

func terminal(ctx context.Context, s *subject) error {
	defer heeded()()
	return s.onTheWire(ctx, func(_ context.Context, r *raw) error {
		for _, name := range []string{"INT", "HUP"} {
			if err := signal(r.cmd.Process.Pid, name); err != nil {
				return err
			}
			if r.goneWithin(100 * time.Millisecond) {
				return errors.New("SIG" + name + " ends it")
			}
		}
		return nil
	})
}

func quiet(ctx context.Context, s *subject) error {
	r, err := s.startRaw(ctx, true)
	if err != nil {
		return err
	}
	defer r.end()
	for range 3 {
		if err := call(ctx, r.conn, "Describe", nil); err != nil {
			return err
		}
	}
	if err := signal(r.cmd.Process.Pid, "TERM"); err == nil {
		r.goneWithin(endLimit)
	}
	if n := r.printed(); n > 0 {
		return fmt.Errorf("it prints %d bytes, which fill the pipe of a host that does not read them", n)
	}
	return nil
}

// unreadCalls is how many calls a host may be behind with reading the log.
const unreadCalls = 32

// unread leaves standard error unread, as a host does that is busy or stopped.
func unread(ctx context.Context, s *subject) error {
	nobody, said, err := os.Pipe()
	if err != nil {
		return err
	}
	defer func() { _ = nobody.Close() }()
	r, err := s.startRaw(ctx, true, func(c *exec.Cmd) { c.Stderr = said })
	_ = said.Close()
	if err != nil {
		return err
	}
	defer r.end()
	empty, err := encodeRequest(nil, "unread", 0)
	if err != nil {
		return err
	}
	for n := range unreadCalls {
		limited, cancel := context.WithTimeout(ctx, wireLimit)
		err := call(limited, r.conn, "Describe", nil)
		if err == nil {
			_ = call(limited, r.conn, "Recognize", empty) // refused, and perhaps logged
			err = limited.Err()
		}
		cancel()
		if err != nil {
			return fmt.Errorf("it answers no more after %d calls: %w", 2*n, err)
		}
	}
	return nil
}

// logIsClean looks at all that was logged in the points before.
func logIsClean(ctx context.Context, s *subject) error {
	p, err := s.shared(ctx)
	if err != nil {
		return err
	}
	if !s.about.Paid || s.MayCost {
		_, _ = p.Recognize(ctx, s.request(s.Picture))
	}
	if s.log.has(canary) {
		return errors.New("a text of a request stands in its log")
	}
	if s.Configuration != nil {
		for _, secret := range s.Configuration.Secrets {
			if v := secret.Reveal(); len(v) >= 8 && s.log.has(v) {
				return errors.New("a secret stands in its log")
			}
		}
	}
	return nil
}

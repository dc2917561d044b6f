package host

import (
	"context"
	"testing"

	"github.com/seed-6b91b535/idrec/shared"
)

// taker is a process that takes settings, and of which something happens meanwhile.
type taker struct {
	recognizer

	taken     []shared.Configuration
	meanwhile func()
}

func (k *taker) Configure(_ context.Context, c shared.Configuration) error {
	k.taken = append(k.taken, c)
	if k.meanwhile != nil {
		k.meanwhile()
	}
	return nil
}

func running(k *taker) *instance {
	return &instance{recognizer: k, proc: &process{exited: make(chan struct{})}, idle: make(chan struct{})}
}

// A process may end right after it took settings; its successor was started with those from before.
func TestSettingsThatWereTakenByAProcessThatIsReplacedGoToTheNext(t *testing.T) {
	t.Parallel()
	first, second := &taker{}, &taker{}
	p := &Plugin{opts: Options{Restart: true}.withDefaults(), now: running(first), settings: make(chan struct{}, 1)}
	first.meanwhile = func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.now = running(second)
	}
	c := shared.Configuration{Values: map[string]string{"rate": "7"}}
	if err := p.Configure(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	if len(first.taken) != 1 || len(second.taken) != 1 || second.taken[0].Values["rate"] != "7" {
		t.Error(first.taken, second.taken)
	}
	if p.conf == nil || p.conf.Values["rate"] != "7" || p.now.calls != 0 {
		t.Error(p.conf, p.now.calls)
	}
}

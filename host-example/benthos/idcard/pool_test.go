package idcard

import (
	"context"
	"errors"
	"testing"

	"github.com/hashicorp/go-hclog"

	"github.com/seed-6b91b535/idrec/shared"
)

func TestThreadsShareOneProcessForTheSameSettings(t *testing.T) {
	t.Parallel()
	var started []*fake
	p := newPool(nil)
	p.open = func(context.Context, wanted, hclog.Logger) (process, error) {
		started = append(started, &fake{})
		return started[len(started)-1], nil
	}
	get := func(url string) func(context.Context) error {
		_, put, err := p.get(t.Context(), wanted{Name: "wapi", Settings: map[string]string{"url": url, "secret": "s"}}, nil)
		if err != nil {
			t.Fatal(err)
		}
		return put
	}
	one, two, other := get("a"), get("a"), get("b")
	if len(started) != 2 {
		t.Fatalf("%d processes", len(started))
	}
	for _, put := range []func(context.Context) error{one, one, other} {
		if err := put(t.Context()); err != nil {
			t.Error(err)
		}
	}
	if started[0].closed.Load() != 0 || started[1].closed.Load() != 1 {
		t.Error("the wrong process was ended")
	}
	if err := two(t.Context()); err != nil || started[0].closed.Load() != 1 {
		t.Error("the last user did not end it", err)
	}
	get("a")
	if len(started) != 3 {
		t.Error("an ended process was used again")
	}
}

func TestSettingsThatAreRefusedEndTheProcess(t *testing.T) {
	t.Parallel()
	f := &fake{}
	p := newPool(nil)
	p.open = func(context.Context, wanted, hclog.Logger) (process, error) { return f, nil }
	if _, _, err := p.get(t.Context(), wanted{Name: "wapi"}, nil); !errors.Is(err, shared.CodeConfigurationInvalid) || f.closed.Load() != 1 {
		t.Error(err, f.closed.Load())
	}
}

package shared_test

import (
	"context"
	"errors"
	"testing"

	"github.com/seed-6b91b535/idrec/shared"
)

type plain struct{ shared.Recognizer }

type wrapping struct {
	shared.Recognizer
	inner shared.Recognizer
}

func (w wrapping) Unwrap() shared.Recognizer { return w.inner }

type accountant struct {
	plain
	shared.Accountant
}

func TestAsFindsAFaceThroughWrappers(t *testing.T) {
	t.Parallel()
	inner := &accountant{}
	r := wrapping{inner: wrapping{inner: inner}}
	if got, ok := shared.As[shared.Accountant](r); !ok || got != shared.Accountant(inner) {
		t.Errorf("%v, %v", got, ok)
	}
	if _, ok := shared.As[shared.Checker](r); ok {
		t.Error("found a face that is not there")
	}
	if _, ok := shared.As[shared.Checker](nil); ok {
		t.Error("found a face in nothing")
	}
}

func TestHooks(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	if shared.BeforeSend(ctx) != nil || shared.BeforeAttempt(ctx) != nil || shared.HasBeforeAttempt(ctx) {
		t.Error("a hook without a hook")
	}
	stop := errors.New("stop")
	ctx = shared.WithBeforeSend(ctx, func(context.Context) error { return stop })
	if !errors.Is(shared.BeforeSend(ctx), stop) || shared.BeforeAttempt(ctx) != nil {
		t.Error("the hooks are mixed up")
	}
	ctx = shared.WithBeforeAttempt(ctx, func(context.Context) error { return nil })
	if shared.BeforeAttempt(ctx) != nil || !shared.HasBeforeAttempt(ctx) {
		t.Error("the attempt's hook is not there")
	}
}

package layers

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/seed-6b91b535/idrec/sdk/gate"
	"github.com/seed-6b91b535/idrec/shared"
)

// gateLayer lets so many calls run at once, and paces the attempts that they make.
type gateLayer struct {
	layer

	gate *gate.Gate
}

func (l *gateLayer) Recognize(ctx context.Context, req *shared.Request) (*shared.Result, error) {
	var queued atomic.Int64
	timed := func(wait func() error) error {
		start := time.Now()
		defer func() { queued.Add(int64(time.Since(start))) }()
		return wait()
	}
	var leave func()
	if err := timed(func() (err error) { leave, err = l.gate.Enter(ctx); return err }); err != nil {
		return nil, err
	}
	defer leave()
	res, err := l.inner.Recognize(shared.WithBeforeAttempt(ctx, func(c context.Context) error {
		return timed(func() error { return l.gate.Attempt(c) })
	}), req)
	if err != nil {
		return nil, err
	}
	res.Timings.Queue += time.Duration(queued.Load())
	return res, nil
}

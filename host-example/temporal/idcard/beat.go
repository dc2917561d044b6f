package idcard

import (
	"context"
	"sync"
	"time"

	"go.temporal.io/sdk/activity"
)

// beat tells the engine, until the returned function is called, that the activity lives, with the
// details that it should get back if it is tried again. A last time at the end.
func beat(ctx context.Context, details func() []any) (end func()) {
	every := activity.GetInfo(ctx).HeartbeatTimeout / 3
	if every <= 0 {
		every = 10 * time.Second // nobody waits for it; the details are of use all the same
	}
	done := make(chan struct{})
	var all sync.WaitGroup
	all.Go(func() {
		tick := time.NewTicker(every)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				activity.RecordHeartbeat(ctx, details()...)
			case <-done:
				return
			}
		}
	})
	return func() {
		close(done)
		all.Wait()
		if ctx.Err() == nil {
			activity.RecordHeartbeat(ctx, details()...)
		}
	}
}

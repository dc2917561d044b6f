//go:build linux

package e2e

import (
	"context"
	"os"
	"testing"
	"time"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"
)

// TestTheEngineAlone measures what the engine takes by itself: activities that do nothing, from one
// workflow, fifty at once. The figures are for the capacity table.
func TestTheEngineAlone(t *testing.T) {
	if os.Getenv("IDREC_SOAK") == "" {
		t.Skip("figures for the capacity table: set IDREC_SOAK=1")
	}
	const n, atOnce = 1000, 50
	w := newWorld(t, 0, 76)
	c := w.client()
	own := worker.New(c, "alone", worker.Options{MaxConcurrentActivityExecutionSize: atOnce})
	own.RegisterActivityWithOptions(func(context.Context, int) error { return nil }, activity.RegisterOptions{Name: "nothing"})
	own.RegisterWorkflowWithOptions(func(ctx workflow.Context) error {
		ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{StartToCloseTimeout: time.Minute})
		turns, group := workflow.NewSemaphore(ctx, atOnce), workflow.NewWaitGroup(ctx)
		for i := range n {
			if err := turns.Acquire(ctx, 1); err != nil {
				return err
			}
			group.Add(1)
			workflow.Go(ctx, func(ctx workflow.Context) {
				defer group.Done()
				defer turns.Release(1)
				_ = workflow.ExecuteActivity(ctx, "nothing", i).Get(ctx, nil)
			})
		}
		group.Wait(ctx)
		return nil
	}, workflow.RegisterOptions{Name: "all"})
	if err := own.Start(); err != nil {
		t.Fatal(err)
	}
	defer own.Stop()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	begin := time.Now()
	run, err := c.ExecuteWorkflow(ctx, client.StartWorkflowOptions{TaskQueue: "alone"}, "all")
	if err != nil {
		t.Fatal(err)
	}
	if err := run.Get(ctx, nil); err != nil {
		t.Fatal(err)
	}
	took := time.Since(begin).Seconds()
	_, events := w.history()
	t.Logf("%.0f activities a second, %.1f events an activity", n/took, float64(events)/n)
}

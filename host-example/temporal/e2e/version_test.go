//go:build linux

package e2e

import (
	"context"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"github.com/seed-6b91b535/idrec/host-example/internal/enginetest"
	"github.com/seed-6b91b535/idrec/host-example/temporal/idcard"
)

// The names of a version that no worker of this repository has yet.
const (
	nextWorkflow = "idcard.batch.v2"
	nextActivity = "idcard.recognize_batch.v2"
)

// TestAnOldWorkerWithANewWorkflow: what the old worker does not know waits at the engine, with an error
// that says what to do, and goes on by itself once a new worker is there. What it knows goes on.
func TestAnOldWorkerWithANewWorkflow(t *testing.T) {
	w := newWorld(t, 2, 74)
	old := w.worker()
	c := w.client()
	// A team's worker that is newer than ours: its workflow calls an activity that ours does not have.
	team := worker.New(c, "team", worker.Options{})
	team.RegisterWorkflowWithOptions(func(ctx workflow.Context) (answer string, err error) {
		ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{TaskQueue: "idcard", StartToCloseTimeout: time.Minute})
		err = workflow.ExecuteActivity(ctx, nextActivity, "x").Get(ctx, &answer)
		return answer, err
	}, workflow.RegisterOptions{Name: nextWorkflow})
	if err := team.Start(); err != nil {
		t.Fatal(err)
	}
	defer team.Stop()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	next, err := c.ExecuteWorkflow(ctx, client.StartWorkflowOptions{TaskQueue: "team"}, nextWorkflow)
	if err != nil {
		t.Fatal(err)
	}
	// The same workflow on a worker that does not know it.
	lost, err := c.ExecuteWorkflow(ctx, client.StartWorkflowOptions{TaskQueue: "idcard"}, nextWorkflow)
	if err != nil {
		t.Fatal(err)
	}
	w.eventually(time.Minute, "the activity waits with an error that says what to do", func() bool {
		d, err := c.DescribeWorkflowExecution(ctx, next.GetID(), "")
		if err != nil || len(d.GetPendingActivities()) != 1 {
			return false
		}
		f := d.GetPendingActivities()[0].GetLastFailure()
		return f.GetApplicationFailureInfo().GetType() == idcard.TypeOutdated && strings.Contains(f.GetMessage(), "roll out a newer worker")
	})
	w.eventually(time.Minute, "the workflow waits with an error that names it", func() bool {
		for all := c.GetWorkflowHistory(ctx, lost.GetID(), "", false, enums.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT); all.HasNext(); {
			e, err := all.Next()
			if err != nil {
				return false
			}
			if f := e.GetWorkflowTaskFailedEventAttributes().GetFailure(); f != nil {
				return strings.Contains(f.GetMessage(), nextWorkflow) && strings.Contains(f.GetMessage(), idcard.WorkflowName)
			}
		}
		return false
	})
	// Pictures of the version that it knows are read meanwhile.
	s := w.submit()
	if code := s.wait(t, time.Minute); code != 0 {
		t.Fatalf("exit %d", code)
	}
	if good, bad := s.records(t); good != 2 || len(bad) != 0 {
		t.Errorf("%d results, %v", good, bad)
	}
	// The new worker is rolled out and the old one ends: both go on without a hand.
	fresh := worker.New(c, "idcard", worker.Options{})
	fresh.RegisterActivityWithOptions(func(context.Context, string) (string, error) { return "new", nil }, activity.RegisterOptions{Name: nextActivity})
	fresh.RegisterWorkflowWithOptions(func(workflow.Context) (string, error) { return "new", nil }, workflow.RegisterOptions{Name: nextWorkflow})
	if err := fresh.Start(); err != nil {
		t.Fatal(err)
	}
	defer fresh.Stop()
	_ = old.Process.Signal(syscall.SIGTERM)
	for _, run := range []client.WorkflowRun{next, lost} {
		var answer string
		if err := run.Get(ctx, &answer); err != nil || answer != "new" {
			t.Errorf("%q %v", answer, err)
		}
	}
}

// TestTheQueuesRateHoldsForAllWorkers: the server hands out so many activities a second, however many
// workers ask.
func TestTheQueuesRateHoldsForAllWorkers(t *testing.T) {
	const rate, n = 5, 30
	w := newWorld(t, n, 75)
	for range 2 {
		w.worker("IDREC_QUEUE_RATE=5")
	}
	s := w.submit("IDREC_CHUNK=1", "IDREC_CHUNKS=30")
	if code := s.wait(t, 2*time.Minute); code != 0 {
		t.Fatalf("exit %d", code)
	}
	if good, bad := s.records(t); good != n || len(bad) != 0 {
		t.Errorf("%d results, %v", good, bad)
	}
	// The server lets a burst of a second through, for each of its queue's partitions.
	if got := w.vendor.Rate(); got > 1.6*rate {
		t.Errorf("%.1f pictures a second, with %d a second allowed", got, rate)
	}
	t.Logf("%.1f pictures a second, with %d allowed", w.vendor.Rate(), rate)
	if billed, pictures := w.vendor.Bill(); billed != n || pictures != n {
		t.Errorf("billed %d for %d pictures", billed, pictures)
	}
	if text, _ := w.history(); enginetest.Leaks(text, enginetest.Canaries(n, 75)) > 0 {
		t.Error("personal texts in the history")
	}
}

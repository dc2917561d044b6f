package idcard

import (
	"context"
	"fmt"
	"time"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/worker"
)

// outdatedDelay is when an activity that this worker does not know is tried again: by then another worker
// may have it, or a newer one is rolled out.
const outdatedDelay = 5 * time.Second

// RegisterUnknown has a worker answer for activities that it does not know, as a workflow that is newer
// than the worker asks for: with an error of the type [TypeOutdated] that says what to do. It is tried
// again until a worker has the activity. It is for workers that serve no other activities: a worker can
// have one such answer only.
func RegisterUnknown(w worker.ActivityRegistry) {
	w.RegisterDynamicActivity(unknown, activity.DynamicRegisterOptions{})
}

func unknown(ctx context.Context, _ converter.EncodedValues) (any, error) {
	return nil, temporal.NewApplicationErrorWithOptions(
		fmt.Sprintf("this worker does not know the activity %.80q, it has %s and %s: roll out a newer worker, or correct the name in the workflow",
			activity.GetInfo(ctx).ActivityType.Name, RecognizeName, BatchName),
		TypeOutdated, temporal.ApplicationErrorOptions{NextRetryDelay: outdatedDelay})
}

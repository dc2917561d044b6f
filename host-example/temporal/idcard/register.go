package idcard

import (
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"github.com/seed-6b91b535/idrec/host-example/temporal/fetch"
	"github.com/seed-6b91b535/idrec/shared"
)

// Activities are the activities with what they need.
type Activities struct {
	recognizer shared.Recognizer
	fetcher    fetch.Fetcher
	options    Options
}

// New returns the activities around a recognizer, which the caller opens, configures and closes.
func New(r shared.Recognizer, f fetch.Fetcher, o Options) *Activities {
	return &Activities{recognizer: r, fetcher: f, options: o.withDefaults()}
}

// Register adds the activities and the sample workflow to a worker.
func Register(w worker.Registry, r shared.Recognizer, f fetch.Fetcher, o Options) {
	RegisterActivities(w, r, f, o)
	RegisterWorkflow(w)
}

// RegisterActivities adds the activities alone, for workers of a queue that belongs to one vendor
// account.
func RegisterActivities(w worker.ActivityRegistry, r shared.Recognizer, f fetch.Fetcher, o Options) {
	a := New(r, f, o)
	w.RegisterActivityWithOptions(a.Recognize, activity.RegisterOptions{Name: RecognizeName})
	w.RegisterActivityWithOptions(a.Batch, activity.RegisterOptions{Name: BatchName})
	w.RegisterActivityWithOptions(a.Manifest, activity.RegisterOptions{Name: ManifestName})
}

// RegisterWorkflow adds the sample workflow.
func RegisterWorkflow(w worker.WorkflowRegistry) {
	w.RegisterWorkflowWithOptions(Batch, workflow.RegisterOptions{Name: WorkflowName})
}

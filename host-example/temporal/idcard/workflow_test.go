package idcard_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/mock"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/workflow"

	"github.com/seed-6b91b535/idrec/host-example/temporal/idcard"
	"github.com/seed-6b91b535/idrec/shared"
)

// workflows is an engine with the workflow, and with activities that a test makes up.
func workflows(t *testing.T) *testsuite.TestWorkflowEnvironment {
	t.Helper()
	var s testsuite.WorkflowTestSuite
	env := s.NewTestWorkflowEnvironment()
	idcard.Register(env, &reader{}, shelf{}, idcard.Options{Parallel: 2})
	return env
}

func TestAnyNumberOfPicturesIsReadInChunks(t *testing.T) {
	t.Parallel()
	env := workflows(t)
	var mu sync.Mutex
	got := map[int]int{}
	var ids []string
	env.RegisterActivityWithOptions(func(_ context.Context, d idcard.Delivery) error {
		mu.Lock()
		defer mu.Unlock()
		got[d.Chunk] = len(d.Records)
		for _, r := range d.Records {
			ids = append(ids, r.Source)
		}
		return nil
	}, activity.RegisterOptions{Name: "mine"})
	in := idcard.WorkflowInput{Pictures: pictures(25), Chunk: 10, Parallel: 2, Deliver: &idcard.Activity{Name: "mine"}}
	in.Pictures[3].URI = "test://none/x"
	env.ExecuteWorkflow(idcard.WorkflowName, in)
	var out idcard.WorkflowOutput
	if err := env.GetWorkflowResult(&out); err != nil {
		t.Fatal(err)
	}
	if out.Pictures != 25 || out.Results != 24 || out.Usable != 24 || out.Outcomes["billed"] != 24 || out.Outcomes["not_sent"] != 1 ||
		out.Errors[shared.CodeURLFailed] != 1 || out.Spent != 24*50 || len(out.Failed) != 1 || out.Failed[0].Source != "3" {
		t.Errorf("%+v", out)
	}
	if len(got) != 3 || got[0] != 10 || got[1] != 10 || got[2] != 5 || len(ids) != 25 {
		t.Error(got, len(ids))
	}
}

func TestALongRunContinuesAsNewAndTheSumStays(t *testing.T) {
	t.Parallel()
	in, parts := idcard.WorkflowInput{Pictures: pictures(30), Chunk: 3, Parallel: 1}, 0
	for {
		parts++
		env := workflows(t)
		env.SetContinueAsNewSuggested(false)
		chunks := 0
		env.SetOnActivityCompletedListener(func(*activity.Info, converterValue, error) {
			if chunks++; chunks == 3 {
				env.SetContinueAsNewSuggested(true)
			}
		})
		env.ExecuteWorkflow(idcard.WorkflowName, in)
		err := env.GetWorkflowError()
		var next *workflow.ContinueAsNewError
		if !errors.As(err, &next) {
			var out idcard.WorkflowOutput
			if err != nil || env.GetWorkflowResult(&out) != nil {
				t.Fatal(err)
			}
			if out.Pictures != 30 || out.Results != 30 || parts < 3 {
				t.Errorf("%+v in %d parts", out, parts)
			}
			return
		}
		in = idcard.WorkflowInput{}
		if err := dataConverter.FromPayloads(next.Input, &in); err != nil || parts > 20 {
			t.Fatal(err)
		}
	}
}

func TestAManifestIsReadToItsEnd(t *testing.T) {
	t.Parallel()
	env := workflows(t)
	env.OnActivity(idcard.ManifestName, mock.Anything, mock.Anything).Return(func(_ context.Context, in idcard.ManifestInput) (idcard.ManifestOutput, error) {
		all := pictures(1200)
		for i := range all {
			all[i].ID = fmt.Sprint("m", i)
		}
		end := min(in.From+in.Limit, len(all))
		return idcard.ManifestOutput{Pictures: all[in.From:end], More: end < len(all)}, nil
	})
	manifest := picture("shelf", "manifest")
	env.ExecuteWorkflow(idcard.WorkflowName, idcard.WorkflowInput{Manifest: &manifest, Chunk: 100})
	var out idcard.WorkflowOutput
	if err := env.GetWorkflowResult(&out); err != nil || out.Pictures != 1200 {
		t.Error(out.Pictures, err)
	}
}

func TestWhatConcernsAllPicturesEndsTheWorkflowWithItsType(t *testing.T) {
	t.Parallel()
	for says, in := range map[string]idcard.WorkflowInput{
		"either":        {},
		"chunk is":      {Pictures: pictures(1), Chunk: 1000},
		"puts nothing":  {Pictures: pictures(1), Wanted: idcard.Wanted{Results: "record"}},
		"unknown form":  {Pictures: pictures(1), Wanted: idcard.Wanted{Results: "x"}},
		"parallel is 1": {Pictures: pictures(1), Parallel: -1},
	} {
		env := workflows(t)
		env.ExecuteWorkflow(idcard.WorkflowName, in)
		err := env.GetWorkflowError()
		var a *temporal.ApplicationError
		if !errors.As(err, &a) || !strings.HasPrefix(a.Type(), "idcard.") || !a.NonRetryable() || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v", says, err)
		}
	}
}

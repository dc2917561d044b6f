package idcard_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"go.temporal.io/sdk/temporal"

	"github.com/seed-6b91b535/idrec/host-example/temporal/idcard"
)

func TestAWorkerThatIsOlderThanTheWorkflowSaysSo(t *testing.T) {
	t.Parallel()
	r := &reader{}
	env := environment(t, r, idcard.Options{})
	idcard.RegisterUnknown(env)
	_, err := env.ExecuteActivity("idcard.recognize_batch.v2", idcard.BatchInput{Pictures: pictures(2)})
	var a *temporal.ApplicationError
	if !errors.As(err, &a) || a.Type() != idcard.TypeOutdated || a.NonRetryable() || a.NextRetryDelay() == 0 || r.calls.Load() != 0 ||
		!strings.Contains(err.Error(), "roll out a newer worker") || strings.Contains(err.Error(), canary) {
		t.Error(err)
	}
	// What it knows it still does.
	if _, err := env.ExecuteActivity(idcard.BatchName, idcard.BatchInput{Pictures: pictures(2)}); err != nil || r.calls.Load() != 2 {
		t.Error(err)
	}
}

func TestAPicturePrintsWithoutItsAddress(t *testing.T) {
	t.Parallel()
	p := picture("shelf", "x")
	p.ID, p.Subject = "7", canary
	for _, v := range []any{p, &p, idcard.RecognizeInput{Picture: p}, idcard.BatchInput{Pictures: []idcard.Picture{p}}} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s"} {
			if text := fmt.Sprintf(verb, v); strings.Contains(text, canary) || strings.Contains(text, "shelf") {
				t.Errorf("%s: %s", verb, text)
			}
		}
	}
}

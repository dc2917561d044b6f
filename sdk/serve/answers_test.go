package serve

import (
	"context"
	"testing"
	"testing/synctest"
	"time"
)

const recognizeMethod = "/idrec.recognizer.v1.RecognizerService/Recognize"

func TestAnswersAreWaitedFor(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := &answers{}
		a.wait(t.Context())
		a.begin(t.Context(), "/plugin.GRPCStdio/StreamStdio") // it lasts as long as the connection
		call, answered := context.WithCancel(t.Context())
		a.begin(call, recognizeMethod)
		time.AfterFunc(time.Second, answered)
		start := time.Now()
		a.wait(t.Context())
		if took := time.Since(start); took != time.Second+handover {
			t.Error(took)
		}
		call, answered = context.WithCancel(t.Context())
		defer answered()
		a.begin(call, recognizeMethod)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		a.wait(ctx)
		if ctx.Err() == nil {
			t.Error("an answer that was not handed over was not waited for")
		}
	})
}

func TestAnswersForgetCallsThatHaveTheirs(t *testing.T) {
	t.Parallel()
	a := &answers{}
	open, answer := context.WithCancel(t.Context())
	defer answer()
	a.begin(open, recognizeMethod)
	for range 100 * maxEnded {
		call, answered := context.WithCancel(t.Context())
		a.begin(call, recognizeMethod)
		answered()
	}
	if len(a.open) > 2*maxEnded {
		t.Error(len(a.open), "calls are kept")
	}
	if a.open[0] != open {
		t.Error("a call without an answer was forgotten")
	}
}

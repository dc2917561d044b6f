package serve

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc/stats"
)

func TestAnswersAreWaitedFor(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := &answers{}
		a.wait(t.Context())
		ours := a.TagRPC(t.Context(), &stats.RPCTagInfo{FullMethodName: "/idrec.recognizer.v1.RecognizerService/Recognize"})
		theirs := a.TagRPC(t.Context(), &stats.RPCTagInfo{FullMethodName: "/plugin.GRPCStdio/StreamStdio"})
		a.HandleRPC(theirs, &stats.Begin{}) // it lasts as long as the connection
		a.HandleRPC(ours, &stats.Begin{})
		time.AfterFunc(time.Second, func() { a.HandleRPC(ours, &stats.End{}) })
		start := time.Now()
		a.wait(t.Context())
		if took := time.Since(start); took != time.Second {
			t.Error(took)
		}
		a.HandleRPC(ours, &stats.Begin{})
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		a.wait(ctx)
		if ctx.Err() == nil {
			t.Error("an answer that was not handed over was not waited for")
		}
	})
}

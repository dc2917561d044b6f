//go:build unix

package main_test

import (
	"encoding/json"
	"net/http"
	"sync/atomic"
	"testing"

	"github.com/seed-6b91b535/idrec/shared"
)

// What somebody found out with the vendor is taken up by the same command: no other flag is needed, and
// nothing is paid twice.
func TestARunGoesOnAfterAnUnclearCallWasSettled(t *testing.T) {
	t.Parallel()
	for decision, want := range map[string]struct {
		code     int
		says     shared.Code
		requests int64
	}{
		"--not-billed": {0, "", 4},
		"--billed":     {65, shared.CodeAnswerLost, 3},
	} {
		t.Run(decision, func(t *testing.T) {
			t.Parallel()
			var n atomic.Int64
			w := newWorld(t, 0, func(next http.Handler) http.Handler {
				return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
					if n.Add(1) == 1 {
						http.Error(rw, "bad gateway", http.StatusBadGateway)
						return
					}
					next.ServeHTTP(rw, r)
				})
			})
			for i, name := range []string{"in/a.jpg", "in/b.jpg", "in/c.jpg"} {
				w.card(name, i+1)
			}
			args := []string{"recognize", "in", "--out", "out.ndjson", "--concurrency", "1"}
			code := func() shared.Code {
				for _, r := range w.once("out.ndjson", 3) {
					if r.Error != nil {
						return r.Error.Code
					}
				}
				return ""
			}
			for range 2 { // nobody knows yet
				w.want(65, "", args...)
				if code() != shared.CodeGatewayError || n.Load() != 3 {
					t.Fatalf("%s after %d requests", code(), n.Load())
				}
			}
			r := w.want(0, "", "ledger", "list", "--unclear", "--json")
			var unclear struct {
				CallID string `json:"call_id"`
			}
			if err := json.Unmarshal(r.out.Bytes(), &unclear); err != nil {
				t.Fatalf("%v in %s", err, r.out.String())
			}
			w.want(0, "", "ledger", "settle", unclear.CallID, decision)
			for range 2 { // and then it stands
				w.want(want.code, "", args...)
				if code() != want.says || n.Load() != want.requests {
					t.Errorf("%q after %d requests", code(), n.Load())
				}
			}
		})
	}
}

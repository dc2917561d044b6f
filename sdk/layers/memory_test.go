package layers

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed-6b91b535/idrec/shared"
)

// anyMuch reserves nothing.
func anyMuch(int64) error { return nil }

func TestPicturesInMemoryAreBounded(t *testing.T) {
	t.Parallel()
	large := filepath.Join(t.TempDir(), "large")
	if err := os.WriteFile(large, bytes.Repeat([]byte("a"), 1000), 0o600); err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		v := newVendor(always(play{delay: time.Minute}))
		s := around(t, v, nil, quick("picture_memory_mib", "128"))
		s.chain.Load().memory = &pictureMemory{newPictureMemory(1).free, 1500}
		s.chain.Load().memory.free.TryAcquire(1<<20 - 1500) // so that 1,500 bytes are left
		var wg sync.WaitGroup
		for range 2 {
			wg.Go(func() { read(t, s, byPath(large)) })
		}
		synctest.Wait()
		v.want(t, 1, 1) // the other one has not been read
		// What is in memory already does not wait, and what finds room is not held up.
		fail(t, s, request(string(bytes.Repeat([]byte("b"), 501))), shared.CodeOverloaded, shared.OutcomeNotSent)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		failWith(t, ctx, s, byPath(large), shared.CodeDeadlineExceeded, shared.OutcomeNotSent)
		wg.Wait()
		v.want(t, 1, 1) // the second is the same picture
		if !s.chain.Load().memory.free.TryAcquire(1500) {
			t.Error("memory is held that no call uses")
		}
	})
}

func TestMoreCallsThanTheQueueTakesAreAnsweredAtOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		v := newVendor(always(play{delay: time.Second}))
		s := around(t, v, nil, quick("concurrency", "1", "queue", "2"))
		var wg sync.WaitGroup
		for i := range 3 {
			wg.Go(func() { read(t, s, request(strconv.Itoa(i))) })
		}
		synctest.Wait()
		if e := fail(t, s, request("one too many"), shared.CodeOverloaded, shared.OutcomeNotSent); !e.Retryable() || e.RetryAfter <= 0 {
			t.Errorf("got %+v", *e)
		}
		if n := s.Waiting(); n != 3 {
			t.Errorf("%d calls are inside", n)
		}
		wg.Wait()
		read(t, s, request("after"))
		v.want(t, 4, 4)
	})
}

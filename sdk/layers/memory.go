package layers

import (
	"context"
	"time"

	"golang.org/x/sync/semaphore"

	"github.com/seed-6b91b535/idrec/shared"
)

// pictureMemory bounds the bytes of the pictures that are in the layers at a time. A call that was sent
// and whose callers gave up is not counted any more; the gate bounds how many there are of those.
type pictureMemory struct {
	free *semaphore.Weighted
	most int64
}

func newPictureMemory(mib int) *pictureMemory {
	most := int64(mib) << 20
	return &pictureMemory{semaphore.NewWeighted(most), most}
}

// wait reserves n bytes for a picture that is about to be read, and waits until they are free.
func (m *pictureMemory) wait(ctx context.Context, n int64) error {
	if err := m.free.Acquire(ctx, min(n, m.most)); err != nil {
		return gaveUp(err)
	}
	return nil
}

// take reserves n bytes for a picture that is in memory already, where waiting would free nothing.
func (m *pictureMemory) take(n int64) error {
	if !m.free.TryAcquire(min(n, m.most)) {
		return overloaded("the pictures that wait hold all the memory that they may: try again later, lower the concurrency, or raise picture_memory_mib")
	}
	return nil
}

func (m *pictureMemory) release(n int64) { m.free.Release(min(n, m.most)) }

// whenOverloaded is what callers are told to wait: the time of a call.
const whenOverloaded = time.Second

func overloaded(message string) *shared.Error {
	e := notSent(shared.CodeOverloaded, message, nil)
	e.RetryAfter = whenOverloaded
	return e
}

package layers

import (
	"context"
	"sync"
	"time"

	"github.com/seed-6b91b535/idrec/sdk/ledger"
)

// purgeEvery is how long an answer may outlive result_ttl.
const purgeEvery = time.Hour

// janitor deletes in the background what is older than result_ttl. The store does it in small steps, so
// that calls do not wait for it.
type janitor struct {
	cancel context.CancelFunc
	wg     sync.WaitGroup
}

// Purge deletes answers and personal data of calls that ended more than ttl before now, and returns of
// how many. What remains of each answers its key as forgotten, unless tombstone is false.
func Purge(ctx context.Context, archive ledger.Archive, ttl time.Duration, now time.Time, tombstone bool) (int64, error) {
	return archive.Forget(ctx, ledger.Filter{EndedBefore: now.Add(-ttl), Held: tombstone}, tombstone, now)
}

// clean starts the janitor of a chain that has a time to live.
func (c *chain) clean() {
	if c.settings.ttl == 0 || !c.description.Paid {
		return
	}
	ctx, cancel := context.WithCancel(context.Background())
	c.janitor = &janitor{cancel: cancel}
	c.janitor.wg.Go(func() {
		for {
			if c.book.hold() {
				// One that fails is made good by the next.
				_, _ = Purge(ctx, c.book.store, c.settings.ttl, c.stack.now(), !c.settings.forgetTombstone)
				c.book.release()
			}
			t := time.NewTimer(purgeEvery)
			select {
			case <-t.C:
			case <-ctx.Done():
				t.Stop()
				return
			}
		}
	})
}

// stop ends the janitor, and waits until it has let the ledger go.
func (j *janitor) stop() {
	if j != nil {
		j.cancel()
		j.wg.Wait()
	}
}

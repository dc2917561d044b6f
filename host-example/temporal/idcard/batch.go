package idcard

import (
	"context"
	"fmt"
	"strconv"
	"sync"

	"go.temporal.io/sdk/activity"

	"github.com/seed-6b91b535/idrec/shared"
)

// progress is what a batch has done so far: a record for each picture, nil for those that have none. It
// is what the engine keeps between two tries.
type progress struct {
	Records []*shared.Record `json:"records"`
}

// run is one try of a batch.
type run struct {
	a  *Activities
	in BatchInput

	mu    sync.Mutex
	done  progress
	next  int
	halt  bool  // take no more
	later error // the first failure that may go away, or that concerns all pictures
}

// Batch is the activity [BatchName]: up to [MaxBatch] pictures. Tried again, it goes on with those that
// have no record yet.
func (a *Activities) Batch(ctx context.Context, in BatchInput) (BatchOutput, error) {
	if len(in.Pictures) > MaxBatch {
		return BatchOutput{}, a.fault(invalid(fmt.Sprintf("a batch has at most %d pictures: make chunks", MaxBatch)))
	}
	if err := a.allowed(in.Wanted); err != nil {
		return BatchOutput{}, a.fault(err)
	}
	r := &run{a: a, in: in, done: resumed(ctx, len(in.Pictures))}
	end := beat(ctx, r.details)
	stop := activity.GetWorkerStopChannel(ctx)
	var all sync.WaitGroup
	for range min(a.options.Parallel, len(in.Pictures)) {
		all.Go(func() {
			for i, ok := r.take(ctx, stop); ok; i, ok = r.take(ctx, stop) {
				r.put(ctx, i)
			}
		})
	}
	all.Wait()
	end()
	return r.result(ctx)
}

// resumed is what the last try did, if there was one.
func resumed(ctx context.Context, n int) progress {
	var p progress
	if activity.HasHeartbeatDetails(ctx) {
		if err := activity.GetHeartbeatDetails(ctx, &p); err == nil && len(p.Records) == n {
			return p
		}
	}
	return progress{Records: make([]*shared.Record, n)}
}

func (r *run) details() []any {
	r.mu.Lock()
	defer r.mu.Unlock()
	return []any{progress{Records: append([]*shared.Record(nil), r.done.Records...)}}
}

// take returns the next picture without a record.
func (r *run) take(ctx context.Context, stop <-chan struct{}) (int, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	select {
	case <-stop:
		return 0, false
	default:
	}
	if r.halt || ctx.Err() != nil {
		return 0, false
	}
	for ; r.next < len(r.done.Records); r.next++ {
		if r.done.Records[r.next] == nil {
			r.next++
			return r.next - 1, true
		}
	}
	return 0, false
}

// put recognises a picture and keeps what came of it.
func (r *run) put(ctx context.Context, i int) {
	p := r.in.Pictures[i]
	if p.ID == "" {
		p.ID = strconv.Itoa(i)
	}
	record, err := r.a.one(ctx, p, r.in.Wanted)
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case err == nil:
		r.done.Records[i] = &record
	case ctx.Err() != nil:
		// This try is being given up, which may be the cause: the next one asks, and what is known is
		// answered from the ledger.
	case ofItem(err):
		failed := shared.NewRecord(p.ID, nil, nil, typed(err), 0)
		failed.Error.VendorText = "" // it may name this machine's address
		r.done.Records[i] = &failed
	default:
		if r.later == nil {
			r.later = err
		}
		// Where somebody must act first, the others would only fail as well.
		if c := typed(err).Class(); c == shared.ClassPaused || c == shared.ClassConfiguration {
			r.later, r.halt = err, true
		}
	}
}

func (r *run) result(ctx context.Context) (BatchOutput, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	out := BatchOutput{Records: make([]shared.Record, 0, len(r.done.Records))}
	for _, record := range r.done.Records {
		if record != nil {
			out.Records = append(out.Records, *record)
		}
	}
	switch {
	case len(out.Records) == len(r.done.Records):
		return out, nil
	case r.later != nil:
		return BatchOutput{}, r.a.fault(r.later)
	case ctx.Err() != nil:
		return BatchOutput{}, ctx.Err()
	}
	return BatchOutput{}, stopping()
}

package batch

import (
	"container/heap"
	"time"

	"github.com/seed-6b91b535/idrec/shared"
)

// wait decides whether an item that failed for a while is asked again, and when. everybody: it is not,
// and nor should the others be.
func (b *run) wait(t *task, err *shared.Error) (again, everybody bool) {
	if b.o.Wait < 0 {
		return false, false
	}
	now := time.Now()
	delay := err.RetryAfter
	if delay <= 0 {
		delay = min(backoffFirst<<min(t.tries, 10), backoffLimit)
	}
	if t.first.IsZero() {
		t.first = now
	}
	patience := b.o.Wait
	if err.Code == shared.CodeUpstreamUnreachable && !b.contact {
		patience = min(patience, firstContact)
	}
	common := concernsEverybody(err.Code)
	if common && b.stalled.IsZero() {
		b.stalled = now
	}
	at := now.Add(delay)
	if common && at.After(b.stalled.Add(patience)) {
		return false, true
	}
	if at.After(t.first.Add(patience)) {
		return false, false
	}
	t.tries++
	t.ready = at
	heap.Push(&b.waiting, t)
	if common && at.After(b.hold) {
		b.hold = at
		b.o.Log.Info("waiting", "code", string(err.Code), "seconds", delay.Seconds())
	}
	return true, false
}

// concernsEverybody reports whether a failure is not one item's: then nobody is asked until it may be
// over.
func concernsEverybody(c shared.Code) bool {
	switch c {
	case shared.CodeUpstreamUnreachable, shared.CodeUpstreamBusy, shared.CodeUpstreamUnstable, shared.CodePluginUnavailable,
		shared.CodeLedgerUnavailable, shared.CodeOverloaded:
		return true
	default:
		return false
	}
}

// queue is a heap of tasks by the time when they may be asked again.
type queue []*task

func (q queue) Len() int { return len(q) }
func (q queue) Less(i, k int) bool {
	if q[i].ready.Equal(q[k].ready) {
		return q[i].item.N < q[k].item.N
	}
	return q[i].ready.Before(q[k].ready)
}
func (q queue) Swap(i, k int) { q[i], q[k] = q[k], q[i] }

// Push adds a task; it is for package container/heap.
func (q *queue) Push(x any) {
	t, _ := x.(*task)
	*q = append(*q, t)
}

// Pop removes the last task; it is for package container/heap.
func (q *queue) Pop() any {
	old := *q
	t := old[len(old)-1]
	*q = old[:len(old)-1]
	return t
}

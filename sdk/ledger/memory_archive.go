package ledger

import (
	"cmp"
	"context"
	"iter"
	"slices"
	"time"

	"github.com/seed-6b91b535/idrec/shared"
)

// bookLine is what one line of [Usage] counts.
type bookLine struct {
	day, provider, product string
	outcome                shared.Outcome
	basis                  shared.Basis
}

// Records is documented at [Archive].
func (m *Memory) Records(ctx context.Context, f Filter) iter.Seq2[Record, error] {
	return func(yield func(Record, error) bool) {
		if err := m.lock(ctx); err != nil {
			yield(Record{}, err)
			return
		}
		found := m.find(f)
		records := make([]Record, len(found))
		for i, c := range found {
			records[i] = m.record(c)
		}
		m.mu.Unlock()
		for _, r := range records {
			if err := ctx.Err(); err != nil {
				yield(Record{}, err)
				return
			}
			if !yield(r, nil) {
				return
			}
		}
	}
}

func (m *Memory) find(f Filter) []*memoryCall {
	var found []*memoryCall
	for _, c := range m.calls {
		if f.Passes(m.record(c)) {
			found = append(found, c)
		}
	}
	slices.SortFunc(found, func(a, b *memoryCall) int { return cmp.Compare(a.seq, b.seq) })
	return found
}

func (m *Memory) record(c *memoryCall) Record {
	in := c.intent
	return Record{Entry: m.seen(c), Provider: in.Provider, Product: in.Product, Run: in.Run, Subject: in.Subject, Purpose: in.Purpose, Attempt: in.Attempt}
}

// Decide is documented at [Archive].
func (m *Memory) Decide(ctx context.Context, callID string, billed bool, at time.Time) (Record, error) {
	if err := m.lock(ctx); err != nil {
		return Record{}, err
	}
	defer m.mu.Unlock()
	c, ok := m.calls[callID]
	switch {
	case !ok:
		return Record{}, NotUnclear(callID, Entry{})
	case c.entry.Decided && (c.entry.Outcome == shared.OutcomeBilled) == billed:
	case !c.entry.Unclear():
		return Record{}, NotUnclear(callID, c.entry)
	default:
		m.change(c, func(e *Entry) {
			e.State, e.Ended, e.Answer, e.Decided = shared.RecallSettled, at, nil, true
			e.Outcome, e.Basis = DecidedOutcome(billed), shared.BasisAssumed
			if !billed {
				e.Price = 0
			}
		})
	}
	return m.record(c), nil
}

// Forget is documented at [Archive].
func (m *Memory) Forget(ctx context.Context, f Filter, tombstone bool, at time.Time) (int64, error) {
	if err := m.lock(ctx); err != nil {
		return 0, err
	}
	defer m.mu.Unlock()
	keys := map[string]bool{}
	n := int64(0)
	for _, c := range m.find(f) {
		if c.entry.State == shared.RecallInFlight || (tombstone && !c.entry.Forgotten.IsZero()) {
			continue
		}
		n++
		keys[c.intent.Key] = true
		if tombstone {
			c.entry.Forgotten, c.entry.Answer = at, nil
			c.intent.Subject, c.intent.Purpose, c.intent.Alias = "", "", ""
			continue
		}
		m.leave(c)
		delete(m.calls, c.intent.CallID)
	}
	for _, c := range m.calls {
		if c.entry.Forgotten.IsZero() {
			delete(keys, c.intent.Key)
		}
	}
	for alias, key := range m.aliases {
		if keys[key] {
			delete(m.aliases, alias)
		}
	}
	return n, nil
}

// Usage is documented at [Archive].
func (m *Memory) Usage(ctx context.Context, from, to string) ([]Usage, error) {
	if err := m.lock(ctx); err != nil {
		return nil, err
	}
	defer m.mu.Unlock()
	var lines []Usage
	for l, sum := range m.books {
		if sum.Calls != 0 && l.day >= from && (to == "" || l.day <= to) {
			lines = append(lines, Usage{l.day, l.provider, l.product, l.outcome, l.basis, sum.Calls, sum.Yuan})
		}
	}
	slices.SortFunc(lines, func(a, b Usage) int {
		return cmp.Or(cmp.Compare(a.Day, b.Day), cmp.Compare(a.Provider, b.Provider), cmp.Compare(a.Product, b.Product),
			cmp.Compare(a.Outcome, b.Outcome), cmp.Compare(a.Basis, b.Basis))
	})
	return lines, nil
}

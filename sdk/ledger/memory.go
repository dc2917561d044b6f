package ledger

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/seed-6b91b535/idrec/shared"
)

// unbilledKept is how many calls that were not billed are remembered by their CallID, so that a caller
// who lost the reply can ask for it within the next minutes. They answer no request, and are counted
// for good in the tally.
const unbilledKept = 10_000

var errClosed = errors.New("ledger: closed")

// MemoryOptions are the options of [NewMemory]; the zero value is the default.
type MemoryOptions struct {
	// Digester, if the request keys must be the same in each process; default: a random one.
	Digester *Digester
}

// Memory is a [Store] that lasts as long as the process. Picture bytes never get into it. A call that
// was or may have been billed is kept until the process ends, since forgetting it would mean to pay for
// it again: about 2 KiB each, so 100,000 pictures take about 200 MiB. Of calls that were not billed the
// last 10,000 are kept.
type Memory struct {
	*memory

	owner int64
}

// memory is what all owners share.
type memory struct {
	digester *Digester

	mu        sync.Mutex
	owners    map[int64]bool // the living ones
	lastOwner int64
	lastCall  int64
	calls     map[string]*memoryCall
	keys      map[string][]*memoryCall // those that answer or are in flight, in the order of Begin
	aliases   map[string]string        // alias → key
	unbilled  []string                 // CallIDs, oldest first
	days      map[string]*memoryDay
	books     map[bookLine]*Limit
	runs      map[string]*Limit
	total     shared.Tally
	registers map[string]memoryRegister
}

type memoryCall struct {
	seq    int64 // the order of Begin, whatever the clocks say
	intent Intent
	owner  int64
	entry  Entry         // but for Own
	open   chan struct{} // closed when the call is not in flight any more
}

type memoryDay struct {
	tally shared.Tally
	spent Limit
}

type memoryRegister struct {
	value    []byte
	revision int64
}

// NewMemory returns an empty record in memory, held by its first owner.
func NewMemory(opts MemoryOptions) *Memory {
	m := &memory{
		digester: opts.Digester, owners: map[int64]bool{}, calls: map[string]*memoryCall{}, keys: map[string][]*memoryCall{},
		aliases: map[string]string{}, days: map[string]*memoryDay{}, books: map[bookLine]*Limit{}, runs: map[string]*Limit{}, registers: map[string]memoryRegister{},
	}
	if m.digester == nil {
		m.digester = RandomDigester()
	}
	return (&Memory{memory: m}).Share()
}

// Share returns the same record held by another owner, as another process would hold a durable one.
func (m *Memory) Share() *Memory {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.lastOwner++
	m.owners[m.lastOwner] = true
	return &Memory{memory: m.memory, owner: m.lastOwner}
}

// Close ends this owner; see [Store].
func (m *Memory) Close() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.owners, m.owner)
	for _, c := range m.calls {
		if c.owner == m.owner && c.entry.State == shared.RecallInFlight {
			m.count(c, -1)
			c.entry.State = shared.RecallInDoubt
			m.count(c, +1)
			close(c.open)
		}
	}
	return nil
}

// Digester returns the digester of the record.
func (m *Memory) Digester() *Digester { return m.digester }

// Durable reports false.
func (m *Memory) Durable() bool { return false }

// lock fails where the caller has given up or the owner was closed.
func (m *Memory) lock(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	m.mu.Lock()
	if !m.owners[m.owner] {
		m.mu.Unlock()
		return errClosed
	}
	return nil
}

func (m *Memory) seen(c *memoryCall) Entry {
	e := c.entry
	e.Own = c.owner == m.owner
	return e
}

// Lookup is documented at [Calls].
func (m *Memory) Lookup(ctx context.Context, key, alias string) (Entry, error) {
	if err := m.lock(ctx); err != nil {
		return Entry{}, err
	}
	defer m.mu.Unlock()
	if m.aliasTaken(alias, key) {
		return Entry{}, KeyReused(Intent{Key: key})
	}
	return m.lookup(key), nil
}

func (m *Memory) lookup(key string) Entry {
	var best *memoryCall
	rank := func(c *memoryCall) int {
		switch {
		case c.entry.State == shared.RecallInFlight:
			return 4
		case c.entry.Outcome != shared.OutcomeBilled || !c.entry.HasResult:
			return 1
		case c.entry.Forgotten.IsZero():
			return 3
		}
		return 2
	}
	for _, c := range m.keys[key] {
		if best == nil || rank(c) >= rank(best) {
			best = c
		}
	}
	if best == nil {
		return Entry{State: shared.RecallUnknown, Key: key}
	}
	return m.seen(best)
}

func (m *Memory) aliasTaken(alias, key string) bool {
	bound, ok := m.aliases[alias]
	return alias != "" && ok && bound != key
}

// Call is documented at [Calls].
func (m *Memory) Call(ctx context.Context, callID string) (Entry, error) {
	if err := m.lock(ctx); err != nil {
		return Entry{}, err
	}
	defer m.mu.Unlock()
	return m.call(callID), nil
}

func (m *Memory) call(callID string) Entry {
	c, ok := m.calls[callID]
	if !ok {
		return Entry{State: shared.RecallUnknown, CallID: callID}
	}
	return m.seen(c)
}

// Begin is documented at [Calls].
func (m *Memory) Begin(ctx context.Context, in Intent) (Entry, bool, error) {
	if err := m.lock(ctx); err != nil {
		return Entry{}, false, err
	}
	defer m.mu.Unlock()
	if m.aliasTaken(in.Alias, in.Key) {
		return Entry{}, false, KeyReused(in)
	}
	if e := m.lookup(in.Key); !in.Passes(e) {
		return e, false, nil
	}
	if old, ok := m.calls[in.CallID]; ok && (old.entry.Answers() || old.entry.State == shared.RecallInFlight) {
		return Entry{}, false, CallReused(in)
	}
	run := Limit{}
	if r := m.runs[in.Run]; r != nil && in.Run != "" {
		run = *r
	}
	if err := OverBudget(in, ScopeRun, in.RunLimit, run); err != nil {
		return Entry{}, false, err
	}
	if err := OverBudget(in, ScopeDay, in.DayLimit, m.day(in.At).spent); err != nil {
		return Entry{}, false, err
	}
	spent := Limit{}
	for _, c := range m.keys[in.Key] {
		spent.Yuan += c.entry.Price
		spent.Calls++
	}
	if err := OverBudget(in, ScopeKey, in.KeyLimit, spent); err != nil {
		return Entry{}, false, err
	}
	if in.Alias != "" {
		m.aliases[in.Alias] = in.Key
	}
	c := m.add(in, Entry{State: shared.RecallInFlight, Key: in.Key, CallID: in.CallID, Price: in.Price, Begun: in.At})
	return m.seen(c), true, nil
}

func (m *Memory) add(in Intent, e Entry) *memoryCall {
	m.lastCall++
	c := &memoryCall{seq: m.lastCall, intent: in, owner: m.owner, entry: e, open: make(chan struct{})}
	m.calls[in.CallID] = c
	m.keys[in.Key] = append(m.keys[in.Key], c)
	m.count(c, +1)
	return c
}

// Settle is documented at [Calls].
func (m *Memory) Settle(ctx context.Context, s Settlement) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	// An owner that is gone may settle what it began.
	m.mu.Lock()
	defer m.mu.Unlock()
	c, ok := m.calls[s.Intent.CallID]
	if !ok {
		c = m.add(s.Intent, Entry{State: shared.RecallInFlight, Key: s.Intent.Key, CallID: s.Intent.CallID, Begun: s.Intent.At})
	}
	late := Entry{State: shared.RecallSettled, Outcome: s.Outcome}
	if c.entry.State == shared.RecallSettled && (!c.entry.Decided || late.Unclear()) {
		return nil
	}
	inFlight := c.entry.State == shared.RecallInFlight
	m.change(c, func(e *Entry) {
		e.State, e.Outcome, e.Basis, e.Ended, e.Decided = shared.RecallSettled, s.Outcome, s.Basis, s.At, false
		e.HasResult, e.Price = s.HasResult, 0
		if e.Forgotten.IsZero() {
			e.Answer = s.Answer
		}
		if s.Outcome.MayBeBilled() {
			e.Price = s.Price
		}
	})
	if inFlight {
		close(c.open)
	}
	return nil
}

// change changes a call that ends or has ended, and with it the books and what answers its key.
func (m *memory) change(c *memoryCall, f func(*Entry)) {
	m.count(c, -1)
	m.leave(c)
	f(&c.entry)
	m.count(c, +1)
	if c.entry.Answers() {
		calls := m.keys[c.intent.Key]
		i, _ := slices.BinarySearchFunc(calls, c, func(a, b *memoryCall) int { return cmp.Compare(a.seq, b.seq) })
		m.keys[c.intent.Key] = slices.Insert(calls, i, c)
		return
	}
	m.unbilled = append(m.unbilled, c.intent.CallID)
	if len(m.unbilled) > unbilledKept {
		// The CallID may have been used again since, by a call that counts.
		if old := m.calls[m.unbilled[0]]; old != nil && old.entry.State == shared.RecallSettled && !old.entry.Answers() {
			delete(m.calls, m.unbilled[0])
		}
		m.unbilled[0] = ""
		m.unbilled = m.unbilled[1:]
	}
}

// leave takes a call out of what answers its key.
func (m *memory) leave(c *memoryCall) {
	calls := slices.DeleteFunc(m.keys[c.intent.Key], func(o *memoryCall) bool { return o == c })
	if m.keys[c.intent.Key] = calls; len(calls) == 0 {
		delete(m.keys, c.intent.Key)
	}
}

// Wait is documented at [Calls].
func (m *Memory) Wait(ctx context.Context, callID string) (Entry, error) {
	if err := m.lock(ctx); err != nil {
		return Entry{}, err
	}
	c, ok := m.calls[callID]
	m.mu.Unlock()
	if ok {
		select {
		case <-c.open:
		case <-ctx.Done():
			return Entry{}, ctx.Err()
		}
	}
	return m.Call(ctx, callID)
}

// Bind is documented at [Calls].
func (m *Memory) Bind(ctx context.Context, alias, key string) error {
	if err := m.lock(ctx); err != nil {
		return err
	}
	defer m.mu.Unlock()
	if m.aliasTaken(alias, key) {
		return KeyReused(Intent{Key: key})
	}
	if alias != "" {
		m.aliases[alias] = key
	}
	return nil
}

// Concern is documented at [Calls].
func (m *Memory) Concern(ctx context.Context, key, subject string) error {
	if err := m.lock(ctx); err != nil {
		return err
	}
	defer m.mu.Unlock()
	for _, c := range m.keys[key] {
		if c.intent.Subject == "" && c.entry.Forgotten.IsZero() {
			c.intent.Subject = subject
		}
	}
	return nil
}

// Answered is documented at [Books].
func (m *Memory) Answered(ctx context.Context, at time.Time, saved shared.Money) error {
	if err := m.lock(ctx); err != nil {
		return err
	}
	defer m.mu.Unlock()
	for _, t := range []*shared.Tally{&m.day(at).tally, &m.total} {
		t.Answered++
		t.Saved += saved
	}
	return nil
}

// Tally is documented at [Books].
func (m *Memory) Tally(ctx context.Context, at time.Time) (day, total shared.Tally, err error) {
	if err := m.lock(ctx); err != nil {
		return day, total, err
	}
	defer m.mu.Unlock()
	return m.day(at).tally, m.total, nil
}

func (m *memory) day(t time.Time) *memoryDay {
	name := Day(t)
	d := m.days[name]
	if d == nil {
		d = &memoryDay{}
		m.days[name] = d
	}
	return d
}

// count adds what a call in its present state contributes to the books, or takes it away.
func (m *memory) count(c *memoryCall, sign int64) {
	day := m.day(c.intent.At)
	e := &c.entry
	money := shared.Money(sign) * e.Price
	line := bookLine{Day(c.intent.At), c.intent.Provider, c.intent.Product, e.Outcome, e.Basis}
	if m.books[line] == nil {
		m.books[line] = &Limit{}
	}
	m.books[line].Calls += sign
	m.books[line].Yuan += money
	for _, t := range []*shared.Tally{&day.tally, &m.total} {
		switch {
		case e.State == shared.RecallInFlight:
		case e.Unclear():
			t.Ambiguous += sign
			t.Suspected += money
		case e.Outcome == shared.OutcomeBilled:
			t.Billed += sign
			t.Spent += money
		case e.Outcome == shared.OutcomeRejected:
			t.Rejected += sign
		case e.Outcome == shared.OutcomeNotSent:
			t.NotSent += sign
		}
	}
	if e.State != shared.RecallInFlight && !e.Answers() {
		return
	}
	day.spent.Yuan += money
	day.spent.Calls += sign
	if run := c.intent.Run; run != "" {
		if m.runs[run] == nil {
			m.runs[run] = &Limit{}
		}
		m.runs[run].Yuan += money
		m.runs[run].Calls += sign
	}
}

// Load is documented at [Registers].
func (m *Memory) Load(ctx context.Context, name string) (value []byte, revision int64, err error) {
	if err := m.lock(ctx); err != nil {
		return nil, 0, err
	}
	defer m.mu.Unlock()
	r := m.registers[name]
	return r.value, r.revision, nil
}

// Swap is documented at [Registers].
func (m *Memory) Swap(ctx context.Context, name string, revision int64, value []byte) (bool, error) {
	if err := m.lock(ctx); err != nil {
		return false, err
	}
	defer m.mu.Unlock()
	if m.registers[name].revision != revision {
		return false, nil
	}
	m.registers[name] = memoryRegister{append([]byte(nil), value...), revision + 1}
	return true, nil
}

package layers

import (
	"context"
	"crypto/rand"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/seed-6b91b535/idrec/sdk/gate"
	"github.com/seed-6b91b535/idrec/sdk/ledger"
	"github.com/seed-6b91b535/idrec/sdk/picture"
	"github.com/seed-6b91b535/idrec/shared"
)

// Options are what a process gives to its layers; the zero value is the default. What a user may
// choose is not here but in the settings, see [Stack.Describe].
type Options struct {
	// Ledger is the record of paid calls. Nil is a new one in memory, which lasts as long as the
	// process. [Stack.Drain] does not close a given one.
	Ledger ledger.Store
	// Preparer bounds the decoding of pictures; share one where several stacks share a machine's memory.
	Preparer *picture.Preparer
	// Now is the clock, for what is dated: days, pauses, validity. Default: [time.Now].
	Now func() time.Time
	// CallID makes the name of a call that came without one. Default: random.
	CallID func() string
	// Silent: the provider does not call [shared.BeforeSend] and [shared.BeforeAttempt], because it runs in
	// another process, say. Then the layers call them before they ask it, and each call in flight when
	// this process dies is in doubt. A provider that was found to be silent is treated so from then on.
	Silent bool
	// OnPanic is told of a panic in a provider or a decoder, which became an error with
	// [shared.CodePanic]. The value may be personal; the stack is not.
	OnPanic func(value any, stack []byte)
}

// Stack is a provider with all layers around it. It is a [shared.Recognizer] with every optional face;
// [shared.Checker] answers only if the provider has it.
type Stack struct {
	provider shared.Recognizer
	ledger   ledger.Store
	preparer *picture.Preparer
	now      func() time.Time
	callID   func() string
	onPanic  func(any, []byte)
	silent   atomic.Bool // see Options.Silent

	sharing *sharing
	pending *pending

	mu    sync.Mutex            // held while a chain is made
	chain atomic.Pointer[chain] // the present one; nil before the first call and the first Configure
}

// chain is the layers for one configuration. A new configuration makes a new chain, and calls in
// flight go on in theirs.
type chain struct {
	stack       *Stack
	description *shared.Description // the provider's own
	settings    settings
	gate        *gate.Gate
	pause       *pauser
	fetcher     *fetcher
	// reservation is the highest price of a call.
	reservation shared.Money
	outermost   shared.Recognizer
}

// Around puts the layers around a provider. It does not ask the provider for anything yet.
func Around(provider shared.Recognizer, opts Options) *Stack {
	s := &Stack{provider: provider, ledger: opts.Ledger, preparer: opts.Preparer, now: opts.Now, callID: opts.CallID, onPanic: opts.OnPanic}
	s.silent.Store(opts.Silent)
	if s.ledger == nil {
		s.ledger = ledger.NewMemory(ledger.MemoryOptions{})
	}
	if s.preparer == nil {
		s.preparer = &picture.Preparer{}
	}
	if s.now == nil {
		s.now = time.Now
	}
	if s.callID == nil {
		s.callID = rand.Text
	}
	s.sharing, s.pending = newSharing(s.panicked), newPending(s.ledger)
	return s
}

// Unwrap returns the provider.
func (s *Stack) Unwrap() shared.Recognizer { return s.provider }

// Describe returns the provider's description with the layers, their faces and their settings added.
func (s *Stack) Describe(ctx context.Context) (*shared.Description, error) {
	d, err := s.provider.Describe(ctx)
	if err != nil {
		return nil, err
	}
	own := settings{prepare: true}
	if present := s.chain.Load(); present != nil {
		own = present.settings
	}
	c := *d
	c.Layers = own.names(d)
	c.Faces = slices.Clone(d.Faces)
	for _, f := range []shared.Face{shared.FaceConfigurer, shared.FaceAccountant, shared.FaceRecaller} {
		if !c.HasFace(f) {
			c.Faces = append(c.Faces, f)
		}
	}
	fields := settingFields(d)
	c.Fields = nil
	for _, f := range d.Fields {
		if !slices.ContainsFunc(fields, func(own shared.ConfigField) bool { return own.Name == f.Name }) {
			c.Fields = append(c.Fields, f)
		}
	}
	c.Fields = append(c.Fields, fields...)
	return &c, nil
}

// Recognize reads one picture, through all layers.
func (s *Stack) Recognize(ctx context.Context, req *shared.Request) (*shared.Result, error) {
	start := time.Now()
	if req == nil {
		e := notSent(shared.CodeInvalidRequest, "there is no request: give one", nil)
		e.CallID = s.callID()
		return nil, e
	}
	if req.CallID == "" {
		req = req.Clone()
		req.CallID = s.callID()
	}
	res, err := s.recognize(ctx, req)
	if err != nil {
		e := *shared.ErrorOf(err, shared.OutcomeAmbiguous, shared.BasisProved)
		e.CallID = req.CallID
		return nil, &e
	}
	res.CallID, res.Timings.Total = req.CallID, time.Since(start)
	return res, nil
}

func (s *Stack) recognize(ctx context.Context, req *shared.Request) (*shared.Result, error) {
	if err := req.Validate(); err != nil {
		return nil, err
	}
	c, err := s.present(ctx)
	if err != nil {
		return nil, shared.ErrorOf(err, shared.OutcomeNotSent, shared.BasisProved)
	}
	for name := range req.Options {
		if !slices.Contains(c.description.Options, name) {
			return nil, notSent(shared.CodeInvalidRequest, "the request has an option that the provider does not know: ask its description for those it takes", nil)
		}
	}
	return c.outermost.Recognize(ctx, req)
}

// present returns the chain of the present configuration, at first that of the defaults.
func (s *Stack) present(ctx context.Context) (*chain, error) {
	if c := s.chain.Load(); c != nil {
		return c, nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if c := s.chain.Load(); c != nil {
		return c, nil
	}
	c, err := s.draft(ctx, map[string]string{})
	if err != nil {
		return nil, err
	}
	c.finish(shared.Configuration{})
	s.chain.Store(c)
	return c, nil
}

// draft makes a chain of everything that can be wrong, without any effect. It takes the layers' own
// values out of values.
func (s *Stack) draft(ctx context.Context, values map[string]string) (*chain, error) {
	d, err := s.provider.Describe(ctx)
	if err != nil {
		return nil, err
	}
	if len(d.Layers) > 0 {
		return nil, notSent(shared.CodeConfigurationInvalid, "the provider has layers inside already, and two records of calls would wait for each other: use it as it is", nil)
	}
	own, err := parseSettings(d, values)
	if err != nil {
		return nil, err
	}
	g, err := gate.New(own.rate, own.burst, own.concurrency)
	if err != nil {
		return nil, err
	}
	return &chain{stack: s, description: d, settings: own, gate: g, fetcher: newFetcher(own.urlHosts, own.urlPrivate)}, nil
}

// finish makes the chain ready for a provider that has the given settings.
func (c *chain) finish(provider shared.Configuration) {
	for _, p := range c.description.Prices {
		c.reservation = max(c.reservation, p.PerCall)
	}
	c.pause = &pauser{
		registers: c.stack.ledger, register: c.account(provider), now: c.stack.now,
		circuit: c.settings.circuit, interval: c.settings.pausedInterval, waiting: map[*waiter]struct{}{},
	}
	c.outermost = c.assemble(c.stack.provider)
}

// account names the account at the vendor. Only the provider knows which of its settings tell accounts
// apart, so all of them do: processes with the same settings share their pause, and it is never shared
// with another account.
func (c *chain) account(provider shared.Configuration) string {
	parts := []string{c.description.Name, c.description.Product, strconv.Itoa(len(provider.Values))}
	for _, name := range sortedNames(provider.Values) {
		parts = append(parts, name, provider.Values[name])
	}
	for _, name := range sortedNames(provider.Secrets) {
		parts = append(parts, name, provider.Secrets[name].Reveal())
	}
	return c.stack.ledger.Digester().Sum("account", parts...)
}

func sortedNames[V any](m map[string]V) []string {
	names := make([]string, 0, len(m))
	for n := range m {
		names = append(names, n)
	}
	slices.Sort(names)
	return names
}

// Drain ends the stack: new calls are refused, calls of which nothing was sent end, and it waits for
// those that were sent and for outcomes that the ledger has not taken yet, until ctx is done. The error
// says that something was left.
func (s *Stack) Drain(ctx context.Context) error {
	err := s.sharing.close(ctx)
	if e := s.pending.close(ctx); err == nil {
		err = e
	}
	return err
}

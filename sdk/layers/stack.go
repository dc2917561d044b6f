package layers

import (
	"context"
	"crypto/rand"
	"errors"
	"io"
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
	// Ledger is the record of paid calls; it is not closed here. Nil: the one that Open opens.
	Ledger ledger.Store
	// Open opens the record of paid calls where the user's settings say (see [LedgerFields]), when the
	// stack is configured; a free provider needs none. It is called again for another place, and what it
	// returned is closed once the calls that use it are over. Nil, without a Ledger: a record in memory,
	// which lasts as long as the process.
	Open func(ctx context.Context, place LedgerPlace) (ledger.Store, error)
	// Another makes one more instance of the provider, and Credentials names those of its settings that
	// make a credential, "appid" and "secret" say. With both set, further credentials can be given, as
	// appid_2 and secret_2, and the next one is used where the vendor refuses the one before.
	Another     func() shared.Recognizer
	Credentials []string
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
	// Observe is told of every call that came to its end, and Notice of what somebody should see: a
	// package of calls that runs out, a credential that the vendor refuses. Both are called by the calls
	// themselves, and must be quick. What they are told holds nothing personal.
	Observe func(Observation)
	Notice  func(text string)
}

// Stack is a provider with all layers around it. It is a [shared.Recognizer] with every optional face;
// [shared.Checker] answers only if the provider has it.
type Stack struct {
	provider shared.Recognizer
	preparer *picture.Preparer
	now      func() time.Time
	callID   func() string
	onPanic  func(any, []byte)
	observe  func(Observation)
	onNotice func(string)
	silent   atomic.Bool // see Options.Silent

	another         func() shared.Recognizer
	credentialNames []string

	// given is the ledger that was given, or the one in memory of a stack that opens none.
	given *book
	open  func(context.Context, LedgerPlace) (ledger.Store, error)

	sharing *sharing
	inside  atomic.Int64 // calls

	mu         sync.Mutex            // held while a chain is made
	configured bool                  // once at least
	chain      atomic.Pointer[chain] // the present one; nil before the first call and the first Configure

	books    sync.Mutex
	opened   map[*book]struct{} // to be closed
	replaced sync.WaitGroup     // books on their way out
	ending   chan struct{}      // closed by Drain
	endOnce  sync.Once
}

// chain is the layers for one configuration. A new configuration makes a new chain, and calls in
// flight go on in theirs.
type chain struct {
	stack       *Stack
	description *shared.Description // the provider's own
	settings    settings
	book        *book
	gate        *gate.Gate
	pause       *pauser
	fetcher     *fetcher
	memory      *pictureMemory
	allowance   *allowance
	credentials []*credential
	janitor     *janitor
	// reservation is the highest price of a call.
	reservation shared.Money
	outermost   shared.Recognizer
}

// Around puts the layers around a provider. It does not ask the provider for anything yet.
func Around(provider shared.Recognizer, opts Options) *Stack {
	s := &Stack{
		provider: provider, preparer: opts.Preparer, now: opts.Now, callID: opts.CallID, onPanic: opts.OnPanic, observe: opts.Observe, onNotice: opts.Notice,
		opened: map[*book]struct{}{}, ending: make(chan struct{}),
	}
	s.silent.Store(opts.Silent)
	if opts.Another != nil && len(opts.Credentials) > 0 {
		s.another, s.credentialNames = opts.Another, opts.Credentials
	}
	store := opts.Ledger
	if store == nil {
		s.open = opts.Open
		store = ledger.NewMemory(ledger.MemoryOptions{})
	}
	s.given = newBook(store, LedgerPlace{}, false)
	if s.preparer == nil {
		s.preparer = &picture.Preparer{}
	}
	if s.now == nil {
		s.now = time.Now
	}
	if s.callID == nil {
		s.callID = rand.Text
	}
	s.sharing = newSharing(s.panicked)
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
	fields := append(s.credentialFields(d), s.layerFields(d)...)
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
		s.observed(nil, &e, time.Since(start))
		return nil, &e
	}
	res.CallID, res.Timings.Total = req.CallID, time.Since(start)
	s.observed(res, nil, res.Timings.Total)
	return res, nil
}

func (s *Stack) recognize(ctx context.Context, req *shared.Request) (*shared.Result, error) {
	if err := req.Validate(); err != nil {
		return nil, err
	}
	c, leave, err := s.enter(ctx)
	if err != nil {
		return nil, shared.ErrorOf(err, shared.OutcomeNotSent, shared.BasisProved)
	}
	defer leave()
	defer s.inside.Add(-1)
	if s.inside.Add(1) > int64(c.settings.concurrency)+int64(c.settings.queue) {
		return nil, overloaded("more calls are waiting than the setting queue lets: try again later, or lower the concurrency")
	}
	for name := range req.Options {
		if !slices.Contains(c.description.Options, name) {
			return nil, notSent(shared.CodeInvalidRequest, "the request has an option that the provider does not know: ask its description for those it takes", nil)
		}
	}
	if c.settings.resend && !req.UnsafeResendAmbiguous || c.settings.buyAgain && !req.UnsafeBuyAgain {
		req = req.Clone()
		req.UnsafeResendAmbiguous = req.UnsafeResendAmbiguous || c.settings.resend
		req.UnsafeBuyAgain = req.UnsafeBuyAgain || c.settings.buyAgain
	}
	return c.outermost.Recognize(ctx, req)
}

// enter returns the present chain, whose ledger stays open until leave is called.
func (s *Stack) enter(ctx context.Context) (c *chain, leave func(), err error) {
	for {
		c, err := s.present(ctx)
		if err != nil {
			return nil, nil, err
		}
		if c.book.hold() {
			return c, c.book.release, nil
		}
		if s.chain.Load() == c {
			return nil, nil, shuttingDown()
		}
	}
}

// Waiting returns how many calls are inside.
func (s *Stack) Waiting() int { return int(s.inside.Load()) }

// CallsLeft returns how many calls are left of the package that the user entered; known is false where
// none was.
func (s *Stack) CallsLeft(ctx context.Context) (left int64, known bool, err error) {
	c, leave, err := s.enter(ctx)
	if err != nil {
		return 0, false, err
	}
	defer leave()
	if c.settings.pack.Calls == 0 {
		return 0, false, nil
	}
	if left, err = c.settings.pack.Left(ctx, c.book.store, c.description.Name, c.description.Product); err != nil {
		return 0, false, ledgerFailed(ctx, err)
	}
	return left, true, nil
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
	if s.ended() {
		return nil, shuttingDown()
	}
	c, err := s.draft(ctx, shared.Configuration{Values: map[string]string{}})
	if err != nil {
		return nil, err
	}
	for _, f := range c.description.Fields {
		if f.Required {
			return nil, notSent(shared.CodeNotConfigured, "", nil)
		}
	}
	if c.book, err = s.openBook(ctx, c.description, c.settings.place); err != nil {
		return nil, err
	}
	c.finish(shared.Configuration{}, nil)
	s.remember(c.book)
	s.chain.Store(c)
	return c, nil
}

// draft makes a chain of everything that can be wrong, without any effect. It takes the layers' own
// settings out of conf.
func (s *Stack) draft(ctx context.Context, conf shared.Configuration) (*chain, error) {
	d, err := s.provider.Describe(ctx)
	if err != nil {
		return nil, err
	}
	if len(d.Layers) > 0 {
		return nil, notSent(shared.CodeConfigurationInvalid, "the provider has layers inside already, and two records of calls would wait for each other: use it as it is", nil)
	}
	own, err := parseSettings(d, conf.Values)
	if err != nil {
		return nil, err
	}
	if s.open != nil && d.Paid {
		if own.place, err = takeLedger(conf); err != nil {
			return nil, err
		}
	}
	g, err := gate.New(own.rate, own.burst, own.concurrency)
	if err != nil {
		return nil, err
	}
	return &chain{
		stack: s, description: d, settings: own, gate: g, fetcher: newFetcher(own.urlHosts, own.urlPrivate),
		memory: newPictureMemory(own.memoryMiB), allowance: &allowance{pack: own.pack},
	}, nil
}

// layerFields describes the layers' own settings.
func (s *Stack) layerFields(d *shared.Description) []shared.ConfigField {
	if s.open != nil && d.Paid {
		return Fields(d)
	}
	return settingFields(d)
}

// finish makes the chain ready for a provider that has the given settings, and its spares with further
// credentials.
func (c *chain) finish(provider shared.Configuration, spares []shared.Recognizer) {
	for _, p := range c.description.Prices {
		c.reservation = max(c.reservation, p.PerCall)
	}
	for _, r := range append([]shared.Recognizer{c.stack.provider}, spares...) {
		c.credentials = append(c.credentials, &credential{Recognizer: &guardLayer{layer{r}, c}})
	}
	c.pause = &pauser{
		registers: c.book.store, register: c.account(provider), now: c.stack.now, condemned: c.condemned,
		circuit: c.settings.circuit, interval: c.settings.pausedInterval, waiting: map[*waiter]struct{}{},
	}
	c.outermost = c.assemble()
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
	return c.book.store.Digester().Sum("account", parts...)
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
	s.mu.Lock()
	s.endOnce.Do(func() { close(s.ending) })
	if c := s.chain.Load(); c != nil {
		c.janitor.stop()
	}
	s.mu.Unlock()
	s.replaced.Wait() // which ending made brief
	for _, b := range s.unsettled() {
		if e := b.pending.close(ctx); err == nil {
			err = e
		}
	}
	return err
}

func (s *Stack) ended() bool {
	select {
	case <-s.ending:
		return true
	default:
		return false
	}
}

// Close closes the ledgers that were opened here, and the provider. What was sent and not drained is in
// doubt from then on.
func (s *Stack) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.endOnce.Do(func() { close(s.ending) })
	all := []shared.Recognizer{s.provider}
	if c := s.chain.Load(); c != nil {
		c.janitor.stop()
		c.book.letGo()
		for _, k := range c.credentials[1:] {
			all = append(all, k.Recognizer)
		}
	}
	s.replaced.Wait()
	for _, b := range s.unsettled() {
		if b.opened {
			s.shut(b)
		}
	}
	return closeAll(all)
}

// closeAll closes the providers that can be closed.
func closeAll(all []shared.Recognizer) error {
	var errs []error
	for _, r := range all {
		if c, ok := shared.As[io.Closer](r); ok {
			errs = append(errs, c.Close())
		}
	}
	return errors.Join(errs...)
}

package layers

import (
	"context"
	"errors"
	"maps"
	"sync"
	"testing"
	"time"

	"github.com/seed-6b91b535/idrec/sdk/ledger"
	"github.com/seed-6b91b535/idrec/shared"
)

const fakePrice = shared.Money(50)

// play is how the fake vendor treats one call.
type play struct {
	outcome  shared.Outcome // default: billed
	code     shared.Code    // of the error, if the outcome has one
	basis    shared.Basis
	delay    time.Duration // between the bill and the answer
	attempts int           // before the one that is answered, each not sent
	silent   bool          // does not announce itself
	panics   bool
	result   func(*shared.Result)
	retry    time.Duration
}

// fakeVendor is a scripted provider that keeps the contract, and the vendor's own books.
type fakeVendor struct {
	description shared.Description
	script      func(n int, req *shared.Request) play

	mu       sync.Mutex
	calls    int
	requests int // those that were sent
	inside   int
	most     int
	// billed counts by what was sent: the bytes, or the address.
	billed map[string]int
	seen   []*shared.Request
	values map[string]string
	// outcomes counts the requests.
	outcomes map[shared.Outcome]int
}

func newVendor(script func(n int, req *shared.Request) play) *fakeVendor {
	return &fakeVendor{
		description: shared.Description{Name: "fake", Product: "card", Remote: true, Paid: true,
			Prices: []shared.Price{{Calls: 1000, PerCall: 40}, {Calls: 100, PerCall: fakePrice}}, Options: []string{"mode", "speed"}, AnswerChanging: []string{"mode"}},
		script: script, billed: map[string]int{}, outcomes: map[shared.Outcome]int{},
	}
}

// always plays the same for every call.
func always(p play) func(int, *shared.Request) play {
	return func(int, *shared.Request) play { return p }
}

func (v *fakeVendor) Describe(context.Context) (*shared.Description, error) {
	d := v.description
	return &d, nil
}

func (v *fakeVendor) Recognize(ctx context.Context, req *shared.Request) (*shared.Result, error) {
	v.mu.Lock()
	n := v.calls
	v.calls++
	v.inside++
	v.most = max(v.most, v.inside)
	v.seen = append(v.seen, req)
	script := v.script
	v.mu.Unlock()
	defer func() {
		v.mu.Lock()
		v.inside--
		v.mu.Unlock()
	}()
	p := script(n, req)
	attempts := 0
	for range p.attempts + 1 {
		if err := shared.BeforeAttempt(ctx); err != nil {
			return nil, err
		}
		attempts++
	}
	if err := ctx.Err(); err != nil {
		return nil, shared.ErrorOf(err, shared.OutcomeNotSent, shared.BasisProved)
	}
	if !p.silent {
		if err := shared.BeforeSend(ctx); err != nil {
			return nil, err
		}
	}
	// Time may have passed, and what the vendor does is decided when the request is there.
	v.mu.Lock()
	script = v.script
	v.mu.Unlock()
	if p = script(n, req); p.outcome == "" {
		p.outcome = shared.OutcomeBilled
	}
	v.mu.Lock()
	v.requests++
	v.outcomes[p.outcome]++
	v.mu.Unlock()
	if p.basis == "" {
		p.basis = shared.BasisDocumented
	}
	if p.outcome == shared.OutcomeBilled {
		v.mu.Lock()
		v.billed[string(req.Image.Bytes)+req.Image.URL]++
		v.mu.Unlock()
	}
	if p.delay > 0 {
		time.Sleep(p.delay) // a paid wait is not given up
	}
	if p.panics {
		panic("样本")
	}
	if p.code != "" || p.outcome != shared.OutcomeBilled && p.outcome != shared.OutcomeFree {
		return nil, &shared.Error{Code: p.code, Outcome: p.outcome, Basis: p.basis, Attempts: attempts, VendorCode: "vendor", VendorText: "text", RetryAfter: p.retry}
	}
	res := portrait()
	res.Outcome, res.Basis, res.Attempts = p.outcome, p.basis, attempts
	if p.outcome == shared.OutcomeBilled {
		res.Price = 40
	}
	if req.WantRaw {
		res.Raw = []byte("raw answer")
	}
	if p.result != nil {
		p.result(res)
	}
	return res, nil
}

func (v *fakeVendor) counts() (requests, billed int) {
	v.mu.Lock()
	defer v.mu.Unlock()
	for _, n := range v.billed {
		billed += n
	}
	return v.requests, billed
}

func (v *fakeVendor) want(t *testing.T, requests, billed int) {
	t.Helper()
	if r, b := v.counts(); r != requests || b != billed {
		t.Errorf("the vendor got %d requests and billed %d, want %d and %d", r, b, requests, billed)
	}
}

// configurable adds the face of a configurer.
type configurable struct {
	*fakeVendor

	refuse bool
}

func (v *configurable) Configure(_ context.Context, c shared.Configuration) error {
	if v.refuse {
		return &shared.Error{Code: shared.CodeConfigurationInvalid, Outcome: shared.OutcomeNotSent, Basis: shared.BasisProved}
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	v.values = maps.Clone(c.Values)
	return nil
}

// portrait is a good card of an invented person.
func portrait() *shared.Result {
	present := func(v string) shared.Field {
		return shared.Field{Raw: v, Value: v, State: shared.FieldPresent, Confidence: shared.Confidence{Value: 0.9, Origin: shared.ConfidenceVendor}}
	}
	return &shared.Result{Status: shared.StatusNormal, Side: shared.SidePortrait, VendorCode: "10000", Fields: map[shared.FieldName]shared.Field{
		shared.FieldFullName: present("样本"), shared.FieldSex: present("男"), shared.FieldEthnicity: present("汉"),
		shared.FieldBirthDate: present("1990-01-02"), shared.FieldAddress: present("样本路1号"), shared.FieldNumber: present("110101199001020013"),
	}}
}

// quick are the settings of tests that are not about the rate or the picture.
func quick(more ...string) map[string]string {
	values := map[string]string{"rate": "inf", "concurrency": "4096", "prepare": "false"}
	for i := 0; i < len(more); i += 2 {
		values[more[i]] = more[i+1]
	}
	return values
}

// around makes a stack that is closed at the end of the test.
func around(t *testing.T, v shared.Recognizer, l ledger.Store, settings map[string]string) *Stack {
	t.Helper()
	s := Around(v, Options{Ledger: l})
	if err := s.Configure(t.Context(), shared.Configuration{Values: settings}); err != nil {
		t.Fatalf("Configure: %v", err)
	}
	t.Cleanup(func() { _ = s.Drain(context.Background()) })
	return s
}

func request(picture string) *shared.Request {
	return &shared.Request{Image: shared.Image{Bytes: []byte(picture)}}
}

func read(t *testing.T, s shared.Recognizer, req *shared.Request) *shared.Result {
	t.Helper()
	res, err := s.Recognize(t.Context(), req)
	if err != nil {
		t.Fatalf("Recognize: %v", err)
	}
	return res
}

// fail makes a call that must fail with the code and outcome.
func fail(t *testing.T, s shared.Recognizer, req *shared.Request, code shared.Code, o shared.Outcome) *shared.Error {
	t.Helper()
	return failWith(t, t.Context(), s, req, code, o)
}

func failWith(t *testing.T, ctx context.Context, s shared.Recognizer, req *shared.Request, code shared.Code, o shared.Outcome) *shared.Error {
	t.Helper()
	res, err := s.Recognize(ctx, req)
	var e *shared.Error
	if !errors.As(err, &e) || res != nil {
		t.Errorf("got %v, %v; want %s, %s", res, err, code, o)
		return &shared.Error{}
	}
	if e.Code != code || e.Outcome != o {
		t.Errorf("got %v; want %s, %s", err, code, o)
	}
	if e.CallID == "" {
		t.Errorf("the error %v names no call", err)
	}
	return e
}

func books(t *testing.T, s *Stack) shared.Tally {
	t.Helper()
	a, err := s.Account(t.Context())
	if err != nil {
		t.Fatalf("Account: %v", err)
	}
	return a.Total
}

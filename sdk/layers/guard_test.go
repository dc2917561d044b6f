package layers

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed-6b91b535/idrec/shared"
)

// rude is a provider that breaks the contract.
type rude struct {
	*fakeVendor

	recognize func(ctx context.Context) (*shared.Result, error)
}

func (r rude) Recognize(ctx context.Context, _ *shared.Request) (*shared.Result, error) {
	return r.recognize(ctx)
}

func TestWhatProvidersReturnIsMadeToKeepTheContract(t *testing.T) {
	t.Parallel()
	announce := func(ctx context.Context) {
		if err := shared.BeforeSend(ctx); err != nil {
			panic(err)
		}
	}
	for name, c := range map[string]struct {
		recognize func(ctx context.Context) (*shared.Result, error)
		code      shared.Code
		outcome   shared.Outcome
	}{
		"nothing, not sent":         {func(context.Context) (*shared.Result, error) { return nil, nil }, shared.CodeInternal, shared.OutcomeNotSent},
		"nothing, sent":             {func(ctx context.Context) (*shared.Result, error) { announce(ctx); return nil, nil }, shared.CodeInternal, shared.OutcomeAmbiguous},
		"an error of its own":       {func(context.Context) (*shared.Result, error) { return nil, errors.New("x") }, shared.CodeInternal, shared.OutcomeNotSent},
		"an error of its own, sent": {func(ctx context.Context) (*shared.Result, error) { announce(ctx); return nil, errors.New("x") }, shared.CodeOutcomeUnknown, shared.OutcomeAmbiguous},
		"an error without an outcome": {func(ctx context.Context) (*shared.Result, error) {
			announce(ctx)
			return nil, &shared.Error{Code: shared.CodeVendorServerError}
		}, shared.CodeVendorServerError, shared.OutcomeAmbiguous},
		"a wrapped error": {func(context.Context) (*shared.Result, error) {
			return nil, fmt.Errorf("wrapped: %w", &shared.Error{Code: shared.CodePictureBroken, Outcome: shared.OutcomeNotSent})
		}, shared.CodePictureBroken, shared.OutcomeNotSent},
		"both": {func(ctx context.Context) (*shared.Result, error) {
			announce(ctx)
			return portrait(), &shared.Error{Code: shared.CodeGatewayError, Outcome: shared.OutcomeAmbiguous}
		}, shared.CodeGatewayError, shared.OutcomeAmbiguous},
		"announced twice": {func(ctx context.Context) (*shared.Result, error) {
			announce(ctx)
			return nil, shared.BeforeSend(ctx)
		}, shared.CodeInternal, shared.OutcomeAmbiguous},
		"a panic, not sent": {func(context.Context) (*shared.Result, error) { panic("张三") }, shared.CodePanic, shared.OutcomeNotSent},
		"a panic, sent":     {func(ctx context.Context) (*shared.Result, error) { announce(ctx); panic(errors.New("张三")) }, shared.CodePanic, shared.OutcomeAmbiguous},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := around(t, rude{newVendor(nil), c.recognize}, nil, quick())
			e := fail(t, s, request("a"), c.code, c.outcome)
			if strings.Contains(fmt.Sprintf("%v %+v %#v", e, e, e), "张") {
				t.Error("the error tells what the panic held")
			}
			// An unclear call is on record, whatever broke.
			if got, err := s.given.store.Lookup(t.Context(), e.RequestKey, ""); err != nil || got.Answers() != (c.outcome == shared.OutcomeAmbiguous) {
				t.Errorf("on record is %+v, %v", got, err)
			}
		})
	}
}

// What the ledger refused was not sent, whatever error a provider makes of it.
func TestRefusedAnnouncementIsNotSent(t *testing.T) {
	t.Parallel()
	l := newSick()
	l.begin.Store(true)
	s := around(t, rude{newVendor(nil), func(ctx context.Context) (*shared.Result, error) {
		return nil, errors.New("wrapped without its chain: " + shared.BeforeSend(ctx).Error())
	}}, l, quick())
	fail(t, s, request("a"), shared.CodeInternal, shared.OutcomeNotSent)
}

func TestResultWithoutAnOutcomeCountsAsBilled(t *testing.T) {
	t.Parallel()
	s := around(t, rude{newVendor(nil), func(context.Context) (*shared.Result, error) { return portrait(), nil }}, nil, quick())
	if res := read(t, s, request("a")); res.Outcome != shared.OutcomeBilled || res.Basis != shared.BasisAssumed || res.Price != fakePrice || res.Provider != "fake" || res.Product != "card" {
		t.Errorf("got %+v", *res)
	}
	free := newVendor(nil)
	free.description.Paid = false
	s = around(t, rude{free, func(context.Context) (*shared.Result, error) { return portrait(), nil }}, nil, quick())
	if res := read(t, s, request("a")); res.Outcome != shared.OutcomeFree || res.Basis != shared.BasisProved {
		t.Errorf("got %+v", *res)
	}
}

func TestPanicIsReportedToTheProcess(t *testing.T) {
	t.Parallel()
	var value any
	var stack string
	v := newVendor(always(play{panics: true, delay: time.Nanosecond}))
	s := Around(v, Options{OnPanic: func(p any, st []byte) { value, stack = p, string(st) }})
	if err := s.Configure(t.Context(), shared.Configuration{Values: quick()}); err != nil {
		t.Fatal(err)
	}
	fail(t, s, request("a"), shared.CodePanic, shared.OutcomeAmbiguous)
	if value != "样本" || !strings.Contains(stack, "vendor_test.go") {
		t.Errorf("reported %v with the stack\n%s", value, stack)
	}
}

// Otherwise a caller that gives up would be told that nothing was sent, and the next one would pay again.
func TestCallOfASilentProviderIsNotPaidTwice(t *testing.T) {
	t.Parallel()
	for name, opts := range map[string]Options{"told": {Silent: true}, "found out": {}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				v := newVendor(always(play{silent: true, delay: 10 * time.Second}))
				s := Around(v, opts)
				defer func() { _ = s.Drain(context.Background()) }()
				if err := s.Configure(t.Context(), shared.Configuration{Values: quick()}); err != nil {
					t.Fatal(err)
				}
				requests := 1
				if !opts.Silent {
					requests++
					read(t, s, request("the first one tells"))
				}
				ctx, cancel := context.WithTimeout(t.Context(), time.Second)
				defer cancel()
				failWith(t, ctx, s, request("a"), shared.CodeOutcomeUnknown, shared.OutcomeAmbiguous)
				if res := read(t, s, request("a")); res.AnsweredBy != shared.AnsweredShared {
					t.Errorf("got %v", res)
				}
				v.want(t, requests, requests)
			})
		})
	}
}

// Nobody can say what became of a call that a silent provider ended without saying it.
func TestErrorOfASilentProviderIsUnclear(t *testing.T) {
	t.Parallel()
	s := Around(rude{newVendor(nil), func(context.Context) (*shared.Result, error) { return nil, errors.New("x") }}, Options{Silent: true})
	if err := s.Configure(t.Context(), shared.Configuration{Values: quick()}); err != nil {
		t.Fatal(err)
	}
	fail(t, s, request("a"), shared.CodeOutcomeUnknown, shared.OutcomeAmbiguous)
}

func TestMissingRequestIsRefused(t *testing.T) {
	t.Parallel()
	fail(t, around(t, newVendor(nil), nil, quick()), nil, shared.CodeInvalidRequest, shared.OutcomeNotSent)
}

package shared_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"

	"github.com/seed-6b91b535/idrec/shared"
)

func TestErrorIsFoundByCodeClassAndContext(t *testing.T) {
	t.Parallel()
	e := fmt.Errorf("wrapped: %w", &shared.Error{Code: shared.CodeQuotaExhausted, Outcome: shared.OutcomeRejected})
	for _, target := range []error{shared.CodeQuotaExhausted, shared.ClassPaused} {
		if !errors.Is(e, target) {
			t.Errorf("errors.Is(%v) is false", target)
		}
	}
	for _, target := range []error{shared.CodeBalanceTooLow, shared.ClassUnclear, context.Canceled} {
		if errors.Is(e, target) {
			t.Errorf("errors.Is(%v) is true", target)
		}
	}
	if !errors.Is(&shared.Error{Code: shared.CodeCanceled}, context.Canceled) ||
		!errors.Is(&shared.Error{Code: shared.CodeDeadlineExceeded}, context.DeadlineExceeded) {
		t.Error("the context's errors are not found")
	}
}

func TestWhatMayBeBilledIsAlwaysUnclearAndNeverRetryable(t *testing.T) {
	t.Parallel()
	for _, row := range shared.Codes() {
		for _, o := range []shared.Outcome{shared.OutcomeBilled, shared.OutcomeAmbiguous, "something_new"} {
			e := &shared.Error{Code: row.Code, Outcome: o}
			if e.Class() != shared.ClassUnclear || e.Retryable() {
				t.Errorf("%s with outcome %s: class %s, retryable %v", row.Code, o, e.Class(), e.Retryable())
			}
		}
		e := &shared.Error{Code: row.Code, Outcome: shared.OutcomeRejected}
		if e.Class() != row.Class {
			t.Errorf("%s: class %s, want %s", row.Code, e.Class(), row.Class)
		}
	}
}

func TestErrorTextLeavesOutTheCauseAndTheVendorsText(t *testing.T) {
	t.Parallel()
	e := &shared.Error{Code: shared.CodeAddressNotAllowed, VendorCode: "10006", VendorText: "canary 203.0.113.9",
		Outcome: shared.OutcomeRejected, Err: errors.New("canary https://example.com/?x=1")}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		if s := fmt.Sprintf(verb, e); strings.Contains(s, "canary") {
			t.Errorf("%s prints %s", verb, s)
		}
	}
	if s := e.LogValue().String(); strings.Contains(s, "canary") {
		t.Errorf("slog prints %s", s)
	}
	if !strings.Contains(e.Error(), "10006") || !strings.Contains(e.Error(), "rejected") {
		t.Errorf("the text lacks code or outcome: %s", e)
	}
}

func TestErrorOf(t *testing.T) {
	t.Parallel()
	typed := &shared.Error{Code: shared.CodePictureEmpty}
	cases := []struct {
		err     error
		outcome shared.Outcome
		want    shared.Code
	}{
		{fmt.Errorf("x: %w", typed), shared.OutcomeAmbiguous, shared.CodePictureEmpty},
		{context.Canceled, shared.OutcomeNotSent, shared.CodeCanceled},
		{fmt.Errorf("x: %w", context.DeadlineExceeded), shared.OutcomeNotSent, shared.CodeDeadlineExceeded},
		{context.Canceled, shared.OutcomeAmbiguous, shared.CodeOutcomeUnknown},
		{errors.New("x"), shared.OutcomeNotSent, shared.CodeInternal},
	}
	for _, c := range cases {
		if got := shared.ErrorOf(c.err, c.outcome, shared.BasisProved); got.Code != c.want {
			t.Errorf("ErrorOf(%v, %s).Code = %s, want %s", c.err, c.outcome, got.Code, c.want)
		}
	}
	var none *shared.Error
	if got := shared.ErrorOf(none, shared.OutcomeNotSent, shared.BasisProved); got == nil || got.Code != shared.CodeInternal || errors.Is(none, shared.CodeInternal) {
		t.Errorf("a nil *Error as error became %v", got)
	}
	if shared.ErrorOf(nil, shared.OutcomeNotSent, shared.BasisProved) != nil {
		t.Error("nil became an error")
	}
}

func TestCapVendorText(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		in := string(rapid.SliceOfN(rapid.Byte(), 0, 3000).Draw(rt, "in"))
		if rapid.Bool().Draw(rt, "han") {
			in = strings.Repeat("身", len(in)) + in
		}
		got := shared.CapVendorText(in)
		if len(got) > shared.MaxVendorText || !utf8.ValidString(got) {
			rt.Fatalf("%d bytes, valid %v", len(got), utf8.ValidString(got))
		}
		if len(in) <= shared.MaxVendorText && utf8.ValidString(in) && got != in {
			rt.Fatal("a short valid text was changed")
		}
	})
}

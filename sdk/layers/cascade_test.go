package layers

import (
	"context"
	"errors"
	"slices"
	"testing"

	"github.com/seed-6b91b535/idrec/shared"
)

// freeReader is a recognizer on the machine, as sure of its fields as it is told.
func freeReader(change func(*shared.Result)) *fakeVendor {
	v := newVendor(always(play{outcome: shared.OutcomeFree, result: func(r *shared.Result) {
		r.Provider = "near"
		r.Fields[shared.FieldNumber] = shared.Field{Raw: "110101199001020010", Value: "110101199001020010", State: shared.FieldPresent}
		for name, f := range r.Fields {
			f.Confidence = shared.Confidence{Value: 0.99, Origin: shared.ConfidenceDerived}
			r.Fields[name] = f
		}
		if change != nil {
			change(r)
		}
	}}))
	v.description = shared.Description{Name: "near", Title: "near", Options: []string{"turn"}}
	return v
}

func doubtful(name shared.FieldName, f func(*shared.Field)) func(*shared.Result) {
	return func(r *shared.Result) {
		field := r.Fields[name]
		f(&field)
		r.Fields[name] = field
	}
}

func TestPaidReaderIsAskedOnlyWhenTheFreeOneIsNotGoodEnough(t *testing.T) {
	t.Parallel()
	status := func(s shared.PictureStatus, extra string) func(*shared.Result) {
		return func(r *shared.Result) {
			r.Status, r.Side, r.Fields = s, "", nil
			if extra != "" {
				r.Extras = map[string]string{"near.status_confidence": extra}
			}
		}
	}
	for name, c := range map[string]struct {
		free    func(*shared.Result)
		fields  []shared.FieldName
		options CascadeOptions
		reason  string // empty: the free one answers
	}{
		"sure":      {},
		"less sure": {free: doubtful(shared.FieldAddress, func(f *shared.Field) { f.Confidence.Value = 0.97 }), reason: "confidence:address"},
		"sure enough for the user": {free: doubtful(shared.FieldAddress, func(f *shared.Field) { f.Confidence.Value = 0.9 }),
			options: CascadeOptions{AcceptConfidence: 0.9}},
		"without a figure": {free: doubtful(shared.FieldSex, func(f *shared.Field) { f.Confidence = shared.Confidence{Value: 1, Origin: shared.ConfidenceNone} }), reason: "confidence:sex"},
		"illegible":        {free: doubtful(shared.FieldNumber, func(f *shared.Field) { f.State, f.Value = shared.FieldIllegible, "" }), reason: "illegible:number"},
		"missing":          {free: func(r *shared.Result) { delete(r.Fields, shared.FieldEthnicity) }, reason: "absent:ethnicity"},
		"of a field that is not asked for": {free: doubtful(shared.FieldAddress, func(f *shared.Field) { f.Confidence.Value = 0.1 }),
			fields: []shared.FieldName{shared.FieldFullName}},
		"of a field that does not matter": {free: doubtful(shared.FieldAddress, func(f *shared.Field) { f.Confidence.Value = 0.1 }),
			options: CascadeOptions{Fields: []shared.FieldName{shared.FieldFullName, shared.FieldNumber}}},
		"of a field that matters and is not asked for": {free: doubtful(shared.FieldNumber, func(f *shared.Field) { f.Confidence.Value = 0.1 }),
			fields: []shared.FieldName{shared.FieldFullName}, options: CascadeOptions{Fields: []shared.FieldName{shared.FieldNumber}}, reason: "confidence:number"},
		"contradiction elsewhere": {free: doubtful(shared.FieldNumber, func(f *shared.Field) { f.Value = "110101199001020012" }),
			fields: []shared.FieldName{shared.FieldFullName}},
		"contradiction":          {free: doubtful(shared.FieldSex, func(f *shared.Field) { f.Value = "女" }), reason: "finding:sex_mismatch"},
		"side not known":         {free: func(r *shared.Result) { r.Side = "" }, reason: "side"},
		"no card":                {free: status(shared.StatusNonIDCard, "")},
		"no card, surely":        {free: status(shared.StatusNonIDCard, "0.99")},
		"perhaps no card":        {free: status(shared.StatusNonIDCard, "0.6"), reason: "status:non_idcard"},
		"perhaps, for this user": {free: status(shared.StatusNonIDCard, "0.99"), options: CascadeOptions{AcceptStatus: 0.995}, reason: "status:non_idcard"},
		"no card, sure enough":   {free: status(shared.StatusNonIDCard, "0.81"), options: CascadeOptions{AcceptConfidence: 0.99}},
		"enough for this user":   {free: status(shared.StatusNonIDCard, "0.6"), options: CascadeOptions{AcceptStatus: 0.5}},
		"no card, and asked":     {free: status(shared.StatusNonIDCard, ""), options: CascadeOptions{Escalate: []shared.PictureStatus{shared.StatusNonIDCard}}, reason: "status:non_idcard"},
		"blurred":                {free: status(shared.StatusBlurred, "1"), reason: "status:blurred"},
		"nobody knows what":      {free: status("newer", ""), reason: "status:newer"},
		"strange confidence":     {free: status(shared.StatusOtherTypeCard, "high"), reason: "status:other_type_card"},
		"another card, surely":   {free: status(shared.StatusOtherTypeCard, "1")},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			free, paid := freeReader(c.free), newVendor(always(play{}))
			near, far := around(t, free, nil, quick()), around(t, paid, nil, quick())
			r := Cascade(near, far, c.options)
			req := request("a")
			req.Fields = c.fields
			res := read(t, r, req)
			if c.reason == "" {
				paid.want(t, 0, 0)
				if res.Outcome != shared.OutcomeFree || res.Price != 0 || res.Provider != "near" || res.Extras[ExtraCascadeAnswered] != "near" || res.Extras[ExtraCascadeSaved] != fakePrice.String() {
					t.Errorf("got %v with %v", res, res.Extras)
				}
			} else {
				paid.want(t, 1, 1)
				if res.Outcome != shared.OutcomeBilled || res.Price != 40 || res.Extras[ExtraCascadeAnswered] != "fake" || res.Extras[ExtraCascadeReason] != c.reason || res.Extras[ExtraCascadeSaved] != "" {
					t.Errorf("got %v with %v", res, res.Extras)
				}
			}
			for f := range res.Fields {
				if len(c.fields) > 0 && !slices.Contains(c.fields, f) && res.Value(f) != "" {
					t.Errorf("%s was not asked for", f)
				}
			}
			if len(c.fields) > 0 && res.Value(shared.FieldFullName) == "" {
				t.Error("what was asked for is missing")
			}
		})
	}
}

func TestCascadeAsksThePaidReaderWhenTheFreeOneFails(t *testing.T) {
	t.Parallel()
	for code, paidAsked := range map[shared.Code]bool{
		shared.CodePanic: true, shared.CodePluginUnavailable: true, shared.CodeFormatUnsupported: true, shared.CodeURLFailed: true,
		shared.CodeNotAPicture: false, shared.CodePictureBroken: false, shared.CodePictureBlank: false,
	} {
		t.Run(string(code), func(t *testing.T) {
			t.Parallel()
			free := newVendor(always(play{outcome: shared.OutcomeNotSent, code: code}))
			free.description.Paid, free.description.Name = false, "near"
			paid := newVendor(always(play{}))
			r := Cascade(free, around(t, paid, nil, quick()), CascadeOptions{})
			res, err := r.Recognize(t.Context(), request("a"))
			if paidAsked {
				paid.want(t, 1, 1)
				if err != nil || res.Extras[ExtraCascadeReason] != "error:"+string(code) {
					t.Errorf("got %v, %v", res, err)
				}
				return
			}
			paid.want(t, 0, 0)
			if !errors.Is(err, code) {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestFailureOfThePaidReaderIsTheCascades(t *testing.T) {
	t.Parallel()
	paid := newVendor(always(play{outcome: shared.OutcomeRejected, code: shared.CodeBalanceTooLow}))
	r := Cascade(freeReader(func(r *shared.Result) { r.Status = shared.StatusBlurred }), around(t, paid, nil, quick()), CascadeOptions{})
	// The item is not settled with a poor answer: it goes through once the account is recharged.
	if _, err := r.Recognize(t.Context(), request("a")); !errors.Is(err, shared.CodeBalanceTooLow) {
		t.Errorf("got %v", err)
	}
}

func TestCallerWhoGaveUpDoesNotMakeTheCascadePay(t *testing.T) {
	t.Parallel()
	paid := newVendor(always(play{}))
	ctx, cancel := context.WithCancel(t.Context())
	free := freeReader(func(r *shared.Result) { r.Status = shared.StatusBlurred })
	free.script = func(int, *shared.Request) play {
		cancel()
		return play{outcome: shared.OutcomeNotSent, code: shared.CodeCanceled}
	}
	if _, err := Cascade(free, around(t, paid, nil, quick()), CascadeOptions{}).Recognize(ctx, request("a")); err == nil {
		t.Error("an answer for nobody")
	}
	paid.want(t, 0, 0)
}

func TestCascadeDescribesBothAndHasTheFacesOfThePaidOne(t *testing.T) {
	t.Parallel()
	free, paid := freeReader(func(r *shared.Result) { r.Status = shared.StatusBlurred }), newVendor(always(play{}))
	far := around(t, paid, nil, quick())
	r := Cascade(free, far, CascadeOptions{})
	d, err := r.Describe(t.Context())
	if err != nil || d.Name != "near+fake" || !d.Paid || !d.Remote || !slices.Equal(d.Options, []string{"mode", "speed", "turn"}) || !d.HasLayer(shared.LayerRecall) {
		t.Errorf("%+v, %v", d, err)
	}
	if a, ok := shared.As[shared.Accountant](r); !ok || a != shared.Accountant(far) {
		t.Error("the account is not found")
	}
	req := request("a")
	req.Options = map[string]string{"mode": "1", "turn": "90"}
	read(t, r, req)
	if len(free.seen[0].Options) != 1 || free.seen[0].Options["turn"] != "90" || len(paid.seen[0].Options) != 1 || paid.seen[0].Options["mode"] != "1" || len(req.Options) != 2 {
		t.Errorf("the options were %v, %v", free.seen[0].Options, paid.seen[0].Options)
	}
	if _, err := r.Recognize(t.Context(), &shared.Request{}); !errors.Is(err, shared.CodeInvalidRequest) {
		t.Errorf("got %v", err)
	}
}

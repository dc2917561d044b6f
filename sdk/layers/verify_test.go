package layers

import (
	"context"
	"testing"
	"time"

	"github.com/seed-6b91b535/idrec/sdk/idcard"
	"github.com/seed-6b91b535/idrec/shared"
)

func contextWithTimeout(t *testing.T, d time.Duration) (context.Context, context.CancelFunc) {
	t.Helper()
	return context.WithTimeout(t.Context(), d)
}

func codes(findings []shared.Finding) map[shared.FindingCode]int {
	m := map[shared.FindingCode]int{}
	for _, f := range findings {
		m[f.Code]++
	}
	return m
}

func emblem(until string) *shared.Result {
	present := func(v string) shared.Field { return shared.Field{Raw: v, Value: v, State: shared.FieldPresent} }
	return &shared.Result{Status: shared.StatusNormal, Side: shared.SideEmblem, Fields: map[shared.FieldName]shared.Field{
		shared.FieldAuthority: present("样本市公安局"), shared.FieldValidFrom: present("2016-03-05"), shared.FieldValidUntil: present(until),
	}}
}

// The stored answer does not age, and its findings do.
func TestFindingsAreThoseOfToday(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 5, 15, 59, 0, 0, time.UTC) // a minute before midnight in China
	v := newVendor(always(play{result: func(r *shared.Result) {
		e := emblem("2026-03-05")
		r.Side, r.Fields = e.Side, e.Fields
		r.Findings = []shared.Finding{{Code: shared.FindingExpired}} // what others computed is not ours
	}}))
	s := Around(v, Options{Now: func() time.Time { return now }})
	if err := s.Configure(t.Context(), shared.Configuration{Values: quick()}); err != nil {
		t.Fatal(err)
	}
	res := read(t, s, request("a"))
	if codes(res.Findings)[shared.FindingExpired] != 0 {
		t.Errorf("on its last day the card has the findings %v", res.Findings)
	}
	now = now.Add(time.Minute)
	res = read(t, s, request("a"))
	if codes(res.Findings)[shared.FindingExpired] != 1 || res.AnsweredBy != shared.AnsweredLedger {
		t.Errorf("a minute later the card has the findings %v", res.Findings)
	}
	r, err := s.Recall(t.Context(), shared.RecallQuery{RequestKey: res.RequestKey})
	if err != nil || codes(r.Result.Findings)[shared.FindingExpired] != 1 {
		t.Errorf("recalled %+v, %v", r, err)
	}
}

func TestSideIsJudgedForEachCaller(t *testing.T) {
	t.Parallel()
	portrait, emblem, both := shared.SidePortrait, shared.SideEmblem, shared.SideBoth
	const normal, reversed = shared.StatusNormal, shared.StatusReversedSide
	for _, c := range []struct {
		stored shared.PictureStatus
		shown  shared.Side
		asked  shared.Side
		want   shared.PictureStatus
	}{
		{normal, portrait, portrait, normal},
		{normal, portrait, emblem, reversed},
		{normal, portrait, "", normal},
		{reversed, portrait, portrait, normal},
		{reversed, emblem, portrait, reversed},
		{reversed, emblem, "", normal},
		{normal, both, emblem, normal},
		{reversed, both, portrait, normal},
		{reversed, "", portrait, reversed},
		{normal, "", portrait, normal},
		{shared.StatusBlurred, "", portrait, shared.StatusBlurred},
		{shared.StatusNonIDCard, emblem, portrait, shared.StatusNonIDCard},
		{"a newer word", portrait, emblem, "a newer word"},
	} {
		res := &shared.Result{Status: c.stored, Side: c.shown}
		got := judge(res, c.asked, nil, idcard.Date{Year: 2026, Month: 1, Day: 1})
		if got.Status != c.want {
			t.Errorf("%s showing %q, asked for %q: %s, want %s", c.stored, c.shown, c.asked, got.Status, c.want)
		}
		if c.want.Known() && c.stored.Known() && c.want != shared.StatusNonIDCard && (codes(got.Findings)[shared.FindingReversedSide] == 1) != (c.want == reversed) {
			t.Errorf("%s showing %q, asked for %q: the findings are %v", c.stored, c.shown, c.asked, got.Findings)
		}
		if res.Status != c.stored || res.Findings != nil {
			t.Error("the answer itself was changed")
		}
	}
}

func TestForeignFindingsAreKeptAndOwnOnesComputed(t *testing.T) {
	t.Parallel()
	res := portrait()
	res.Findings = []shared.Finding{{Code: shared.FindingURLByVendor}, {Code: shared.FindingNameSuspicious}, {Code: "local.glare"}, {Code: shared.FindingSeveralCards, Count: 3}}
	got := judge(res, "", nil, idcard.Date{Year: 2026, Month: 1, Day: 1})
	c := codes(got.Findings)
	if c[shared.FindingURLByVendor] != 1 || c["local.glare"] != 1 || c[shared.FindingSeveralCards] != 1 || c[shared.FindingNameSuspicious] != 0 {
		t.Errorf("the findings are %v", got.Findings)
	}
	if got.Number.Computed == nil || *got.Number.Computed != shared.NumberAgrees {
		t.Errorf("the number is judged as %v", got.Number.Computed)
	}
}

func TestOnlyTheFieldsAskedForAreReturned(t *testing.T) {
	t.Parallel()
	res := portrait()
	got := judge(res, "", []shared.FieldName{shared.FieldNumber, shared.FieldAuthority}, idcard.Date{Year: 2026, Month: 1, Day: 1})
	for name, f := range got.Fields {
		if asked := name == shared.FieldNumber; asked != (f.State == shared.FieldPresent) || !asked && (f.State != shared.FieldMasked || f.Raw != "" || f.Value != "" || f.Quad != nil) {
			t.Errorf("%s was returned as %v, raw %q, value %q", name, f, f.Raw, f.Value)
		}
	}
	if len(got.Fields) != 6 || res.Value(shared.FieldFullName) == "" {
		t.Errorf("returned are %v of %v", got.Fields, res.Fields)
	}
	if none := judge(res, "", []shared.FieldName{shared.FieldAuthority}, idcard.Date{Year: 2026, Month: 1, Day: 1}); !none.Usable() {
		t.Error("a good picture of which nothing was asked is taken for a useless one")
	}
	// They are judged by all that was read all the same.
	if got.Number.Computed == nil || *got.Number.Computed != shared.NumberAgrees {
		t.Errorf("the number is judged as %v", got.Number.Computed)
	}
}

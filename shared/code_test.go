package shared_test

import (
	"regexp"
	"testing"

	"github.com/seed-6b91b535/idrec/shared"
)

// exits are the CLI's exit codes that a class may lead to.
var exits = map[shared.Class][]int{
	shared.ClassInput:         {65},
	shared.ClassConfiguration: {78, 77, 69},
	shared.ClassPaused:        {75},
	shared.ClassTransient:     {75},
	shared.ClassUnclear:       {65},
	shared.ClassInternal:      {70},
}

func TestTableOfCodesIsWhole(t *testing.T) {
	t.Parallel()
	form := regexp.MustCompile(`^[a-z]+(_[a-z]+)*$`)
	seen := map[shared.Code]bool{}
	for _, r := range shared.Codes() {
		if seen[r.Code] || !form.MatchString(string(r.Code)) {
			t.Errorf("%q: twice, or not in lower_snake_case", r.Code)
		}
		seen[r.Code] = true
		if r.Meaning == "" || r.Do == "" {
			t.Errorf("%s: no meaning or nothing to do", r.Code)
		}
		allowed := false
		for _, x := range exits[r.Class] {
			allowed = allowed || x == r.Exit
		}
		if !allowed {
			t.Errorf("%s: exit code %d does not belong to class %s", r.Code, r.Exit, r.Class)
		}
		if want := r.Class == shared.ClassPaused || r.Class == shared.ClassTransient; r.Retryable != want {
			t.Errorf("%s: retryable is %v in class %s", r.Code, r.Retryable, r.Class)
		}
	}
}

func TestUnknownCodeIsInternal(t *testing.T) {
	t.Parallel()
	info, ok := shared.Code("of_a_newer_peer").Info()
	if ok || info.Class != shared.ClassInternal || info.Retryable {
		t.Fatalf("%+v, %v", info, ok)
	}
}

func TestBasisAllows(t *testing.T) {
	t.Parallel()
	p, d, a := shared.BasisProved, shared.BasisDocumented, shared.BasisAssumed
	cases := []struct {
		bound, known shared.Basis
		want         bool
	}{
		{p, p, true}, {p, d, false}, {p, a, false},
		{d, p, true}, {d, d, true}, {d, a, false},
		{"", d, true}, {"", a, false},
		{a, a, true}, {a, p, true},
		{"new", p, false}, {d, "new", false}, {d, "", false},
	}
	for _, c := range cases {
		if got := c.bound.Allows(c.known); got != c.want {
			t.Errorf("Basis(%q).Allows(%q) = %v", c.bound, c.known, got)
		}
	}
}

func TestUnknownOutcomeMayBeBilled(t *testing.T) {
	t.Parallel()
	want := map[shared.Outcome]bool{shared.OutcomeNotSent: false, shared.OutcomeRejected: false, shared.OutcomeFree: false,
		shared.OutcomeBilled: true, shared.OutcomeAmbiguous: true, "new": true, "": true}
	for o, w := range want {
		if o.MayBeBilled() != w {
			t.Errorf("%q.MayBeBilled() = %v", o, !w)
		}
	}
}

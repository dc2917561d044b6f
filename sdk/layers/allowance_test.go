package layers

import (
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed-6b91b535/idrec/sdk/ledger"
	"github.com/seed-6b91b535/idrec/shared"
)

func TestUserIsWarnedOnceAtEachMarkBeforeTheCallsRunOut(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var said []string
		m := ledger.NewMemory(ledger.MemoryOptions{})
		v := newVendor(func(n int, _ *shared.Request) play {
			if n%10 == 9 {
				return play{outcome: shared.OutcomeRejected, code: shared.CodeVendorServerError} // uses none up
			}
			return play{}
		})
		stack := func(store ledger.Store) *Stack {
			s := Around(v, Options{Ledger: store, Notice: func(text string) { said = append(said, text) }})
			if err := s.Configure(t.Context(), shared.Configuration{Values: quick("calls_package", "100", "calls_package_since", ledger.Day(time.Now()))}); err != nil {
				t.Fatal(err)
			}
			return s
		}
		s, other := stack(m), stack(m.Share())
		old := ledger.Settlement{Intent: ledger.Intent{Key: "old", CallID: "old", At: time.Now().AddDate(0, 0, -1), Provider: "fake", Product: "card"}, Outcome: shared.OutcomeBilled}
		if err := m.Settle(t.Context(), old); err != nil { // before the package was bought
			t.Fatal(err)
		}
		for i := range 120 {
			from := s
			if i%2 == 1 {
				from = other // whose calls count too
			}
			_, _ = from.Recognize(t.Context(), request(strconv.Itoa(i)))
			time.Sleep(recount)
		}
		if left, known, err := s.CallsLeft(t.Context()); err != nil || !known || left != 100-108 {
			t.Errorf("%d calls left, %v, %v", left, known, err)
		}
		// Each process says each mark once (20, 10, 5, 1, 0), where it does not step over it.
		if n := len(said); n < 8 || n > 10 || !strings.HasPrefix(said[0], "20 calls are left of the package of 100") || !strings.HasPrefix(said[n-1], "no calls are left") {
			t.Errorf("it was said:\n%s", strings.Join(said, "\n"))
		}
		if err := s.Configure(t.Context(), shared.Configuration{Values: quick()}); err != nil {
			t.Fatal(err)
		}
		if _, known, err := s.CallsLeft(t.Context()); known || err != nil {
			t.Errorf("without a package: %v, %v", known, err)
		}
	})
}

func TestCallsOfOthersDoNotCountAgainstThePackage(t *testing.T) {
	t.Parallel()
	m := ledger.NewMemory(ledger.MemoryOptions{})
	for i, c := range []struct {
		provider, product string
		outcome           shared.Outcome
	}{{"fake", "card", shared.OutcomeBilled}, {"fake", "card", shared.OutcomeAmbiguous}, {"fake", "passport", shared.OutcomeBilled}, {"other", "card", shared.OutcomeBilled}, {"fake", "card", shared.OutcomeRejected}} {
		id := strconv.Itoa(i)
		s := ledger.Settlement{Intent: ledger.Intent{Key: id, CallID: id, At: time.Now(), Provider: c.provider, Product: c.product}, Outcome: c.outcome, At: time.Now()}
		if err := m.Settle(t.Context(), s); err != nil {
			t.Fatal(err)
		}
	}
	for product, want := range map[string]int64{"card": 8, "": 7} {
		if left, err := (Package{Calls: 10}).Left(t.Context(), m, "fake", product); err != nil || left != want {
			t.Errorf("%q: %d left, %v; want %d", product, left, err, want)
		}
	}
}

package ledger_test

import (
	"strconv"
	"testing"
	"time"

	"github.com/seed-6b91b535/idrec/sdk/ledger"
	"github.com/seed-6b91b535/idrec/sdk/ledger/ledgertest"
	"github.com/seed-6b91b535/idrec/shared"
)

func TestMemoryPassesTheSuite(t *testing.T) {
	t.Parallel()
	ledgertest.Run(t, func(*testing.T) func() ledger.Store {
		m := ledger.NewMemory(ledger.MemoryOptions{})
		return func() ledger.Store { return m.Share() }
	})
}

func intent(key, callID string) ledger.Intent {
	return ledger.Intent{Key: key, CallID: callID, At: time.Date(2026, 3, 4, 4, 0, 0, 0, time.UTC), Price: 50}
}

func TestOwnerThatIsGoneMaySettleAllTheSame(t *testing.T) {
	t.Parallel()
	m := ledger.NewMemory(ledger.MemoryOptions{})
	other := m.Share()
	in := intent("k", "c")
	if _, began, err := other.Begin(t.Context(), in); !began || err != nil {
		t.Fatal(began, err)
	}
	if err := other.Close(); err != nil {
		t.Fatal(err)
	}
	if err := other.Settle(t.Context(), ledger.Settlement{Intent: in, Outcome: shared.OutcomeBilled, Price: 50, HasResult: true}); err != nil {
		t.Fatal(err)
	}
	e, err := m.Lookup(t.Context(), "k", "")
	if err != nil || e.State != shared.RecallSettled || e.Outcome != shared.OutcomeBilled {
		t.Errorf("the late outcome is recorded as %s/%s, %v", e.State, e.Outcome, err)
	}
	day, _, err := m.Tally(t.Context(), in.At)
	if want := (shared.Tally{Billed: 1, Spent: 50}); day != want || err != nil {
		t.Errorf("counted %+v, %v, want %+v", day, err, want)
	}
}

// What was not billed is bounded; what may have been never is.
func TestMemoryForgetsOnlyWhatWasNotBilled(t *testing.T) {
	t.Parallel()
	m := ledger.NewMemory(ledger.MemoryOptions{})
	settle := func(i int, o shared.Outcome) {
		in := intent("k"+strconv.Itoa(i), "c"+strconv.Itoa(i))
		if err := m.Settle(t.Context(), ledger.Settlement{Intent: in, Outcome: o}); err != nil {
			t.Fatal(err)
		}
	}
	state := func(i int) shared.RecallState {
		e, err := m.Call(t.Context(), "c"+strconv.Itoa(i))
		if err != nil {
			t.Fatal(err)
		}
		return e.State
	}
	settle(0, shared.OutcomeBilled)
	settle(1, shared.OutcomeAmbiguous)
	for i := 2; i < 12_000; i++ {
		settle(i, shared.OutcomeRejected)
	}
	for i, want := range map[int]shared.RecallState{
		0: shared.RecallSettled, 1: shared.RecallSettled, 2: shared.RecallUnknown, 1_999: shared.RecallUnknown, 2_000: shared.RecallSettled, 11_999: shared.RecallSettled,
	} {
		if got := state(i); got != want {
			t.Errorf("call %d is %s, want %s", i, got, want)
		}
	}
	_, total, err := m.Tally(t.Context(), time.Now())
	if err != nil || total.Rejected != 11_998 || total.Billed != 1 {
		t.Errorf("counted %+v, %v", total, err)
	}
}
